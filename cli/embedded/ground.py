"""Where the services' data may lie and who may own it.

PostgreSQL refuses to run as root, so root's services run as an unprivileged user. That user must be able to reach the
data and the binaries, and we never edit the mode of a directory that we find: what cannot be reached (a home below
/root, say) is put into /var/lib/bursar instead, and a pointer file in the home says where.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.errors import EmbeddedError
from cli.embedded.processes import User, run_as

ELSEWHERE = Path("/var/lib/bursar")
POINTER = "data-is-in"


@dataclass(frozen=True)
class Ground:
    """A home, the directory that really holds the data (mostly the same), and the user of the services."""

    home: Path
    data: Path
    user: User | None

    def folder(self, name: str) -> Path:
        """A directory for one service's data, owned by the services' user, 0700; made when it is not there."""
        path = self.data / name
        if not path.exists():
            path.mkdir(mode=0o700)
            self.give(path)
        return path

    def give(self, path: Path) -> None:
        """Make the services' user the owner."""
        if self.user is not None:
            os.chown(path, self.user.uid, self.user.gid)

    def reachable(self, binary: Path, anchor: Path, needed: tuple[str, ...]) -> Path:
        """The binary, or its copy below /var/lib/bursar when the services' user cannot reach it where it is.

        `needed` are the paths, relative to `anchor`, that the binary cannot do without.

        Raises:
            EmbeddedError: it runs in neither place.
        """
        answer = self._answer(binary)
        if answer is None:
            return binary
        if self.user is None or not needed:
            raise EmbeddedError(f"{binary} does not run on this machine: {answer}")
        stat = binary.stat()
        mark = hashlib.sha256(f"{binary}:{stat.st_size}:{stat.st_mtime_ns}".encode()).hexdigest()[:16]
        copy = ELSEWHERE / f"binaries-{mark}"
        if not copy.exists():
            _copy(anchor, needed, copy)
        moved = copy / binary.relative_to(anchor)
        answer = self._answer(moved)
        if answer is not None:
            raise EmbeddedError(f"{moved} does not run as {self.user.name}: {answer}")
        return moved

    def _answer(self, binary: Path) -> str | None:
        """What is wrong with it, None when it runs."""
        try:
            done = run_as(self.user, [binary, "--version"], timeout_s=20)
        except OSError as error:
            return str(error)
        return None if done.returncode == 0 else done.stdout.strip() or f"exit code {done.returncode}"


def settle(home: Path) -> Ground:
    """Make the home when it is not there and find out where its data lies and whose it is.

    Raises:
        EmbeddedError: the home cannot be made or written.
    """
    home = home.absolute()
    try:
        if not home.exists():
            # Root's services must pass through it; its files have modes of their own.
            _make(home, 0o711 if os.geteuid() == 0 else 0o700)
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError(13, "not writable for this user", str(home))
    except OSError as error:
        raise EmbeddedError(
            f"the home {home} cannot be used: {error.strerror}. Name another one with --home DIR or BURSAR_HOME"
        ) from error
    user = _unprivileged()
    pointer = home / POINTER
    if not pointer.exists() and (user is None or _passes(user, home)):
        return Ground(home, home, user)
    data = ELSEWHERE / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    if pointer.exists():
        data = Path(pointer.read_text(encoding="utf-8").strip())
    if not data.exists():
        _make(ELSEWHERE, 0o755)
        _make(data, 0o711)
    pointer.write_text(f"{data}\n", encoding="utf-8")
    return Ground(home, data, user)


def _unprivileged() -> User | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as: "
        "add one (`useradd --system postgres`), start as a normal user, or set BURSAR_DATABASE_URL"
    )


def _passes(user: User, directory: Path) -> bool:
    return run_as(user, ["/bin/sh", "-c", 'cd "$1"', "sh", directory], timeout_s=20).returncode == 0


def _make(directory: Path, mode: int) -> None:
    """A new directory of exactly this mode, whatever the umask; one that is there stays as it is."""
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        return
    directory.chmod(mode)


def _copy(anchor: Path, needed: tuple[str, ...], target: Path) -> None:
    _make(ELSEWHERE, 0o755)
    making = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    _make(making, 0o755)
    for name in needed:
        place = making / name
        for parent in reversed(place.relative_to(making).parents[:-1]):
            _make(making / parent, 0o755)
        if (anchor / name).is_dir():
            shutil.copytree(anchor / name, place, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        elif (anchor / name).exists():
            shutil.copy2(anchor / name, place)
    try:
        making.rename(target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(making)  # somebody else was quicker

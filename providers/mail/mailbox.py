"""Takes what came back out of the mailbox for it: over IMAP, or from a Maildir that the mail server writes.

A message is taken away only after its reader has committed what it says; whoever dies between reads it again, and a
report that was read before changes nothing.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from providers.errors import Retryable

_MOST_BYTES = 1_000_000
_IMAPS, _IMAP = 993, 143
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Taken = tuple[str, bytes]
"""Its name in the mailbox, and its bytes."""


class Mailbox:
    """A mailbox that is open. `some` looks, `drop` takes away."""

    def some(self, most: int) -> list[Taken]:
        """Up to so many messages, the oldest first."""
        raise NotImplementedError

    def drop(self, names: list[str]) -> None:
        """Take these away, for ever."""
        raise NotImplementedError


@contextmanager
def opened(url: str, timeout_s: float) -> Iterator[Mailbox]:
    """The mailbox of `BURSAR_MAIL_REPORTS_URL`.

    Raises:
        Retryable: it cannot be reached, or lets nobody in; nothing was taken.
        ValueError: the setting has not the right form; its text is not repeated, as it holds a password.
    """
    parts = urlsplit(url)
    if parts.scheme == "maildir" and parts.path:
        yield _Maildir(Path(unquote(parts.path)))
        return
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise ValueError("BURSAR_MAIL_REPORTS_URL is neither imaps://user:password@host/INBOX nor maildir:///path; no bounce is read")
    try:
        connection = _connected(parts.scheme, parts.hostname, parts.port, timeout_s)
        try:
            connection.login(unquote(parts.username), unquote(parts.password or ""))
            folder = unquote(parts.path.strip("/")) or "INBOX"
            answer, _ = connection.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"')
            if answer != "OK":
                raise Retryable(f"the mailbox for bounces has no folder {folder!r}: no bounce is read. Next: see BURSAR_MAIL_REPORTS_URL")
            yield _Imap(connection)
        finally:
            connection.shutdown()
    except (imaplib.IMAP4.error, OSError) as error:
        raise Retryable(f"no talk with the mailbox for bounces at {parts.hostname} ({type(error).__name__}: {str(error)[:120]})") from error


def _connected(scheme: str, host: str, port: int | None, timeout_s: float) -> imaplib.IMAP4:
    if scheme == "imaps":
        return imaplib.IMAP4_SSL(host, port or _IMAPS, ssl_context=ssl.create_default_context(), timeout=timeout_s)
    connection = imaplib.IMAP4(host, port or _IMAP, timeout=timeout_s)
    if "STARTTLS" in connection.capabilities:
        connection.starttls(ssl.create_default_context())
    elif host not in _LOOPBACK:
        connection.shutdown()
        raise Retryable(f"{host} offers no STARTTLS, and the password is not sent in the clear: no bounce is read. Next: use imaps://")
    return connection


class _Imap(Mailbox):
    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection

    def some(self, most: int) -> list[Taken]:
        _, (listed, *_) = self._connection.uid("SEARCH", "UNDELETED")
        found = []
        for uid in (listed or b"").decode().split()[:most]:
            _, parts = self._connection.uid("FETCH", uid, f"(BODY.PEEK[]<0.{_MOST_BYTES}>)")
            bodies = [part[1] for part in parts if isinstance(part, tuple)]
            found.append((uid, bodies[0] if bodies else b""))
        return found

    def drop(self, names: list[str]) -> None:
        if names:
            self._connection.uid("STORE", ",".join(names), "+FLAGS.SILENT", r"(\Deleted)")
            self._connection.expunge()


class _Maildir(Mailbox):
    def __init__(self, path: Path) -> None:
        if not (path / "new").is_dir():
            raise Retryable(f"{path} is no Maildir (it has no folder `new`): no bounce is read. Next: see BURSAR_MAIL_REPORTS_URL")
        self._path = path

    def some(self, most: int) -> list[Taken]:
        files = sorted(file for folder in ("new", "cur") for file in (self._path / folder).glob("*") if file.is_file())
        return [(f"{file.parent.name}/{file.name}", _begin_of(file)) for file in files[:most]]

    def drop(self, names: list[str]) -> None:
        for name in names:
            (self._path / name).unlink(missing_ok=True)


def _begin_of(file: Path) -> bytes:
    with file.open("rb") as opened_file:
        return opened_file.read(_MOST_BYTES)

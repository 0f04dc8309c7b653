"""A small real SMTP server for tests: it keeps what it accepts, and fails at any step in any way that it is told."""

from __future__ import annotations

import email
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, cast

DROP = "drop"
"""Close the connection instead of an answer."""
HANG = "hang"
"""Never answer; the connection stays until the server ends."""
DRIP = "drip"
"""Answer for ever, a byte now and then: never silent, never done."""
_DRIP_S = 0.05


@dataclass(frozen=True)
class Received:
    """One accepted mail: the envelope, and the message as its bytes parse."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    encrypted: bool
    login: str | None

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return email.message_from_bytes(self.raw, policy=SMTP)


@dataclass
class SmtpServer:
    """Use it as `with SmtpServer() as server`. `faults` maps a step (`connect`, `mail`, `end`, ...) to DROP, HANG, DRIP or a reply."""

    faults: dict[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("8BITMIME", "SMTPUTF8")
    tls: ssl.SSLContext | None = None
    mails: list[Received] = field(default_factory=list)
    sessions: int = 0

    def __enter__(self) -> SmtpServer:
        self.over = threading.Event()
        self._server = _Listener(("127.0.0.1", 0), _Session)
        self._server.catcher = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """As BURSAR_SMTP_URL wants it."""
        return f"smtp://127.0.0.1:{self.port}"


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    catcher: SmtpServer


class _Session(socketserver.StreamRequestHandler):
    @property
    def catcher(self) -> SmtpServer:
        return cast("_Listener", self.server).catcher

    def handle(self) -> None:
        self.catcher.sessions += 1
        self.encrypted, self.sender, self.recipients = False, "", list[str]()
        self.login: str | None = None
        try:
            self._answer("connect", "220 ready")
            while line := self.rfile.readline(4096):
                self._command(line.decode("utf-8", "replace").strip())
        except (_OverError, OSError):
            return

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def _command(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        match verb.lower():
            case "ehlo":
                names = [*self.catcher.extensions, *(["STARTTLS"] if self.catcher.tls and not self.encrypted else [])]
                lines = ["test", *names, "AUTH PLAIN"]
                self._answer("ehlo", "\r\n".join(f"250{' ' if name is lines[-1] else '-'}{name}" for name in lines))
            case "starttls":
                self._encrypt()
            case "auth":
                self.login = rest.rpartition(" ")[2]
                self._answer("auth", "235 welcome")
            case "mail":
                self.sender, self.recipients = _address(rest), []
                self._answer("mail", "250 ok")
            case "rcpt":
                self.recipients.append(_address(rest))
                self._answer("rcpt", "250 ok")
            case "data":
                self._answer("data", "354 go on")
                self._message()
            case "quit":
                self._answer("quit", "221 bye")
                raise _OverError
            case _:
                self._answer("other", "502 what?")

    def _encrypt(self) -> None:
        assert self.catcher.tls is not None
        self._answer("starttls", "220 go on")
        self.connection = self.catcher.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = cast("Any", self.connection.makefile("wb", buffering=0))
        self.encrypted = True

    def _message(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _OverError
            lines.append(line.removeprefix(b"."))
        raw = b"".join(lines)
        if self.catcher.faults.get("end", "250").startswith("250"):
            self.catcher.mails.append(Received(self.sender, tuple(self.recipients), raw, self.encrypted, self.login))
        self._answer("end", "250 queued as 1")

    def _answer(self, step: str, answer: str) -> None:
        fault = self.catcher.faults.get(step, answer)
        if fault == HANG:
            self.catcher.over.wait()
        while fault == DRIP and not self.catcher.over.wait(_DRIP_S):
            self.wfile.write(b"2")
        if fault in (DROP, HANG, DRIP):
            raise _OverError
        self.wfile.write(fault.encode() + b"\r\n")


class _OverError(Exception):
    """The session ends."""


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]

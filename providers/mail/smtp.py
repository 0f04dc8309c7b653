"""Hands one message to one SMTP server, and says of each failure whether the mail may have gone out.

The steps are taken one by one, because their failures differ: until the message's end was sent, nothing can have
happened; after that, silence means that nobody knows.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from core.settings import Settings
from providers.errors import Final, NotConfigured, Retryable, Unknown
from providers.mail.gone import address_is_gone
from providers.mail.watched import Watch, WatchedSmtp, WatchedSmtps

_PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_OK, _MAILBOX_OK, _GO_ON = frozenset({250}), frozenset({250, 251}), 354
_PERMANENT = 500
_RECIPIENT = "the recipient"
_WHOLE_TALK = 2
"""Times `lease_s`: half of what the outbox's claim holds, so that nobody begins the same mail while one still talks."""
_HALF_ANSWER = "smtplib takes the half of a line for an answer when the connection is cut"
_Guard = Callable[[], AbstractContextManager[None]]


class AddressRefusedError(Final):
    """The server knows that this address takes no mail and never will: nothing was sent, and nothing more shall be."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail goes, as `BURSAR_SMTP_URL` says."""

    scheme: Literal["smtp", "smtps"]
    host: str
    port: int
    user: str
    password: str


def server_of(settings: Settings) -> Server:
    """Read `BURSAR_SMTP_URL`.

    Raises:
        Retryable: it is not set; the mail waits in the outbox.
        ValueError: it is not of the form `smtp://user:password@host:port` or `smtps://...`; its text is not repeated.
    """
    url = settings.smtp_url.get_secret_value()
    if not url:
        raise NotConfigured("BURSAR_SMTP_URL is not set: nothing was sent, the mail waits in the outbox. Next: set it")
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in _PORTS or not host:
        raise ValueError(
            "BURSAR_SMTP_URL is not of the form smtp://user:password@host:587 or smtps://...; nothing was sent"
        )
    return Server(
        "smtps" if scheme == "smtps" else "smtp",
        host,
        port or _PORTS[scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def deliver(message: EmailMessage, *, sender: str, to: str, settings: Settings) -> str:
    """Hand the message over; returns the server's answer to it.

    Raises:
        Retryable: it surely did not go out (no connection, no login, a 4xx).
        AddressRefusedError: there is no such mailbox.
        Final: the server refuses this recipient or this message for good.
        Unknown: it was sent completely and no answer came.
    """
    with _session(settings, sender) as (connection, before_the_message, watch):
        with before_the_message():
            body = _announce(connection, message, sender, to)
        return _transmit(connection, body, watch)


def greet(settings: Settings, sender: str) -> None:
    """Connect and log in, and nothing more: whether mail could go out now (MAIL-4).

    Raises:
        Retryable: it could not; the message says why.
        ValueError: BURSAR_SMTP_URL has not the right form.
    """
    with _session(settings, sender) as (connection, before_the_message, _), before_the_message():
        connection.quit()


@contextmanager
def _session(settings: Settings, sender: str) -> Iterator[tuple[smtplib.SMTP, _Guard, Watch]]:
    server, watch = server_of(settings), Watch(_WHOLE_TALK * settings.lease_s)
    guard = partial(_before_the_message, f"{server.host}:{server.port}", watch)
    helo = sender.rpartition("@")[2] if sender.isascii() else "localhost"
    connection: smtplib.SMTP | None = None
    try:
        with guard():
            connection = _connect(server, helo, settings.smtp_timeout_s, watch)
            _open(connection, server)
        yield connection, guard, watch
    finally:
        if connection is not None:
            connection.close()
        watch.close()


def _connect(server: Server, helo: str, timeout_s: float, watch: Watch) -> smtplib.SMTP:
    options: dict[str, Any] = {"local_hostname": helo, "timeout": timeout_s, "watch": watch}
    if server.scheme == "smtps":
        return WatchedSmtps(server.host, server.port, context=ssl.create_default_context(), **options)
    return WatchedSmtp(server.host, server.port, **options)


def _open(connection: smtplib.SMTP, server: Server) -> None:
    connection.ehlo_or_helo_if_needed()
    if server.scheme == "smtp" and connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    if server.user:
        if not isinstance(connection.sock, ssl.SSLSocket) and server.host not in LOOPBACK:
            raise Retryable(
                f"{server.host} offers no STARTTLS, and the password is not sent in the clear: nothing was sent. "
                "Next: use smtps://, or a server with STARTTLS"
            )
        connection.login(server.user, server.password)


def _announce(connection: smtplib.SMTP, message: EmailMessage, sender: str, to: str) -> bytes:
    """Up to the server's "go on"; returns what is to be sent then."""
    options = []
    if not to.isascii():
        if not connection.has_extn("smtputf8"):
            raise Final("the mail server takes no addresses outside ASCII (SMTPUTF8); nothing was sent")
        options = ["SMTPUTF8"]
    _expect(connection.mail(sender, options), _OK, "the sender", final=False)
    _expect(connection.rcpt(to), _MAILBOX_OK, _RECIPIENT, final=True)
    connection.putcmd("data")
    _expect(connection.getreply(), frozenset({_GO_ON}), "the message", final=True)
    content = re.sub(rb"\r?\n|\r", b"\r\n", message.as_bytes())
    return re.sub(rb"(?m)^\.", b"..", content.rstrip(b"\r\n") + b"\r\n") + b".\r\n"


def _transmit(connection: smtplib.SMTP, body: bytes, watch: Watch) -> str:
    try:
        connection.send(body)
        answer = connection.getreply()
        if watch.ran_out:
            raise smtplib.SMTPServerDisconnected(_HALF_ANSWER)
    except (OSError, smtplib.SMTPException) as error:
        raise Unknown(
            f"the mail server took the message and did not answer ({type(error).__name__}): it may have gone out. "
            "It goes out again under the same Message-ID"
        ) from error
    _expect(answer, _OK, "the message", final=True)
    return _said(answer)


def _expect(answer: tuple[int, bytes], wanted: frozenset[int], what: str, *, final: bool) -> None:
    code = answer[0]
    if code in wanted:
        return
    refused = f"the mail server refuses {what}: {_said(answer)}; nothing was sent"
    if code >= _PERMANENT and final and what == _RECIPIENT and address_is_gone(_said(answer)):
        raise AddressRefusedError(refused)
    if code >= _PERMANENT and final:
        raise Final(f"{refused}. Next: correct the address or the mail")
    raise Retryable(refused)


def _said(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {answer[1].decode('utf-8', 'replace')}".replace("\n", " ")[:300]


@contextmanager
def _before_the_message(where: str, watch: Watch) -> Iterator[None]:
    """Whatever breaks here breaks before the message: it surely did not go out."""
    try:
        yield
        if watch.ran_out:
            raise smtplib.SMTPServerDisconnected(_HALF_ANSWER)
    except (smtplib.SMTPException, OSError, Retryable, Final) as error:
        if watch.ran_out:
            text = f"the talk with the mail server {where} took longer than {watch.seconds:g} s in all"
        elif isinstance(error, (Retryable, Final)):
            raise
        elif isinstance(error, smtplib.SMTPAuthenticationError):
            raise Retryable(
                f"the mail server {where} refuses the login ({error.smtp_code}): nothing was sent. Next: see BURSAR_SMTP_URL"
            ) from error
        else:
            text = f"no talk with the mail server {where} ({type(error).__name__}: {error})"
        raise Retryable(f"{text}: nothing was sent") from error

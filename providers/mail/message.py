"""Composes one mail to one address: headers that cannot be injected into, and a Message-ID that a retry repeats.

A mail whose fate is unknown goes out again under the same Message-ID, so that most mailboxes show it once (row 33).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime, getaddresses

from providers.errors import Final

_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@[^\s@,;:<>()\[\]\\\"]{1,253}")

_BREAKS = "\x7f\x85\u2028\u2029"


class _Link(UnstructuredHeader, BaseHeader):
    """A header that holds one address of the web: folded as words of RFC 2047, which is for prose, no mail program would find it."""

    def fold(self, *, policy: Policy) -> str:
        """On one line, as long as it is."""
        return f"{self.name}: {self}{policy.linesep}" if self.isascii() else super().fold(policy=policy)


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Link)
_ASCII, _UTF8 = policy.SMTP.clone(header_factory=_HEADERS), policy.SMTPUTF8.clone(header_factory=_HEADERS)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes along. `media_type` such as `application/pdf`."""

    name: str
    media_type: str
    content: bytes


def compose(
    *, sender: str, to: str, subject: str, text: str, html: str, key: str, now: datetime, language: str = "en",
    enclosures: Sequence[Enclosure] = (), leave: str | None = None,
) -> EmailMessage:  # fmt: skip
    """A mail with a text and an HTML part, and files. `key` is the outbox row's business key; `leave` is where one click ends such mails.

    Raises:
        Final: `to` is not exactly one mail address; nothing was sent, and trying again would change nothing.
        ValueError: `sender` (BURSAR_MAIL_FROM) is not an address, or the subject has a line break.
    """
    name, address = _parsed(sender)
    if any(char < " " or char in _BREAKS for char in subject):
        raise ValueError("the subject has a line break or a control character; nothing was sent")
    receiver = recipient(to)
    message = EmailMessage(policy=_ASCII if receiver.isascii() else _UTF8)  # as it is announced to the server
    message["From"] = Address(display_name=name, addr_spec=_wire(address))
    message["To"] = receiver
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(key, address)
    # Answering machines shall not answer a machine (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if leave is not None:
        message["List-Unsubscribe"] = f"<{leave}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058: a POST without a question
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    for one in enclosures:
        main, _, sub = one.media_type.partition("/")
        message.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name)
    message["Content-Language"] = language  # last: what is set before the content goes with the part
    return message


def sender_of(text: str) -> str:
    """The address in `BURSAR_MAIL_FROM`.

    Raises:
        ValueError: it holds none, or several.
    """
    return _parsed(text)[1]


def display_name(text: str) -> str:
    """The name in `BURSAR_MAIL_FROM`, by which readers know whose mail it is; without one, the address's domain.

    Raises:
        ValueError: it holds no address, or several.
    """
    name, address = _parsed(text)
    return name.strip() or address.rpartition("@")[2]


def _parsed(sender: str) -> tuple[str, str]:
    (name, address), *others = getaddresses([sender]) or [("", "")]
    if others or not _ADDRESS.fullmatch(address):
        raise ValueError(
            f"BURSAR_MAIL_FROM is {sender!r}, which is not one mail address: set it like `Bursar <bursar@example.com>`"
        )
    return name, address


def recipient(to: str) -> str:
    """The one address, as it goes over the wire (its domain in ASCII).

    Raises:
        Final: it is not exactly one mail address.
    """
    if not _ADDRESS.fullmatch(to) or any(ord(char) < 33 or ord(char) == 127 for char in to):
        raise Final(
            "the recipient is not exactly one mail address; nothing was sent. Next: correct the address in its source"
        )
    return _wire(to)


def message_id(key: str, sender: str) -> str:
    """Made of the business key alone: the same mail has the same id, however often it is tried."""
    return f"<{reference_of(key)}@{_wire(sender).rpartition('@')[2]}>"


def reference_of(key: str) -> str:
    """By what a mail is known outside: in its Message-ID, and in the address that it comes back to."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def return_address(bounces_to: str, sender: str, key: str) -> str:
    """Where an undeliverable mail comes back to: its own address, so that whatever comes says which mail it is about.

    Raises:
        ValueError: `bounces_to` (BURSAR_MAIL_BOUNCES_TO) is neither empty nor one mail address.
    """
    if not bounces_to:
        return sender
    if not _ADDRESS.fullmatch(bounces_to):
        raise ValueError("BURSAR_MAIL_BOUNCES_TO is not one mail address: set it like `bounces@example.com`, or leave it empty")
    local, _, domain = bounces_to.rpartition("@")
    return _wire(f"{local}+{reference_of(key)}@{domain}")


def _wire(address: str) -> str:
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise Final(
            "the mail address has a domain that cannot exist; nothing was sent. Next: correct the address"
        ) from error

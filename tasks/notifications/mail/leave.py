"""How readers leave the mails that they may leave: one click, no question, no login (RFC 8058).

The link leads to the app, which hands its token on as `billing.mails.leave.v1`. It says by itself who leaves what: the
address's digest, the mail's name, and a MAC over both. Nothing is stored for it, it works for ever, and nobody can make
one for somebody else.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from billing.rules.mail_address import digest
from core.crypto import KeyRing
from emails.catalogue import CATALOGUE
from workers.context import Context

_PLACE = "{token}"
_FORMAT = b"bursar leave 1"
_DIGEST, _MAC = 32, 32


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves what."""

    sha256: bytes
    mail: str


class NoSuchLinkError(ValueError):
    """Not one of our links; nothing was changed."""


def leave_link(context: Context, mail: str, to: str) -> str | None:
    """Where that reader leaves that mail; None: the setting with the address is empty."""
    form = context.settings.mail_unsubscribe_url
    return form.replace(_PLACE, token_of(context.keys, mail, to)) if _PLACE in form else None


def token_of(keys: KeyRing, mail: str, to: str) -> str:
    """Of letters, digits, `-` and `_`."""
    told = digest(to) + mail.encode()
    mac = keys.mac(keys.writing, _FORMAT + told)
    return base64.urlsafe_b64encode(mac + told).decode().rstrip("=")


def read_token(keys: KeyRing, token: str) -> Leaving:
    """Who leaves what.

    Raises:
        NoSuchLinkError: it was not made here, or the mail is none that can be left.
    """
    try:
        whole = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NoSuchLinkError(token[:20]) from None
    mac, told = whole[:_MAC], whole[_MAC:]
    entry = CATALOGUE.get(told[_DIGEST:].decode("ascii", "replace"))
    if not keys.verify_any(_FORMAT + told, mac) or entry is None or entry.transactional:
        raise NoSuchLinkError(token[:20])
    return Leaving(told[:_DIGEST], entry.name)

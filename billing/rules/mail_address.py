"""By which form an address that gets no mail is found, however it is written the next time (SEC-10), and by which digest."""

from __future__ import annotations

import hashlib
import unicodedata

from billing.rules.email_address import normalised as stored_form


def normalised(address: str) -> str:
    """The form in which addresses are stored, and beyond it in Unicode's composed form, its domain in ASCII.

    The part before the @ could by the standard differ in capitals alone; no mailbox in use does, and people type as they like.
    """
    text = unicodedata.normalize("NFC", stored_form(address) or "")
    local, at, domain = text.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return text


def digest(address: str) -> bytes:
    """By which an address is found again after it was forgotten: SHA-256 of its one form."""
    return hashlib.sha256(normalised(address).encode()).digest()

"""One form for a mail address, wherever addresses are stored or compared (SEC-10): customers, suppression, participants."""

from __future__ import annotations

import hashlib
import unicodedata


def normalised(address: str) -> str:
    """Trimmed, in Unicode's composed form, without capitals, its domain in ASCII.

    The part before the @ could by the standard differ in capitals alone; no mailbox in use does, and people type as they like.
    """
    text = unicodedata.normalize("NFC", address.strip()).lower()
    local, at, domain = text.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return text


def digest(address: str) -> bytes:
    """By which an address is found again after it was forgotten: SHA-256 of its one form."""
    return hashlib.sha256(normalised(address).encode()).digest()

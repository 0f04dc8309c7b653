"""Mail addresses are stored and matched in one form (SEC-10)."""

from __future__ import annotations

import unicodedata


def normalised(address: str) -> str | None:
    """Trimmed, lower-cased and in Unicode's composed form; None when nothing is left.

    Done in Python, because databases differ beyond ASCII. Done twice, it is what it was.
    """
    return unicodedata.normalize("NFC", address.strip().lower()) or None

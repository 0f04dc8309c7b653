"""Idempotency keys that survive a retry.

A key names one intention: "refund order 17", not "this HTTP request". Bursar carries out one command per key, for ever.
A random key made anew for each attempt is no protection at all: the first attempt may have been stored although its answer
was lost, and the second one, with its own key, is a second refund. So a key is made of what the intention is about, or it
is random but saved with the business row (in the same transaction) before the first attempt.
"""

from __future__ import annotations

import hashlib
import re
from uuid import UUID

LONGEST = 255
_FIT = re.compile(r"[\x21-\x7e]{1,255}")
_PLAIN = re.compile(r"[^A-Za-z0-9._~@+-]")


def key_for(intention: str, *about: str | int | UUID) -> str:
    """The key of an intention about something: `key_for("refund", order.id, 1)` is `refund:17:1`.

    The same arguments always give the same key, and different ones never do: parts are escaped, and a key that would be
    longer than 255 characters ends in a hash. Where one thing may be done several times, number the times.

    Raises:
        ValueError: a part is empty, or nothing says what it is about; such a key would be shared by all intentions.
    """
    parts = [intention, *(str(one) for one in about)]
    if not about or not all(parts):
        raise ValueError(
            "a key needs an intention and what it is about (an order's id, say), none of them empty: else two different "
            "commands would share it"
        )
    key = ":".join(_PLAIN.sub(_escaped, part) for part in parts)
    if len(key) <= LONGEST:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: LONGEST - len(digest) - 1]}#{digest}"


def is_key(text: object) -> bool:
    """Whether Bursar takes it as a key: 1 to 255 visible ASCII characters."""
    return isinstance(text, str) and _FIT.fullmatch(text) is not None


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))

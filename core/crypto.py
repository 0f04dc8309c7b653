"""Keyed digests: a ring of named keys, the first one writes, all of them verify (AUDIT-3, SEC-3)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping

from core.settings import Settings

_MIN_KEY_CHARS = 16


class KeyRing:
    """Named secret keys. `writing` is the id of the one that makes new digests."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError(
                "BURSAR_AUDIT_KEYS is not set: no audit row could be proven, so nothing is processed; "
                "set it as `id:secret`"
            )
        for key_id, key in keys.items():
            if len(key) < _MIN_KEY_CHARS:
                raise ValueError(
                    f"the secret of audit key {key_id!r} is shorter than {_MIN_KEY_CHARS} characters; make a longer one"
                )
        self._keys = {key_id: _Mac(key) for key_id, key in keys.items()}
        self.writing = next(iter(self._keys))

    @classmethod
    def from_settings(cls, settings: Settings) -> KeyRing:
        """The ring of `BURSAR_AUDIT_KEYS`.

        Raises:
            ValueError: it is empty, an entry is not `id:secret`, an id stands twice, or a secret is too short.
        """
        keys: dict[str, bytes] = {}
        for entry in settings.audit_keys:
            key_id, colon, secret = entry.get_secret_value().partition(":")
            if not colon or not key_id:
                raise ValueError("an entry of BURSAR_AUDIT_KEYS is not of the form `id:secret`")
            if key_id in keys:
                raise ValueError(f"BURSAR_AUDIT_KEYS has two secrets under the id {key_id!r}; name the newer one anew")
            keys[key_id] = secret.encode()
        return cls(keys)

    def mac(self, key_id: str, message: bytes) -> bytes:
        """HMAC-SHA256 of `message` by the named key.

        Raises:
            KeyError: the ring has no such key.
        """
        return self._keys[key_id](message)

    def verify(self, key_id: str, message: bytes, mac: bytes) -> bool:
        """Whether `mac` is right, in constant time; False for a key that is not in the ring."""
        return key_id in self._keys and hmac.compare_digest(self.mac(key_id, message), mac)

    def verify_any(self, message: bytes, mac: bytes) -> bool:
        """Whether `mac` is right by any key of the ring, for digests that do not name theirs."""
        return any(self.verify(key_id, message, mac) for key_id in self._keys)

    def __contains__(self, key_id: object) -> bool:
        """Whether the ring has that key."""
        return key_id in self._keys

    def __iter__(self) -> Iterator[str]:
        """The ids of the keys, the writing one first."""
        return iter(self._keys)


class _Mac:
    """HMAC-SHA256 by one key (RFC 2104), from two digests that have read it: the library's reads it each time, for most of its time."""

    def __init__(self, key: bytes) -> None:
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def __call__(self, message: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


_BLOCK_BYTES = hashlib.sha256().block_size
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
"""What RFC 2104 has each byte of the key become, for either digest."""


def canonical(fields: tuple[str | None, ...]) -> bytes:
    """Texts as bytes that no other tuple of texts gives: each has its length before it, absence has its own mark."""
    parts = []
    for field in fields:
        if field is None:
            parts.append("-")
        else:
            length = len(field) if field.isascii() else len(field.encode())
            parts.append(f"{length}:{field}")
    return "".join(parts).encode()

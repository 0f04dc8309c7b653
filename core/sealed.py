"""Secrets that must be read again later (others' tokens) lie sealed in the database: who has a copy of it cannot use them (promise 9).

AES-256-GCM under a key derived from one of `BURSAR_SEAL_KEYS`; the first one seals, all of them open, so that a key is
changed by putting a new one in front. What a secret is for is sealed with it: moved to another row, it does not open.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.settings import Settings

_MIN_KEY_CHARS = 16
_NONCE_BYTES = 12
_INFO = b"bursar sealed secret v1"


class SealError(ValueError):
    """A secret cannot be sealed or opened. No secret and no key is in the message."""


class SealRing:
    """Named keys; `writing` is the id of the one that seals."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise SealError("BURSAR_SEAL_KEYS is not set: no token can be kept or read; set it as `id:secret`")
        for key_id, key in keys.items():
            if len(key) < _MIN_KEY_CHARS:
                raise SealError(f"the secret of seal key {key_id!r} is shorter than {_MIN_KEY_CHARS} characters; make a longer one")
        self._ciphers = {key_id: AESGCM(_derived(key)) for key_id, key in keys.items()}
        self.writing = next(iter(keys))

    @classmethod
    def from_settings(cls, settings: Settings) -> SealRing:
        """The ring of `BURSAR_SEAL_KEYS`.

        Raises:
            SealError: it is empty, an entry is not `id:secret`, an id stands twice, or a secret is too short.
        """
        keys: dict[str, bytes] = {}
        for entry in settings.seal_keys:
            key_id, colon, secret = entry.get_secret_value().partition(":")
            if not colon or not key_id or "." in key_id:
                raise SealError("an entry of BURSAR_SEAL_KEYS is not of the form `id:secret`, its id without dots")
            if key_id in keys:
                raise SealError(f"BURSAR_SEAL_KEYS has two secrets under the id {key_id!r}; name the newer one anew")
            keys[key_id] = secret.encode()
        return cls(keys)

    def seal(self, secret: str, what: str) -> str:
        """The secret as text for a column. `what` names its place (table, row, column) and must be given again to open it."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self.writing].encrypt(nonce, secret.encode(), what.encode())
        return f"{self.writing}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, what: str) -> str:
        """The secret again.

        Raises:
            SealError: its key is not in the ring, or it was changed, or moved from another place.
        """
        key_id, _, rest = sealed.partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealError(f"{what} is sealed with the key {key_id!r}, which BURSAR_SEAL_KEYS does not have; put it back behind the first")
        try:
            raw = base64.urlsafe_b64decode(rest)
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], what.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError(f"{what} does not open: it was changed, or moved from elsewhere, or its key has another secret now") from error


def _derived(key: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_INFO).derive(key)

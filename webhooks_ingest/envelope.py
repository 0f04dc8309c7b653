"""What a source's plug hands over: a verified delivery, or an answer of its own; and the rules for texts from outside.

A plug (INBOX-12) is a verifier and an extractor. A further source is one module here and an entry in `plugs.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

UNPARSABLE = "unparsable"
"""Event type of signed bytes that are not an event as the source sends them: kept, and dead after the ladder."""

_SAFE = re.compile(r"[\x21-\x7e]{1,255}")
_SHORTEST_SECRET = 16
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an event goes: its queue, why it is not processed (None when it is), and its handler's name for Flower."""

    queue: str
    ignored_reason: str | None = None
    label: str | None = None


Routing = Callable[[str, str], Destination]
"""(source, event type) -> destination."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One verified delivery, untouched; what is read out of the body is for keys, lanes and queues only.

    A struct, because a frozen dataclass of so many fields takes 6 us to make, and there is one per request.
    """

    source: str
    event_id: str
    event_type: str
    object_id: str | None
    account: str | None
    lane: str
    livemode: bool | None
    api_version: str | None
    occurred_at: datetime | None
    headers: str
    """JSON text of the headers worth keeping, and by which secret (`verified-by`) they were proven."""
    body: bytes
    sha256: bytes
    transmission_id: str | None = None
    """The provider's id of the delivery, where it must be bound to one body (PayPal)."""
    other_bytes_refused: bool = False
    """Whether another body under a known event id is a conflict; else it is a duplicate."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A verified request that is answered with a body and stored nowhere."""

    answer: bytes


class Plug(Protocol):
    """One source."""

    source: str
    proof_header: bytes
    """The header that must not come twice, in lower case."""

    @property
    def headers(self) -> Sequence[str]:
        """The headers that it reads or keeps, in lower case; the others are not even decoded."""
        ...

    @property
    def prepare(self) -> Callable[[Mapping[str, str], datetime], Awaitable[None]] | None:
        """Gets what `verify` needs and must be waited for; None where nothing must."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Envelope | Challenge:
        """Prove and read a delivery; header names are in lower case.

        Raises:
            providers.refusal.Refused: it is not proven.
        """
        ...


def safe(value: object) -> str | None:
    """An id or name from outside, if it is 1 to 255 visible ASCII characters."""
    return value if isinstance(value, str) and _SAFE.fullmatch(value) else None


def digest_id(digest: bytes) -> str:
    """The event id of a body that has no usable one."""
    return f"sha256:{digest.hex()}"


def decoded(body: bytes, decoder: msgspec.json.Decoder[T]) -> T | object:
    """The body read by `decoder`, or as plain values if it is JSON of another shape.

    Raises:
        NotJsonError: no JSON parser would have it.
    """
    try:
        try:
            return decoder.decode(body)
        except msgspec.ValidationError:
            plain: object = msgspec.json.decode(body)
            return plain
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise NotJsonError from None


class NotJsonError(Exception):
    """The signed bytes are no JSON."""


def kept_headers(headers: Mapping[str, str], names: Sequence[str], verified_by: str) -> str:
    """JSON text of those of the named headers that came, and of what proved them."""
    kept = {name: headers[name] for name in names if name in headers}
    kept["verified-by"] = verified_by
    return msgspec.json.encode(kept).decode()


class Secret(Protocol):
    """A value that does not show itself by accident."""

    def get_secret_value(self) -> str:
        """The value."""
        ...


def secret_bytes(secrets: Sequence[Secret], setting: str) -> list[bytes]:
    """The secrets of a source as keys.

    Raises:
        ValueError: there is none, or one that could be guessed; the message names the setting.
    """
    keys = [secret.get_secret_value().strip().encode() for secret in secrets]
    if not keys or not all(keys):
        raise ValueError(
            f"{setting} is not set: without it no delivery can be verified, so the receiver does not start; set it, or "
            "take the source out of BURSAR_SOURCES"
        )
    if min(map(len, keys)) < _SHORTEST_SECRET:
        raise ValueError(
            f"{setting} has a secret shorter than {_SHORTEST_SECRET} characters, which could be guessed; the receiver does "
            "not start; copy the whole secret from the provider"
        )
    return keys


def key_name(key: bytes) -> str:
    """A secret's name in records: enough to tell which one matched during a rotation, nothing to compute it from."""
    return hashlib.sha256(b"bursar key name\0" + key).hexdigest()[:8]

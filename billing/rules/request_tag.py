"""How an object at a provider names the request of ours that made it: in its metadata, so that its webhook finds the request.

The webhook may come before the answer to our own call, from an attempt long ago, or for a request that is not ours at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

REQUEST = "bursar_request"
"""Metadata key: `<request type>:<its reference>`. Equal to providers.submission.TAG_REQUEST; a test compares."""
SUBMISSION = "bursar_submission"
"""Metadata key: the submission's key, which ends in the number of the attempt."""

SUBSCRIBER = "bursar_subscriber"
"""Metadata key: whose own invoice a payment pays, by the app's own id of him."""


class Named(NamedTuple):
    """A request as an object names it."""

    request_type: str
    reference: str
    attempt: int
    """Which attempt made the object; 1 where the object does not say."""


def request_named(metadata: Mapping[str, Any] | None) -> Named | None:
    """The request in an object's metadata, or None."""
    said = (metadata or {}).get(REQUEST)
    if not isinstance(said, str):
        return None
    kind, colon, reference = said.partition(":")
    if not (kind and colon and reference):
        return None
    number = str((metadata or {}).get(SUBMISSION, "")).rpartition(":")[2]
    return Named(kind, reference, int(number) if number.isdecimal() and len(number) < 5 else 1)

"""What every provider's submitter is given and gives back, so that the machine that sends knows no provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.settings import Settings
from providers.answer import Answer

TAG_REQUEST = "bursar_request"
TAG_SUBMISSION = "bursar_submission"
"""Names in the metadata of what we make at a provider: `<request type>:<its reference>`, and the submission's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A call in the provider's own words; `body` is the exact text that is stored and sent."""

    path: str
    body: str
    kind: str
    """Kind of object that is answered: the answer enters the inbox as `answer.<kind>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One submission as it is sent."""

    submission: str
    """Our key."""
    operation: str
    request_type: str
    request_ref: str
    kind: str
    path: str
    account: str | None
    body: str
    key: str
    """The key that the provider is given: ours, or with `:2` behind it after a look-up found nothing."""
    generation: int
    sent_before: bool
    sent_at: datetime
    """When this key was first sent."""
    lane: str


class Submitter(Protocol):
    """A provider's `calls.py`, as the machine sees it."""

    def submit(self, flight: Flight, *, settings: Settings, at: datetime) -> Answer:
        """Make the call; what is answered, accepted or refused alike.

        Raises:
            Retryable: it surely was not made.
            KeySpent: the key will say nothing more; look the object up.
            Unknown: nobody can say; send the same again.
            Final: the key is another call's.
        """

    def look_up(self, flight: Flight, *, settings: Settings, at: datetime) -> Answer | None:
        """What the call has made, or None: surely nothing.

        Raises:
            Retryable: the provider could not be asked.
        """

    def key_ended(self, flight: Flight, at: datetime) -> bool:
        """Whether the provider may have forgotten the key, so that sending it again could make a second object."""

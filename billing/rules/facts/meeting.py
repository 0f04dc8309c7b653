"""What providers say about online meetings: the plan, each time it was held, who was in it, and who hosts.

Minutes of attendance are computed elsewhere from these rows (ZOOM-5); a fact only says what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingFact(Fact):
    """The plan of a meeting or webinar (Zoom: the numeric id, shared by all times that a recurring one is held)."""

    AGGREGATE: ClassVar[str] = "meeting"

    kind: str | Unset | None = UNSET
    host_ref: str | Unset | None = UNSET
    topic: str | Unset | None = UNSET
    starts_at: datetime | Unset | None = UNSET
    time_zone: str | Unset | None = UNSET
    duration_min: int | Unset | None = UNSET
    deleted_at: datetime | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingSessionFact(Fact):
    """One time that a meeting was held (Zoom: the uuid). Start and end are told by different events, in any order."""

    AGGREGATE: ClassVar[str] = "meeting_session"

    meeting_ref: str | Unset | None = UNSET
    host_ref: str | Unset | None = UNSET
    topic: str | Unset | None = UNSET
    started_at: datetime | Unset | None = UNSET
    ended_at: datetime | Unset | None = UNSET
    recorded_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The session, and its meeting, which may be known by nothing else yet."""
        if isinstance(self.meeting_ref, str):
            yield "meeting", self.meeting_ref
        yield self.AGGREGATE, self.external_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceFact(Fact):
    """Someone entered or left a session. `external_id`: the session and the provider's number for the connection."""

    AGGREGATE: ClassVar[str] = "meeting_participant"

    session_ref: str
    meeting_ref: str | Unset | None = UNSET
    entered_at: datetime | None = None
    left_at: datetime | None = None
    name: str | Unset | None = UNSET
    email: str | Unset | None = UNSET
    user_ref: str | Unset | None = UNSET
    registrant_ref: str | Unset | None = UNSET
    participant_uuid: str | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The connection and its session."""
        yield "meeting_session", self.session_ref
        yield self.AGGREGATE, self.external_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrantFact(Fact):
    """Someone registered for a meeting. `external_id` is meeting and registrant id."""

    AGGREGATE: ClassVar[str] = "meeting_registrant"

    meeting_ref: str
    registrant_ref: str
    name: str | Unset | None = UNSET
    email: str | Unset | None = UNSET
    registered_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The registration and its meeting."""
        yield "meeting", self.meeting_ref
        yield self.AGGREGATE, self.external_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingHostFact(Fact):
    """A user of the meeting provider who may host; lost to us when deactivated, deleted, or gone with our app."""

    AGGREGATE: ClassVar[str] = "meeting_host"

    account_ref: str | Unset | None = UNSET
    email: str | Unset | None = UNSET
    deactivated_at: datetime | Unset | None = UNSET
    deleted_at: datetime | Unset | None = UNSET
    deauthorized_at: datetime | Unset | None = UNSET
    erase_requested: bool | Unset | None = UNSET

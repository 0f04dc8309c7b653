"""Online meetings: the plan, each time it was held, its participants and registrants, and the users who host."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Meeting(Aggregate):
    """A meeting or webinar as planned."""

    __tablename__ = "meeting"
    NAME: ClassVar[str] = "meeting"
    PUBLIC_PREFIX: ClassVar[str] = "mtg"
    LOCK_ORDER: ClassVar[int] = 300

    kind: Mapped[str | None]
    host_ref: Mapped[str | None]
    topic: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    time_zone: Mapped[str | None]
    duration_min: Mapped[int | None]
    deleted_at: Mapped[datetime | None]


class MeetingSession(Aggregate):
    """One time that a meeting was held. `status`: expected, live or ended, as far as start and end are known."""

    __tablename__ = "meeting_session"
    NAME: ClassVar[str] = "meeting_session"
    PUBLIC_PREFIX: ClassVar[str] = "mse"
    LOCK_ORDER: ClassVar[int] = 310
    DERIVED: ClassVar[frozenset[str]] = frozenset({"meeting_id", "status"})

    meeting_ref: Mapped[str | None]
    host_ref: Mapped[str | None]
    topic: Mapped[str | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime | None]
    meeting_id: Mapped[UUID | None]
    status: Mapped[str | None]


class MeetingParticipant(Aggregate):
    """One connection to a session; a person who comes back is another one. Kept whether or not it matches anybody.

    `entries` and `leaves` are sets of instants that only grow, hence independent of order; `intervals` pairs them.
    """

    __tablename__ = "meeting_participant"
    NAME: ClassVar[str] = "meeting_participant"
    PUBLIC_PREFIX: ClassVar[str] = "mpt"
    LOCK_ORDER: ClassVar[int] = 320
    DERIVED: ClassVar[frozenset[str]] = frozenset({"session_id", "entries", "leaves", "intervals"})

    session_ref: Mapped[str | None]
    meeting_ref: Mapped[str | None]
    name: Mapped[str | None]
    email: Mapped[str | None]
    user_ref: Mapped[str | None]
    registrant_ref: Mapped[str | None]
    participant_uuid: Mapped[str | None]
    session_id: Mapped[UUID | None]
    entries: Mapped[list[Any] | None]
    leaves: Mapped[list[Any] | None]
    intervals: Mapped[list[Any] | None]


class MeetingRegistrant(Aggregate):
    """A registration for a meeting."""

    __tablename__ = "meeting_registrant"
    NAME: ClassVar[str] = "meeting_registrant"
    PUBLIC_PREFIX: ClassVar[str] = "mrg"
    LOCK_ORDER: ClassVar[int] = 330
    DERIVED: ClassVar[frozenset[str]] = frozenset({"meeting_id"})

    meeting_ref: Mapped[str | None]
    registrant_ref: Mapped[str | None]
    name: Mapped[str | None]
    email: Mapped[str | None]
    registered_at: Mapped[datetime | None]
    meeting_id: Mapped[UUID | None]


class MeetingHost(Aggregate):
    """A user of the meeting provider. `erase_requested`: the provider demands that the user's data be erased."""

    __tablename__ = "meeting_host"
    NAME: ClassVar[str] = "meeting_host"
    PUBLIC_PREFIX: ClassVar[str] = "mho"
    LOCK_ORDER: ClassVar[int] = 340

    account_ref: Mapped[str | None]
    email: Mapped[str | None]
    deactivated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deauthorized_at: Mapped[datetime | None]
    erase_requested: Mapped[bool | None]

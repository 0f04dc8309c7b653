"""Zoom's payloads -> facts. Ids come as text or number, absent values as null or "", and optional fields vary.

Versions: an event that begins an object is phase 0, one that ends it phase 2; within one millisecond the rank decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from billing.rules.email_address import normalised
from billing.rules.facts.base import UNSET, Unset, Version
from billing.rules.facts.event import Event
from billing.rules.facts.meeting import MeetingFact, MeetingHostFact, MeetingSessionFact, PresenceFact, RegistrantFact
from providers.errors import UnparsableBody
from providers.fields import instant, mapping, needed, optional, text, whole

MeetingFacts = MeetingFact | MeetingSessionFact | PresenceFact | RegistrantFact


def meeting(event: Event) -> MeetingFacts:
    """The fact of a `meeting.*` or `webinar.*` event.

    Raises:
        UnparsableBody: an id is missing, a field has a type that it cannot have, or the event type is none of ours.
    """
    name = event.type.partition(".")[2]
    if name in ("started", "ended"):
        return _session(event, ended=name == "ended")
    if name in ("participant_joined", "participant_left"):
        return _presence(event, joined=name == "participant_joined")
    if name in ("created", "updated", "deleted"):
        return _plan(event, name)
    if name == "registration_created":
        return _registrant(event)
    raise UnparsableBody(f"no reader for Zoom's event type {event.type!r}")


def recording(event: Event) -> MeetingSessionFact:
    """That a session was recorded. Links and download tokens are not taken over: they are secrets, and short-lived."""
    return MeetingSessionFact(
        source=event.source,
        external_id=needed(event.object, "uuid"),
        version=_version(event, 1, 2),
        meeting_ref=_told(event.object, "id"),
        host_ref=_told(event.object, "host_id"),
        topic=_told(event.object, "topic"),
        recorded_at=event.occurred_at,
    )


def user(event: Event) -> MeetingHostFact:
    """A user of the Zoom account was deactivated or deleted."""
    at = event.occurred_at
    return MeetingHostFact(
        source=event.source,
        external_id=needed(event.object, "id"),
        version=_version(event, 1, 0),
        account_ref=event.account or UNSET,
        email=_email(event.object),
        deactivated_at=at if event.type == "user.deactivated" else UNSET,
        deleted_at=at if event.type == "user.deleted" else UNSET,
    )


def deauthorized(event: Event) -> MeetingHostFact:
    """A user removed our app. `user_data_retention` "false" demands that the user's data be erased."""
    keep = event.object.get("user_data_retention")
    at = instant(event.object, "deauthorization_time")
    return MeetingHostFact(
        source=event.source,
        external_id=needed(event.object, "user_id"),
        version=_version(event, 1, 1),
        account_ref=event.account or UNSET,
        deauthorized_at=at if isinstance(at, datetime) else event.occurred_at,
        erase_requested=keep is False or (isinstance(keep, str) and keep.strip().lower() == "false"),
    )


def _plan(event: Event, name: str) -> MeetingFact:
    obj = event.object
    # Of a recurring meeting, one occurrence was changed or deleted: that says nothing about the meeting's own dates.
    payload = mapping(event.envelope, "payload")
    single = "single" in (payload.get("operation"), payload.get("scope"))
    phase: Literal[0, 1, 2] = 0 if name == "created" else 2 if name == "deleted" and not single else 1
    return MeetingFact(
        source=event.source,
        external_id=needed(obj, "id"),
        version=_version(event, phase, 0),
        kind=event.type.partition(".")[0],
        host_ref=text(obj, "host_id"),
        topic=text(obj, "topic"),
        starts_at=UNSET if single else instant(obj, "start_time"),
        time_zone=text(obj, "timezone"),
        duration_min=UNSET if single else whole(obj, "duration"),
        deleted_at=event.occurred_at if name == "deleted" and not single else UNSET,
    )


def _session(event: Event, *, ended: bool) -> MeetingSessionFact:
    obj = event.object
    started_at, ended_at = instant(obj, "start_time"), instant(obj, "end_time")
    if not ended:
        started_at = started_at if isinstance(started_at, datetime) else event.occurred_at
    return MeetingSessionFact(
        source=event.source,
        external_id=needed(obj, "uuid"),
        version=_version(event, 2 if ended else 1, 1),
        meeting_ref=_told(obj, "id"),
        host_ref=_told(obj, "host_id"),
        topic=_told(obj, "topic"),
        started_at=started_at if isinstance(started_at, datetime) else UNSET,
        ended_at=(ended_at if isinstance(ended_at, datetime) else event.occurred_at) if ended else UNSET,
    )


def _presence(event: Event, *, joined: bool) -> PresenceFact:
    who = mapping(event.object, "participant")
    session = needed(event.object, "uuid")
    at = instant(who, "join_time" if joined else "leave_time")
    if not isinstance(at, datetime):
        at = instant(who, "date_time")
    if not isinstance(at, datetime):
        at = event.occurred_at
    return PresenceFact(
        source=event.source,
        external_id=f"{session}|{_connection(who)}",
        version=_version(event, 1, 0 if joined else 1),
        session_ref=session,
        meeting_ref=_told(event.object, "id"),
        entered_at=at if joined else None,
        left_at=None if joined else at,
        name=_told(who, "user_name"),
        email=_email(who),
        user_ref=_told(who, "participant_user_id", "id"),
        registrant_ref=_told(who, "registrant_id"),
        participant_uuid=_told(who, "participant_uuid"),
    )


def _connection(who: Mapping[str, Any]) -> str:
    """Zoom's `user_id` numbers the connections of one session; the others stand in where a sample has none."""
    for name in ("user_id", "participant_uuid", "participant_user_id", "id", "registrant_id"):
        value = optional(who, name)
        if value:
            return value
    raise UnparsableBody("participant has neither user_id nor any other id")


def _registrant(event: Event) -> RegistrantFact:
    who = mapping(event.object, "registrant")
    meeting_ref, registrant_ref = needed(event.object, "id"), needed(who, "id")
    at = instant(who, "create_time")
    names = [part for part in (optional(who, "first_name"), optional(who, "last_name")) if part]
    return RegistrantFact(
        source=event.source,
        external_id=f"{meeting_ref}|{registrant_ref}",
        version=_version(event, 1, 0),
        meeting_ref=meeting_ref,
        registrant_ref=registrant_ref,
        name=" ".join(names) or None,
        email=_email(who),
        registered_at=at if isinstance(at, datetime) else event.occurred_at,
    )


def _told(obj: Mapping[str, Any], *names: str) -> str | Unset:
    """The first of these fields that holds something. Zoom's null and "" mean "not told here", not "there is none"."""
    for name in names:
        value = optional(obj, name)
        if value is not None:
            return value
    return UNSET


def _email(obj: Mapping[str, Any]) -> str | Unset:
    value = _told(obj, "email")
    return (normalised(value) or UNSET) if isinstance(value, str) else UNSET


def _version(event: Event, phase: Literal[0, 1, 2], rank: int) -> Version:
    return Version(phase=phase, at=event.occurred_at, rank=rank, event_id=event.id)

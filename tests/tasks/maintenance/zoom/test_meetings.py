"""Zoom's events end in rows, the same rows in whatever order they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.meeting import Meeting, MeetingHost, MeetingParticipant, MeetingRegistrant, MeetingSession
from providers.zoom.event_types import EVENT_TYPES, IGNORED
from tests.harness.cluster import Database
from tests.payloads import sample
from tests.tasks.mirror import Mirror, make_mirror

UUID = "4m/Zs2+XQ8e=/a1=="
ALL = (Meeting, MeetingSession, MeetingParticipant, MeetingRegistrant, MeetingHost)
MODULES = dict.fromkeys(("meeting", "webinar", "recording", "user", "app_deauthorized"), "maintenance")


@pytest.fixture
def mirror(database: Database) -> Iterator[Mirror]:
    made = make_mirror(database, "zoom", MODULES)
    yield made
    made.engine.dispose()


def changed(event_type: str, at_ms: int, participant: dict[str, Any] | None = None, **obj: Any) -> bytes:
    """A sample at another time, with other fields of its object."""
    body = json.loads(sample("zoom", event_type))
    body["event_ts"] = at_ms
    body["payload"]["object"].update(obj)
    if participant:
        body["payload"]["object"]["participant"].update(participant)
    return json.dumps(body).encode()


def test_every_known_event_is_recorded(mirror: Mirror) -> None:
    rows = mirror.rows([sample("zoom", name) for name in EVENT_TYPES if name not in IGNORED], *ALL)
    assert set(rows["meeting"]) == {"85012345678", "96098765432"}
    assert rows["meeting"]["96098765432"]["kind"] == "webinar"
    session = rows["meeting_session"][UUID]
    assert session["status"] == "ended"
    assert session["meeting_id"]
    assert session["recorded_at"] is not None
    assert rows["meeting_registrant"]["96098765432|reg-1"]["email"] == "maria@example.com"
    host = rows["meeting_host"]["host-Ab1"]
    assert host["erase_requested"] is True
    assert None not in (host["deactivated_at"], host["deleted_at"], host["deauthorized_at"])


@pytest.mark.requirement("ZOOM-5", "SEC-10")
def test_a_leave_after_the_end_and_before_its_entry_is_kept(mirror: Mirror) -> None:
    """Seen in practice: `meeting.ended` came before `participant_left`."""
    order = ("meeting.ended", "meeting.participant_left", "meeting.participant_joined", "meeting.started")
    rows = mirror.rows([sample("zoom", name) for name in order], *ALL, batch=1)
    assert rows["meeting_session"][UUID]["status"] == "ended"
    assert rows["meeting_session"][UUID]["started_at"] == datetime(2026, 1, 6, 9, 0, 2, tzinfo=UTC)
    person = rows["meeting_participant"][f"{UUID}|16778240"]
    assert person["intervals"] == [["2026-01-06T09:01:00.000000+00:00", "2026-01-06T10:00:06.000000+00:00"]]
    assert (person["email"], person["name"], person["session_id"]) == ("ion.pop@example.com", "Ion Pop", True)


def test_someone_who_comes_back_is_a_connection_of_its_own(mirror: Mirror) -> None:
    again = changed(
        "meeting.participant_joined", 1767692000000, {"user_id": "16779264", "join_time": "2026-01-06T09:33:20Z"}
    )
    rows = mirror.rows([sample("zoom", "meeting.participant_joined"), again], MeetingParticipant)["meeting_participant"]
    assert set(rows) == {f"{UUID}|16778240", f"{UUID}|16779264"}
    assert {row["user_ref"] for row in rows.values()} == {"zu-Ion"}


@pytest.mark.requirement("INBOX-18")
def test_a_participant_before_everything_else_makes_stubs(mirror: Mirror) -> None:
    rows = mirror.rows([sample("zoom", "webinar.participant_joined")], *ALL)
    assert rows["meeting_session"][UUID]["versions"] == {}
    assert rows["meeting_participant"][f"{UUID}|16778240"]["meeting_ref"] == "96098765432"


@pytest.mark.requirement("AUDIT-2")
def test_endings_are_audited(mirror: Mirror) -> None:
    names = (
        "meeting.started",
        "meeting.ended",
        "meeting.deleted",
        "user.deactivated",
        "user.deleted",
        "app_deauthorized",
    )
    actions = [action for action, _, _ in mirror.audited([sample("zoom", name) for name in names])]
    assert actions == [
        "meeting_session.status", "meeting_session.status", "meeting.deleted",
        "meeting_host.deactivated", "meeting_host.deleted", "meeting_host.deauthorized",
    ]  # fmt: skip


T0 = 1767690000000
_TIMES = st.integers(0, 2).map(lambda second: T0 + second * 1000)
_TOPICS = st.sampled_from(["one", "two", ""])
_PEOPLE = st.fixed_dictionaries(
    {"user_id": st.sampled_from(["1", "2"]), "email": st.sampled_from(["", "A@x.example", "b@x.example"])}
)
_EVENTS = st.one_of(
    st.builds(
        changed,
        st.sampled_from(["meeting.created", "meeting.updated", "meeting.deleted", "meeting.started", "meeting.ended"]),
        _TIMES,
        topic=_TOPICS,
    ),
    st.builds(
        changed,
        st.sampled_from(["meeting.participant_joined", "meeting.participant_left"]),
        _TIMES,
        st.builds(
            lambda who, second: who | dict.fromkeys(("join_time", "leave_time"), f"2026-01-06T09:00:0{second}Z"),
            _PEOPLE,
            st.integers(0, 3),
        ),
    ),
)


@pytest.mark.requirement("INBOX-17")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=st.lists(_EVENTS, min_size=2, max_size=7), data=st.data())
def test_order_and_duplicates_change_nothing(mirror: Mirror, events: list[bytes], data: st.DataObject) -> None:
    """Promise 3: any order, with duplicates and equal times, ends in the same rows."""
    shuffled = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=3))]))
    assert mirror.rows(events, *ALL) == mirror.rows(shuffled, *ALL, batch=data.draw(st.integers(1, 3)))

"""Zoom's bytes become facts: every event type, both forms of ids, absent and empty fields, and anything malformed."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.facts.base import UNSET, Fact
from billing.rules.facts.event import Event
from billing.rules.facts.meeting import MeetingFact, MeetingHostFact, MeetingSessionFact, PresenceFact, RegistrantFact
from providers.errors import UnparsableBody
from providers.zoom import shapes
from providers.zoom.envelope import parse
from providers.zoom.event_types import EVENT_TYPES, IGNORED
from tests.payloads import sample

RECEIVED = datetime(2026, 1, 7, tzinfo=UTC)
UUID = "4m/Zs2+XQ8e=/a1=="


def event(body: bytes) -> Event:
    return parse(body, inbox_id=1, received_at=RECEIVED, headers={})


def facts(event_type: str, **changes: Any) -> Any:
    read = event(sample("zoom", event_type, **changes))
    module = event_type.partition(".")[0]
    handlers = importlib.import_module(f"tasks.maintenance.zoom.{module}")
    assert callable(getattr(handlers, event_type.partition(".")[2] or "received"))
    return handlers.facts(read)


def test_the_envelope_takes_id_time_and_account() -> None:
    body = sample("zoom", "meeting.started")
    read = event(body)
    assert (read.id, read.type, read.account) == (hashlib.sha256(body).hexdigest(), "meeting.started", "acc-Example_1")
    assert read.occurred_at == datetime(2026, 1, 6, 9, 0, 3, tzinfo=UTC)
    assert read.object["uuid"] == UUID


@pytest.mark.requirement("INBOX-19")
def test_an_old_sample_without_event_ts_counts_from_its_receipt() -> None:
    body = json.loads(sample("zoom", "meeting.started"))
    del body["event_ts"]
    assert event(json.dumps(body).encode()).occurred_at == RECEIVED


@pytest.mark.parametrize("event_type", [name for name in EVENT_TYPES if name not in IGNORED])
def test_every_known_type_has_a_sample_and_facts(event_type: str) -> None:
    assert isinstance(facts(event_type), Fact)


def test_every_sample_is_of_a_known_type() -> None:
    folder = Path(__file__).parents[2] / "payloads" / "zoom"
    assert {path.stem for path in folder.glob("*.json")} == set(EVENT_TYPES)


def test_a_plan() -> None:
    fact = facts("webinar.created")
    assert isinstance(fact, MeetingFact)
    assert (fact.external_id, fact.kind, fact.duration_min) == ("96098765432", "webinar", 60)
    assert fact.starts_at == datetime(2026, 1, 6, 9, tzinfo=UTC)
    assert fact.deleted_at is UNSET


def test_an_update_mentions_only_what_changed() -> None:
    fact = facts("meeting.updated")
    assert dict(fact.said()) == {"kind": "meeting", "topic": "Bookkeeping, part 1"}


def test_deleting_one_occurrence_does_not_delete_the_meeting() -> None:
    whole, one = facts("meeting.deleted"), facts("meeting.deleted", operation="single")
    assert whole.deleted_at == whole.version.at
    assert one.deleted_at is UNSET
    assert one.starts_at is UNSET


def test_start_and_end_of_a_session() -> None:
    started, ended = facts("meeting.started"), facts("meeting.ended")
    assert isinstance(started, MeetingSessionFact)
    assert started.external_id == ended.external_id == UUID
    assert started.meeting_ref == "85012345678"
    assert started.ended_at is UNSET
    assert ended.ended_at == datetime(2026, 1, 6, 10, 0, 5, tzinfo=UTC)
    assert ended.version > started.version


@pytest.mark.requirement("SEC-10")
def test_a_participant_is_normalised_and_empty_fields_say_nothing() -> None:
    joined, left = facts("meeting.participant_joined"), facts("meeting.participant_left")
    assert isinstance(joined, PresenceFact)
    assert joined.external_id == left.external_id == f"{UUID}|16778240"
    assert (joined.email, joined.user_ref, joined.registrant_ref) == ("ion.pop@example.com", "zu-Ion", UNSET)
    assert (joined.entered_at, joined.left_at) == (datetime(2026, 1, 6, 9, 1, tzinfo=UTC), None)
    assert (left.entered_at, left.left_at) == (None, datetime(2026, 1, 6, 10, 0, 6, tzinfo=UTC))
    assert left.email is UNSET


def test_a_number_and_a_text_are_one_id() -> None:
    body = json.loads(sample("zoom", "meeting.participant_joined"))
    body["payload"]["object"]["participant"]["user_id"] = 16778240
    body["payload"]["object"]["id"] = 85012345678
    fact = shapes.meeting(event(json.dumps(body).encode()))
    assert isinstance(fact, PresenceFact)
    assert (fact.external_id, fact.meeting_ref) == (f"{UUID}|16778240", "85012345678")


def test_a_registrant() -> None:
    fact = facts("webinar.registration_created")
    assert isinstance(fact, RegistrantFact)
    assert (fact.external_id, fact.name, fact.email) == ("96098765432|reg-1", "Maria Ene", "maria@example.com")


def test_a_recording_carries_no_link_or_token() -> None:
    fact = facts("recording.completed")
    assert fact.recorded_at == fact.version.at
    assert "zoom.example" not in repr(fact)


def test_a_user_removes_the_app() -> None:
    fact = facts("app_deauthorized")
    assert isinstance(fact, MeetingHostFact)
    assert (fact.external_id, fact.account_ref, fact.erase_requested) == ("host-Ab1", "acc-Example_1", True)
    assert fact.deauthorized_at == datetime(2026, 1, 6, 9, 30, 0, 123000, tzinfo=UTC)
    assert not facts("app_deauthorized", user_data_retention="true").erase_requested


@pytest.mark.parametrize(
    "body",
    [
        b'{"event":7.5,"payload":{}}',
        b'{"payload":{}}',
        b'{"event":"meeting.started","payload":[]}',
        b'{"event":"meeting.started","event_ts":"soon","payload":{}}',
        b'{"event":"meeting.started","event_ts":1e3,"payload":{}}',
        b'{"event":"meeting.started","event_ts":99999999999999999999,"payload":{}}',
        b'{"event":"meeting.started","payload":{"object":[]}}',
    ],
)
def test_a_body_of_another_shape_is_unparsable(body: bytes) -> None:
    with pytest.raises(UnparsableBody):
        event(body)


_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.just([]), st.just({}), st.floats(allow_nan=False)
)


@given(st.sampled_from([name for name in EVENT_TYPES if name not in IGNORED]), st.data())
def test_any_field_of_any_type_gives_facts_or_the_named_error(event_type: str, data: st.DataObject) -> None:
    body = json.loads(sample("zoom", event_type))
    places: list[tuple[dict[str, Any], str]] = []

    def walk(value: dict[str, Any]) -> None:
        for key, inner in value.items():
            places.append((value, key))
            if isinstance(inner, dict):
                walk(inner)

    walk(body)
    holder, key = data.draw(st.sampled_from(places))
    if data.draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = data.draw(_VALUES)
    with contextlib.suppress(UnparsableBody):
        read = event(json.dumps(body).encode())
        if read.type == event_type:
            module = importlib.import_module(f"tasks.maintenance.zoom.{event_type.partition('.')[0]}")
            fact = module.facts(read)
            assert fact.external_id
            assert fact.source == "zoom"
            said = [getattr(fact, field.name) for field in fields(fact) if field.name != "version"]
            assert all(isinstance(value, (str, int, datetime, type(None), type(UNSET))) for value in said)

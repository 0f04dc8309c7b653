"""What a client promises, on every way: the fake is held to what the real doors do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bursar_client import (
    BursarError,
    IdempotencyConflict,
    InvalidCommand,
    NotFinished,
    RawCommand,
    UnknownCommand,
    key_for,
)
from tests.clients.ways import GUESTS, IN_PARALLEL, NAME, UNKNOWN, WAYS, Stored, Way, note
from tests.webhooks_ingest.door import Door


@pytest.mark.parametrize("name", sorted(GUESTS))
def test_guests_say_when_they_are_not_here(name: str) -> None:
    if name not in WAYS:
        pytest.skip(f"{name} is not installed: its connection was not tried")


@pytest.mark.requirement("INBOX-2")
def test_the_same_again_is_the_first_one(way: Way) -> None:
    first = way.bursar.submit(note(), key="k1")
    assert (first.key, first.name, first.state, first.new) == ("k1", NAME, "accepted", True)
    again = way.bursar.submit(note(), key="k1")
    assert (again.state, again.new) == ("accepted", False)
    asked = way.bursar.status("k1")
    assert asked is not None
    assert (asked.key, asked.name, asked.state, asked.attempts, asked.finished) == ("k1", NAME, "accepted", 0, False)
    assert asked.submitted_at is not None
    assert asked.submitted_at == first.submitted_at == again.submitted_at
    assert way.stored() == [Stored(NAME, "k1", "k1", "app", {"text": "hello"})]


@pytest.mark.requirement("INBOX-2")
def test_the_same_key_for_another_command_is_a_conflict(way: Way) -> None:
    way.bursar.submit(note(), key="k1")
    others: list[tuple[RawCommand, dict[str, Any]]] = [
        (note("goodbye"), {}), (note(more=1), {}), (note(), {"lane": "other"}), (note(), {"actor": "user:1"}),
    ]  # fmt: skip
    for command, options in others:
        with pytest.raises(IdempotencyConflict) as caught:
            way.bursar.submit(command, key="k1", **options)
        assert caught.value.code == "idempotency_conflict"
    assert [one.payload for one in way.stored()] == [{"text": "hello"}]


def test_an_unknown_name_and_an_unknown_key(way: Way) -> None:
    with pytest.raises(UnknownCommand) as caught:
        way.bursar.submit(RawCommand(UNKNOWN, {}), key="k1")
    assert caught.value.code == "unknown_command"
    assert way.bursar.status("k1") is None
    assert way.stored() == []


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (note("x" * 70_000), "k1"),
        (note("a\0b"), "k1"),
        (note(number=float("nan")), "k1"),
        (note(), "has a blank"),
        (note(customer_ref="a\nb"), "k1"),
        (note(customer_ref="c" * 256), "k1"),
        (note(), ""),
        (note(), "k" * 256),
        (note(), "k\u00e9"),
        (RawCommand("billing.Test.note.v1", {}), "k1"),
        (RawCommand("billing.test.note", {}), "k1"),
        (RawCommand("billing.test.note.v0", {}), "k1"),
    ],
)
def test_what_can_never_be_accepted(way: Way, command: RawCommand, key: str) -> None:
    with pytest.raises(InvalidCommand) as caught:
        way.bursar.submit(command, key=key)
    assert caught.value.code == "invalid_command"
    assert way.stored() == []


def test_values_arrive_as_they_were(way: Way) -> None:
    values = {
        "text": "\u00dcn\u00efc\u00f6d\u00e9 \U0001f4b6 \"'\\ \n", "big": 2**70, "small": -0.25, "none": None, "yes": True,
        "list": [1, [2, {"a": {}}]], "": "empty name", "%s": "%(name)s :x",
    }  # fmt: skip
    way.bursar.submit(RawCommand(NAME, values), key="k1")
    turned = dict(reversed(values.items()))
    assert way.bursar.submit(RawCommand(NAME, turned), key="k1").new is False, "the order of names means nothing"
    assert way.stored()[0].payload == values


def test_lane_and_actor(way: Way) -> None:
    way.bursar.submit(note(customer_ref="c1"), key="k1")
    way.bursar.submit(note(customer_ref="c1"), key="k2", lane="order:7", actor="user:9")
    way.bursar.submit(note(customer_ref=""), key="k3")
    way.bursar.submit(note(customer_ref=5), key="k4")
    assert [(one.lane, one.actor) for one in way.stored()] == [
        ("c1", "app"), ("order:7", "user:9"), ("k3", "app"), ("k4", "app"),
    ]  # fmt: skip
    for wrong in ({"lane": ""}, {"lane": "a\nb"}, {"lane": "x" * 256}, {"actor": ""}, {"actor": "\x1b"}, {"actor": "x" * 256}):
        with pytest.raises(InvalidCommand):
            way.bursar.submit(note(), key="k5", **wrong)


def test_keys_of_all_visible_characters(way: Way) -> None:
    keys = ["".join(map(chr, range(0x21, 0x7F))), "a/b?c=%41&d#e", "..", key_for("refund", "\u00fc x", 1), "k" * 255]
    for key in keys:
        assert way.bursar.submit(note(), key=key).new
        found = way.bursar.status(key)
        assert found is not None
        assert found.key == key
    assert [one.key for one in way.stored()] == keys


def test_waiting_gives_up(way: Way) -> None:
    way.bursar.submit(note(), key="k1")
    with pytest.raises(NotFinished, match=r"k1 is not final after 0\.1 s: accepted"):
        way.bursar.wait("k1", 0.1)
    with pytest.raises(NotFinished, match="not there"):
        way.bursar.wait("k2", 0.1)


@pytest.mark.requirement("INBOX-2")
@pytest.mark.parametrize("name", IN_PARALLEL)
def test_of_many_at_once_one_is_new(door: Door, name: str) -> None:
    with WAYS[name](door) as way, ThreadPoolExecutor(20) as pool:
        many = list(pool.map(lambda number: _try(way, number), range(200)))
    assert sorted(many, key=str).count("new") == 10
    assert set(many) == {"new", "known", "idempotency_conflict"}
    assert len(way.stored()) == 10


def _try(way: Way, number: int) -> str:
    """Ten keys, twenty tries each, of which every tenth has another body."""
    try:
        status = way.bursar.submit(note("a" if number < 180 else "b"), key=f"k{number % 10}")
    except BursarError as error:
        return error.code
    return "new" if status.new else "known"

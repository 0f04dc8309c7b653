"""Keys that survive a retry, values that become JSON, states that are read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar_client import Command, CommandFailed, CommandRejected, InvalidCommand, Status, Unavailable, key_for
from bursar_client.command import to_json
from bursar_client.keys import is_key
from bursar_client.status import read_status
from bursar_client.testing import FakeBursar
from tests.clients.ways import NAME, note

_PARTS = st.lists(st.one_of(st.text(min_size=1, max_size=300), st.integers(), st.uuids()), min_size=2, max_size=4)


@given(_PARTS)
def test_every_key_is_one_that_bursar_takes(parts: list[Any]) -> None:
    first, *about = parts
    key = key_for(str(first), *about)
    assert is_key(key)
    assert key == key_for(str(first), *about)


@given(_PARTS, _PARTS)
def test_different_intentions_have_different_keys(one: list[Any], other: list[Any]) -> None:
    if [str(part) for part in one] != [str(part) for part in other]:
        assert key_for(str(one[0]), *one[1:]) != key_for(str(other[0]), *other[1:])


def test_keys_are_readable_and_never_shared() -> None:
    assert key_for("refund", 17, 1) == "refund:17:1"
    assert key_for("a", "b:c") != key_for("a", "b", "c")
    for parts in (("refund",), ("refund", ""), ("", 1)):
        with pytest.raises(ValueError, match="needs an intention"):
            key_for(*parts)


class Reason(Enum):
    """As an app has them."""

    FRAUD = "fraud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A nested value."""

    amount_minor: int
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(Command):
    """A command with each kind of value."""

    NAME: ClassVar[str] = NAME
    QUEUE: ClassVar[str] = "maintenance"

    at: datetime
    on: date
    who: UUID
    why: Reason
    parts: tuple[Part, ...]
    tags: dict[str, int]
    nothing: str | None = None


def _everything(**changes: Any) -> Everything:
    values: dict[str, Any] = {
        "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "on": date(2026, 1, 2), "who": UUID(int=5), "why": Reason.FRAUD,
        "parts": (Part(amount_minor=5), Part(amount_minor=6, note="x")), "tags": {"a": 1},
    }  # fmt: skip
    return Everything(**(values | changes))


def test_values_become_json_and_what_is_none_is_left_out() -> None:
    command = _everything()
    assert (command.name, command.queue) == (NAME, "maintenance")
    assert command.payload() == {
        "at": "2026-01-02T03:04:05+00:00", "on": "2026-01-02", "who": "00000000-0000-0000-0000-000000000005",
        "why": "fraud", "parts": [{"amount_minor": 5}, {"amount_minor": 6, "note": "x"}], "tags": {"a": 1},
    }  # fmt: skip
    assert to_json({"\u00fc": [1, None]}) == '{"\u00fc":[1,null]}'


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidCommand, match="has no time zone"):
        FakeBursar(known=frozenset({NAME})).submit(_everything(at=datetime(2026, 1, 2)), key="k1")  # noqa: DTZ001 - that is it


def test_a_state_is_read_and_what_is_new_in_it_is_left_out() -> None:
    told = {
        "key": "k", "name": NAME, "state": "rejected", "code": "over_limit", "message": "too much", "attempts": 1,
        "details": {"current": 5, "limit": 3}, "result": None, "submitted_at": "2026-11-21T06:21:49.688938+00:00",
        "next_try_at": None, "finished_at": "2026-11-21T06:21:50+00:00", "of_tomorrow": 1,
    }  # fmt: skip
    status = read_status(told)
    assert status.finished
    assert status.finished_at == datetime(2026, 11, 21, 6, 21, 50, tzinfo=UTC)
    with pytest.raises(CommandRejected) as caught:
        status.require()
    assert (caught.value.code, str(caught.value), caught.value.details) == (
        "over_limit", "over_limit: too much", {"current": 5, "limit": 3},
    )  # fmt: skip
    with pytest.raises(CommandFailed):
        Status(key="k", name=NAME, state="failed").require()
    with pytest.raises(ValueError, match="is running"):
        Status(key="k", name=NAME, state="running").require()


def test_the_fake_does_what_a_test_says() -> None:
    fake = FakeBursar(known=frozenset({NAME}))
    fake.submit(note(), key="k1")
    fake.succeed("k1", {"id": "sub_1"})
    assert fake.wait("k1", 0).require() == {"id": "sub_1"}
    again = fake.submit(note(), key="k1")
    assert (again.state, again.new, again.result) == ("succeeded", False, {"id": "sub_1"})
    fake.submit(note(), key="k2")
    fake.reject("k2", "over_limit", "too much", {"current": 5, "limit": 3})
    fake.submit(note(), key="k3")
    fake.fail("k3")
    assert [fake.wait(key, 0).state for key in ("k1", "k2", "k3")] == ["succeeded", "rejected", "failed"]
    with pytest.raises(ZeroDivisionError), fake.transaction():
        assert fake.submit(note(), key="k4").new == 1 / 0
    assert [one.key for one in fake.of(NAME)] == ["k1", "k2", "k3"]
    assert fake.status("k4") is None
    fake.down = True
    with pytest.raises(Unavailable):
        fake.submit(note(), key="k5")
    with pytest.raises(Unavailable):
        fake.status("k1")
    with pytest.raises(LookupError, match="no command was submitted with the key k9"):
        fake.succeed("k9")

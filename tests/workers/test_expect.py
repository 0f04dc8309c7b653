"""A batch looks ahead: rows that verbs will ask for one by one are looked for at once, and a question is asked once, whatever fails."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from billing.operations.ask_once import ask_once
from models.customer import Customer
from tests.harness.machine import Machine
from workers import inbox
from workers.rows import StubTakenError
from workers.unit import Unit

_COUNT = "SELECT count(*) FROM bursar.customer"


def _unit(machine: Machine, connection: object) -> Unit:
    return Unit(connection, machine.context.keys, now=machine.clock.now())  # type: ignore[arg-type]


@pytest.mark.requirement("INBOX-18")
def test_what_was_expected_in_vain_becomes_no_row(machine: Machine) -> None:
    with machine.context.engine.begin() as connection:
        unit = _unit(machine, connection)
        unit.expect([(Customer.NAME, "stripe", "cus_1"), (Customer.NAME, "stripe", "cus_2")])
        assert unit.known == []
        unit.row(Customer, "stripe", "cus_2").versions = {"own": {}}
        unit.flush()
    assert machine.one(_COUNT) == 1


@pytest.mark.requirement("INBOX-18")
def test_a_row_that_another_one_made_since_it_was_looked_for_is_not_made_twice(machine: Machine) -> None:
    with machine.context.engine.begin() as ours:
        unit = _unit(machine, ours)
        unit.expect([(Customer.NAME, "stripe", "cus_1")])
        with machine.context.engine.begin() as theirs:
            other = _unit(machine, theirs)
            other.row(Customer, "stripe", "cus_1").versions = {"own": {}}
            other.flush()
        unit.row(Customer, "stripe", "cus_1").versions = {"own": {}}
        with pytest.raises(StubTakenError):
            unit.flush()
        ours.rollback()
    assert machine.one(_COUNT) == 1


def test_a_question_is_asked_once_about_each_key_and_its_answer_outlives_an_event_that_fails(machine: Machine) -> None:
    asked: list[list[str]] = []

    def ask(new: list[str]) -> list[tuple[str, int]]:
        asked.append(new)
        return [(key, len(key)) for key in new if key != "none"]

    with machine.context.engine.begin() as connection:
        unit = _unit(machine, connection)
        assert ask_once(unit, "length", ["two", "a", "none"], ask) == {"two": [3], "a": [1], "none": []}
        unit.undo()
        assert ask_once(unit, "length", ["none", "a", "more"], ask) == {"none": [], "a": [1], "more": [4]}
    assert asked == [["a", "none", "two"], ["more"]]


@pytest.mark.requirement("INBOX-18")
def test_what_a_batch_will_ask_is_asked_once_for_all_of_it(machine: Machine) -> None:
    for name in ("ada", "bob", "cleo", "dan"):
        machine.submit("billing.subscribers.define.v1", {
            "subscriber_ref": name, "email": f"{name}@example.com", "country": "RO",
            "pay_source": "stripe", "pay_customer_ref": f"cus_{name}",
        })  # fmt: skip
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(machine.context.engine, "before_cursor_execute", hear)
    assert inbox.drain(machine.context, "payments").done == 4
    event.remove(machine.context.engine, "before_cursor_execute", hear)
    assert len([one for one in heard if "s.pay_customer_ref = c.ref" in one]) == 1, "who pays as one of these"

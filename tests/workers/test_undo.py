"""What an event that failed has changed is taken back, however its verb came by the row; the others of its batch go on."""

from __future__ import annotations

import pytest

from models.customer import Customer
from tests.harness.machine import Machine
from workers.unit import Unit


@pytest.mark.requirement("INBOX-16")
def test_a_row_that_was_found_is_as_it_was_when_its_event_fails(machine: Machine) -> None:
    now = machine.clock.now()
    with machine.context.engine.begin() as connection:
        unit = Unit(connection, machine.context.keys, now=now)
        for name in ("cus_1", "cus_2"):
            unit.row(Customer, "stripe", name).versions = {"own": {}}
        unit.flush()
    with machine.context.engine.begin() as connection:
        unit = Unit(connection, machine.context.keys, now=now)
        unit.load((Customer.NAME, "stripe", name) for name in ("cus_1", "cus_2"))
        for name, fails in (("cus_1", True), ("cus_2", False)):
            unit.about(now=now, actor="bursar", reason="a test", inbox_id=None)
            unit.find(Customer, "stripe", [name])[name].external_ref = "changed"
            if fails:
                unit.undo()
        unit.flush()
    changed = "SELECT array_agg(external_id) FROM bursar.customer WHERE external_ref = 'changed'"
    assert machine.one(changed) == ["cus_2"]

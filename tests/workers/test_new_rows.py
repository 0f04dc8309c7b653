"""New rows that another worker makes at the same moment: nobody has them twice, and who comes second is told to begin anew."""

from __future__ import annotations

import pytest

from models.copying import MANY
from models.customer import Customer
from tests.harness.machine import Machine
from workers.rows import StubTakenError
from workers.unit import Unit


@pytest.mark.requirement("INBOX-18")
@pytest.mark.parametrize("count", [2, MANY], ids=["few, by INSERT", "many, by COPY"])
def test_a_row_that_another_one_has_just_made_is_not_made_twice(machine: Machine, count: int) -> None:
    names = [(Customer.NAME, "stripe", f"cus_{number}") for number in range(count)]

    def unit(connection: object) -> Unit:
        return Unit(connection, machine.context.keys, now=machine.clock.now())  # type: ignore[arg-type]  # a connection

    with machine.context.engine.connect() as ours, machine.context.engine.connect() as theirs:
        late, early = unit(ours), unit(theirs)
        late.load(names)
        early.load(names[-1:])
        early.flush()
        theirs.commit()
        with pytest.raises(StubTakenError):
            late.flush()
        ours.rollback()
        again = unit(ours)
        again.load(names)
        again.flush()
        ours.commit()
    assert machine.one("SELECT count(*) FROM bursar.customer") == count

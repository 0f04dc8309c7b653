"""New rows that another worker makes at the same moment: nobody has them twice, and who comes second is told to begin anew."""

from __future__ import annotations

import pytest

from core.ids import new_id, seed_ids
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


def test_new_rows_draw_their_ids_in_the_order_of_their_names(machine: Machine) -> None:
    """A set has another order in each process: a simulation would draw other ids for the same seed, and play something else."""
    names, now = [f"cus_{number:02}" for number in range(40)], machine.clock.now()
    seed_ids(1)
    drawn = [new_id(now) for _ in names]
    seed_ids(1)
    with machine.context.engine.connect() as connection:
        unit = Unit(connection, machine.context.keys, now=now)
        unit.load((Customer.NAME, "stripe", name) for name in names)
        got = [unit.row(Customer, "stripe", name).id for name in names]
        connection.rollback()
    seed_ids(None)
    assert got == drawn

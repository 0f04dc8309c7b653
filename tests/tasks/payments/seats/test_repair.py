"""The nightly repair reads page by page: as many statements for many organisations as for two (SEAT-3, RECON-5)."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from billing.operations.start_subscription import start_subscription
from billing.rules.commands.subscriptions import StartSubscription
from tasks.payments.seats import REPAIR
from tests.factories.subscribers import do, price, product, subscriber
from tests.harness.machine import Machine
from workers.paging import work_pages
from workers.unit import Unit

_MANY = 8
_QUANTITIES = "SELECT quantity FROM bursar.subscription ORDER BY external_id"


def _subscribe(unit: Unit) -> None:
    product(unit)
    price(unit)
    for number in range(_MANY):
        ref = f"school-{number}"
        subscriber(unit, ref, country="RO", pay_source="manual", pay_customer_ref=None)
        start_subscription(unit, StartSubscription(reference=f"sub-{number}", subscriber_ref=ref, product="pro", currency="EUR"))


@pytest.mark.requirement("SEAT-3")
def test_a_page_of_organisations_is_read_at_once(machine: Machine) -> None:
    do(machine.context, _subscribe)
    now = machine.clock.now().isoformat()
    for number in range(_MANY):
        fact = {"organisation_ref": f"school-{number}", "user_ref": "ann", "change": "added", "role": "organizer", "at": now}
        machine.submit("billing.memberships.changed.v1", fact)
    while machine.work():
        pass
    statements: list[str] = []
    event.listen(machine.context.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))

    def repaired(few: int) -> int:
        """Statements for a page of so many, of which nobody's quantity differs but the first one's."""
        with machine.database.connect() as connection:
            connection.execute("UPDATE bursar.organisation SET members = 3, seats_taken = 3, status = 'active'")
            connection.execute("UPDATE bursar.organisation SET status = 'deleted' WHERE external_id >= %s", [f"school-{few}"])
            connection.execute("UPDATE bursar.subscription SET status = 'active', grace_until = NULL, quantity = 1")
            connection.execute("UPDATE bursar.subscription SET quantity = 4 WHERE external_id = 'sub-0'")
        statements.clear()
        assert work_pages(machine.context, REPAIR, machine.clock.now(), page=_MANY)["failed"] == 0
        assert [quantity for (quantity,) in machine.all(_QUANTITIES)] == [1] * _MANY
        return len(statements)

    two = repaired(2)
    assert repaired(_MANY) - two < _MANY - 2, "not one statement more for each organisation more"
    assert machine.all("SELECT DISTINCT seats_taken FROM bursar.organisation") == [(1,)]

"""What a change leaves behind: counters, the day that was sold, what is owed, and the tax of what was not used (SUB-4, SUB-13, USAGE-1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tasks.payments.runs import issue_waiting_documents, write_off_stale_invoices
from tests.factories.documents import seller
from tests.factories.subscribers import do, price, unit_of
from tests.harness.machine import Machine
from tests.tasks.payments.subscriptions.test_corners import Corner

pytestmark = pytest.mark.breaks("invoices_paid_by_something", because="its invoices are paid by a verb and not by payments")

_MONEY = "SELECT coalesce(sum(balance_minor), 0)::int FROM bursar.money_credit"
_NEWEST = "SELECT latest_invoice_ref FROM bursar.subscription"


@pytest.fixture
def corner(machine: Machine) -> Corner:
    """The app."""
    return Corner(machine)


_USED = "SELECT used, reset_at - %s FROM bursar_api.usage('ann', %s)"


@pytest.mark.requirement("USAGE-1", "USAGE-2", "USAGE-6")
def test_another_cycle_lets_the_running_counters_go_on_to_their_end_and_no_further(corner: Corner) -> None:
    def uses(day: float, quantity: int) -> None:
        corner.at(day)
        corner.does("usage.record", events=[{"subscriber_ref": "ann", "meter": "storage", "key": f"on-{day}", "quantity": quantity}])

    def counts() -> tuple[int, int]:
        used, left = corner.machine.all(_USED, corner.start, corner.machine.clock.now())[0]
        return used, (left + timedelta(hours=1)).days

    corner.does("meters.define", meter="storage", title="Storage", category="custom", aggregation="sum")
    uses(10, 7)
    corner.does("subscriptions.change", cycle_unit="year", when="now")
    corner.pays()
    assert counts() == (7, 31), "a change refills nothing"
    uses(30, 1)
    assert counts() == (8, 31)
    uses(40, 2)
    assert counts() == (2, 10 + 365)
    corner.does("subscriptions.change", cycle_unit="month", when="now")
    corner.pays()
    assert counts() == (2, 40 + 28)
    corner.reaches(68.1)
    corner.pays()
    assert counts() == (0, 40 + 28 + 31)


_PERIODS = "SELECT period_start FROM bursar.subscription_period ORDER BY period_start"


@pytest.mark.requirement("SUB-13")
def test_another_cycle_from_the_end_of_february_on_remembers_the_thirty_first(machine: Machine) -> None:
    machine.clock.move_to(datetime(2027, 1, 31, 12, tzinfo=UTC))
    corner = Corner(machine)
    do(machine.context, lambda unit: price(unit, "pro", 5_000, cycle_count=3))
    corner.does("subscriptions.change", cycle_count=3, when="period_end")
    for days in (28.1, 120.1, 212.1):
        corner.reaches(days)
        corner.pays()
    assert [f"{row[0]:%m-%d}" for row in machine.all(_PERIODS)] == ["01-31", "02-28", "05-31", "08-31"]
    corner.does("subscriptions.change", cycle_count=1, when="period_end")
    corner.reaches(303.1)
    corner.pays()
    corner.reaches(334.1)
    assert [f"{row[0]:%m-%d}" for row in machine.all(_PERIODS)][4:] == ["11-30", "12-31"]


@pytest.mark.requirement("INV-12", "SUB-4")
def test_an_upgrade_that_is_not_paid_is_owed_as_long_as_its_subscription_runs(corner: Corner) -> None:
    corner.at(15.5)
    corner.does("subscriptions.change", product="big", when="now")
    owed = corner.one(_NEWEST)
    corner.at(15.5 + 7 + 91)
    assert write_off_stale_invoices(corner.machine.context, corner.machine.clock.now())["items"] == 0
    assert corner.does("subscriptions.change", quantity=2, when="now")["code"] == "invoice_open"
    corner.does("subscriptions.cancel", when="now")
    assert corner.machine.one("SELECT status FROM bursar.invoice WHERE external_id = %s", owed) == "void"


@pytest.mark.requirement("SUB-4", "CRED-10", "TAX-5", "INV-9")
def test_a_period_that_the_one_before_has_paid_for_gives_back_its_tax_and_is_credited_from_that_ones_paper(machine: Machine) -> None:
    with unit_of(machine.context) as unit:
        seller(unit, prices="exclusive")
    corner = Corner(machine, country="RO")
    for cycle in ("year", "month"):
        corner.does("subscriptions.change", cycle_unit=cycle, when="now")
        corner.pays()
    assert corner.machine.all("SELECT subtotal_minor, total_minor FROM bursar.invoice ORDER BY period_start") == [
        (2_000, 2_420), (22_000, 26_620), (0, 0),
    ]  # fmt: skip
    assert corner.one(_MONEY) == 26_620
    corner.does("subscriptions.cancel", when="now", credit_unused=True)
    assert corner.one(_MONEY) == 26_620 + 2_420
    issue_waiting_documents(machine.context, machine.clock.now())
    notes = "SELECT sum(total_minor)::int, sum(tax_minor)::int FROM bursar.document WHERE kind = 'credit_note'"
    assert corner.machine.all(notes) == [(29_040, 5_040)]

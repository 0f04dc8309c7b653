"""Where two rules meet: paid after a suspension, paused and cancelled, changed and not paid, one's own wish beside an organisation's."""

from __future__ import annotations

from typing import Any

import pytest

from billing.operations.own_row import own_row
from billing.operations.settle_invoice import settle_invoice
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from tasks.payments.runs import (
    enforce_dunning,
    expire_credits,
    expire_manual_renewals,
    renew_subscriptions,
    reset_credits,
)
from tests.factories.organisations import Organisations
from tests.factories.subscribers import do, price, product
from tests.harness.machine import Machine
from tests.tasks.payments.prices.shop import Shop
from workers.unit import Unit

pytestmark = pytest.mark.breaks("invoices_paid_by_something", because="its invoices are paid by a verb and not by payments")

_CREDITS = "SELECT coalesce(sum(remaining), 0)::int FROM bursar.credit_lot WHERE status = 'active'"
_MONEY = "SELECT coalesce(sum(balance_minor), 0)::int FROM bursar.money_credit"
_SUB = "SELECT status FROM bursar.subscription WHERE external_id = 'sub-ann'"


class Corner(Shop):
    """Ann, who pays 20.00 a month by transfer; `big` costs 40.00, and 240.00 or 480.00 a year."""

    def __init__(self, machine: Machine, **who: Any) -> None:
        super().__init__(machine)
        do(machine.context, lambda unit: (
            product(unit, "big", name="Big"), price(unit, "big", 4_000), price(unit, "pro", 24_000, cycle_unit="year"),
            price(unit, "big", 48_000, cycle_unit="year"),
        ))  # fmt: skip
        self.joins("ann", **who)

    def does(self, name: str, **payload: Any) -> dict[str, Any]:
        """A command about her subscription, at this instant."""
        asked = {"reference": "sub-ann", "subscriber_ref": "ann"} if name.startswith("subscriptions.") else {}
        key = self.machine.submit(f"billing.{name}.v1", asked | payload)
        while self.machine.work():
            pass
        return self.machine.status(key)

    def reaches(self, days: float) -> None:
        """It is so many days after the start, and the renewal run has been by."""
        self.at(days)
        assert renew_subscriptions(self.machine.context, self.machine.clock.now())["failed"] == 0

    def pays_one(self, reference: str) -> None:
        """One of the open invoices is paid."""

        def settle(unit: Unit) -> None:
            row = unit.row(Invoice, OWN_SOURCE, reference)
            settle_invoice(unit, row, paid_minor=row.total_minor or 0, because="payment")

        do(self.machine.context, settle)

    def lets_go(self) -> None:
        """The runs that end what was not paid."""
        now = self.machine.clock.now()
        assert [run(self.machine.context, now)["failed"] for run in (expire_manual_renewals, enforce_dunning)] == [0, 0]

    def sets(self, sql: str) -> None:
        """Something that other parts do."""
        with self.machine.connect() as connection:
            connection.execute(sql)

    def one(self, sql: str) -> Any:
        """A value."""
        return self.machine.one(sql)


@pytest.fixture
def corner(machine: Machine) -> Corner:
    """The app."""
    return Corner(machine)


@pytest.mark.requirement("CRED-3", "DUN-2")
def test_who_pays_after_his_suspension_has_the_credits_that_he_paid_for(corner: Corner) -> None:
    corner.reaches(31.1)
    corner.sets("UPDATE bursar.subscription SET status = 'unpaid'")
    corner.pays()
    assert corner.one(_SUB) == "active"
    balance = corner.machine.one("SELECT bursar_api.credits('ann', %s) -> 'balance'", corner.machine.clock.now())
    assert balance == 200


@pytest.mark.requirement("SUB-5", "CRED-10")
def test_what_was_paid_ahead_is_credit_when_a_paused_one_ends(corner: Corner) -> None:
    corner.at(15.5)
    corner.does("subscriptions.pause")
    corner.does("subscriptions.cancel", when="now", credit_unused=True)
    assert (corner.one(_SUB), corner.one(_MONEY)) == ("cancelled", 1_000)


@pytest.mark.requirement("SUB-4", "SUB-5", "CRED-10")
def test_what_of_an_upgrade_is_not_paid_is_no_credit_either(corner: Corner) -> None:
    corner.at(15.5)
    corner.does("subscriptions.change", product="big", when="now")
    corner.does("subscriptions.cancel", when="now", credit_unused=True)
    assert (corner.one(_SUB), corner.one(_MONEY)) == ("cancelled", 1_000)


@pytest.mark.requirement("SUB-4", "CRED-10")
def test_what_a_change_of_cycle_took_over_is_as_good_as_paid(corner: Corner) -> None:
    corner.does("subscriptions.change", cycle_unit="year", when="now")
    corner.pays()
    assert corner.billed("ann") == [2_000, 22_000]
    corner.does("subscriptions.cancel", when="now", credit_unused=True)
    assert corner.one(_MONEY) == 24_000


@pytest.mark.requirement("SUB-5")
def test_who_has_cancelled_is_billed_no_more_although_he_paused_it(corner: Corner) -> None:
    corner.does("subscriptions.cancel", when="period_end")
    corner.at(10)
    corner.does("subscriptions.pause")
    corner.reaches(40)
    assert corner.does("subscriptions.resume")["result"]["status"] == "cancelled"
    assert corner.billed("ann") == [2_000]
    assert corner.one("SELECT ended_at = current_period_end FROM bursar.subscription")


@pytest.mark.requirement("DUN-2")
def test_a_suspended_account_is_billed_neither_by_a_change_nor_by_a_resumption(corner: Corner) -> None:
    corner.sets("UPDATE bursar.subscriber SET suspended_at = clock_timestamp(), suspended_because = 'by an operator'")
    assert corner.does("subscriptions.change", product="big", when="now")["code"] == "subscriber_suspended"
    corner.does("subscriptions.pause")
    corner.at(40)
    assert corner.does("subscriptions.resume")["code"] == "subscriber_suspended"
    assert corner.billed("ann") == [2_000]


@pytest.mark.requirement("SEAT-6", "SUB-5")
@pytest.mark.parametrize("wish", ["subscriptions.cancel", "subscriptions.downgrade"])
def test_a_plan_that_he_has_cancelled_himself_does_not_come_back_with_his_seat(corner: Corner, wish: str) -> None:
    school = Organisations(corner.machine)
    school.says("ann")
    school.passes(hours=1)
    named = {"reference": "sub-ann"} if wish.endswith("cancel") else {}
    assert corner.machine.run(f"billing.{wish}.v1", {"subscriber_ref": "ann", "when": "period_end", **named})["state"] == "succeeded"
    school.passes(hours=1)
    school.leaves("ann")
    assert corner.one("SELECT cancel_at_period_end FROM bursar.subscription WHERE external_id = 'sub-ann'") is True


_NEWEST = "SELECT latest_invoice_ref FROM bursar.subscription"
_REMINDED = "SELECT count(*) FROM bursar.dunning_case WHERE status = 'open' AND external_id = %s"


@pytest.mark.requirement("SUB-7", "DUN-7")
def test_who_has_paid_his_renewal_keeps_his_period_although_an_older_change_is_open(corner: Corner) -> None:
    corner.at(15.5)
    corner.does("subscriptions.change", product="big", when="now")
    assert corner.machine.one(_REMINDED, corner.one(_NEWEST)) == 1
    corner.reaches(31.1)
    assert corner.one(_SUB) == "pending_renewal"
    corner.pays_one(corner.one(_NEWEST))
    corner.at(40)
    corner.lets_go()
    assert corner.one(_SUB) == "active"


@pytest.mark.requirement("SUB-7", "DUN-8")
@pytest.mark.parametrize("paid", [True, False])
def test_another_cycle_that_its_payer_is_to_pay_himself_waits_seven_days_for_that(corner: Corner, paid: bool) -> None:
    corner.does("subscriptions.change", cycle_unit="year", when="now")
    assert corner.one(_SUB) == "pending_renewal"
    if paid:
        corner.pays()
    corner.at(7.1)
    corner.lets_go()
    assert corner.one(_SUB) == ("active" if paid else "expired")


@pytest.mark.requirement("DUN-2", "DUN-8")
def test_who_is_overdue_and_has_no_card_any_longer_owes_the_next_period_no_longer_than_seven_days(corner: Corner) -> None:
    corner.reaches(31.1)
    first = corner.one(_NEWEST)
    corner.sets("UPDATE bursar.subscription SET status = 'past_due'")
    corner.reaches(60)
    corner.pays_one(first)
    assert corner.one(_SUB) == "past_due"
    corner.at(68)
    corner.lets_go()
    assert corner.one(_SUB) == "cancelled"


@pytest.mark.requirement("INV-7", "SUB-7", "DUN-10")
@pytest.mark.parametrize("status", ["pending_renewal", "past_due", "unpaid"])
def test_of_whom_nothing_is_owed_any_longer_because_it_was_made_void_he_goes_on(corner: Corner, status: str) -> None:
    corner.reaches(31.1)
    corner.sets(f"UPDATE bursar.subscription SET status = '{status}'")
    corner.does("invoices.bulk_void", invoice_refs=[corner.one(_NEWEST)], reason="our own fault")
    corner.at(45)
    corner.lets_go()
    assert (corner.one(_SUB), corner.one("SELECT grace_until FROM bursar.subscription")) == ("active", None)


def _balance(corner: Corner, days: float) -> int:
    """So many days after the start; the nightly runs have been by."""
    corner.at(days)
    for run in (expire_credits, reset_credits):
        assert run(corner.machine.context, corner.machine.clock.now())["failed"] == 0
    return int(corner.machine.one("SELECT bursar_api.credits('ann', %s) -> 'balance'", corner.machine.clock.now()))


@pytest.mark.requirement("CRED-3", "CRED-12")
def test_who_changes_to_a_year_has_its_credits_month_by_month(corner: Corner) -> None:
    corner.at(15)
    corner.does("subscriptions.change", cycle_unit="year", when="now")
    corner.pays()
    assert corner.machine.one("SELECT count(*) FROM bursar.credit_lot") == 1, "a change refills nothing"
    assert [_balance(corner, days) for days in (16, 32, 47, 75, 370)] == [200] * 5
    assert _balance(corner, 381) == 0, "the year is over"
    corner.reaches(381)


@pytest.mark.requirement("CRED-3", "CRED-12")
def test_who_changes_from_a_year_to_months_has_credits_for_the_months_that_he_pays(corner: Corner) -> None:
    corner.does("subscriptions.change", cycle_unit="year", when="now")
    corner.pays()
    corner.at(40)
    corner.does("subscriptions.change", cycle_unit="month", when="now")
    assert [_balance(corner, days) for days in (41, 62)] == [200] * 2
    assert _balance(corner, 72) == 0, "the next month is not paid"
    corner.reaches(72)


@pytest.mark.requirement("SUB-7", "PAY-16")
@pytest.mark.parametrize(("status", "then"), [("processing", "pending_renewal"), ("failed", "expired")])
def test_money_that_is_on_its_way_is_waited_for(corner: Corner, status: str, then: str) -> None:
    corner.reaches(31.1)

    def ask(unit: Unit) -> None:
        request, _ = own_row(unit, PaymentRequest, "stripe", "by-himself")
        request.purpose, request.purpose_ref, request.status, request.attempt = "invoice", corner.one(_NEWEST), status, 1

    do(corner.machine.context, ask)
    corner.at(39)
    corner.lets_go()
    assert corner.one(_SUB) == then

"""The money of a period goes back once: as credit for what of it was not used, or to its payer (SUB-4, CRED-10, REFUND-1, REFUND-5)."""

from __future__ import annotations

from typing import Any

import pytest

from billing.operations.fulfil_payment import follow_payment
from billing.operations.money_credit import grant_credit
from billing.operations.own_row import own_row
from models.payment import Payment
from tests.factories.subscribers import do, price
from tests.harness.machine import Machine
from tests.tasks.payments.prices.shop import Shop
from workers.unit import Unit

_CREDIT = "SELECT coalesce(sum(balance_minor), 0)::int FROM bursar.money_credit"
_FINDING = "SELECT kind, status, ours_minor, theirs_minor FROM bursar.finding"


class Till(Shop):
    """Ann, who pays 20.00 a month, half of which is over."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        do(machine.context, lambda unit: price(unit, "pro", 24_000, cycle_unit="year"))
        self.by_card = False

    def pays(self) -> None:
        """Each open invoice: by a transfer that was seen, or by card."""
        for ref, minor in self.machine.all("SELECT external_id, amount_remaining_minor FROM bursar.invoice WHERE status = 'pending'"):
            if self.by_card:
                self.card(ref, minor)
                continue
            transfer = {"reference": f"t-{minor}", "purpose": "invoice", "purpose_ref": ref, "country": "PK"}
            self.does("bank_transfers.submit", **transfer, amount_minor=minor, currency="EUR")
            self.does("bank_transfers.approve", reference=f"t-{minor}", reason="seen")

    def card(self, ref: str, minor: int, refunded_minor: int | None = None) -> None:
        """What the provider says of the payment."""

        def verb(unit: Unit) -> None:
            row, _ = own_row(unit, Payment, "stripe", f"pi-{minor}")
            row.status, row.confirmed, row.currency = "succeeded", True, "EUR"
            row.received_minor, row.refunded_minor = minor, refunded_minor
            row.adopted = {"purpose": "invoice", "purpose_ref": ref}
            follow_payment(unit, row)

        do(self.machine.context, verb)

    def does(self, name: str, **payload: Any) -> dict[str, Any]:
        """A command, at this instant."""
        key = self.machine.submit(f"billing.{name}.v1", payload, actor="anna")
        while self.machine.work():
            pass
        return self.machine.status(key)

    def refund(self, transfer: str, **values: Any) -> dict[str, Any]:
        """Of a transfer, all or a part."""
        asked = {"source": "manual", "payment_ref": transfer, "acting_for": "platform", "key": f"r-{transfer}"}
        return self.does("refunds.request", **(asked | {"reason": "customer_request"} | values))

    def changes(self, verb: str, **values: Any) -> dict[str, Any]:
        """Her subscription."""
        return self.does(f"subscriptions.{verb}", reference="sub-ann", subscriber_ref="ann", **values)

    @property
    def credit(self) -> int:
        """What she has with us."""
        return int(self.machine.one(_CREDIT))


@pytest.fixture
def till(machine: Machine) -> Till:
    """The app."""
    return Till(machine)


@pytest.mark.requirement("REFUND-1", "CRED-10")
def test_what_is_credit_already_is_not_refunded_too(till: Till) -> None:
    till.joins("ann")
    till.at(15.5)
    till.changes("cancel", when="now", credit_unused=True)
    told = till.refund("t-2000", amount_minor=2_000)
    assert (told["code"], told["details"]["limit"], till.credit) == ("given_as_credit", 1_000, 1_000)
    assert till.refund("t-2000")["result"]["amount_minor"] == 1_000
    assert till.refund("t-2000", key="again")["code"] == "given_as_credit"


@pytest.mark.requirement("REFUND-1", "SUB-4")
def test_what_another_cycle_took_over_is_not_refunded_too(till: Till) -> None:
    till.joins("ann")
    till.at(15.5)
    till.changes("change", cycle_unit="year", when="now")
    till.pays()
    assert till.refund("t-2000")["result"]["amount_minor"] == 1_000
    assert till.refund("t-23000")["result"]["amount_minor"] == 23_000


@pytest.mark.requirement("REFUND-1", "SEAT-2")
def test_what_the_next_invoice_takes_off_for_seats_given_up_is_not_refunded_too(till: Till) -> None:
    till.joins("ann")
    till.machine.kept().execute("UPDATE bursar.subscription SET seats_accrued_minor = -500")
    assert till.refund("t-2000")["result"]["amount_minor"] == 1_500


@pytest.mark.requirement("CRED-10", "REFUND-2")
def test_what_is_on_its_way_back_becomes_no_credit(till: Till) -> None:
    till.joins("ann")
    till.at(15.5)
    till.refund("t-2000", amount_minor=1_500)
    till.changes("cancel", when="now", credit_unused=True)
    assert till.credit == 500


@pytest.mark.requirement("REFUND-6", "CRED-10")
@pytest.mark.parametrize("spent", [0, 700])
def test_a_refund_at_the_provider_takes_back_the_unspent_credit_and_people_are_told_of_the_rest(till: Till, spent: int) -> None:
    till.by_card = True
    till.joins("ann")
    ref = till.machine.one("SELECT external_id FROM bursar.invoice")
    till.at(15.5)
    till.changes("cancel", when="now", credit_unused=True)
    if spent:
        do(till.machine.context, lambda unit: grant_credit(unit, "ann", "EUR", -spent, fact="invoice:next", kind="applied"))
    till.card(ref, 2_000, 1_200)
    assert (till.credit, till.machine.all(_FINDING)) == (800 - spent, [])
    till.card(ref, 2_000, 2_000)
    assert till.credit == 0
    assert till.machine.all(_FINDING) == ([("given_back_twice", "open", 1_000, 300)] if spent else [])
    till.card(ref, 2_000, 1_000)  # the rest has failed
    assert till.credit == 1_000 - spent
    assert [row[1] for row in till.machine.all(_FINDING)] == (["gone"] if spent else [])

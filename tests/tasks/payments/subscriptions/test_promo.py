"""A promo code on a first invoice: its use is held while that waits, used up when it is paid, free again when it is not (PROMO-2)."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.payments.runs import expire_manual_renewals, expire_promo_reservations
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine
from tests.tasks.payments.prices.shop import Shop

pytestmark = pytest.mark.breaks(
    "invoices_paid_by_something",
    because="its rows are made by hand, by verbs and not by payments",
)

_USES = """SELECT r.status, (SELECT sum(uses)::int FROM bursar.promo_code), (SELECT sum(uses)::int FROM bursar.campaign)
           FROM bursar.promo_redemption r"""


class Counter(Shop):
    """The shop, with a campaign of 25 %."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        do(machine.context, lambda unit: subscriber(unit, "ann"))
        self.does(
            "campaigns.define", reference="spring", title="Spring", kind="percentage", basis_points=2_500, starts_on="2026-01-01",
            ends_on="2030-01-01",
        )  # fmt: skip
        self.does("promo_codes.issue", campaign="spring", codes=["SPRING"], max_uses=1)
        order: dict[str, Any] = {"code": "SPRING", "reference": "order-1", "subscriber_ref": "ann", "currency": "EUR"}
        self.does("promo_codes.reserve", **order, unit_amounts_minor=[2_000], quantities=[1])

    def does(self, name: str, *, ok: bool = True, **payload: Any) -> dict[str, Any]:
        """A command, at this instant."""
        key = self.machine.submit(f"billing.{name}.v1", payload)
        while self.machine.work():
            pass
        told = self.machine.status(key)
        assert not ok or told["state"] == "succeeded", told
        return told

    def subscribes(self, **values: Any) -> dict[str, Any]:
        """Ann, with her code; she pays by transfer."""
        asked = {"reference": "sub-ann", "subscriber_ref": "ann", "product": "pro", "currency": "EUR", "collection": "manual"}
        return self.does("subscriptions.start", **(asked | {"promo_ref": "order-1"} | values))

    @property
    def uses(self) -> tuple[Any, ...]:
        """The redemption's status, and what code and campaign count."""
        return self.machine.all(_USES)[0]


@pytest.fixture
def counter(machine: Machine) -> Counter:
    """The app."""
    return Counter(machine)


def _expire(counter: Counter) -> None:
    expire_promo_reservations(counter.machine.context, counter.machine.clock.now())


@pytest.mark.requirement("PROMO-2", "PROMO-5")
def test_the_use_is_used_up_when_the_first_invoice_is_paid_and_only_that_one_is_discounted(counter: Counter) -> None:
    assert counter.subscribes()["result"]["amount_due_minor"] == 1_500
    assert counter.subscribes()["result"]["amount_due_minor"] == 1_500
    assert counter.uses == ("reserved", 1, 1)
    counter.at(6.9)
    _expire(counter)
    assert counter.uses == ("reserved", 1, 1)
    counter.pays()
    assert counter.uses == ("consumed", 1, 1)
    counter.at(32)
    _expire(counter)
    counter.renews()
    assert counter.billed("ann") == [1_500, 2_000]
    assert counter.uses == ("consumed", 1, 1)


@pytest.mark.requirement("PROMO-2", "PROMO-5")
@pytest.mark.parametrize("end", ["void", "grace", "cancel"])
def test_the_use_is_free_again_when_the_first_invoice_is_never_paid(counter: Counter, end: str) -> None:
    counter.subscribes()
    if end == "void":
        [(invoice,)] = counter.machine.all("SELECT external_id FROM bursar.invoice")
        counter.does("invoices.bulk_void", invoice_refs=[invoice], reason="a mistake")
    elif end == "cancel":
        counter.does("subscriptions.cancel", reference="sub-ann", subscriber_ref="ann", when="now")
    counter.at(7.1)
    expire_manual_renewals(counter.machine.context, counter.machine.clock.now())
    _expire(counter)
    assert counter.uses == ("released", 0, 0)


@pytest.mark.requirement("PROMO-2", "REFUND-7")
def test_the_use_is_free_again_when_the_money_goes_back_whole(counter: Counter) -> None:
    counter.subscribes()
    [(invoice,)] = counter.machine.all("SELECT external_id FROM bursar.invoice")
    paid = {"amount_minor": 1_500, "currency": "EUR", "country": "PK", "purpose": "invoice", "purpose_ref": invoice}
    counter.does("bank_transfers.submit", reference="t-1", **paid)
    counter.does("bank_transfers.approve", reference="t-1", reason="seen in the account")
    assert counter.uses == ("consumed", 1, 1)
    counter.does("refunds.request", source="manual", key="r", payment_ref="t-1", acting_for="platform", reason="customer_request")
    refund = counter.machine.one("SELECT external_id FROM bursar.refund_request")
    counter.does("bank_refunds.sent", reference=refund, bank_reference="OUT-1", reason="sent back")
    assert counter.uses == ("released", 0, 0)


@pytest.mark.requirement("PROMO-2", "PROMO-3")
def test_what_was_not_reserved_for_this_order_is_refused(counter: Counter) -> None:
    do(counter.machine.context, lambda unit: subscriber(unit, "bob"))
    for values, code in (
        ({"subscriber_ref": "bob"}, "promo_not_reserved"), ({"promo_ref": "order-2"}, "promo_not_reserved"),
        ({"quantity": 2}, "amount_not_discounted"),
    ):  # fmt: skip
        asked = {"reference": "sub-1", "subscriber_ref": "ann", "product": "pro", "currency": "EUR", "promo_ref": "order-1"}
        assert counter.does("subscriptions.start", ok=False, **(asked | values))["code"] == code
    assert counter.uses == ("reserved", 1, 1)


@pytest.mark.requirement("PROMO-5")
def test_what_ran_out_a_moment_ago_is_reserved_anew_before_any_run_has_been_by(counter: Counter) -> None:
    order: dict[str, Any] = {"code": "SPRING", "reference": "order-1", "subscriber_ref": "ann", "currency": "EUR"}
    counter.at(0.1)
    counter.does("promo_codes.reserve", **order, unit_amounts_minor=[2_000], quantities=[1])
    assert counter.subscribes()["result"]["amount_due_minor"] == 1_500
    assert counter.uses == ("reserved", 1, 1)

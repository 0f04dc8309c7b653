"""Dunning under deaths and disorder: a try is one charge wherever its worker dies, and any order of news ends the same (DUN-4, DUN-10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from billing.operations.enforce_dunning import enforce_dunning
from billing.operations.follow_invoice_payment import invoice_payment_failed
from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.own_row import own_row
from billing.operations.settle_invoice import settle_invoice
from billing.operations.void_invoice import void_invoice
from core import failpoints
from models.base import OWN_SOURCE
from models.dunning_case import DunningCase
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber
from models.subscription import Subscription
from tasks.payments.runs import collect_due
from tests.factories.subscribers import do, price, product, subscriber
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from workers.unit import Unit

pytestmark = pytest.mark.breaks(
    "invoices_paid_by_something", "periods_opened",
    because="its rows are made by hand, by verbs and not by payments",
)

MARCH = datetime(2027, 3, 1, 9, tzinfo=UTC)
POOR, GOOD = "pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa"
_LAPSE = (
    "UPDATE bursar.inbox_claim SET lease_until = clock_timestamp() - interval '1 second' RETURNING 1",
    "UPDATE bursar.outbox SET lease_until = clock_timestamp() - interval '1 second' WHERE state = 'processing' RETURNING 1",
)
"""A dead worker's claims are found a minute later; here at once."""
_PLACES = ("call.in_flight", "call.answered", "answer.applied", "call.stored", "answer.committed")


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """Ann, whose renewal was declined."""
    machine = Machine(database, **stripe_sandbox.settings())
    made = Billing(machine, stripe_sandbox.control)
    do(machine.context, lambda unit: (product(unit, "pro", name="Pro"), price(unit)))
    made.at(MARCH - timedelta(days=31))
    made.customer = made.created("ann")
    made.defines("ann", payment_method_ref=GOOD)
    made.starts("ann", "sub-1")
    made.webhooks()
    made.defines("ann", payment_method_ref=POOR)
    made.at(MARCH + timedelta(days=1))
    made.renews()
    made.webhooks()
    yield made
    failpoints.disarm()
    machine.close()


@pytest.mark.requirement("DUN-4", "DUN-6", "PAY-2")
def test_each_try_is_one_charge_wherever_its_worker_dies(billing: Billing) -> None:
    machine = billing.machine
    opened = machine.one("SELECT opened_at FROM bursar.dunning_case")
    for place, day in zip(_PLACES, (1, 3, 7, 14, 30), strict=True):
        billing.at(max(opened + timedelta(days=day, minutes=1), machine.clock.now()))
        failpoints.arm(place, 1, failpoints.play_death)
        assert collect_due(machine.context, machine.clock.now())["items"] == 1
        with pytest.raises(failpoints.DiedError):
            machine.settle(timedelta(hours=1))
        failpoints.disarm()
        for sql in _LAPSE:
            machine.all(sql)
        machine.settle(timedelta(hours=1))
    billing.webhooks(twice=True)
    assert machine.all("SELECT number, status FROM bursar.dunning_attempt ORDER BY number") == [(number, "failed") for number in range(6)]
    assert len(billing.stripe.objects("payment_intent")) == 7, "the first month, the renewal, and five tries"
    assert len([one for one in billing.stripe.objects("charge") if one["status"] == "failed"]) == 6
    assert billing.charged() == [2_000]
    billing.renews()
    billing.webhooks()


_NEWS = some.lists(some.sampled_from(["decline", "click", "days", "paid", "void"]), min_size=1, max_size=6)


@pytest.fixture
def numbers() -> Iterator[int]:
    """Each example is about somebody else."""
    return iter(range(1_000_000))


@pytest.mark.breaks("invoices_paid_by_something", "periods_opened", because="what is told is played by verbs, without payments and periods")
@pytest.mark.requirement("DUN-2", "DUN-10")
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(news=_NEWS, data=some.data())
def test_any_order_of_success_decline_retry_and_void_ends_the_same(
    machine: Machine, numbers: Iterator[int], news: list[str], data: Any
) -> None:
    for order in (news, data.draw(some.permutations(news))):
        ref = f"x{next(numbers)}"
        do(machine.context, partial(_begin, ref))
        for number, one in enumerate(order, 1):
            if one == "days":
                machine.clock.move_to(machine.clock.now() + timedelta(days=15))
            do(machine.context, partial(_hear, ref, one, number))
        final = next((one for one in order if one in ("paid", "void")), None)
        declined = [place for place, one in enumerate(order) if one in ("decline", "click")]
        failed = bool(declined) and (final is None or declined[0] < order.index(final))
        status, case, suspended, open_steps = machine.all(
            """SELECT i.status, c.status, b.suspended_at IS NOT NULL,
                      (SELECT count(*) FROM bursar.dunning_attempt a
                       WHERE a.case_ref = c.external_id AND a.status IN ('pending', 'processing'))
               FROM bursar.invoice i JOIN bursar.subscriber b ON b.external_id = i.subscriber_ref
               LEFT JOIN bursar.dunning_case c ON c.external_id = i.external_id AND c.versions <> '{}'
               WHERE i.external_id = %s""", f"in-{ref}"
        )[0]  # fmt: skip
        ended = machine.one("SELECT status FROM bursar.subscription WHERE external_id = %s", f"s-{ref}")
        if final is not None:
            assert (status, suspended, open_steps) == (final, False, 0), order
            assert case == ({"paid": "recovered", "void": "cancelled"}[final] if failed else None), order
            assert ended == "active" or final == "void", order
        elif order.count("days") < 3:
            assert (status, case) == ("pending", "open" if failed else None), order
        held = "days" in order[declined[0] :] if declined else False
        if final is None and order.count("days") < 3:
            assert suspended is held, order


def _begin(ref: str, unit: Unit) -> None:
    subscriber(unit, ref, status="active")
    row, _ = own_row(unit, Subscription, OWN_SOURCE, f"s-{ref}")
    row.status, row.subscriber_ref, row.currency, row.cancel_at_period_end = "active", ref, "EUR", False
    row.anchor_at, row.zone, row.cycle_unit, row.cycle_count, row.cycle_no = unit.now, "UTC", "year", 1, 0
    row.current_period_start, row.current_period_end = unit.now, unit.now + timedelta(days=365)
    row.next_billing_at, row.product_ref, row.quantity, row.unit_price_minor = row.current_period_end, "pro", 1, 2_000
    issue_invoice(unit, Draft(
        reference=f"in-{ref}", invoice_type="subscription", subscriber_ref=ref, currency="EUR", billing_reason="change", due_at=unit.now,
        subscription_ref=f"s-{ref}", lines=[Line(amount_minor=2_000, description="A year")], period_start=unit.now,
    ))  # fmt: skip
    request, _ = own_row(unit, PaymentRequest, "stripe", f"inv:in-{ref}")
    request.status, request.attempt, request.off_session, request.payment_method_ref = "failed", 1, True, "pm_1"
    request.amount_minor, request.carried_minor, request.currency, request.decline_code = 2_000, 0, "EUR", "insufficient_funds"
    request.purpose, request.purpose_ref, request.subscriber_ref, request.customer_ref = "invoice", f"in-{ref}", ref, f"cus_{ref}"


def _hear(ref: str, one: str, number: int, unit: Unit) -> None:
    unit.row(Subscriber, OWN_SOURCE, ref)
    invoice = unit.row(Invoice, OWN_SOURCE, f"in-{ref}")
    request = unit.row(PaymentRequest, "stripe", f"inv:in-{ref}")
    if one == "paid":
        settle_invoice(unit, invoice, paid_minor=2_000, because="paid")
    elif one == "void":
        void_invoice(unit, invoice, "a mistake")
    elif one == "days":
        unit.row(Subscription, OWN_SOURCE, f"s-{ref}")
        if not unit.row(DunningCase, OWN_SOURCE, f"in-{ref}").incomplete:
            enforce_dunning(unit, f"in-{ref}")
    elif invoice.status == "pending":
        request.attempt, request.off_session = number, one == "decline"
        invoice_payment_failed(unit, request)

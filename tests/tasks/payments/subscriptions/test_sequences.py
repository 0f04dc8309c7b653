"""Any sequence of wishes, payments, failures and clock steps keeps legal statuses, exact sums and no double period (SUB-2 to SUB-5)."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.operations.cancel_subscription import (
    cancel_subscription,
    pause_subscription,
    reactivate_subscription,
    resume_subscription,
)
from billing.operations.change_subscription import change_subscription
from billing.operations.follow_payment_request import fail_or_move
from billing.operations.settle_invoice import settle_invoice
from billing.operations.start_subscription import start_subscription
from billing.rules.commands import subscriptions as commands
from billing.rules.commands.base import Rejected
from billing.rules.states_subscribers import OWN_SUBSCRIPTION_MOVES
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from tasks.payments.runs import expire_manual_renewals, renew_subscriptions
from tests.factories.subscribers import do, price, product, subscriber
from tests.harness.machine import Machine
from workers.unit import Unit

pytestmark = pytest.mark.breaks("invoices_paid_by_something", because="its invoices are paid by a verb and not by payments")

_KINDS = (
    commands.ChangeSubscription, commands.ResumeSubscription, commands.ReactivateSubscription, commands.PauseSubscription,
    commands.CancelSubscription,
)  # fmt: skip
_REFUSALS = {code for kind in _KINDS for code in kind.REFUSALS}
_numbers = itertools.count(1)
_step = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(["now", "period_end"]), st.sampled_from(["lite", "pro", "max"]), st.integers(1, 4)),
    st.tuples(st.just("cycle"), st.sampled_from(["now", "period_end"]), st.sampled_from(["month", "year"])),
    st.tuples(st.just("cancel"), st.sampled_from(["now", "period_end"]), st.booleans()),
    st.tuples(st.sampled_from(["reactivate", "pause", "resume"])),
    st.tuples(st.just("pays")),
    st.tuples(st.just("fails")),
    st.tuples(st.just("time"), st.sampled_from([1, 24, 24 * 8, 24 * 31, 24 * 100, 24 * 400])),
)


@pytest.fixture
def plans(machine: Machine) -> Machine:
    """Three plans by the month and the year."""

    def define(unit: Unit) -> None:
        for name, minor in (("lite", 999), ("pro", 2_000), ("max", 5_001)):
            product(unit, name)
            price(unit, name, minor)
            price(unit, name, minor * 10, cycle_unit="year")

    do(machine.context, define)
    return machine


@pytest.mark.requirement("SUB-2", "SUB-3", "SUB-4", "SUB-5", "CRED-10", "CRED-12")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["automatic", "manual"]), st.lists(_step, min_size=3, max_size=12))
def test_any_sequence_is_legal_exact_and_bills_no_period_twice(plans: Machine, collection: str, steps: list[tuple[Any, ...]]) -> None:
    ref = f"c{next(_numbers)}"
    whose: dict[str, Any] = {"reference": f"sub-{ref}", "subscriber_ref": ref}
    asked: dict[str, Any] = {"product": "pro", "currency": "EUR", "collection": collection}
    do(plans.context, lambda unit: subscriber(unit, ref))
    do(plans.context, lambda unit: start_subscription(unit, commands.StartSubscription(**whose, **asked)))
    for step in steps:
        _take(plans, whose, step)
    _check(plans, str(whose["reference"]))
    do(plans.context, lambda unit: cancel_subscription(unit, commands.CancelSubscription(**whose, when="now")))


def _take(plans: Machine, whose: dict[str, Any], step: tuple[Any, ...]) -> None:
    name, *given_values = step
    try:
        if name == "time":
            plans.clock.move_to(plans.clock.now() + timedelta(hours=given_values[0]))
            for run in (renew_subscriptions, expire_manual_renewals):
                assert run(plans.context, plans.clock.now())["failed"] == 0, plans.all("SELECT * FROM bursar.run_failure")
        elif name in ("pays", "fails"):
            _money(plans, whose, pays=name == "pays")
        else:
            do(plans.context, lambda unit: _wish(unit, whose, name, given_values))
    except Rejected as refused:
        if refused.code not in _REFUSALS:
            raise


def _wish(unit: Unit, whose: dict[str, Any], name: str, values: list[Any]) -> None:
    if name == "change":
        when, plan, quantity = values
        change_subscription(unit, commands.ChangeSubscription(**whose, when=when, product=plan, quantity=quantity))
    elif name == "cycle":
        change_subscription(unit, commands.ChangeSubscription(**whose, when=values[0], cycle_unit=values[1]))
    elif name == "cancel":
        cancel_subscription(unit, commands.CancelSubscription(**whose, when=values[0], credit_unused=values[1]))
    elif name == "reactivate":
        reactivate_subscription(unit, commands.ReactivateSubscription(**whose))
    elif name == "pause":
        pause_subscription(unit, commands.PauseSubscription(**whose))
    else:
        resume_subscription(unit, commands.ResumeSubscription(**whose))


def _money(plans: Machine, whose: dict[str, Any], *, pays: bool) -> None:
    oldest = plans.one(
        "SELECT external_id FROM bursar.invoice WHERE subscription_ref = %s AND status = 'pending' ORDER BY period_start, id LIMIT 1",
        whose["reference"],
    )
    if oldest is None:
        return

    def happens(unit: Unit) -> None:
        unit.load([("subscriber", OWN_SOURCE, whose["subscriber_ref"])])
        invoice = unit.row(Invoice, OWN_SOURCE, oldest)
        if pays:
            settle_invoice(unit, invoice, paid_minor=invoice.amount_remaining_minor or 0, because="payment")
            return
        request = unit.row(PaymentRequest, "stripe", f"inv:{oldest}")
        if request.status == "pending":
            fail_or_move(unit, request, "failed")

    do(plans.context, happens)


def _check(plans: Machine, reference: str) -> None:
    moves = plans.all(
        """SELECT a.before ->> 'status', a.after ->> 'status' FROM bursar.audit a JOIN bursar.subscription s ON s.id::text = a.object_id
           WHERE a.action = 'subscription.status' AND s.external_id = %s ORDER BY a.id""", reference
    )  # fmt: skip
    assert all(after in OWN_SUBSCRIPTION_MOVES[before] for before, after in moves if before is not None)
    assert [one[1] for one in moves[:-1]] == [one[0] for one in moves[1:]], "no move is left out"
    periods = plans.all(
        """SELECT period_start, period_end, invoice_ref, quantity * unit_price_minor FROM bursar.subscription_period
           WHERE subscription_ref = %s ORDER BY period_start""", reference
    )  # fmt: skip
    assert all(start < end for start, end, _, _ in periods)
    assert len({start for start, _, _, _ in periods}) == len(periods)
    assert len({invoice for _, _, invoice, _ in periods}) == len(periods)
    invoices = plans.all(
        """SELECT i.status, i.subtotal_minor, i.total_minor, i.discount_minor, i.credit_applied_minor, i.amount_paid_minor,
                  i.amount_remaining_minor, (SELECT sum((l ->> 'amount_minor')::bigint)::bigint FROM jsonb_array_elements(i.lines) l)
           FROM bursar.invoice i WHERE i.subscription_ref = %s""", reference
    )  # fmt: skip
    for status, subtotal, total, discount, applied, paid, remaining, lines in invoices:
        assert lines == subtotal == total + discount
        assert total >= 0
        assert (applied + paid == total) if status == "paid" else (applied + remaining == total), status
    settled = plans.all(
        """SELECT p.period_start, i.status FROM bursar.period_settlement p LEFT JOIN bursar.invoice i ON i.external_id = p.invoice_ref
           WHERE p.subscription_ref = %s""", reference
    )  # fmt: skip
    assert {start for start, _ in settled} <= {start for start, _, _, _ in periods}
    assert {status for _, status in settled} <= {"paid"}
    _check_credits(plans, reference)


def _check_credits(plans: Machine, reference: str) -> None:
    found = plans.all(
        """SELECT c.balance_minor, (SELECT sum(delta_minor)::bigint FROM bursar.money_credit_entry e WHERE e.credit_id = c.id)
           FROM bursar.money_credit c JOIN bursar.subscription s ON s.subscriber_ref = c.subscriber_ref WHERE s.external_id = %s""",
        reference,
    )
    assert all(balance == ledger for balance, ledger in found)
    # What a new period took over from the one before has paid for it as well.
    over = plans.all(
        """SELECT given.period_start, given.minor, paid.minor FROM (
               SELECT period_start, sum(delta_minor) AS minor FROM bursar.money_credit_entry
               WHERE subscription_ref = %s AND kind = 'granted' GROUP BY period_start) AS given
           CROSS JOIN LATERAL (
               SELECT coalesce(sum(i.amount_paid_minor + i.credit_applied_minor - (
                   SELECT coalesce(sum(least((l ->> 'amount_minor')::bigint, 0)), 0) FROM jsonb_array_elements(i.lines) l)), 0) AS minor
               FROM bursar.invoice i WHERE i.subscription_ref = %s AND i.status = 'paid' AND i.period_start >= given.period_start) AS paid
           WHERE given.minor > paid.minor""", reference, reference
    )  # fmt: skip
    assert over == []

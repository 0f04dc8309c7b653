"""Which stored method is charged: the default, whichever that is, unless somebody chose one that is still there (TRIAL-2, PAY-6, PAY-7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.operations.own_row import own_row
from models.customer import Customer
from models.payment_method import PaymentMethod
from tasks.payments.runs import end_trials
from tests.factories.subscribers import do, price, product, subscriber
from tests.harness.machine import Machine
from workers.unit import Unit

_CHOSEN = "SELECT payment_method_ref FROM bursar.subscriber"
_CHARGED = "SELECT payment_method_ref FROM bursar.payment_request"


def _begun(machine: Machine, default: str | None, chosen: str | None = None) -> None:
    """Ann has two cards at Stripe."""

    def begin(unit: Unit) -> None:
        product(unit, trial_days=14)
        price(unit)
        subscriber(unit, "ann", payment_method_ref=chosen)
        customer, _ = own_row(unit, Customer, "stripe", "cus_ann")
        customer.default_payment_method_ref = default
        for name in ("pm_1", "pm_2"):
            method, _ = own_row(unit, PaymentMethod, "stripe", name)
            method.customer_ref, method.kind, method.provider_created_at = "cus_ann", "card", unit.now

    do(machine.context, begin)


def _works(machine: Machine) -> None:
    while machine.work():
        pass


@pytest.mark.requirement("TRIAL-2", "PAY-10")
@pytest.mark.parametrize("default", ["pm_2", None])
def test_a_trials_end_charges_the_default_and_chooses_only_where_there_is_none(machine: Machine, default: str | None) -> None:
    _begun(machine, default)
    asked = {"reference": "sub-1", "subscriber_ref": "ann", "product": "pro", "currency": "EUR"}
    machine.submit("billing.trials.start.v1", asked)
    _works(machine)
    machine.clock.move_to(machine.clock.now() + timedelta(days=15))
    assert end_trials(machine.context, machine.clock.now())["failed"] == 0
    assert (machine.one(_CHARGED), machine.one(_CHOSEN)) == ((default or "pm_1"), None if default else "pm_1")


@pytest.mark.requirement("PAY-6", "PAY-7")
@pytest.mark.parametrize(("default", "instead"), [("pm_2", None), (None, "pm_2")])
def test_a_chosen_method_that_is_detached_is_charged_no_more(machine: Machine, default: str | None, instead: str | None) -> None:
    _begun(machine, default, chosen="pm_1")
    event: dict[str, Any] = {
        "id": "evt_1", "object": "event", "type": "payment_method.detached", "created": int(machine.clock.now().timestamp()) + 1,
        "api_version": "2025-03-31.basil", "livemode": False,
        "data": {"object": {"id": "pm_1", "object": "payment_method", "type": "card", "card": {"last4": "4242"}, "customer": None}},
    }  # fmt: skip
    machine.deliver(event)
    _works(machine)
    assert machine.failures() == []
    assert machine.one(_CHOSEN) == instead


@pytest.mark.requirement("PAY-10", "SUB-7")
def test_what_waits_for_its_payer_is_charged_once_he_can_be(machine: Machine) -> None:
    do(machine.context, lambda unit: (product(unit), price(unit), subscriber(unit, "ann", pay_source=None, pay_customer_ref=None)))
    asked = {"reference": "sub-1", "subscriber_ref": "ann", "product": "pro", "currency": "EUR"}
    machine.submit("billing.subscriptions.start.v1", asked)
    _works(machine)
    assert machine.one("SELECT count(*) FROM bursar.payment_request") == 0
    for _ in range(2):
        card = {"pay_source": "stripe", "pay_customer_ref": "cus_ann", "payment_method_ref": "pm_1"}
        machine.submit("billing.subscribers.define.v1", {"subscriber_ref": "ann", "email": "ann@example.com", **card})
        _works(machine)
    assert machine.all("SELECT payment_method_ref, amount_minor, attempt FROM bursar.payment_request") == [("pm_1", 2_000, 1)]

"""A period that a provider bills settles the same, in whatever order its payment, subscription, customer and plan are heard of."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.subscribers import do, product
from tests.harness.machine import Machine

_BALANCE = "SELECT bursar_api.credits('ann', %s) -> 'balance'"
_COUNTS = "SELECT subscription_ref, period_start IS NOT NULL FROM bursar.usage_period WHERE external_id = 'ann'"


def _event(machine: Machine, name: str, obj: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"evt_{name}", "object": "event", "type": name, "created": int(machine.clock.now().timestamp()),
        "api_version": "2026-10-28.endive", "livemode": False, "data": {"object": obj},
    }  # fmt: skip


@pytest.mark.requirement("CRED-3", "USAGE-1", "INBOX-18")
@pytest.mark.parametrize("order", list(itertools.permutations(("paid", "told", "linked"))))
def test_credits_and_counters_begin_whatever_comes_first(machine: Machine, order: tuple[str, ...]) -> None:
    do(machine.context, lambda unit: product(unit, "pro", provider_refs=["price_pro"]))
    machine.run("billing.subscribers.define.v1", {"subscriber_ref": "ann", "email": "ann@example.com"})
    now = int(machine.clock.now().timestamp())
    period = {"start": now - 60, "end": now + 30 * 86_400}
    price = {"id": "price_pro", "product": "prod_1", "currency": "eur", "unit_amount": 2_000}
    item = {
        "id": "si_1", "quantity": 1, "price": price, "current_period_start": period["start"], "current_period_end": period["end"]
    }  # fmt: skip
    line = {"id": "il_1", "amount": 2_000, "currency": "eur", "period": period, "quantity": 1}
    invoice = {
        "id": "in_1", "object": "invoice", "customer": "cus_ann", "status": "paid", "currency": "eur", "amount_paid": 2_000,
        "amount_due": 2_000, "total": 2_000, "billing_reason": "subscription_create", "lines": {"data": [line]},
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}},
        "period_start": period["start"], "period_end": period["start"],
    }  # fmt: skip
    told = {
        "id": "sub_1", "object": "subscription", "customer": "cus_ann", "status": "active", "currency": "eur", "items": {"data": [item]},
        "start_date": period["start"],
    }  # fmt: skip
    link = {"source": "stripe", "customer_ref": "cus_ann", "external_ref": "ann"}
    steps: dict[str, Callable[[], Any]] = {
        "paid": lambda: machine.deliver(_event(machine, "invoice.paid", invoice)),
        "told": lambda: machine.deliver(_event(machine, "customer.subscription.created", told)),
        "linked": lambda: machine.submit("billing.customer.link.v1", link),
    }
    for step in order:
        steps[step]()
        machine.clock.move_to(machine.clock.now() + timedelta(seconds=1))
        while machine.work():
            pass
    assert [one for one in machine.failures() if "mail" not in str(one)] == []
    assert (machine.one(_BALANCE, machine.clock.now()), machine.all(_COUNTS)) == (200, [("sub_1", True)])

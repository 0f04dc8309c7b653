"""A product that is named at a provider later finds the subscriptions that the provider already bills (SUB-8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.operations.define_product import define_product
from billing.operations.own_row import own_row
from billing.rules.commands.products import DefineProduct
from models.customer import Customer
from models.subscription import Subscription
from tasks.payments.products import relink
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine

_REFS = "SELECT external_id, product_ref FROM bursar.subscription ORDER BY external_id"


def _mirrored(unit: Any) -> None:
    for number in range(5):
        subscriber(unit, f"s{number}")
        customer, _ = own_row(unit, Customer, "stripe", f"cus_{number}")
        customer.external_ref = f"s{number}"
        row, _ = own_row(unit, Subscription, "stripe", f"sub_{number}")
        row.status, row.customer_ref, row.subscriber_ref = "active", f"cus_{number}", f"s{number}"
        row.plan_ref, row.items = ("price_1", []) if number % 2 else (None, [{"product_ref": "prod_1"}])


def _define(machine: Machine, *refs: str) -> None:
    command = DefineProduct(reference="pro", kind="plan", title="Pro", provider_refs=refs, reason="r")
    do(machine.context, lambda unit: define_product(unit, command))
    machine.clock.move_to(machine.clock.now() + timedelta(minutes=2))


@pytest.mark.requirement("SUB-8", "SUB-9")
def test_subscriptions_follow_the_names_of_a_product_page_by_page(machine: Machine) -> None:
    do(machine.context, _mirrored)
    _define(machine, "price_1", "prod_1")
    assert relink(machine.context, page=2, budget_s=0)["more"]
    assert relink(machine.context, page=2)["more"] is False
    assert [row[1] for row in machine.all(_REFS)] == ["pro"] * 5
    assert machine.one("SELECT count(*) FROM bursar.subscriber WHERE status = 'active'") == 5
    _define(machine, "prod_1")
    assert relink(machine.context)["items"] == 5
    assert [row[1] for row in machine.all(_REFS)] == ["pro", None, "pro", None, "pro"]
    assert relink(machine.context)["items"] == 0

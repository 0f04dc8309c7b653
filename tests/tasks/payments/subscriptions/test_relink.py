"""A product that is named at a provider later finds the subscriptions that the provider already bills (SUB-8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.operations.define_product import define_product
from billing.operations.own_of import own_of
from billing.operations.own_row import own_row
from billing.rules.commands.products import DefineProduct
from models.customer import Customer
from models.subscription import Subscription
from tasks.payments import products
from tests.factories.subscribers import do, subscriber
from tests.harness.cluster import Database
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


def relink(machine: Machine, **options: Any) -> Any:
    """The run, once."""
    return products.relink(machine.context, machine.clock.now(), **options)


@pytest.mark.requirement("SUB-8", "SUB-9")
def test_subscriptions_follow_the_names_of_a_product_page_by_page(machine: Machine) -> None:
    do(machine.context, _mirrored)
    _define(machine, "price_1", "prod_1")
    assert relink(machine, page=2, budget_s=0)["more"]
    assert relink(machine, page=2)["more"] is False
    assert [row[1] for row in machine.all(_REFS)] == ["pro"] * 5
    assert machine.one("SELECT count(*) FROM bursar.subscriber WHERE status = 'active'") == 5
    _define(machine, "prod_1")
    assert relink(machine)["items"] == 2, "only what is otherwise now"
    assert [row[1] for row in machine.all(_REFS)] == ["pro", None, "pro", None, "pro"]
    assert relink(machine)["items"] == 0


@pytest.mark.requirement("SUB-8")
def test_one_that_cannot_be_linked_stops_no_other_and_is_looked_for_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    do(machine.context, _mirrored)
    _define(machine, "price_1", "prod_1")
    def odd(unit: Any, row: Subscription) -> None:
        if row.external_id == "sub_2":
            raise ValueError("sub_2 is odd")
        own_of(unit, row)

    monkeypatch.setattr(products, "own_of", odd)
    assert relink(machine)["failed"] == 1
    assert [row[1] for row in machine.all(_REFS)] == ["pro", "pro", None, "pro", "pro"]
    assert machine.all("SELECT job, item FROM bursar.run_failure") == [("relink_products", "stripe sub_2")]
    monkeypatch.undo()
    machine.clock.move_to(machine.clock.now() + timedelta(minutes=30))
    assert relink(machine)["items"] == 0, "the whole table is not read each minute for it"
    machine.clock.move_to(machine.clock.now() + timedelta(hours=1))
    assert relink(machine)["items"] == 1
    assert machine.all(_REFS)[2] == ("sub_2", "pro")
    assert machine.all("SELECT 1 FROM bursar.run_failure UNION SELECT 1 FROM bursar.product WHERE relink_asked_at IS NOT NULL") == []


def test_the_subscriber_is_locked_before_anything_else(machine: Machine, database: Database) -> None:
    """Somebody has the product in hand, and another one a subscriber: neither is waited for."""
    do(machine.context, _mirrored)
    _define(machine, "price_1", "prod_1")
    with database.connect(autocommit=False) as held:
        held.execute("SELECT 1 FROM bursar.subscriber WHERE external_id = 's3' FOR UPDATE")
        assert relink(machine)["items"] == 4
        held.rollback()
    assert machine.all(_REFS)[3] == ("sub_3", None)
    machine.clock.move_to(machine.clock.now() + timedelta(hours=2))
    assert relink(machine)["items"] == 1

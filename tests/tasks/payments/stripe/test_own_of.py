"""What providers bill belongs to our subscribers too: whose it is, which plan it is, and what that makes of the account."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.factories.subscribers import do, product, subscriber
from tests.harness.machine import Machine
from tests.harness.waiting import wait_until
from tests.tasks.payments.stripe.ground import body

_SEEN = """SELECT s.subscriber_ref, s.product_ref, b.status FROM bursar.subscription s
           LEFT JOIN bursar.subscriber b ON b.external_id = s.subscriber_ref"""

_MOVES = "SELECT before ->> 'status', after ->> 'status', actor FROM bursar.audit WHERE action = 'subscriber.status' ORDER BY id"


def subscription_event(status: str, at: int) -> dict[str, Any]:
    """Alice's subscription at Stripe, in this state."""
    item = {"id": "si_1", "price": {"id": "price_1", "product": "prod_1", "unit_amount": 900, "currency": "eur"}, "quantity": 1}
    obj = {
        "id": "sub_1", "object": "subscription", "customer": "cus_alice", "status": status, "metadata": {},
        "items": {"object": "list", "data": [item]},
    }  # fmt: skip
    event: dict[str, Any] = json.loads(body("customer.subscription.updated", obj, at=at))
    return event


def link_alice(machine: Machine) -> None:
    """Alice, the plan `pro`, and her customer at Stripe."""
    do(machine.context, subscriber)
    do(machine.context, lambda unit: product(unit, provider_refs=["prod_1"]))
    machine.run("billing.customer.link.v1", {"source": "stripe", "customer_ref": "cus_alice", "external_ref": "alice"})


@pytest.mark.requirement("SUB-8", "SUB-9")
@pytest.mark.parametrize("first", ["link", "event"])
def test_a_providers_subscription_makes_its_subscriber_active_and_then_cancelled(machine: Machine, first: str) -> None:
    do(machine.context, subscriber)
    do(machine.context, lambda unit: product(unit, provider_refs=["prod_1"]))
    link = {"source": "stripe", "customer_ref": "cus_alice", "external_ref": "alice"}
    if first == "link":
        machine.run("billing.customer.link.v1", link)
    machine.deliver(subscription_event("active", 5))
    machine.settle()
    if first == "event":
        assert machine.all(_SEEN) == [(None, None, None)]
        machine.run("billing.customer.link.v1", link)
    assert machine.all(_SEEN) == [("alice", "pro", "active")]

    machine.deliver(subscription_event("canceled", 9))
    machine.settle()

    assert machine.all(_SEEN) == [("alice", "pro", "cancelled")]
    moves = machine.all(_MOVES)
    assert [move[:2] for move in moves] == [("free", "active"), ("active", "cancelled")]
    assert moves[1][2] == "provider:stripe"
    # Shown once no older transaction is open, in any of the server's databases: other tests have theirs there.
    read = "SELECT subscriber_ref FROM bursar_api.entitlement_changes(0)"
    wait_until(lambda: len(machine.all(read)) >= 2, what="both changes are shown")
    changes = machine.all(read)
    assert len(changes) >= 2
    assert set(changes) == {("alice",)}


@pytest.mark.requirement("SUB-9")
def test_a_subscription_of_a_customer_that_is_nobodys_changes_no_account(machine: Machine) -> None:
    do(machine.context, subscriber)
    machine.deliver(subscription_event("active", 5))
    machine.settle()
    assert machine.all("SELECT status FROM bursar.subscriber") == [("free",)]

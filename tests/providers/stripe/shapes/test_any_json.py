"""Whatever JSON stands in Stripe's objects, a shape reads it or says what is wrong; it never fails otherwise."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rules.facts.base import Fact
from providers.errors import UnparsableBody
from tests.factories.stripe_money_out import stripe_event
from tests.providers.stripe.shapes import test_invoice, test_subscription
from workers.routing import route

CHARGE: dict[str, Any] = {
    "id": "ch_1",
    "object": "charge",
    "status": "failed",
    "amount": 900,
    "captured": False,
    "currency": "eur",
    "outcome": {"reason": "lost_card", "risk_level": "normal"},
    "payment_method_details": {"type": "card"},
    "source": {"id": "card_1"},
    "refunds": {"object": "list", "data": [{"id": "re_1", "amount": 5, "status": "succeeded"}]},
    "created": 1_772_366_400,
}
OBJECTS: dict[str, dict[str, Any]] = {
    "customer.updated": {
        "id": "cus_1",
        "email": "a@x.test",
        "balance": 0,
        "invoice_settings": {"default_payment_method": "pm_1"},
        "metadata": {"a": "b"},
    },
    "customer.tax_id.updated": {"id": "txi_1", "verification": {"status": "pending"}, "created": 1},
    "payment_method.attached": {"id": "pm_1", "type": "card", "card": {"last4": "4242", "exp_month": 4}, "created": 1},
    "billing_portal.session.created": {"id": "bps_1", "flow": {"type": "x"}},
    "customer.subscription.updated": test_subscription.of_today(cancellation_details={"reason": None}),
    "customer.subscription.deleted": test_subscription.of_2017(),
    "invoice.updated": test_invoice.of_2017(),
    "invoice.paid": test_invoice.of_today(status_transitions={"paid_at": 1}, last_finalization_error={"code": "x"}),
    "invoice_payment.paid": {"id": "inpay_1", "invoice": "in_1", "payment": {"payment_intent": "pi_1"}},
    "payment_intent.payment_failed": {
        "id": "pi_1",
        "status": "requires_payment_method",
        "last_payment_error": {"code": "card_declined"},
        "charges": {"object": "list", "data": [CHARGE]},
        "transfer_data": {"destination": {"id": "acct_1"}},
    },
    "charge.refunded": CHARGE,
    "checkout.session.completed": {
        "id": "cs_1",
        "mode": "payment",
        "payment_status": "paid",
        "metadata": {"bursar_purpose": "course_enrolment", "enrolment": "e"},
    },
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**63, -(10**30), 1.5, "", "x", "1", "10000000000000000000000", [], {}, [None], [[]], {"id": None}]),
    st.sampled_from([{"id": "x_1"}, {"data": [1, "two", None]}, {"data": {}}, [{"id": "y"}], {"type": 5}, {"amount": "9"}]),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in an object, as the keys that lead to it."""
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*path, key)
        yield from _places(part, (*path, key))


def _planted(obj: dict[str, Any], path: tuple[Any, ...], odd: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(obj)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = odd
    return changed  # type: ignore[no-any-return]  # what was copied is an object


@pytest.mark.parametrize("event_type", OBJECTS)
def test_an_odd_value_anywhere_is_read_or_refused(event_type: str) -> None:
    obj = OBJECTS[event_type]
    places = list(_places(obj))
    found = route("stripe", event_type)
    assert found is not None
    facts = importlib.import_module(found.path).facts

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(places), ODD), min_size=1, max_size=2))
    def planted(odds: list[tuple[tuple[Any, ...], Any]]) -> None:
        changed = obj
        for path, odd in odds:
            if path in set(_places(changed)):
                changed = _planted(changed, path, odd)
        try:
            said = facts(stripe_event(event_type, changed))
        except UnparsableBody:
            return
        for fact in [said] if isinstance(said, Fact) else said:
            _fits_its_columns(fact)

    planted()


def _fits_its_columns(fact: Fact) -> None:
    """References and names are texts, amounts integers, instants instants: what a column of that name can hold."""
    for name, value in fact.said():
        if value is None:
            continue
        if name.endswith(("_ref", "_code", "_message", "_kind", "status")):
            assert isinstance(value, str), name
        elif name.endswith(("_minor", "_count")) or name == "quantity":
            assert type(value) is int, name
            assert abs(value) < 2**63, name
        elif name.endswith("_at"):
            assert isinstance(value, datetime), name
    assert all(isinstance(key, str) and key for _, key in fact.references())

"""Promise 3 for the customers' side: any order, duplicates, equal seconds and clocks that disagree end in the same rows.

Two grounds: a true story of one subscription, told in every order; and arbitrary snapshots, among them histories that
Stripe would never tell, because a merge that holds only for likely ones is no merge.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.base import Aggregate
from models.charge import Charge
from models.checkout import Checkout
from models.customer import Customer
from models.invoice import Invoice
from models.payment import Payment
from models.payment_method import PaymentMethod
from models.refund import Refund
from models.subscription import Subscription
from models.tax_id import TaxId
from tests.tasks.mirror import Mirror
from tests.tasks.payments.stripe.ground import body, only

pytestmark = pytest.mark.requirement("INBOX-17", "INBOX-18", "SUB-2", "SUB-8", "PAY-1")

MODELS: tuple[type[Aggregate], ...] = (
    Customer,
    Subscription,
    Invoice,
    Payment,
    Charge,
    Refund,
    PaymentMethod,
    Checkout,
    TaxId,
)
_MANY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def _subscription(event: str, status: str, at: int, **more: Any) -> bytes:
    item = {"id": "si_1", "price": {"id": "price_1", "unit_amount": 900, "currency": "eur"}, "quantity": 1}
    obj = {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "status": status,
        "items": {"object": "list", "data": [item]},
        "metadata": {},
    }
    return body(f"customer.subscription.{event}", obj | more, at=at)


def _invoice(event: str, status: str, at: int, **more: Any) -> bytes:
    obj = {
        "id": "in_1",
        "object": "invoice",
        "customer": "cus_1",
        "status": status,
        "currency": "eur",
        "total": 900,
        "amount_paid": 900 if status == "paid" else 0,
        "attempt_count": 0,
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}},
    }
    return body(f"invoice.{event}", obj | more, at=at)


def _intent(event: str, status: str, at: int, **more: Any) -> bytes:
    obj = {
        "id": "pi_1",
        "object": "payment_intent",
        "customer": "cus_1",
        "status": status,
        "amount": 900,
        "amount_received": 900 if status == "succeeded" else 0,
        "currency": "eur",
        "last_payment_error": None,
    }
    return body(f"payment_intent.{event}", obj | more, at=at)


def _charge(event: str, status: str, at: int, charge_id: str = "ch_1", **more: Any) -> bytes:
    obj = {
        "id": charge_id,
        "object": "charge",
        "customer": "cus_1",
        "payment_intent": "pi_1",
        "status": status,
        "amount": 900,
        "amount_captured": 900 if status == "succeeded" else 0,
        "amount_refunded": 0,
        "captured": status == "succeeded",
        "currency": "eur",
        "created": 1_772_366_400 + at,
    }
    return body(f"charge.{event}", obj | more, at=at)


def _story(second: int | None) -> list[bytes]:
    """Signed up, declined, asked for the payer's word, paid, refunded in part, cancelled, gone; `second`: all in one."""

    def at(seconds: int) -> int:
        return seconds if second is None else second

    declined = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "No."}
    return [
        body("customer.created", {"id": "cus_1", "email": "A@x.test", "metadata": {}}, at=at(0)),
        body("payment_method.attached", {"id": "pm_1", "type": "card", "card": {"last4": "4242"}, "customer": "cus_1"}, at=at(1)),
        _subscription("created", "incomplete", at(2)),
        _invoice("created", "draft", at(2)),
        _invoice("finalized", "open", at(3)),
        _intent("created", "requires_payment_method", at(3)),
        _charge("failed", "failed", at(4), failure_code="card_declined", failure_message="No."),
        _intent("payment_failed", "requires_payment_method", at(4), last_payment_error=declined),
        _invoice("payment_failed", "open", at(4), attempt_count=1),
        _intent("requires_action", "requires_action", at(5)),
        _charge("succeeded", "succeeded", at(6), "ch_2"),
        _intent("succeeded", "succeeded", at(6)),
        body(
            "invoice_payment.paid",
            {"id": "inpay_1", "invoice": "in_1", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}},
            at=at(7),
        ),
        _invoice("paid", "paid", at(7), attempt_count=2),
        _invoice("payment_succeeded", "paid", at(7), attempt_count=2),
        _subscription("updated", "active", at(7)),
        body(
            "checkout.session.completed",
            {"id": "cs_1", "mode": "subscription", "status": "complete", "payment_status": "paid", "subscription": "sub_1"},
            at=at(8),
        ),
        _charge("refunded", "succeeded", at(9), "ch_2", amount_refunded=300),
        _subscription("updated", "past_due", at(10)),
        _subscription("deleted", "canceled", at(11), canceled_at=1_772_366_411),
        body("payment_method.detached", {"id": "pm_1", "type": "card", "card": {"last4": "4242"}, "customer": None}, at=at(12)),
        body("customer.deleted", {"id": "cus_1", "email": "A@x.test", "metadata": {}}, at=at(13)),
    ]


@pytest.mark.parametrize("second", [None, 0], ids=["in turn", "all in one second"])
def test_one_story_in_any_order_ends_in_the_same_rows(mirror: Mirror, second: int | None) -> None:
    told = _story(second)
    expected = mirror.rows(told, *MODELS, batch=1)
    payment = only(expected, "payment")
    assert (payment["status"], payment["received_minor"], payment["refunded_minor"]) == ("succeeded", 900, 300)
    assert (payment["failure_code"], payment["invoice_ref"]) == (None, "in_1")
    assert only(expected, "subscription")["status"] == "cancelled"
    assert only(expected, "invoice")["status"] == "paid"
    assert only(expected, "customer")["deleted_at"] is not None
    assert only(expected, "payment_method")["customer_ref"] is None
    assert only(expected, "checkout")["purchase_status"] == "paid"

    @_MANY
    @given(st.permutations(range(len(told))), st.lists(st.integers(0, len(told) - 1), max_size=6), st.integers(1, 8))
    def shuffled(order: list[int], again: list[int], batch: int) -> None:
        assert mirror.rows([told[number] for number in (*order, *again)], *MODELS, batch=batch) == expected

    shuffled()


@_MANY
@given(st.data())
def test_every_prefix_of_the_story_is_told_without_an_error(mirror: Mirror, data: st.DataObject) -> None:
    told = _story(None)
    chosen = data.draw(st.lists(st.sampled_from(told), max_size=8))
    assert mirror.rows(chosen, *MODELS, batch=1) == mirror.rows(chosen[::-1], *MODELS, batch=3)


_KINDS: dict[str, tuple[list[str], list[str]]] = {
    "customer.subscription": (
        ["created", "updated", "deleted", "paused"],
        ["incomplete", "trialing", "active", "past_due", "unpaid", "paused", "canceled", "incomplete_expired", "brand_new"],
    ),
    "invoice": (
        ["created", "updated", "paid", "payment_failed", "voided", "deleted", "marked_uncollectible"],
        ["draft", "open", "paid", "void", "uncollectible", "brand_new"],
    ),
    "payment_intent": (
        ["created", "processing", "payment_failed", "succeeded", "canceled", "requires_action"],
        [
            "requires_payment_method",
            "requires_confirmation",
            "requires_action",
            "processing",
            "requires_capture",
            "succeeded",
            "canceled",
            "brand_new",
        ],
    ),
    "charge": (
        ["succeeded", "failed", "pending", "captured", "expired", "updated", "refunded"],
        ["succeeded", "pending", "failed", "brand_new"],
    ),
    "checkout.session": (
        ["completed", "expired", "async_payment_succeeded", "async_payment_failed"],
        ["open", "complete", "expired", "brand_new"],
    ),
    "customer": (["created", "updated", "deleted"], [""]),
    "payment_method": (["attached", "updated", "detached"], [""]),
    "customer.tax_id": (["created", "updated", "deleted"], [""]),
}


@st.composite
def _histories(draw: st.DrawFn) -> list[bytes]:
    """Snapshots that say anything at all of one or two kinds of objects, at a few seconds."""
    kinds = draw(st.lists(st.sampled_from(sorted(_KINDS)), min_size=1, max_size=2, unique=True))
    return [_anything(draw, draw(st.sampled_from(kinds)), number) for number in range(draw(st.integers(2, 8)))]


def _anything(draw: st.DrawFn, kind: str, number: int) -> bytes:
    verbs, statuses = _KINDS[kind]
    obj: dict[str, Any] = {"id": f"{kind}_{draw(st.sampled_from((1, 1, 1, 2)))}", "status": draw(st.sampled_from(statuses))}
    for name, values in _FIELDS.items():
        if draw(st.booleans()):
            obj[name] = draw(st.sampled_from(values))
    event_id = f"evt_{draw(st.sampled_from('abc'))}{number}"
    return body(f"{kind}.{draw(st.sampled_from(verbs))}", obj, at=draw(st.integers(0, 2)), event_id=event_id)


_FIELDS: dict[str, list[Any]] = {
    "customer": ["cus_1", "cus_2", None, {"id": "cus_1", "object": "customer"}],
    "subscription": ["customer.subscription_1", None],
    "payment_intent": ["payment_intent_1"],
    "latest_charge": ["charge_1", "charge_2"],
    "invoice": ["invoice_1", "invoice_2", None],
    "amount": [1, 900],
    "amount_refunded": [0, 1, 5],
    "captured": [True, False],
    "refunded": [True, False],
    "currency": ["eur", "jpy"],
    "last_payment_error": [None, {"code": "expired_card", "message": "Old."}],
    "failure_code": [None, "card_declined"],
    "payment_status": ["paid", "unpaid", "no_payment_required", "brand_new"],
    "cancel_at_period_end": [True, False],
    "metadata": [{}, {"bursar_purpose": "credit_package", "package": "p1"}, {"bursar_purpose": "nonsense"}],
    "attempt_count": [0, 1, 12],
}


def test_any_snapshots_in_any_order_end_in_the_same_rows(mirror: Mirror) -> None:
    @settings(max_examples=120, deadline=None)
    @given(_histories(), st.randoms(use_true_random=False), st.integers(1, 4))
    def told(bodies: list[bytes], chance: Any, batch: int) -> None:
        other = bodies + bodies[: len(bodies) // 2]
        chance.shuffle(other)
        assert mirror.rows(other, *MODELS, batch=batch) == mirror.rows(bodies, *MODELS, batch=1)

    told()

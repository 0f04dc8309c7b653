"""PayPal's events end in rows, the same rows in whatever order they come; money is confirmed by look-ups only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.charge import Charge
from models.checkout import Checkout
from models.customer import Customer
from models.dispute import Dispute
from models.payment import Payment
from models.payout import Payout
from models.refund import Refund
from models.subscription import Subscription
from tests.harness.cluster import Database
from tests.payloads import sample
from tests.tasks.mirror import Mirror, make_mirror
from tests.tasks.payments.paypal import ground
from tests.tasks.payments.paypal.ground import CAPTURE, DISPUTE, ORDER, QUEUES, SALE, SUBSCRIPTION, changed, handled

ALL = (Charge, Checkout, Customer, Dispute, Payment, Payout, Refund, Subscription)


@pytest.fixture
def mirror(database: Database) -> Iterator[Mirror]:
    made = make_mirror(database, "paypal", QUEUES)
    yield made
    made.engine.dispose()


def samples(*names: str) -> list[bytes]:
    return [sample("paypal", name) for name in names]


@pytest.mark.requirement("INBOX-11")
def test_every_handled_type_is_recorded_alone_and_all_together(mirror: Mirror) -> None:
    for name in handled():
        assert any(mirror.rows(samples(name), *ALL).values()), name
    assert all(mirror.rows(samples(*handled()), *ALL).values())


@pytest.mark.requirement("INBOX-11", "PAY-1")
def test_a_capture_is_a_payment_and_its_charge_unconfirmed(mirror: Mirror) -> None:
    rows = mirror.rows(samples("PAYMENT.CAPTURE.COMPLETED"), Payment, Charge)
    payment, charge = rows["payment"][CAPTURE], rows["charge"][CAPTURE]
    assert (payment["status"], payment["amount_minor"], payment["currency"]) == ("succeeded", 12100, "EUR")
    assert (payment["received_minor"], payment["processor_fee_minor"], payment["order_ref"]) == (12100, 446, ORDER)
    assert (payment["purpose"], payment["confirmed"]) == ("credit_package", False)
    assert (charge["status"], charge["payment_id"]) == ("succeeded", True)


def test_a_look_up_confirms_and_later_news_is_unconfirmed_again(mirror: Mirror) -> None:
    """Else a forged second event could change the amount of a payment that was confirmed with another one."""
    looked = samples("PAYMENT.CAPTURE.COMPLETED", "CAPTURE.FETCHED")
    assert mirror.rows(looked, Payment)["payment"][CAPTURE]["confirmed"] is True
    assert mirror.rows(looked[::-1], Payment)["payment"][CAPTURE]["confirmed"] is True
    forged = changed(
        "PAYMENT.CAPTURE.COMPLETED", "WH-F", "2026-02-04T00:00:00Z", amount={"value": "9.00", "currency_code": "EUR"}
    )
    row = mirror.rows([*looked, forged], Payment)["payment"][CAPTURE]
    assert (row["amount_minor"], row["confirmed"]) == (900, False)


@pytest.mark.parametrize(
    ("aggregate", "told", "looked"),
    [
        (Refund, "PAYMENT.CAPTURE.REFUNDED", "REFUND.FETCHED"),
        (Dispute, "CUSTOMER.DISPUTE.CREATED", "DISPUTE.FETCHED"),
        (Payout, "PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "PAYOUTS-ITEM.FETCHED"),
    ],
)
def test_refunds_disputes_and_payouts_are_confirmed_by_their_look_up(
    mirror: Mirror, aggregate: type[Refund | Dispute | Payout], told: str, looked: str
) -> None:
    def confirmed(*names: str) -> set[bool]:
        rows = mirror.rows(samples(*names), aggregate, batch=1)[aggregate.__tablename__]
        return {row["confirmed"] for row in rows.values()}

    assert confirmed(told) == {False}
    assert confirmed(told, looked) == confirmed(looked, told) == {True}


def test_what_a_look_up_does_not_show_is_not_there(mirror: Mirror) -> None:
    forged = changed("PAYMENT.SALE.COMPLETED", "WH-F", "2026-01-31T00:00:00Z", billing_agreement_id="I-SOMEBODYELSE")
    looked = sample("paypal", "SALE.FETCHED", billing_agreement_id=None, custom=None)
    for order in ([forged, looked], [looked, forged]):
        row = mirror.rows(order, Payment, batch=1)["payment"][SALE]
        assert (row["subscription_ref"], row["purpose"], row["confirmed"]) == (None, None, True)


def test_each_event_asks_for_paypals_own_word_once(mirror: Mirror) -> None:
    sent = mirror.sent(samples("PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.COMPLETED", "CAPTURE.FETCHED"))
    assert [(kind, key.rpartition(":")[0], payload["path"], queue) for kind, key, payload, queue in sent] == [
        ("paypal.fetch", f"capture:{CAPTURE}", f"/v2/payments/captures/{CAPTURE}", "payments")
    ]


def test_an_id_cannot_leave_its_place_in_the_path(mirror: Mirror) -> None:
    evil = changed("PAYMENT.CAPTURE.COMPLETED", "WH-E", "2026-02-03T10:00:00Z", id="../../v1/x?y=1#z")
    assert mirror.sent([evil])[0][2]["path"] == "/v2/payments/captures/..%2F..%2Fv1%2Fx%3Fy%3D1%23z"


@pytest.mark.requirement("INBOX-13")
def test_a_declined_capture_keeps_code_and_message(mirror: Mirror) -> None:
    row = mirror.rows(samples("PAYMENT.CAPTURE.DECLINED"), Payment)["payment"][CAPTURE]
    assert (row["status"], row["failure_code"], row["decline_code"]) == (
        "failed",
        "DECLINED_BY_RISK_FRAUD_FILTERS",
        "5120",
    )
    assert row["failure_message"] == "An example"


@pytest.mark.requirement("REFUND-6")
def test_a_refund_names_its_capture_and_a_reversal_adds_up(mirror: Mirror) -> None:
    names = ("PAYMENT.CAPTURE.REVERSED", "PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.COMPLETED")
    assert mirror.rows(samples(*names), Payment)["payment"][CAPTURE]["refunded_minor"] in (None, 0), "PayPal was not asked yet"
    rows = mirror.rows(samples(*names) + ground.looked_up(*names[:2]), Refund, Charge, Payment, batch=1)
    first, second = rows["refund"]["1JU08902781691411"], rows["refund"]["9RV08902781691400"]
    assert (first["amount_minor"], first["status"], first["charge_ref"], first["charge_id"]) == (
        2100,
        "succeeded",
        CAPTURE,
        True,
    )
    assert (second["amount_minor"], second["reason"]) == (10000, "reversed")
    assert rows["charge"][CAPTURE]["refunded_minor"] == rows["payment"][CAPTURE]["refunded_minor"] == 12100


def test_a_reversal_of_which_alone_we_hear_tells_the_sum(mirror: Mirror) -> None:
    rows = mirror.rows(ground.looked_up("PAYMENT.CAPTURE.REVERSED"), Charge)
    assert rows["charge"][CAPTURE]["refunded_minor"] == 12100


def test_a_sale_pays_its_subscription(mirror: Mirror) -> None:
    rows = mirror.rows(samples("PAYMENT.SALE.COMPLETED"), Payment, Subscription)
    payment = rows["payment"][SALE]
    assert (payment["kind"], payment["status"], payment["amount_minor"]) == ("sale", "succeeded", 747)
    assert (payment["subscription_ref"], payment["subscription_id"], payment["purpose"]) == (
        SUBSCRIPTION,
        True,
        "subscription",
    )
    assert rows["subscription"][SUBSCRIPTION]["versions"] == {}


@pytest.mark.requirement("REFUND-6")
def test_a_sales_refund_is_positive_and_a_reversal_takes_all_back_once(mirror: Mirror) -> None:
    rows = mirror.rows([*samples("PAYMENT.SALE.COMPLETED"), *ground.looked_up("PAYMENT.SALE.REFUNDED")], Refund, Payment)
    assert rows["refund"]["6YX43824R4443062K"]["amount_minor"] == 247
    assert rows["payment"][SALE]["refunded_minor"] == 247
    rows = mirror.rows(samples("PAYMENT.SALE.REVERSED", "PAYMENT.SALE.REFUNDED", "PAYMENT.SALE.COMPLETED"), Payment)
    assert rows["payment"][SALE]["refunded_minor"] == 747


@pytest.mark.requirement("PAY-9", "PAY-18")
def test_an_order_is_routed_by_purpose_and_paid_by_its_look_up_only(mirror: Mirror) -> None:
    told = samples("CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.COMPLETED")
    row = mirror.rows(told, Checkout)["checkout"][ORDER]
    assert (row["purpose"], row["purpose_ref"], row["amount_total_minor"]) == ("credit_package", "cp-77", 12100)
    assert (row["status"], row["purchase_status"]) == ("complete", "pending")
    rows = mirror.rows([*told, *samples("ORDER.FETCHED")], Checkout, Customer)
    assert rows["checkout"][ORDER]["purchase_status"] == "paid"
    assert rows["customer"]["QYR5Z8XDVJNXQ"]["email"] == "ion.pop@example.com"


def test_a_webhook_cannot_redirect_a_customers_mail(mirror: Mirror) -> None:
    rows = mirror.rows(samples("CHECKOUT.ORDER.COMPLETED", "BILLING.SUBSCRIPTION.ACTIVATED"), Customer)
    assert rows["customer"]["QYR5Z8XDVJNXQ"]["email"] is None


def test_an_approval_that_went_back_expires_the_checkout(mirror: Mirror) -> None:
    names = ("CHECKOUT.ORDER.APPROVED", "CHECKOUT.PAYMENT-APPROVAL.REVERSED")
    assert mirror.rows(samples(*names), Checkout)["checkout"][ORDER]["purchase_status"] == "expired"


@pytest.mark.requirement("SUB-8", "SUB-2")
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("CREATED", "pending"),
        ("ACTIVATED", "active"),
        ("UPDATED", "active"),
        ("PAYMENT.FAILED", "past_due"),
        ("SUSPENDED", "paused"),
        ("RE-ACTIVATED", "active"),
        ("CANCELLED", "cancelled"),
        ("EXPIRED", "expired"),
    ],
)
def test_statuses_of_subscriptions(mirror: Mirror, name: str, status: str) -> None:
    row = mirror.rows(samples(f"BILLING.SUBSCRIPTION.{name}"), Subscription)["subscription"][SUBSCRIPTION]
    assert row["status"] == status


def test_a_subscriptions_life(mirror: Mirror) -> None:
    order = ("CREATED", "ACTIVATED", "UPDATED", "PAYMENT.FAILED", "SUSPENDED", "RE-ACTIVATED", "CANCELLED")
    bodies = samples(*(f"BILLING.SUBSCRIPTION.{name}" for name in order))
    row = mirror.rows(bodies, Subscription)["subscription"][SUBSCRIPTION]
    assert (row["status"], row["quantity"], row["plan_ref"]) == ("cancelled", 1, "P-5ML4271244454362W")
    assert row["ended_at"] == row["cancelled_at"] == datetime(2026, 3, 1, tzinfo=UTC)
    assert row["current_period_end"] == datetime(2026, 2, 1, 10, tzinfo=UTC)
    moves = [
        (before or {}).get("status") for action, before, _ in mirror.audited(bodies) if action == "subscription.status"
    ]
    assert moves == [None, "pending", "active", "past_due", "paused", "active"]
    assert mirror.rows(bodies[::-1], Subscription, batch=1)["subscription"][SUBSCRIPTION] == row


@pytest.mark.requirement("DISPUTE-4", "DISPUTE-5")
def test_a_dispute_moves_money_by_its_look_up_only(mirror: Mirror) -> None:
    told = samples("CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED")
    row = mirror.rows(told, Dispute)["dispute"][DISPUTE]
    assert (row["status"], row["provider_status"], row["amount_minor"]) == ("lost", "RESOLVED_BUYER_FAVOUR", 10000)
    assert (row["charge_ref"], row["charge_id"], row["funds_withdrawn_minor"]) == (CAPTURE, True, None)
    assert row["evidence_due_at"] == datetime(2026, 2, 20, 10, tzinfo=UTC)
    assert mirror.rows(told[::-1], Dispute, batch=1)["dispute"][DISPUTE] == row
    looked = mirror.rows([*told, *samples("DISPUTE.FETCHED")], Dispute)["dispute"][DISPUTE]
    assert (looked["funds_withdrawn_minor"], looked["funds_reinstated_minor"]) == (10000, 0)


@pytest.mark.requirement("DISPUTE-2")
@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("RESOLVED_SELLER_FAVOUR", "won"),
        ("CANCELED_BY_BUYER", "won"),
        ("DENIED", "won"),
        ("RESOLVED_WITH_PAYOUT", "won"),
        ("RESOLVED_BUYER_FAVOUR", "lost"),
        ("ACCEPTED", "lost"),
        ("SOMETHING_NEW", "unknown"),
    ],
)
def test_outcomes_of_disputes(mirror: Mirror, outcome: str, status: str) -> None:
    body = sample("paypal", "CUSTOMER.DISPUTE.RESOLVED", dispute_outcome={"outcome_code": outcome})
    row = mirror.rows([body], Dispute)["dispute"][DISPUTE]
    assert (row["status"], row["provider_status"]) == (status, outcome)


def test_update_times_with_offsets_are_the_order(mirror: Mirror) -> None:
    """03:00 at -07:00 is after 09:59 UTC, although its text sorts before."""
    early = changed("CUSTOMER.DISPUTE.UPDATED", "WH-A", "2026-02-10T09:59:00Z", status="WAITING_FOR_SELLER_RESPONSE")
    late = changed("CUSTOMER.DISPUTE.UPDATED", "WH-B", "2026-02-10T03:00:00.000-07:00", status="UNDER_REVIEW")
    for order in ([early, late], [late, early]):
        assert mirror.rows(order, Dispute, batch=1)["dispute"][DISPUTE]["status"] == "under_review"


_SECONDS = st.integers(0, 2).map(lambda second: f"2026-02-03T10:00:0{second}Z")
_IDS = st.sampled_from(["WH-A", "WH-B", "WH-C", "WH-D", "WH-E"])
_FIELDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.sampled_from(
            [{"value": "5.00", "currency_code": "EUR"}, {"total": "-7.00", "currency": "EUR"}, None]
        ),
        "custom_id": st.sampled_from(["bursar_purpose=event_registration&registration=r-1", "free text", None]),
    },
)
_EVENTS = st.builds(
    lambda name, event_id, at, fields: changed(name, f"{event_id}-{name}", at, **fields),
    st.sampled_from(
        [name for name in handled() if name.startswith(("PAYMENT.", "CAPTURE.", "SALE.", "REFUND.", "CHECKOUT."))]
    ),
    _IDS,
    _SECONDS,
    _FIELDS,
)
_SUBSCRIPTIONS = st.builds(
    lambda name, event_id, at: changed(name, f"{event_id}-{name}", at),
    st.sampled_from(
        [name for name in handled() if name.startswith(("BILLING.", "SUBSCRIPTION.", "CUSTOMER.", "DISPUTE."))]
    ),
    _IDS,
    _SECONDS,
)


def distinct(bodies: list[bytes]) -> list[bytes]:
    """One body per event id: the inbox keeps the first, whatever comes under the same id later."""
    return list({body.split(b'"create_time"')[0]: body for body in bodies}.values())


@pytest.mark.requirement("INBOX-17")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=st.lists(st.one_of(_EVENTS, _SUBSCRIPTIONS), min_size=2, max_size=8).map(distinct), data=st.data())
def test_order_and_duplicates_change_nothing(mirror: Mirror, events: list[bytes], data: st.DataObject) -> None:
    """Promise 3: any order, with duplicates and equal seconds, ends in the same rows."""
    shuffled = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=3))]))
    assert mirror.rows(events, *ALL) == mirror.rows(shuffled, *ALL, batch=data.draw(st.integers(1, 3)))

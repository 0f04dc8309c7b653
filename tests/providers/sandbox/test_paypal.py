"""The stand-in of PayPal: does once what PayPal does once, refuses what PayPal refuses, and loses replies when told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from core.clock import SystemClock
from core.settings import Settings
from providers.errors import KeySpent, RateLimited, Retryable, Unknown
from providers.paypal import client
from providers.paypal.operations import render
from providers.sandbox.paypal.client import PayPalControl
from providers.sandbox.paypal.config import DAY_S, HOUR_S
from providers.sandbox.paypal.server import PayPalSandbox

ORDER = {"amount_minor": 12100, "currency": "EUR", "description": "ten lessons", "return_url": "https://app.example/ok"}


class Shop:
    """A seller at the stand-in."""

    def __init__(self, sandbox: PayPalSandbox) -> None:
        self.control = PayPalControl(sandbox.base)
        values: dict[str, Any] = {"paypal_client_id": "c", "paypal_client_secret": SecretStr("s"), "paypal_api_base": sandbox.base}
        self.settings = Settings(**values)

    def do(self, operation: str, key: str, *, request: str = "refund_request:REF-1", **values: Any) -> tuple[int, dict[str, Any]]:
        """An operation as the machine sends it."""
        call = render(operation, values, request=request, key=key)
        status, body = client.post(call.path, call.body, self.settings, key=key)
        return status, json.loads(body)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(client.get(path, self.settings, query=query or None))
        return found

    def approved(self, key: str = "order-1", **values: Any) -> str:
        """An order that its payer approved."""
        order_id: str = self.do("order.create", key, request="checkout_request:C-1", **(ORDER | values))[1]["id"]
        self.control.tell("approve", order=order_id)
        return order_id

    def captured(self, **values: Any) -> tuple[str, str]:
        """(order, capture)"""
        order_id = self.approved(**values)
        order = self.do("order.capture", "capture-1", order_ref=order_id)[1]
        return order_id, order["purchase_units"][0]["payments"]["captures"][0]["id"]

    def refund(self, key: str, capture: str, minor: int, currency: str = "EUR") -> tuple[int, dict[str, Any]]:
        return self.do("refund.create", key, charge_ref=capture, amount_minor=minor, currency=currency)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with PayPalSandbox() as sandbox:
        yield Shop(sandbox)


def issue(answer: dict[str, Any]) -> str:
    return str(answer["details"][0]["issue"])


def test_an_order_is_made_approved_and_captured_once(shop: Shop) -> None:
    status, order = shop.do("order.create", "o-1", request="checkout_request:C-1", **ORDER)
    assert (status, order["status"]) == (201, "PAYER_ACTION_REQUIRED")
    assert shop.do("order.create", "o-1", request="checkout_request:C-1", **ORDER)[1]["id"] == order["id"]
    status, refused = shop.do("order.capture", "c-0", order_ref=order["id"])
    assert (status, issue(refused)) == (422, "ORDER_NOT_APPROVED")
    shop.control.tell("approve", order=order["id"])
    answers = [shop.do("order.capture", "c-1", order_ref=order["id"]) for _ in range(3)]
    assert {(status, done["status"]) for status, done in answers} == {(201, "COMPLETED")}
    with pytest.raises(KeySpent, match="ORDER_ALREADY_CAPTURED"):
        shop.do("order.capture", "c-2", order_ref=order["id"])
    [effect] = shop.control.effects("capture")
    assert (effect["amount"], effect["currency"], effect["key"]) == (12100, "EUR", "c-1")
    assert [event["event_type"] for event in shop.control.take_events()] == [
        "CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.COMPLETED", "CHECKOUT.ORDER.COMPLETED",
    ]  # fmt: skip


@pytest.mark.parametrize(("currency", "came", "first"), [("EUR", 12100, 4033), ("JPY", 1001, 333)])
def test_refunds_sum_up_to_what_came_and_not_to_more(shop: Shop, currency: str, came: int, first: int) -> None:
    _, capture = shop.captured(amount_minor=came, currency=currency)
    status, made = shop.refund("r-1", capture, first, currency)
    assert (status, made["status"]) == (201, "COMPLETED")
    assert shop.refund("r-1", capture, first, currency)[1]["id"] == made["id"]
    status, refused = shop.refund("r-2", capture, came - first + 1, currency)
    assert (status, issue(refused)) == (422, "REFUND_AMOUNT_EXCEEDED")
    assert shop.get(f"/v2/payments/captures/{capture}")["status"] == "PARTIALLY_REFUNDED"
    assert shop.refund("r-3", capture, came - first, currency)[0] == 201
    status, refused = shop.refund("r-4", capture, 1, currency)
    assert (status, issue(refused)) == (422, "CAPTURE_FULLY_REFUNDED")
    assert sum(effect["amount"] for effect in shop.control.effects("refund")) == came


def test_the_same_key_shows_the_latest_state_and_is_forgotten_in_time(shop: Shop) -> None:
    _, capture = shop.captured()
    shop.control.tell("next_refund", status="PENDING")
    made = shop.refund("r-1", capture, 100)[1]
    assert made["status"] == "PENDING"
    shop.control.tell("settle_refund", refund=made["id"], status="COMPLETED")
    shop.control.tell("clock", advance_s=44 * DAY_S)
    assert (shop.refund("r-1", capture, 100)[1]["id"], shop.refund("r-1", capture, 100)[1]["status"]) == (made["id"], "COMPLETED")
    shop.control.tell("clock", advance_s=2 * DAY_S)
    assert shop.refund("r-1", capture, 100)[1]["id"] != made["id"], "a key of 46 days ago is a second refund: never send it blindly"


@pytest.mark.requirement("PAY-3")
@pytest.mark.parametrize(
    ("kind", "error", "effects"),
    [
        ("rate_limit", RateLimited, 0), ("error_before", Unknown, 0), ("reset_before", Unknown, 0), ("conflict", Unknown, 0),
        ("error_after", Unknown, 1), ("lost_reply", Unknown, 1),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_named_and_the_same_key_makes_it_good(shop: Shop, kind: str, error: type[Exception], effects: int) -> None:
    _, capture = shop.captured()
    shop.control.fault(kind, method="POST", path="/refund$")
    with pytest.raises(error) as raised:
        shop.refund("r-1", capture, 100)
    assert isinstance(raised.value, Retryable) == (error is RateLimited)
    assert len(shop.control.effects("refund")) == effects
    assert shop.refund("r-1", capture, 100)[0] == 201
    assert len(shop.control.effects("refund")) == 1


@pytest.mark.requirement("PAY-3")
def test_of_two_at_once_under_one_key_one_is_done_and_the_other_may_fail(shop: Shop) -> None:
    _, capture = shop.captured()
    shop.control.fault("delay", method="POST", path="/refund$", seconds=0.3)

    def once(_: int) -> str:
        try:
            return str(shop.refund("r-1", capture, 100)[0])
        except Unknown:
            return "unknown"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(once, range(2))) == ["201", "unknown"]
    assert len(shop.control.effects("refund")) == 1


def test_sales_are_refunded_in_the_words_of_v1(shop: Shop) -> None:
    sale = shop.control.tell("sale", amount_minor=999, currency="EUR", subscription="I-1")
    values: dict[str, Any] = {"charge_ref": sale["id"], "charge_kind": "sale", "amount_minor": 500, "currency": "EUR"}
    key = "refund.create:0123456789abcdef0123456789abcdef:1"
    status, made = shop.do("refund.create", key, **values)
    assert (status, made["sale_id"], made["invoice_number"]) == (201, sale["id"], "bursar_request=refund_request:REF-1")
    assert shop.do("refund.create", key, **values)[1]["id"] == made["id"]
    status, refused = shop.do("refund.create", "r-2", **values)
    assert (status, refused["name"]) == (400, "REFUND_EXCEEDED_TRANSACTION_AMOUNT")


@pytest.mark.parametrize("known", [True, False])
def test_a_sender_batch_id_pays_once_in_30_days(shop: Shop, known: bool) -> None:
    shop.control.tell("config", payouts_know_request_ids=known, payout_outcomes={"gone@example.com": "UNCLAIMED"})
    values: dict[str, Any] = {"destination_ref": "teacher@example.com", "amount_minor": 25000, "currency": "EUR"}
    answers = [shop.do("payout.create", "p-1", request="payout_request:PO-1", **values) for _ in range(2)]
    assert [status for status, _ in answers] == [201, 201 if known else 400]
    if not known:
        assert answers[1][1]["links"][0]["href"].endswith(answers[0][1]["batch_header"]["payout_batch_id"])
    [effect] = shop.control.effects("payout")
    assert effect["custom"] == "payout_request:PO-1"
    batch = shop.do("payout.create", "p-2", request="payout_request:PO-2", **(values | {"destination_ref": "gone@example.com"}))[1]
    batch = shop.get(f"/v1/payments/payouts/{batch['batch_header']['payout_batch_id']}")
    assert [item["transaction_status"] for item in batch["items"]] == ["UNCLAIMED"]
    shop.control.tell("clock", advance_s=31 * DAY_S)
    told = [event["event_type"].rpartition(".")[2] for event in shop.control.take_events()]
    assert told == ["SUCCEEDED", "UNCLAIMED", "RETURNED"]


def test_a_dispute_is_answered_by_a_form_and_decided(shop: Shop) -> None:
    _, capture = shop.captured()
    dispute = shop.control.tell("dispute", transaction=capture, amount_minor=5000)
    evidence = {"uncategorized_text": "it was delivered"}
    assert shop.do("dispute.provide_evidence", "e-1", dispute_ref=dispute["dispute_id"], evidence=evidence)[0] == 200
    shown = shop.get(f"/v1/customer/disputes/{dispute['dispute_id']}")
    assert (shown["status"], shown["evidences"][0]["notes"]) == ("UNDER_REVIEW", "uncategorized_text: it was delivered")
    shop.control.tell("resolve", dispute=dispute["dispute_id"], outcome="RESOLVED_SELLER_FAVOUR")
    shown = shop.get(f"/v1/customer/disputes/{dispute['dispute_id']}")
    assert [move["type"] for move in shown["fund_movements"]] == ["DEBIT", "CREDIT"]
    other = shop.control.tell("dispute", transaction=capture, stage="INQUIRY")
    assert shop.do("dispute.accept", "a-1", dispute_ref=other["dispute_id"], note="ours")[0] == 200
    status, refused = shop.do("dispute.accept", "a-1", dispute_ref=other["dispute_id"], note="ours")
    assert (status, issue(refused)) == (422, "ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
    assert len(shop.control.effects("dispute_accepted")) == 1


def test_a_token_lives_its_time_and_a_dead_one_is_replaced_once(shop: Shop) -> None:
    order_id = shop.approved()
    shop.control.tell("expire_tokens")
    assert shop.do("order.capture", "c-1", order_ref=order_id)[0] == 201
    shop.control.tell("clock", advance_s=10 * HOUR_S)
    assert shop.get(f"/v2/checkout/orders/{order_id}")["status"] == "COMPLETED"
    tokens = [call for call in shop.control.tell("calls") if call["path"] == "/v1/oauth2/token"]
    assert len(tokens) == 3


def test_the_list_of_events_is_paged(shop: Shop) -> None:
    for number in range(4):
        shop.approved(key=f"o-{number}")
    now = SystemClock().now()
    window = {"start_time": (now - timedelta(hours=1)).isoformat(), "end_time": (now + timedelta(hours=1)).isoformat()}
    page = shop.get("/v1/notifications/webhooks-events", page_size="3", **window)
    [link] = page["links"]
    rest = shop.get(link["href"][link["href"].index("/v1/") :])
    ids = [event["id"] for event in (*page["events"], *rest["events"])]
    assert (len(page["events"]), len(set(ids)), rest["links"]) == (3, 4, [])

"""`bursar explain` from the ends that people ask about most: a refund, a payout, an invoice (AUDIT-2)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cli.explain import explain
from tests.cli.operator_command import Here
from tests.harness.cluster import Database
from tests.tasks.payouts.till import CREATED_S, Till, account, payout

REFUND = "billing.refunds.request.v1"


@pytest.fixture
def till(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    monkeypatch.setenv("BURSAR_ROLE", "viewer")
    made = Till(database)
    yield made
    made.close()


def sold(till: Till) -> None:
    """An invoice of 10.01 that was paid by a charge."""
    common = {"created": int(till.clock.now().timestamp()), "currency": "eur", "metadata": {}}
    till.tell("charge.succeeded", {
        "id": "ch_1", "object": "charge", "amount": 1001, "amount_captured": 1001, "amount_refunded": 0, "captured": True, "paid": True,
        "status": "succeeded", "payment_intent": "pi_1", "invoice": "in_1", **common,
    })  # fmt: skip
    till.tell("payment_intent.succeeded", {
        "id": "pi_1", "object": "payment_intent", "amount": 1001, "amount_received": 1001, "status": "succeeded", "latest_charge": "ch_1",
        "invoice": "in_1", **common,
    })  # fmt: skip
    till.tell("invoice.paid", {
        "id": "in_1", "object": "invoice", "status": "paid", "total": 1001, "subtotal": 1001, "amount_due": 1001, "amount_paid": 1001,
        "amount_remaining": 0, "customer": "cus_1", "number": "A-1", "payment_intent": "pi_1", "charge": "ch_1", **common,
    })  # fmt: skip
    till.work()


@pytest.mark.requirement("AUDIT-2", "REFUND-2")
def test_a_refund_is_told_from_its_request_and_from_the_invoice(here: Here, till: Till) -> None:
    sold(till)
    wish = {"source": "stripe", "key": "r", "acting_for": "platform", "reason": "customer_request", "payment_ref": "pi_1"}
    assert till.command(REFUND, {**wish, "amount_minor": 401})["state"] == "succeeded"
    reference = till.one("SELECT external_id FROM bursar.refund_request")
    before = here(explain, reference).out
    assert f"refund_request {reference} is on its way" in before
    assert "refund.create" in before
    [asked] = till.asked("refund.create")
    till.answer(asked, {
        "id": "re_1", "object": "refund", "amount": 401, "currency": "eur", "status": "succeeded", "charge": "ch_1",
        "payment_intent": "pi_1", "created": CREATED_S,
    })  # fmt: skip
    till.work()
    for identity in (reference, "re_1", asked["key"], "pi_1", "in_1"):
        told = here(explain, identity)
        assert told.code == 0, told.err
        for expected in ("processing -> completed", "booked refund: 4.01 EUR", "nothing is open"):
            assert expected in told.out, (identity, expected, told.out)
    rows = json.loads(here(explain, "in_1", "--json").out)["rows"]
    assert rows[0]["kind"] == "invoice"
    assert {"payment", "charge", "refund", "refund_request"} <= {row["kind"] for row in rows}


@pytest.mark.requirement("AUDIT-2", "PAYOUT-10")
def test_a_payout_is_told_from_its_request(here: Here, till: Till) -> None:
    account(till)
    wish = {"source": "stripe", "account_ref": "acct_1", "reference": "P-1", "currency": "EUR", "amount_minor": 4_550}
    till.command("billing.payouts.request.v1", wish)
    assert "payout_request P-1 is checking: it goes on when" in here(explain, "P-1").out
    till.balance("acct_1", EUR=(5_000, 0))
    [asked] = till.asked()
    till.answer(asked, payout(asked, "in_transit"))
    till.work()
    for identity in ("P-1", "po_1", asked["key"]):
        told = here(explain, identity).out
        called = f"key {asked['key']}"
        for expected in ("requested -> in_transit", "payout.create", called, "payout po_1 is on its way to the bank, expected"):
            assert expected in told, (identity, expected, told)

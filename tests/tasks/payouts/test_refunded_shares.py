"""A refund before its payment's share is passed on lowers the share: by its own part, once, and back again if it fails (REFUND-4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from billing.operations.disputed_share import DisputedShare
from billing.operations.move_disputed_share import move_disputed_share
from billing.operations.move_refund_shares import give_back_parts
from billing.operations.owe import owe
from billing.operations.own_row import own_row
from billing.operations.take_back_share import take_back_share
from billing.operations.transfer_share import transfer_share
from core.settings import current
from models.dispute import Dispute
from models.dispute_case import DisputeCase
from models.payment import Payment
from models.refund_request import RefundRequest
from models.transfer_request import TransferRequest
from tests.tasks.payouts.test_transfers import HOLD, RELEASE, paid, share, transfer
from tests.tasks.payouts.till import CREATED_S, Till, account
from workers.unit import Unit

REFUND = "billing.refunds.request.v1"


@pytest.fixture(autouse=True)
def terms(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Settings that handlers read of their process: the provider's objects of these tests are old."""
    monkeypatch.setenv("BURSAR_REFUND_WINDOW_DAYS", "3650")
    current.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    current.cache_clear()


def refund(till: Till, **more: Any) -> dict[str, Any]:
    """Ask for a refund, which is made at once; the provider's refund."""
    wish = {"source": "stripe", "key": "r1", "acting_for": "platform", "reason": "customer_request", "payment_ref": "pi_1", **more}
    found = till.command(REFUND, wish)
    assert found["state"] == "succeeded", found
    [asked] = till.asked("refund.create")
    made = {"id": f"re_{wish['key']}", "object": "refund", "amount": asked["sent"]["amount"], "currency": "eur", "charge": "ch_1",
            "payment_intent": "pi_1", "status": "succeeded", "created": CREATED_S, "metadata": asked["sent"]["metadata"]}  # fmt: skip
    till.answer(asked, made)
    till.work()
    return made


def enable(till: Till) -> None:
    """The account may be given money."""
    till.tell("account.updated", {"id": "acct_1", "object": "account", "capabilities": {"transfers": "active"}}, after_s=5)
    till.work()


def fail(till: Till, made: dict[str, Any]) -> None:
    """The payer's bank sends it back, days later."""
    till.tell("refund.failed", made | {"status": "failed", "failure_reason": "lost_or_stolen_card"}, after_s=60)
    till.work()


@pytest.mark.requirement("REFUND-4", "PAYOUT-5")
@pytest.mark.parametrize(("amount", "passed"), [(None, 0), (3_333, 6_333)])
def test_a_refund_that_fails_gives_the_payee_what_his_share_was_lowered_by(till: Till, amount: int | None, passed: int) -> None:
    account(till, capabilities={"transfers": "inactive"})
    paid(till)
    made = refund(till, amount_minor=amount)
    enable(till)
    if passed:
        [asked] = till.asked("transfer.create")
        assert asked["sent"]["amount"] == passed
        till.answer(asked, transfer(asked))
        till.work()
    assert share(till)[0] == ("made" if passed else "cancelled")
    fail(till, made)
    fail(till, made)
    [back] = till.asked("transfer.create")
    assert back["sent"]["amount"] == 9_499 - passed
    assert back["request_ref"].startswith("refund:")


@pytest.mark.requirement("REFUND-4", "PAYOUT-5")
def test_a_share_that_is_asked_for_again_is_lowered_once(till: Till) -> None:
    account(till)
    paid(till)
    [first] = till.asked("transfer.create")
    made = refund(till, amount_minor=3_333)
    till.refuse(first, "insufficient_capabilities_for_transfer")
    till.work()
    till.command(HOLD, {"source": "stripe", "account_ref": "acct_1", "reference": "H-1", "reason": "fraud"})
    till.command(RELEASE, {"source": "stripe", "reference": "H-1", "reason": "cleared"})
    [second] = till.asked("transfer.create")
    assert second["sent"]["amount"] == 6_333
    till.answer(second, transfer(second))
    till.work()
    assert share(till)[0] == "made"
    assert till.asked() == []  # nothing of it is taken back: it was never passed on
    fail(till, made)
    [back] = till.asked("transfer.create")
    assert back["sent"]["amount"] == 9_499 - 6_333


@pytest.mark.requirement("REFUND-3", "REFUND-4")
@pytest.mark.parametrize(("policy", "passed"), [("none", 9_499 - 3_333), ("full", 9_499 - (3_333 - 500))])
def test_the_share_is_lowered_by_what_the_policy_says(till: Till, terms: pytest.MonkeyPatch, policy: str, passed: int) -> None:
    terms.setenv("BURSAR_REFUND_FEE_POLICY", policy)
    current.cache_clear()
    account(till, capabilities={"transfers": "inactive"})
    paid(till)
    refund(till, amount_minor=3_333)
    enable(till)
    [asked] = till.asked("transfer.create")
    assert asked["sent"]["amount"] == passed
    till.answer(asked, transfer(asked))
    till.work()
    refund(till, key="r2")
    [reversal] = till.asked("transfer_reversal.create")
    assert reversal["sent"]["amount"] == passed


_OWED = """SELECT sum((one ->> 'amount_minor')::bigint - (one ->> 'netted_minor')::bigint)::bigint
           FROM bursar.payee, jsonb_path_query(owed, '$.*') AS one"""


def indebted(till: Till, amount_minor: int) -> None:
    """The payee owes so much, from earlier."""
    account(till)
    with till.context.engine.begin() as connection:
        unit = Unit(connection, till.context.keys, now=till.clock.now(), actor="person:anna", reason="a test")
        owe(unit, "stripe", "acct_1", key="earlier", currency="EUR", amount_minor=amount_minor, why="refund")
        unit.flush()


@pytest.mark.requirement("REFUND-4")
def test_a_share_that_paid_a_debt_is_owed_when_its_payment_goes_back(till: Till) -> None:
    indebted(till, 12_000)
    paid(till)
    assert share(till)[:2] == ("cancelled", 0)
    assert till.one(_OWED) == 12_000 - 9_499
    made = refund(till)
    assert till.one(_OWED) == 12_000, "what paid his debt went back to the payer"
    fail(till, made)
    assert till.one(_OWED) == 12_000 - 9_499
    assert till.asked() == []
    refund(till, key="r2")
    assert till.one(_OWED) == 12_000


def disputed(till: Till, status: str, *moves: int) -> None:
    """What Stripe says of a dispute of the whole payment: its status, and all that it has moved so far."""
    moved = [
        {"id": f"txn_{number}", "amount": amount, "fee": 0, "net": amount, "currency": "eur", "created": CREATED_S + number}
        for number, amount in enumerate(moves)
    ]
    till.tell("charge.dispute.updated", {
        "id": "dp_1", "object": "dispute", "amount": 9_999, "currency": "eur", "status": status, "reason": "fraudulent", "charge": "ch_1",
        "payment_intent": "pi_1", "created": CREATED_S, "balance_transactions": moved, "metadata": {},
    }, after_s=60 + len(moves))  # fmt: skip
    till.work()


@pytest.mark.requirement("DISPUTE-1", "REFUND-4")
@pytest.mark.parametrize("debt", [12_000, 4_000])
def test_a_share_that_paid_a_debt_is_owed_when_its_payment_is_contested(till: Till, debt: int) -> None:
    indebted(till, debt)
    paid(till)
    for asked in till.asked("transfer.create"):
        till.answer(asked, transfer(asked))
        till.work()
    netted, passed = min(debt, 9_499), max(0, 9_499 - debt)
    assert till.one(_OWED) == debt - netted
    disputed(till, "needs_response", -9_999)
    assert sum(one["sent"]["amount"] for one in till.asked("transfer_reversal.create")) == passed
    assert till.one(_OWED) == debt, "what paid his debt was taken by the bank"
    assert till.rows("SELECT 1 FROM bursar.payout_hold WHERE status = 'open'") == []
    disputed(till, "won", -9_999, 9_999)
    assert till.one(_OWED) == debt - netted
    assert sum(one["sent"]["amount"] for one in till.asked("transfer.create")) == passed


_PAYABLE = """SELECT coalesce(sum(CASE WHEN credit = a.code THEN amount_minor ELSE -amount_minor END), 0)::bigint
              FROM (SELECT 'paypal:acct_1:payable' AS code) a JOIN bursar.journal ON a.code IN (debit, credit)"""


class Own:
    """A share of 95.00, of a payment at a provider where the payee's balance is kept here."""

    def __init__(self, till: Till) -> None:
        self.till = till
        with self.unit() as unit:
            payment = unit.row(Payment, "paypal", "CAP-1")
            payment.status, payment.received_minor, payment.currency, payment.versions = "succeeded", 10_000, "EUR", {"": [2, 1, 0, "e"]}
            transfer_share(unit, payment, payee_ref="acct_1", fee_minor=500)

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        with self.till.context.engine.begin() as connection:
            unit = Unit(connection, self.till.context.keys, now=self.till.clock.now(), actor="person:anna", reason="a test")
            yield unit
            unit.flush()

    def refund(self, reference: str, amount_minor: int) -> None:
        with self.unit() as unit:
            row, _ = own_row(unit, RefundRequest, "paypal", reference)
            row.status, row.payment_ref, row.payee_ref, row.currency, row.share_status = "completed", "CAP-1", "acct_1", "EUR", "made"
            row.amount_minor, row.transfer_minor = amount_minor, amount_minor
            take_back_share(unit, unit.row(TransferRequest, "paypal", "CAP-1"), amount_minor, "refund", row)

    def fail(self, reference: str) -> None:
        with self.unit() as unit:
            give_back_parts(unit, unit.row(RefundRequest, "paypal", reference))

    def dispute(self, reference: str, out_minor: int, back_minor: int = 0) -> None:
        with self.unit() as unit:
            row, (case, _) = unit.row(Dispute, "paypal", reference), own_row(unit, DisputeCase, "paypal", reference)
            case.status, row.funds_withdrawn_minor, row.funds_reinstated_minor = "open", out_minor, back_minor
            kept = unit.row(TransferRequest, "paypal", "CAP-1")
            move_disputed_share(unit, row, case, DisputedShare("acct_1", None, 10_000, kept=kept))

    def has(self) -> tuple[int, int]:
        """What the payee has here, and what the books say that he has."""
        return self.till.one("SELECT (balances -> 'EUR' ->> 'available_minor')::bigint FROM bursar.payee"), self.till.one(_PAYABLE)


@pytest.mark.requirement("REFUND-4")
@pytest.mark.parametrize("second_minor", [700, 300])
def test_each_of_two_refunds_that_fail_gives_its_part_back_where_the_balance_is_kept_here(till: Till, second_minor: int) -> None:
    own = Own(till)
    for reference, amount_minor in (("REF-20260101-B", 700), ("REF-20260101-A", second_minor)):
        own.refund(reference, amount_minor)
        own.fail(reference)
    assert own.has() == (9_500, 9_500)


@pytest.mark.requirement("DISPUTE-4")
def test_two_disputes_of_one_share_are_booked_apart_where_the_balance_is_kept_here(till: Till) -> None:
    own = Own(till)
    for reference in ("PP-D-B", "PP-D-A"):
        own.dispute(reference, 1_000)
        own.dispute(reference, 2_000)
    own.dispute("PP-D-B", 2_000, 2_000)
    assert own.has() == (9_500 - 1_900, 9_500 - 1_900)

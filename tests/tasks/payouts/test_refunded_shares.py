"""A refund before its payment's share is passed on lowers the share: by its own part, once, and back again if it fails (REFUND-4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.settings import current
from tests.tasks.payouts.test_transfers import HOLD, RELEASE, paid, share, transfer
from tests.tasks.payouts.till import CREATED_S, Till, account

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

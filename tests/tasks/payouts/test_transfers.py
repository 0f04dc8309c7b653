"""Shares of payments: transferred once, less the fee, really made, and taken back to the last unit (PAYOUT-5, REFUND-4)."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.operations.retry_transfer import retry_transfer
from billing.operations.reverse_transfer import OverReversedError, reverse_transfer, reversible
from billing.operations.take_back_share import take_back_share
from billing.operations.transfer_share import transfer_share
from billing.rules.commands.base import Rejected
from models.dispute import Dispute
from models.payee import Payee
from models.payment import Payment
from models.refund import Refund
from models.transfer import Transfer
from models.transfer_request import TransferRequest
from tasks.payouts import runs
from tests.tasks.payouts.till import CREATED_S, Till, account
from workers.unit import Unit

PAY = "billing.payments.request.v1"
HOLD = "billing.payout_holds.open.v1"
RELEASE = "billing.payout_holds.release.v1"


def intent(asked: dict[str, Any], status: str = "succeeded") -> dict[str, Any]:
    """The provider's payment for what was asked."""
    charge = {
        "id": "ch_1", "object": "charge", "amount": asked["sent"]["amount"], "amount_captured": asked["sent"]["amount"],
        "amount_refunded": 0, "captured": True, "paid": True, "status": "succeeded", "currency": asked["sent"]["currency"],
        "payment_intent": "pi_1", "created": CREATED_S, "metadata": {},
    }  # fmt: skip
    return {
        "id": "pi_1", "object": "payment_intent", "amount": asked["sent"]["amount"], "amount_received": asked["sent"]["amount"],
        "currency": asked["sent"]["currency"], "status": status, "customer": "cus_1", "latest_charge": charge, "created": CREATED_S,
        "metadata": asked["sent"]["metadata"],
    }  # fmt: skip


def paid(till: Till, amount_minor: int = 9_999, currency: str = "EUR") -> dict[str, Any]:
    """A payment with a payee that has just succeeded; what was asked for it."""
    wish = {"source": "stripe", "reference": "O-1", "amount_minor": amount_minor, "currency": currency, "customer_ref": "cus_1"}
    found = till.command(PAY, {**wish, "payee_ref": "acct_1"})
    assert found["state"] == "succeeded", found
    [asked] = till.asked("payment_intent.create")
    assert "transfer_data" not in asked["sent"]
    assert "application_fee_amount" not in asked["sent"]
    till.answer(asked, intent(asked))
    till.work()
    return asked


def transfer(asked: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The provider's transfer for what was asked."""
    sent = asked["sent"]
    return {
        "id": "tr_1", "object": "transfer", "amount": sent["amount"], "amount_reversed": 0, "currency": sent["currency"],
        "destination": sent["destination"], "source_transaction": sent.get("source_transaction"), "created": CREATED_S,
        "metadata": sent["metadata"], "reversals": {"object": "list", "data": []}, **more,
    }  # fmt: skip


def share(till: Till) -> tuple[Any, ...]:
    """(status, amount, fee, transfer, what was really made)"""
    found: tuple[Any, ...] = till.one("SELECT status, amount_minor, fee_minor, transfer_ref, made_minor FROM bursar.transfer_request")
    return found


@pytest.mark.requirement("PAYOUT-5", "PAY-4")
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_share_of_a_payment_is_transferred_once_and_really_made(till: Till, order: tuple[int, ...]) -> None:
    account(till)
    payment = paid(till)
    till.tell("payment_intent.succeeded", intent(payment))
    till.work()
    assert share(till) == ("requested", 9_499, 500, None, None)
    [asked] = till.asked()
    assert (asked["operation"], asked["account"], asked["lane"]) == ("transfer.create", None, "stripe:acct_1")
    wanted = {"amount": 9_499, "currency": "eur", "destination": "acct_1", "source_transaction": "ch_1", "transfer_group": "pi_1"}
    assert {name: asked["sent"][name] for name in wanted} == wanted
    for place in order:
        if place == 0:
            till.answer(asked, transfer(asked))
        else:
            till.tell(("transfer.created", "transfer.updated")[place - 1], transfer(asked), after_s=place)
        till.work()
    assert share(till) == ("made", 9_499, 500, "tr_1", 9_499)
    assert till.one("SELECT state FROM bursar.submission WHERE operation = 'transfer.create'") == "settled"
    assert till.one("SELECT count(*) FROM bursar.submission") == 2


@pytest.mark.requirement("PAYOUT-13", "PAYOUT-5")
def test_a_share_waits_while_its_account_cannot_be_given_money(till: Till) -> None:
    account(till, capabilities={"transfers": "inactive"})
    paid(till)
    assert share(till)[0] == "waiting"
    assert till.asked() == []
    till.tell("account.updated", {"id": "acct_1", "object": "account", "capabilities": {"transfers": "active"}}, after_s=5)
    till.work()
    [asked] = till.asked()
    till.refuse(asked, "insufficient_capabilities_for_transfer")
    till.work()
    assert share(till)[0] == "waiting"
    held = {"source": "stripe", "account_ref": "acct_1", "reference": "H-1", "reason": "fraud"}
    till.command(HOLD, held)
    assert till.asked() == []
    till.command(RELEASE, {"source": "stripe", "reference": "H-1", "reason": "cleared"})
    [asked] = till.asked()
    assert asked["key"].endswith(":2")
    till.answer(asked, transfer(asked))
    till.work()
    assert share(till)[0] == "made"


@pytest.mark.requirement("PAYOUT-5")
def test_what_went_back_to_the_payer_meanwhile_is_not_passed_on(till: Till) -> None:
    account(till, capabilities={"transfers": "inactive"})
    paid(till)
    told = {"id": "re_1", "object": "refund", "amount": 3_333, "currency": "eur", "charge": "ch_1", "payment_intent": "pi_1",
            "status": "succeeded", "created": CREATED_S, "metadata": {}}  # fmt: skip
    till.tell("refund.created", told)
    till.work()
    till.tell("account.updated", {"id": "acct_1", "object": "account", "capabilities": {"transfers": "active"}}, after_s=5)
    till.work()
    [asked] = till.asked()
    assert asked["sent"]["amount"] == 6_333  # 9499 x 6666 / 9999, half up


def unit_of(till: Till, connection: Any) -> Unit:
    """A unit of work of an operator's."""
    return Unit(connection, till.context.keys, now=till.clock.now(), actor="person:anna", reason="a test")


def made(till: Till, amount_minor: int = 9_499) -> None:
    """A transfer that nobody here asked for."""
    asked = {"sent": {"amount": amount_minor, "currency": "eur", "destination": "acct_1", "metadata": {}}}
    till.tell("transfer.created", transfer(asked))
    till.work()


@pytest.mark.requirement("REFUND-4", "DISPUTE-1")
@pytest.mark.parametrize("webhook_first", [False, True])
def test_money_is_taken_back_exactly_and_never_more_than_is_left(till: Till, webhook_first: bool) -> None:
    made(till)
    with till.context.engine.begin() as connection:
        unit = unit_of(till, connection)
        row, refund, dispute = unit.row(Transfer, "stripe", "tr_1"), unit.row(Refund, "stripe", "re_1"), unit.row(Dispute, "stripe", "dp_1")
        first = reverse_transfer(unit, row, 3_167, "refund", refund)
        assert reverse_transfer(unit, row, 9_999, "refund", refund) is first, "the same wish"
        assert reversible(row) == 6_332
        with pytest.raises(OverReversedError, match="6332 of 9499 EUR"):
            reverse_transfer(unit, row, 6_333, "dispute", dispute, part=2)
        reverse_transfer(unit, row, 6_332, "dispute", dispute)
        unit.flush()
    first_asked, second_asked = sorted(till.asked("transfer_reversal.create"), key=lambda one: int(one["sent"]["amount"]))
    assert (first_asked["sent"]["amount"], second_asked["sent"]["amount"]) == (3_167, 6_332)
    reversal = {"id": "trr_1", "object": "transfer_reversal", "amount": 3_167, "transfer": "tr_1"}
    shown = transfer(
        {"sent": {"amount": 9_499, "currency": "eur", "destination": "acct_1", "metadata": {}}}, amount_reversed=3_167,
        reversals={"object": "list", "data": [{**reversal, "metadata": first_asked["sent"]["metadata"]}]},
    )  # fmt: skip
    for step in (1, 0) if webhook_first else (0, 1):
        if step == 0:
            till.answer(first_asked, reversal)
        else:
            till.tell("transfer.reversed", shown, after_s=1)
        till.work()
        assert till.one("SELECT reversed_minor, status FROM bursar.transfer") == (3_167, "partially_reversed")
    till.refuse(second_asked, "balance_insufficient")
    till.work()
    found = "SELECT for_type, status, amount_minor, reversal_ref, failure_code FROM bursar.transfer_reversal_request ORDER BY amount_minor"
    assert till.rows(found) == [
        ("refund", "made", 3_167, "trr_1", None), ("dispute", "failed", 6_332, None, "balance_insufficient"),
    ]  # fmt: skip
    with till.context.engine.begin() as connection:
        assert reversible(unit_of(till, connection).row(Transfer, "stripe", "tr_1")) == 6_332


@pytest.mark.requirement("REFUND-4")
@settings(max_examples=25)
@given(st.integers(1, 10_000), st.lists(st.tuples(st.integers(1, 5_000), st.booleans()), min_size=1, max_size=6))
def test_parts_taken_back_never_exceed_the_transfer(amount: int, wishes: list[tuple[int, bool]]) -> None:
    ours: dict[str, dict[str, Any]] = {}
    row = Transfer(amount_minor=amount, reversed_minor=None, reversals=ours)
    for number, (minor, succeeds) in enumerate(wishes):
        wanted = min(minor, reversible(row))
        ours[str(number)] = {"amount_minor": wanted, "status": "made" if succeeds else "failed"}
        row.reversals = ours
    assert sum(one["amount_minor"] for one in ours.values() if one["status"] == "made") + reversible(row) == amount


@pytest.mark.requirement("PAYOUT-1", "PAYOUT-4", "PAYOUT-5", "PAYOUT-6")
def test_where_accounts_have_no_balance_at_the_provider_it_is_kept_here(till: Till) -> None:
    with till.context.engine.begin() as connection:
        unit = unit_of(till, connection)
        payment = unit.row(Payment, "paypal", "CAP-1")
        payment.status, payment.received_minor, payment.currency, payment.versions = "succeeded", 10_000, "JPY", {"": [2, 1, 0, "e"]}
        row = transfer_share(unit, payment, payee_ref="organiser@example.com", fee_minor=500)
        assert transfer_share(unit, payment, payee_ref="organiser@example.com", fee_minor=500) is row
        unit.flush()
    assert till.one("SELECT balances FROM bursar.payee") == {"JPY": {"available_minor": 9_500, "pending_minor": 0}}
    wish = {"source": "paypal", "account_ref": "organiser@example.com", "reference": "P-1", "currency": "JPY", "amount_minor": 9_000}
    assert till.command("billing.payouts.request.v1", wish)["result"]["status"] == "requested"
    [asked] = till.asked()
    [item] = asked["sent"]["items"]
    assert (item["receiver"], item["amount"], asked["account"]) == ("organiser@example.com", {"currency": "JPY", "value": "9000"}, None)
    with till.context.engine.begin() as connection:
        unit = unit_of(till, connection)
        share_row, refund = unit.row(TransferRequest, "paypal", "CAP-1"), unit.row(Refund, "paypal", "R-1")
        assert take_back_share(unit, share_row, 700, "refund", refund) == 700
        assert take_back_share(unit, share_row, 700, "refund", refund) == 0
        assert unit.row(Payee, "paypal", "organiser@example.com").balances == {"JPY": {"available_minor": -200, "pending_minor": 0}}
        unit.flush()
    assert till.command("billing.payouts.request.v1", {**wish, "reference": "P-2", "amount_minor": 100})["code"] == "held"


@pytest.mark.requirement("REFUND-4", "PAYOUT-4")
def test_what_could_not_be_taken_back_is_owed_kept_from_payouts_and_netted_from_the_next_share(till: Till) -> None:
    account(till)
    made(till)
    with till.context.engine.begin() as connection:
        unit = unit_of(till, connection)
        reverse_transfer(unit, unit.row(Transfer, "stripe", "tr_1"), 6_000, "refund", unit.row(Refund, "stripe", "re_1"))
        unit.flush()
    [asked] = till.asked()
    till.refuse(asked, "balance_insufficient")
    till.work()
    wish = {"source": "stripe", "account_ref": "acct_1", "reference": "P-1", "currency": "EUR"}
    till.command("billing.payouts.request.v1", wish)
    till.balance("acct_1", EUR=(7_500, 0))
    assert [one["sent"]["amount"] for one in till.asked()] == [1_500]
    view = "SELECT receivable_minor, payable_minor FROM bursar.payee_balance WHERE account_ref = 'acct_1'"
    assert till.one(view) == (6_000, 0)
    paid(till, 5_000)
    assert till.one("SELECT status, amount_minor, netted_minor FROM bursar.transfer_request") == ("cancelled", 0, 4_750)
    assert till.one(view)[0] == 1_250
    facts = till.rows("SELECT kind, fact, amount_minor FROM bursar.journal WHERE kind IN ('receivable', 'netting') ORDER BY id")
    assert facts == [
        ("receivable", "transfer_reversal_request:stripe:refund:re_1:tr_1", 6_000), ("netting", "transfer_request:stripe:pi_1", 4_750),
    ]  # fmt: skip


@pytest.mark.requirement("PAYOUT-5", "PAYOUT-12")
def test_a_share_that_was_forgotten_or_refused_is_sent_in_the_end(till: Till) -> None:
    account(till, capabilities={"transfers": "inactive"})
    paid(till)
    till.run("UPDATE bursar.payee SET waiting = NULL")
    till.run("""UPDATE bursar.account SET capabilities = '{"transfers": "active"}'""")
    assert runs.poll_stuck_payouts(till.context, till.clock.now())["transfers"] == 0
    till.clock.move_to(till.clock.now() + timedelta(hours=2))
    assert runs.poll_stuck_payouts(till.context, till.clock.now())["transfers"] == 1
    [asked] = till.asked()
    till.refuse(asked, "parameter_invalid")
    till.work()
    assert share(till)[0] == "failed"
    with till.context.engine.begin() as connection:
        unit = unit_of(till, connection)
        with pytest.raises(Rejected, match="transfer_unknown"):
            retry_transfer(unit, "stripe", "pi_other")
        retry_transfer(unit, "stripe", "pi_1")
        with pytest.raises(Rejected, match="not_failed"):
            retry_transfer(unit, "stripe", "pi_1")
        unit.flush()
    [again] = till.asked()
    assert (again["key"][-2:], again["sent"]["amount"]) == (":2", 9_499)

"""Payouts on request: checked against balance, minimum and holds, made once, followed to their end (PAYOUT-1, 3, 4, 6, 9, 13)."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from tests.tasks.payouts.till import Till, account, payout

REQUEST = "billing.payouts.request.v1"
CANCEL = "billing.payouts.cancel.v1"
SCHEDULE = "billing.payouts.schedule.v1"
HOLD = "billing.payout_holds.open.v1"
RELEASE = "billing.payout_holds.release.v1"


def wish(reference: str = "P-1", **more: Any) -> dict[str, Any]:
    """A payload."""
    return {"source": "stripe", "account_ref": "acct_1", "reference": reference, "currency": "EUR", **more}


def request_of(till: Till, reference: str = "P-1") -> tuple[Any, ...]:
    """(status, amount, payout, failure code)"""
    sql = "SELECT status, amount_minor, payout_ref, failure_code FROM bursar.payout_request WHERE external_id = %s"
    found: tuple[Any, ...] = till.one(sql, reference)
    return found


@pytest.mark.requirement("PAYOUT-1")
def test_the_provider_is_asked_for_the_balance_and_then_for_the_payout_once(till: Till) -> None:
    account(till)
    first = till.command(REQUEST, wish())
    assert (first["state"], first["result"]["status"], first["result"]["amount_minor"]) == ("succeeded", "checking", None)
    assert till.asked() == []
    assert till.balance("acct_1", EUR=(12_345, 500)) == 1
    [asked] = till.asked()
    assert (asked["operation"], asked["account"], asked["lane"]) == ("payout.create", "acct_1", "stripe:acct_1")
    assert {name: asked["sent"][name] for name in ("amount", "currency")} == {"amount": 12_345, "currency": "eur"}
    assert asked["sent"]["metadata"]["bursar_request"] == "payout_request:P-1"
    again = till.command(REQUEST, wish())
    assert again["result"] == {**first["result"], "status": "requested", "amount_minor": 12_345}
    other = till.command(REQUEST, wish(amount_minor=5))
    assert (other["state"], other["code"]) == ("rejected", "requested_otherwise")
    assert len(till.asked()) == 1
    # What is promised is not free, although the balance that is known still shows it.
    second = till.command(REQUEST, wish("P-2"))
    assert (second["state"], second["code"]) == ("rejected", "nothing_to_pay_out")


@pytest.mark.requirement("PAYOUT-1", "PAYOUT-3", "PAYOUT-4", "PAYOUT-13", "PAY-12")
def test_what_is_refused_is_refused_before_any_call(till: Till) -> None:
    def code(**more: Any) -> str:
        found = till.command(REQUEST, wish(f"R-{next(numbers)}", **more))
        assert found["state"] == "rejected", found
        return str(found["code"])

    numbers = itertools.count()
    assert code() == "account_unknown"
    account(till, enabled=False)
    assert code() == "account_disabled"
    account(till, "acct_1")
    till.clock.move_to(till.clock.now() + timedelta(seconds=1))
    account(till)
    by_hand = {"source": "stripe", "account_ref": "acct_1", "schedule": "manual"}
    till.command(SCHEDULE, {**by_hand, "minimums_minor": {"EUR": 2_500, "KWD": 10_000}})
    assert code(amount_minor=2_499) == "below_minimum"
    assert code(amount_minor=9_999, currency="KWD") == "below_minimum"
    assert code(amount_minor=100_000_001) == "amount_out_of_bounds"
    assert code(amount_minor=5_050, currency="HUF") == "amount_not_payable"
    till.command(REQUEST, wish("fresh"))
    till.balance("acct_1", EUR=(2_499, 0), JPY=(-1, 0), USD=(500, -501))
    assert request_of(till, "fresh") == ("refused", None, None, "below_minimum")
    assert code(amount_minor=2_500) == "insufficient_balance"
    assert code(currency="JPY") == "held"
    assert code(currency="USD") == "held"
    assert code(currency="GBP") == "nothing_to_pay_out"
    till.command(SCHEDULE, {**by_hand, "paused": True})
    assert code() == "paused"
    assert till.asked() == []
    assert till.rows("SELECT status FROM bursar.payout_request WHERE external_id LIKE 'R-%%'") == []


@pytest.mark.requirement("PAYOUT-4")
def test_a_hold_of_a_part_leaves_the_rest_and_a_whole_one_nothing(till: Till) -> None:
    account(till)
    held = {"source": "stripe", "account_ref": "acct_1", "reference": "H-1", "reason": "chargeback expected", "currency": "EUR"}
    assert till.command(HOLD, {**held, "amount_minor": 4_000})["result"]["status"] == "open"
    till.command(REQUEST, wish())
    till.balance("acct_1", EUR=(10_000, 0))
    assert [asked["sent"]["amount"] for asked in till.asked()] == [6_000]
    till.command(HOLD, held)
    assert till.command(REQUEST, wish("P-2"))["code"] == "held"
    assert till.command(RELEASE, {"source": "stripe", "reference": "H-2", "reason": "x"})["code"] == "hold_unknown"
    assert till.command(RELEASE, {"source": "stripe", "reference": "H-1", "reason": "won"})["result"]["status"] == "released"
    assert till.command(REQUEST, wish("P-3"))["result"]["amount_minor"] == 4_000
    moves = "SELECT before ->> 'status', after ->> 'status', actor FROM bursar.audit WHERE action = 'payout_hold.status' ORDER BY id"
    assert till.rows(moves) == [(None, "open", "app:user:7"), ("open", "released", "app:user:7")]


STORY = (("payout.created", "pending", 1), ("payout.updated", "in_transit", 2), ("payout.paid", "paid", 3))
BACK = ("payout.failed", "failed", 4)


@pytest.mark.requirement("PAYOUT-6", "PAYOUT-8", "PAYOUT-9")
@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (1, 0, 3, 4, 2), (2, 0, 4, 1, 3)])
def test_answer_and_events_in_any_order_end_the_same(till: Till, order: tuple[int, ...]) -> None:
    account(till)
    till.command(REQUEST, wish())
    till.balance("acct_1", EUR=(10_000, 0))
    [asked] = till.asked()
    for place in (*order, *order):
        if place == 0:
            if till.asked():
                till.answer(asked, payout(asked, "pending"))
        else:
            name, status, after_s = (*STORY, BACK)[place - 1]
            failed = {"failure_code": "account_closed", "failure_message": "closed"} if status == "failed" else {}
            till.tell(name, payout(asked, status, **failed), account="acct_1", after_s=after_s)
        till.work()
    assert request_of(till) == ("failed", 10_000, "po_1", "account_closed")
    assert till.one("SELECT state FROM bursar.submission") == "settled"
    assert till.one("SELECT promised FROM bursar.payee") == {}
    assert till.one("SELECT status FROM bursar.external_account") == "errored"
    back = "SELECT count(*) FROM bursar.audit WHERE action = 'payout_request.status' AND after ->> 'status' = 'failed'"
    assert till.one(back) == 1
    mails = till.rows("SELECT payload ->> 'mail', payload ->> 'to' FROM bursar.outbox WHERE kind = 'mail.send' ORDER BY 1")
    assert mails.count(("payout_failed", "acct_1@example.com")) == 1
    assert len(mails) - 1 == (("payout_completed", "acct_1@example.com") in mails)
    # The funds are free again, once: the next balance shows them, and nothing stands against it.
    till.clock.move_to(till.clock.now() + timedelta(hours=1))
    till.command(REQUEST, wish("P-2"))
    till.balance("acct_1", EUR=(10_000, 0))
    assert [one["sent"]["amount"] for one in till.asked()] == [10_000]


@pytest.mark.requirement("PAYOUT-1", "PAY-3")
def test_what_the_provider_refuses_is_free_again_and_the_request_says_why(till: Till) -> None:
    account(till)
    till.command(REQUEST, wish())
    till.balance("acct_1", EUR=(10_000, 0))
    [asked] = till.asked()
    till.refuse(asked, "balance_insufficient")
    till.work()
    assert request_of(till) == ("failed", 10_000, None, "balance_insufficient")
    assert till.one("SELECT promised FROM bursar.payee") == {}


@pytest.mark.requirement("PAYOUT-1")
def test_a_payout_is_called_back_while_the_provider_still_has_it(till: Till) -> None:
    account(till)
    cancel = {"source": "stripe", "reference": "P-1", "reason": "asked by its owner"}
    assert till.command(CANCEL, cancel)["code"] == "payout_unknown"
    till.command(REQUEST, wish())
    till.balance("acct_1", EUR=(10_000, 0))
    assert till.command(CANCEL, cancel)["code"] == "too_late"
    [asked] = till.asked()
    till.answer(asked, payout(asked, "pending"))
    till.work()
    assert till.command(CANCEL, cancel)["state"] == "succeeded"
    [back] = till.asked()
    assert (back["operation"], back["account"]) == ("payout.cancel", "acct_1")
    till.clock.move_to(till.clock.now() + timedelta(seconds=5))
    told = payout(asked, "canceled")
    till.answer({**back, "sent": {"metadata": asked["sent"]["metadata"]}}, told)
    till.work()
    assert request_of(till)[0] == "cancelled"
    assert till.rows("SELECT 1 FROM bursar.outbox WHERE kind = 'mail.send'") == []


@pytest.mark.requirement("PAYOUT-1", "PAYOUT-12")
def test_a_payout_is_decided_however_many_shares_wait_for_the_account(till: Till) -> None:
    account(till)
    till.command("billing.payouts.schedule.v1", {"source": "stripe", "account_ref": "acct_1", "schedule": "manual"})
    till.run("""UPDATE bursar.payee SET waiting = (SELECT jsonb_agg(jsonb_build_array('transfer_request', 'pi_' || n))
                                                   FROM generate_series(1, 500) AS n)""")
    wish = {"source": "stripe", "account_ref": "acct_1", "reference": "P-1", "currency": "EUR"}
    assert till.command("billing.payouts.request.v1", wish)["result"]["status"] == "checking"
    till.balance("acct_1", EUR=(7_500, 0))
    assert [one["sent"]["amount"] for one in till.asked("payout.create")] == [7_500]

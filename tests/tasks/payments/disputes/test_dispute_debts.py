"""A payee who has too little when a dispute takes its part: he owes it, once, whatever comes in whatever order (DISPUTE-1, REFUND-4)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from billing.operations.release_hold import release_hold
from billing.operations.transfer_share import transfer_share
from models.payment import Payment
from tasks.payments.runs import return_disputed_shares
from tests.harness.cluster import Database
from tests.tasks.payouts.till import CREATED_S, Till, account
from workers.unit import Unit

_NET = """SELECT (SELECT coalesce(sum(amount_minor), 0) FROM bursar.transfer_reversal_request WHERE status <> 'failed')
               + (SELECT coalesce(sum((value ->> 'amount_minor')::bigint), 0) FROM bursar.payee, jsonb_each(coalesce(owed, '{}')))
               - (SELECT coalesce(sum(amount_minor + coalesce(netted_minor, 0)), 0) FROM bursar.transfer_request
                  WHERE external_id LIKE 'dispute:%%')"""
_OPEN_DEBT = """SELECT coalesce(sum((value ->> 'amount_minor')::bigint - (value ->> 'netted_minor')::bigint), 0)::bigint
                FROM bursar.payee, jsonb_each(coalesce(owed, '{}'))"""
_VIEW = "SELECT receivable_minor, held_minor, payable_minor FROM bursar.payee_balance WHERE account_ref = 'acct_1' AND currency = 'EUR'"


class Bench:
    """A destination charge of 10.01, its 10.01 passed on to acct_1, and a dispute of 6.00 of it."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self._after = itertools.count(1)
        account(till)
        metadata = {"bursar_purpose": "course_enrolment", "enrolment": "enr-3"}
        self.tell("charge.succeeded", {
            "id": "ch_1", "object": "charge", "amount": 1001, "amount_captured": 1001, "amount_refunded": 0, "captured": True,
            "paid": True, "status": "succeeded", "payment_intent": "pi_1", "transfer": "tr_1", "metadata": {},
        })  # fmt: skip
        self.tell("payment_intent.succeeded", {
            "id": "pi_1", "object": "payment_intent", "amount": 1001, "amount_received": 1001, "status": "succeeded",
            "latest_charge": "ch_1", "metadata": metadata, "transfer_data": {"destination": "acct_1"},
        })  # fmt: skip
        self.tell("transfer.created", {
            "id": "tr_1", "object": "transfer", "amount": 1001, "amount_reversed": 0, "destination": "acct_1",
            "source_transaction": "ch_1", "metadata": {}, "reversals": {"object": "list", "data": []},
        })  # fmt: skip

    def tell(self, event_type: str, obj: dict[str, Any]) -> None:
        self.till.tell(event_type, {"currency": "eur", "created": CREATED_S, **obj}, after_s=next(self._after))
        self.till.work()

    def dispute(self, status: str, *moves: int) -> None:
        """What Stripe says of it: its status, and all that it has moved so far."""
        moved = [
            {"id": f"txn_{number}", "amount": amount, "fee": 0, "net": amount, "currency": "eur", "created": CREATED_S + number}
            for number, amount in enumerate(moves)
        ]
        self.tell("charge.dispute.updated", {
            "id": "dp_1", "object": "dispute", "amount": 600, "status": status, "reason": "fraudulent", "charge": "ch_1",
            "payment_intent": "pi_1", "evidence_details": {"due_by": CREATED_S + 90_000_000}, "balance_transactions": moved, "metadata": {},
        })  # fmt: skip

    def fail(self) -> None:
        [asked] = self.till.asked("transfer_reversal.create")
        self.till.refuse(asked, "balance_insufficient")
        self.till.work()

    def win(self) -> None:
        self.dispute("won", -600, 600)

    def win_and_be_refused(self) -> None:
        """A share that was taken back goes to its payee again, and the provider refuses that for want of money."""
        self.dispute("needs_response", -600)
        [asked] = self.till.asked("transfer_reversal.create")
        self.till.answer(asked, {"id": "trr_1", "object": "transfer_reversal", "amount": 600, "transfer": "tr_1"})
        self.till.work()
        self.win()
        [asked] = self.till.asked("transfer.create")
        self.till.refuse(asked, "balance_insufficient")
        self.till.work()

    def earn(self) -> None:
        """The payee's next share, of 2.00."""
        with self.till.context.engine.begin() as connection:
            unit = Unit(connection, self.till.context.keys, now=self.till.clock.now(), reason="test")
            payment = unit.row(Payment, "stripe", "pi_2")
            payment.status, payment.received_minor, payment.currency, payment.versions = "succeeded", 200, "EUR", {"": [2, 1, 0, "e"]}
            transfer_share(unit, payment, payee_ref="acct_1", fee_minor=0)
            unit.flush()

    def one(self, sql: str) -> Any:
        return self.till.one(sql)


@pytest.fixture
def bench(database: Database) -> Iterator[Bench]:
    till = Till(database)
    yield Bench(till)
    till.close()


@pytest.mark.requirement("DISPUTE-1", "DISPUTE-2", "REFUND-4", "PAYOUT-4")
def test_what_could_not_be_taken_back_is_owed_once_and_netted_from_the_next_share(bench: Bench) -> None:
    bench.dispute("needs_response")
    assert bench.one("SELECT amount_minor FROM bursar.payout_hold WHERE status = 'open'") == 600
    with bench.till.context.engine.begin() as connection:
        unit = Unit(connection, bench.till.context.keys, now=bench.till.clock.now(), actor="person:anna", reason="test")
        release_hold(unit, "stripe", "dispute:dp_1", why="she may have it")
        unit.flush()
    bench.dispute("needs_response", -600)
    bench.fail()
    assert bench.one(_VIEW) == (600, 0, 0)
    wish = {"source": "stripe", "account_ref": "acct_1", "reference": "P-1", "currency": "EUR"}
    bench.till.command("billing.payouts.request.v1", wish)
    bench.till.balance("acct_1", EUR=(7_500, 0))
    assert [one["sent"]["amount"] for one in bench.till.asked("payout.create")] == [6_900], "owed or held, not both"
    assert bench.till.asked("transfer_reversal.create") == [], "what is owed is not asked for again"
    assert bench.one("SELECT taken_minor, short_minor FROM bursar.dispute_case") == (600, 600)
    bench.earn()
    assert bench.one("SELECT status, amount_minor, netted_minor FROM bursar.transfer_request") == ("cancelled", 0, 200)
    assert bench.one(_VIEW)[0] == 400
    bench.dispute("lost", -600)
    assert (bench.one(_NET), bench.one(_OPEN_DEBT)) == (600, 400)
    kinds = bench.till.rows("SELECT kind, amount_minor FROM bursar.journal WHERE kind IN ('receivable', 'netting') ORDER BY id")
    assert kinds == [("receivable", 600), ("netting", 200)]


@pytest.mark.requirement("DISPUTE-4", "REFUND-4")
@pytest.mark.parametrize("order", list(itertools.permutations(("fail", "win", "earn"))), ids="-".join)
def test_a_won_dispute_leaves_the_payee_as_he_was_in_any_order(bench: Bench, order: tuple[str, ...]) -> None:
    bench.dispute("needs_response", -600)
    for step in order:
        getattr(bench, step)()
    for asked in bench.till.asked("transfer.create"):
        if asked["request_ref"].startswith("dispute:"):
            bench.till.refuse(asked, "balance_insufficient")
    bench.till.work()
    bench.till.clock.move_to(bench.till.clock.now() + timedelta(hours=1))
    return_disputed_shares(bench.till.context, bench.till.clock.now())
    assert bench.one(_NET) == 0
    assert bench.one(_OPEN_DEBT) == 0, "what is given back is netted with what is owed"
    assert bench.one("SELECT status, taken_minor, short_minor FROM bursar.dispute_case") == ("closed", 0, 0)
    assert bench.till.rows("SELECT 1 FROM bursar.payout_hold WHERE status = 'open'") == []
    # All that he had, and the new share: what was kept of it he got back.
    sent = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM bursar.transfer_request WHERE status IN ('requested', 'made')"
    assert bench.one(sent) == 200


@pytest.mark.requirement("DISPUTE-4", "REFUND-4")
def test_a_dispute_lost_after_it_was_won_is_owed_of_what_was_given_back(bench: Bench) -> None:
    bench.win_and_be_refused()
    bench.dispute("lost", -600, 600, -600)
    assert bench.one("SELECT sum(amount_minor) FROM bursar.transfer_reversal_request") == 1001, "what is left of the transfer"
    bench.till.clock.move_to(bench.till.clock.now() + timedelta(hours=1))
    return_disputed_shares(bench.till.context, bench.till.clock.now())
    assert bench.one(_NET) == 600


@pytest.mark.requirement("DISPUTE-4", "REFUND-4")
def test_a_share_that_fails_by_a_fault_of_ours_stops_no_other(bench: Bench) -> None:
    bench.win_and_be_refused()
    copied = """INSERT INTO bursar.{0} SELECT (jsonb_populate_record(t, %s::jsonb || jsonb_build_object('id', gen_random_uuid()))).*
                FROM bursar.{0} t"""
    bench.till.run(copied.format("payee"), '{"external_id": "acct_2", "account_id": null, "holds": {"1": {}}}')
    older = '{"external_id": "dispute:0", "account_ref": "acct_2", "updated_at": "2020-01-01"}'
    bench.till.run(copied.format("transfer_request"), older)
    bench.till.clock.move_to(bench.till.clock.now() + timedelta(hours=1))
    with pytest.raises(KeyError):
        return_disputed_shares(bench.till.context, bench.till.clock.now())
    found = "SELECT account_ref, status FROM bursar.transfer_request ORDER BY 1"
    assert bench.till.rows(found) == [("acct_1", "requested"), ("acct_2", "failed")]


@pytest.mark.requirement("DISPUTE-4", "PAYOUT-5")
def test_what_cannot_be_given_now_waits_and_is_not_asked_for_each_hour(bench: Bench) -> None:
    bench.win_and_be_refused()
    nothing = {"asked": 0, "put_back": 0}
    assert return_disputed_shares(bench.till.context, bench.till.clock.now()) == nothing, "refused a moment ago"
    bench.till.run("""UPDATE bursar.account SET capabilities = '{"transfers": "inactive"}'""")
    bench.till.clock.move_to(bench.till.clock.now() + timedelta(hours=1))
    assert return_disputed_shares(bench.till.context, bench.till.clock.now()) == nothing
    assert bench.one("SELECT status FROM bursar.transfer_request") == "waiting"
    account(bench.till)
    [again] = bench.till.asked("transfer.create")
    assert (again["key"][-2:], again["sent"]["amount"]) == (":2", 600)

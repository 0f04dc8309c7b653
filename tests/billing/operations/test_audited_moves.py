"""Each change of a status and each act of an operator leaves an audit row: who, why, from what to what, by which event (AUDIT-1, AUDIT-2).

One of each is played through the machine; a table says what must be found afterwards.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.settings import current
from tests.harness.cluster import Database
from tests.tasks.payouts.till import Till, account, payout
from workers import inbox
from workers.abandon import abandon
from workers.replay import replay

ANNA, BOB = "app:user:anna", "app:user:bob"
OPERATOR = "person:anna (finance)"
HERE = {"source": "stripe"}


class Desk(Till):
    """The till, at which different people work."""

    numbers = itertools.count(1)

    def told(self, name: str, actor: str = "user:anna", **payload: Any) -> dict[str, Any]:
        """A command that succeeds."""
        key, here = f"desk-{next(self.numbers)}", {} if name.startswith("billing.bank_transfers.") else HERE
        with self.database.connect() as connection:
            connection.execute(
                "SELECT bursar_api.submit(%s, %s::jsonb, %s, NULL, %s)", [name, json.dumps({**here, **payload}), key, actor]
            )
        self.work()
        inbox.drain(self.context, "maintenance")
        [state] = [row[0] for row in self.rows("SELECT bursar_api.status(%s)", key)]
        assert state["state"] == "succeeded", state
        return dict(state["result"])

    def charged(self, number: int, amount: int = 1001, **more: Any) -> None:
        """A payment of 10.01, what it was for, and, if wanted, a payee who got all of it."""
        common = {"created": int(self.clock.now().timestamp()), "currency": "eur", "object": "x"}
        passed = {"transfer_data": {"destination": "acct_1"}} if more.get("payee") else {}
        self.tell("charge.succeeded", {
            **common, "id": f"ch_{number}", "object": "charge", "amount": amount, "amount_captured": amount, "amount_refunded": 0,
            "captured": True, "paid": True, "status": "succeeded", "payment_intent": f"pi_{number}", "metadata": {},
            "transfer": f"tr_{number}" if passed else None,
        })  # fmt: skip
        self.tell("payment_intent.succeeded", {
            **common, "id": f"pi_{number}", "object": "payment_intent", "amount": amount, "amount_received": amount, "status": "succeeded",
            "latest_charge": f"ch_{number}", "metadata": {"bursar_purpose": "course_enrolment", "enrolment": f"enr-{number}"}, **passed,
        })  # fmt: skip
        if passed:
            self.tell("transfer.created", {
                **common, "id": f"tr_{number}", "object": "transfer", "amount": amount, "amount_reversed": 0, "destination": "acct_1",
                "source_transaction": f"ch_{number}", "metadata": {}, "reversals": {"object": "list", "data": []},
            })  # fmt: skip
        self.work()

    def refund(self, number: int, **more: Any) -> str:
        """A refund that is asked for; its reference."""
        wish = {"key": f"r{number}", "acting_for": "platform", "reason": "customer_request", "payment_ref": f"pi_{number}"}
        self.told("billing.refunds.request.v1", **wish, **more)
        return str(self.one("SELECT external_id FROM bursar.refund_request WHERE payment_ref = %s", f"pi_{number}"))

    def refunded(self, asked: dict[str, Any], number: int) -> None:
        """The provider makes it."""
        self.answer(asked, {
            "id": f"re_{number}", "object": "refund", "amount": int(asked["sent"]["amount"]), "currency": "eur", "status": "succeeded",
            "charge": f"ch_{number}", "payment_intent": f"pi_{number}", "created": int(self.clock.now().timestamp()),
        })  # fmt: skip
        self.work()


@pytest.fixture
def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("BURSAR_REFUND_APPROVAL_ABOVE_MINOR", "1000")
    current.cache_clear()
    made = Desk(database)
    yield made
    made.close()
    current.cache_clear()


def refunds(desk: Desk) -> None:
    """Agreed to and made, so that what was bought is revoked; declined; given up; noted; of many."""
    for number in (1, 2, 3, 4):
        desk.charged(number)
    agreed, declined, given_up = (desk.refund(number) for number in (1, 2, 3))
    desk.told("billing.refunds.approve.v1", "user:bob", reference=agreed, reason="she is right")
    [asked] = desk.asked("refund.create")
    desk.refunded(asked, 1)
    desk.told("billing.refunds.reject.v1", "user:bob", reference=declined, reason="too often")
    desk.told("billing.refunds.cancel.v1", reference=given_up, reason="a mistake")
    desk.told("billing.refunds.note.v1", "user:bob", reference=agreed, text="called her")
    desk.told("billing.refunds.request_batch.v1", reference="b-1", acting_for="platform", reason="cancellation", payments=["pi_4"])


def debts(desk: Desk) -> None:
    """A payee who has too little for his part of a refund owes it, and it is netted from his next share."""
    desk.charged(5, 900, payee=True)
    desk.refund(5)
    for _ in range(2):
        for asked in desk.asked():
            if asked["operation"] == "refund.create":
                desk.refunded(asked, 5)
            elif asked["operation"] == "transfer_reversal.create":
                desk.refuse(asked, "balance_insufficient")
                desk.work()
    # A dispute that takes what is not there does the same, and holds before.
    desk.charged(6, 900, payee=True)
    common = {"object": "dispute", "amount": 900, "currency": "eur", "charge": "ch_6", "payment_intent": "pi_6", "metadata": {}}
    at = int(desk.clock.now().timestamp())
    for after, amount in ((1, 600), (2, 900)):
        desk.tell("charge.dispute.updated", {
            **common, "id": "dp_6", "amount": amount, "status": "needs_response", "reason": "fraudulent", "created": at,
            "balance_transactions": [], "evidence_details": {"due_by": at + 900_000},
        }, after_s=after)  # fmt: skip
        desk.work()


def payouts(desk: Desk) -> None:
    """Held, let go, scheduled; made and given up."""
    hold = {"account_ref": "acct_1", "reference": "H-1"}
    desk.told("billing.payout_holds.open.v1", **hold, reason="fraud")
    desk.told("billing.payout_holds.release.v1", "user:bob", reference="H-1", reason="cleared")
    desk.told("billing.payouts.schedule.v1", account_ref="acct_1", schedule="monthly", day=3)
    desk.told("billing.payouts.request.v1", account_ref="acct_1", reference="P-1", currency="EUR", amount_minor=500)
    desk.balance("acct_1", EUR=(50_000, 0))
    [asked] = desk.asked("payout.create")
    desk.answer(asked, payout(asked, "pending"))
    desk.work()
    desk.told("billing.payouts.cancel.v1", reference="P-1", reason="wrong account")


def machinery(desk: Desk) -> None:
    """An operator sends an event through again, gives a call up, and lets a finding stand; an answer to a dispute."""
    event = desk.one("SELECT id FROM bursar.inbox WHERE event_type = 'charge.dispute.updated' ORDER BY id LIMIT 1")
    replay(desk.context, [event], actor=OPERATOR, reason="handler mended", states=("done",))
    desk.work()
    desk.told("billing.disputes.accept.v1", dispute_ref="dp_6", reference="A-1", reason="our mistake")
    desk.told("billing.disputes.note.v1", dispute_ref="dp_6", text="called her", assign_to="bob")
    [asked] = desk.asked("dispute.close")
    abandon(desk.context, asked["key"], actor=OPERATOR, reason="never sent")
    desk.work()
    at = desk.clock.now()
    desk.run(
        """INSERT INTO bursar.finding (id, source, external_id, versions, created_at, updated_at, kind, object_type, status, severity)
           VALUES (gen_random_uuid(), 'stripe', 'missing:charge:ch_0', '{"own": {}}', %s, %s, 'missing', 'charge', 'open', 'low')""",
        at, at,
    )  # fmt: skip
    desk.told("billing.recon.accept.v1", finding="missing:charge:ch_0", reason="a test of theirs")
    handed_in: dict[str, Any] = {"amount_minor": 500, "currency": "PKR", "country": "PK", "purpose": "credit_package", "purpose_ref": "c"}
    desk.told("billing.bank_transfers.submit.v1", reference="RF1", **handed_in)
    desk.told("billing.bank_transfers.reject.v1", "user:bob", reference="RF1", reason="nothing came")


PROVIDER = "provider:stripe"
EXPECTED: tuple[tuple[str, str, Any, Any, str], ...] = (
    # action, actor, before, after, a word of the reason or of what is said beside it
    ("refund_request.status", ANNA, None, "pending", "customer_request"),
    ("refund_request.status", BOB, "pending", "processing", "she is right"),
    ("refund_request.status", PROVIDER, "processing", "completed", ""),
    ("refund_request.status", BOB, "pending", "rejected", "too often"),
    ("refund_request.status", ANNA, "pending", "cancelled", "a mistake"),
    ("refund_request.noted", BOB, None, None, "internal"),
    ("refund_batch.status", ANNA, None, "asked", "payments"),
    ("refund_item.status", ANNA, None, "open", "pi_4"),
    ("fulfilment.status", PROVIDER, None, "granted", "course_enrolment"),
    ("fulfilment.status", PROVIDER, "granted", "revoked", "course_enrolment"),
    ("transfer_reversal_request.status", PROVIDER, None, "requested", "refund"),
    ("transfer_reversal_request.status", PROVIDER, "requested", "failed", "balance_insufficient"),
    ("payee.owes", PROVIDER, None, None, "owed_minor"),
    ("dispute.status", PROVIDER, None, "needs_response", "fraudulent"),
    ("dispute_case.status", PROVIDER, None, "open", "dp_6"),
    ("payout_hold.status", PROVIDER, None, "open", "dispute"),
    ("payout_hold.changed", PROVIDER, None, None, "900"),
    ("payout_hold.status", ANNA, None, "open", "fraud"),
    ("payout_hold.status", BOB, "open", "released", "cleared"),
    ("payee.scheduled", ANNA, None, None, "monthly"),
    ("payout_request.status", ANNA, None, "checking", "acct_1"),
    ("payout_request.status", PROVIDER, "checking", "requested", "500"),
    ("payout_request.cancel", ANNA, "checking requested pending in_transit", None, "wrong account"),
    ("dispute_response.status", ANNA, None, "requested", "our mistake"),
    ("dispute_response.status", PROVIDER, "requested", "failed", "dp_6"),
    ("dispute.noted", ANNA, None, None, "notes"),
    ("dispute.assigned", ANNA, None, None, "bob"),
    ("inbox.replay", OPERATOR, None, None, "handler mended"),
    ("submission.abandon", OPERATOR, None, None, "never sent"),
    ("finding.status", ANNA, "open", "accepted", "a test of theirs"),
    ("bank_transfer.status", ANNA, "submitted", "pending_approval", ""),
    ("bank_transfer.status", BOB, "pending_approval", "rejected", "nothing came"),
)
_CHANGES = {"payee.owes", "payout_hold.changed", "payee.scheduled", "dispute.assigned", "inbox.replay", "submission.abandon"}
"""What is no move between statuses and yet has something that it was before."""


@pytest.mark.requirement("AUDIT-1", "AUDIT-2")
def test_each_of_them_is_audited(desk: Desk) -> None:
    account(desk)
    for play in (refunds, debts, payouts, machinery):
        play(desk)
    names = ("action", "actor", "reason", "before", "after", "inbox_id", "object_type", "object_id", "at")
    rows = [dict(zip(names, row, strict=True)) for row in desk.rows(f"SELECT {', '.join(names)} FROM bursar.audit ORDER BY id")]
    missing = [wanted for wanted in EXPECTED if not any(_is(row, *wanted) for row in rows)]
    seen = [(row["action"], row["actor"], (row["before"] or {}).get("status"), (row["after"] or {}).get("status")) for row in rows]
    assert missing == [], "\n".join(map(str, [*missing, *seen]))
    for row in rows:
        assert row["actor"], row
        assert row["reason"], row
        assert row["object_id"], row
        assert row["action"] == "submission.abandon" or row["inbox_id"] is not None, row
        if row["action"] in _CHANGES:
            assert row["before"], row


@pytest.mark.requirement("AUDIT-1")
def test_a_move_and_its_entry_are_one_transaction(desk: Desk) -> None:
    desk.charged(1)
    desk.refund(1)
    written = """SELECT r.xmin::text = a.xmin::text FROM bursar.refund_request r JOIN bursar.audit a ON a.object_id = r.id::text"""
    assert desk.rows(written) == [(True,)]


def _is(row: dict[str, Any], action: str, actor: str, before: str | None, after: str | None, word: str) -> bool:
    was, now = (row["before"] or {}).get("status"), (row["after"] or {}).get("status")
    fits = (row["action"], row["actor"]) == (action, actor) and (after is None or now == after)
    told = json.dumps([row["reason"], row["before"], row["after"]])
    return fits and (not action.endswith((".status", ".cancel")) or was in (before.split() if before else [None])) and word in told

"""Damage done on purpose: each way is found, named and repaired by its repair; then nothing is open, and the books balance."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.maintenance.check_invariants import check
from tests.tasks.maintenance.recon.trade import Json, Trade


class Damaged:
    """Trade of which some never came, some came wrong, some nobody here asked for, and some was changed by hand."""

    def __init__(self, trade: Trade) -> None:
        self.trade, control = trade, trade.control
        control.configure(payouts="daily", accounts_ready=True)
        self.customer = customer = control.api("POST", "/v1/customers", {"email": "payer@example.com"})["id"]
        self.payee = payee = control.ready_account("DE", currency="eur")
        paid = [control.paid(10_000 + 1_000 * number, "eur", customer=customer) for number in range(10)]
        self.charges = [intent["latest_charge"] for intent in paid]
        self.never_came = {paid[0]["id"], self.charges[0]}
        self.refund = control.api("POST", "/v1/refunds", {"payment_intent": paid[1]["id"], "amount": 500})["id"]
        self.dispute = control.do("dispute", charge=self.charges[2])["id"]
        self.never_came |= {self.refund, self.dispute}
        self.unasked = [control.paid(2_500 + number, "eur") for number in range(3)]
        shared = {"customer": customer, "transfer_data": {"destination": payee}}
        self.leaks = [control.paid(4_000 + 1_000 * number, "eur", **shared)["latest_charge"] for number in range(2)]
        control.api("POST", "/v1/refunds", {"payment_intent": paid[7]["id"], "amount": 700})
        control.top_up(50_000, "eur")
        stray = {"currency": "eur", "destination": payee}
        self.strays = [control.api("POST", "/v1/transfers", {**stray, "amount": 300 + number})["id"] for number in range(3)]
        control.advance(days=5)
        self.payout = next(payout for payout in control.objects("payout") if payout["automatic"])["id"]
        trade.hear(but=self._lost_or_wrong)
        trade.pull()
        self._never_was(next(charge for charge in control.objects("charge") if charge["id"] == self.charges[9]))
        self._by_hand()

    def _lost_or_wrong(self, event: Json) -> bool:
        obj = event["data"]["object"]
        if obj["id"] == self.charges[3] and obj["object"] == "charge":
            obj["amount"] = obj["amount_captured"] = 13_001
        if obj["id"] == self.charges[4] and obj["object"] == "charge":
            obj["currency"] = "usd"
        gone = obj["id"] in self.never_came or obj.get("charge") in (self.charges[0], self.charges[2])
        return gone or (obj["id"] == self.payout and event["type"] != "payout.created")

    def _never_was(self, like: Json) -> None:
        """An event of a charge that the provider has not, which was paid for something."""
        bought = {"bursar_purpose": "course_enrolment", "enrolment": "enr-9"}
        never = {**like, "id": "ch_never", "payment_intent": None, "balance_transaction": None, "amount": 900, "amount_captured": 900}
        never |= {"metadata": bought}
        event = {"object": "event", "id": "evt_never", "type": "charge.succeeded", "created": like["created"], "data": {"object": never}}
        self.trade.deliver(event)
        self.trade.machine.settle()

    def _by_hand(self) -> None:
        with self.trade.machine.connect() as connection:
            connection.execute("UPDATE bursar.charge SET amount_minor = 1 WHERE external_id = %s", [self.charges[5]])
            connection.execute("UPDATE bursar.charge SET status = 'failed' WHERE external_id = %s", [self.charges[6]])
            connection.execute("UPDATE bursar.charge SET refunded_minor = 1 WHERE external_id = %s", [self.charges[7]])
            connection.execute("SET session_replication_role = replica")
            connection.execute("DELETE FROM bursar.journal WHERE fact = %s", [f"charge:stripe:{self.charges[8]}"])

    @property
    def expected(self) -> dict[str, dict[str, Any] | None]:
        """What must be found, by its name, and what a person decides about it; None: nobody has to."""
        charges, unasked = self.charges, [intent["latest_charge"] for intent in self.unasked]
        bought = {"customer_ref": self.customer, "purpose": "credit_package", "purpose_ref": "cp-5"}
        return {
            f"missing_here:charge:{charges[0]}": None,
            f"missing_here:refund:{self.refund}": None,
            f"refund_unbooked:refund:{self.refund}": None,
            f"dispute_unbooked:dispute:{self.dispute}": None,
            f"amount_differs:charge:{charges[3]}": None,
            f"currency_differs:charge:{charges[4]}": None,
            f"edited_row:charge:{charges[5]}": None,
            f"edited_row:charge:{charges[6]}": None,
            f"count_differs:charge:{charges[7]}": None,
            f"status_differs:payout:{self.payout}": None,
            f"payout_unexplained:payout:{self.payout}": None,
            f"journal_differs:charge:{charges[8]}": {"how": "repost"},
            "missing_there:charge:ch_never": {"how": "write_off"},
            f"unknown_charge:charge:{unasked[0]}": {"how": "adopt", **bought},
            f"unknown_charge:charge:{unasked[1]}": {"how": "adopt"},
            f"unknown_charge:charge:{unasked[2]}": {"how": "refund"},
            f"fee_leak:charge:{self.leaks[0]}": {"how": "owe"},
            f"fee_leak:charge:{self.leaks[1]}": {"how": "book"},
            f"stray_transfer:transfer:{self.strays[0]}": {"how": "reverse"},
            f"stray_transfer:transfer:{self.strays[1]}": {"how": "owe"},
            f"stray_transfer:transfer:{self.strays[2]}": {"how": "adopt"},
        }


@pytest.mark.requirement("RECON-1", "RECON-2", "RECON-3", "RECON-5", "RECON-7", "RECON-8", "RECON-9", "AUDIT-2")
def test_damage_is_found_named_and_repaired(trade: Trade) -> None:
    damaged = Damaged(trade)

    trade.recon()
    assert damaged.expected.keys() - set(trade.open()) == set()
    chosen = {reference: choice for reference, choice in damaged.expected.items() if choice}
    for reference, refused in _repaired(trade, {reference: {} for reference in chosen}).items():
        assert (refused["code"], chosen[reference]["how"] in refused["details"]["limit"]) == ("needs_decision", True), reference

    for _ in range(2):
        for reference, done in _repaired(trade, {reference: chosen.get(reference, {}) for reference in trade.open()}).items():
            assert done["code"] is None or reference not in damaged.expected, (reference, done)
        trade.hear()
        trade.pull()
        trade.recon()
    assert trade.open() == []
    assert _statuses(trade) <= {"repaired", "gone"}
    assert {reference for reference, status in _found(trade) if status != "repaired"}.isdisjoint(damaged.expected)
    _settled(trade, damaged)
    _balanced(trade)


def _repaired(trade: Trade, choices: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Ask for what mends each of them, as the app does; how that ended."""
    told = {"source": "stripe", "reason": "looked into"}
    keys = {
        reference: trade.machine.submit("billing.recon.repair.v1", {**told, "finding": reference, **choice}, actor="shop:anna")
        for reference, choice in choices.items()
    }
    trade.machine.settle()
    return {reference: trade.machine.status(key) for reference, key in keys.items()}


def _found(trade: Trade) -> list[tuple[Any, ...]]:
    return trade.machine.all("SELECT external_id, status FROM bursar.finding WHERE kind <> 'refund_not_asked'")


def _statuses(trade: Trade) -> set[str]:
    return {status for _, status in _found(trade)}


def _settled(trade: Trade, damaged: Damaged) -> None:
    """What was decided is what the rows, the books and the provider say."""
    one = trade.machine.one
    granted = "SELECT customer_ref || ' ' || purpose_ref || ' ' || status FROM bursar.fulfilment WHERE external_id = %s"
    assert one(granted, damaged.unasked[0]["id"]) == f"{damaged.customer} cp-5 granted"
    assert _account(trade, "stripe:unapplied") == -2_501
    assert one("SELECT status FROM bursar.refund_request WHERE payment_ref = %s", damaged.unasked[2]["id"]) == "completed"
    assert one("SELECT status FROM bursar.transfer WHERE external_id = %s", damaged.strays[0]) == "reversed"
    assert _account(trade, f"stripe:{damaged.payee}:receivable") == 301 + 200
    assert (_account(trade, "stripe:fee_leakage"), _account(trade, "stripe:application_fees")) == (250, -450)
    assert _account(trade, "stripe:losses") == 900
    [(gone,)] = trade.machine.all("SELECT detail->'grants' FROM bursar.finding WHERE external_id = 'missing_there:charge:ch_never'")
    assert [grant["purpose_ref"] for grant in gone] == ["enr-9"]
    acts = {
        "finding.repair", "payment.adopted", "transfer.adopted", "charge.fee_settled", "charge.written_off", "journal.reposted",
        "payee.owes",
    }  # fmt: skip
    assert {row[0] for row in trade.machine.all("SELECT DISTINCT action FROM bursar.audit")} >= acts


def _account(trade: Trade, code: str) -> int:
    """What an account stands at, on the debit side."""
    sql = """SELECT coalesce(sum(CASE WHEN debit = %s THEN amount_minor ELSE -amount_minor END), 0)::bigint
             FROM bursar.journal WHERE %s IN (debit, credit)"""
    return int(trade.machine.one(sql, code, code))


def _balanced(trade: Trade) -> None:
    """The books add up to nothing, and no invariant is broken."""
    sums = trade.machine.all(
        """SELECT currency, sum(amount) FROM (SELECT currency, amount_minor AS amount FROM bursar.journal
           UNION ALL SELECT currency, -amount_minor FROM bursar.journal) AS sides GROUP BY 1 HAVING sum(amount) <> 0"""
    )
    assert sums == []
    now = trade.machine.clock.now()
    assert check(trade.machine.context.engine, now.replace(year=2000), now) == []

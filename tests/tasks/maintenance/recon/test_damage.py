"""Damage done on purpose: each way is found, named, and repaired or decided; then nothing is open any more."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest

from billing.operations.accept_finding import accept_finding
from billing.operations.repair_finding import repair_finding
from billing.rules.commands.base import Rejected
from tasks.maintenance.recon.addresses import address
from tests.tasks.maintenance.recon.trade import BY_HAND, Json, Trade

_INVENTED = """
    INSERT INTO bursar.charge (id, source, external_id, versions, created_at, updated_at, status, amount_minor, currency,
                               provider_created_at)
    VALUES (gen_random_uuid(), 'stripe', 'ch_invented', '{"a": 1}', %(at)s, %(at)s, 'succeeded', 900, 'EUR', %(at)s)"""


class Damaged:
    """Trade of which some never came, some came wrong, some nobody here asked for, and some was changed by hand."""

    def __init__(self, trade: Trade) -> None:
        self.trade, control = trade, trade.control
        control.configure(payouts="daily", accounts_ready=True)
        customer = control.api("POST", "/v1/customers", {"email": "payer@example.com"})["id"]
        payee = control.ready_account("DE", currency="eur")
        paid = [control.paid(10_000 + 1_000 * number, "eur", customer=customer) for number in range(9)]
        self.charges = [intent["latest_charge"] for intent in paid]
        self.never_came = {paid[0]["id"], self.charges[0]}
        self.refund = control.api("POST", "/v1/refunds", {"payment_intent": paid[1]["id"], "amount": 500})["id"]
        self.dispute = control.do("dispute", charge=self.charges[2])["id"]
        self.never_came |= {self.refund, self.dispute}
        self.unasked = control.paid(2_500, "eur")["latest_charge"]
        self.leak = control.paid(4_000, "eur", customer=customer, transfer_data={"destination": payee})["latest_charge"]
        control.api("POST", "/v1/refunds", {"payment_intent": paid[7]["id"], "amount": 700})
        control.top_up(50_000, "eur")
        self.stray = control.api("POST", "/v1/transfers", {"amount": 300, "currency": "eur", "destination": payee})["id"]
        control.advance(days=5)
        self.payout = next(payout for payout in control.objects("payout") if payout["automatic"])["id"]
        trade.hear(but=self._lost_or_wrong)
        trade.pull()
        self._by_hand()

    def _lost_or_wrong(self, event: Json) -> bool:
        obj = event["data"]["object"]
        if obj["id"] == self.charges[3] and obj["object"] == "charge":
            obj["amount"] = obj["amount_captured"] = 13_001
        if obj["id"] == self.charges[4] and obj["object"] == "charge":
            obj["currency"] = "usd"
        gone = obj["id"] in self.never_came or obj.get("charge") in (self.charges[0], self.charges[2])
        return gone or (obj["id"] == self.payout and event["type"] != "payout.created")

    def _by_hand(self) -> None:
        with self.trade.machine.connect() as connection:
            connection.execute("UPDATE bursar.charge SET amount_minor = 1 WHERE external_id = %s", [self.charges[5]])
            connection.execute("UPDATE bursar.charge SET status = 'failed' WHERE external_id = %s", [self.charges[6]])
            connection.execute("UPDATE bursar.charge SET refunded_minor = 1 WHERE external_id = %s", [self.charges[7]])
            connection.execute(_INVENTED, {"at": self.trade.machine.clock.now()})

    @property
    def expected(self) -> set[str]:
        """What must be found, by its name."""
        charges = self.charges
        return {
            f"missing_here:charge:{charges[0]}",
            f"missing_here:refund:{self.refund}",
            f"refund_unbooked:refund:{self.refund}",
            f"dispute_unbooked:dispute:{self.dispute}",
            f"amount_differs:charge:{charges[3]}",
            f"currency_differs:charge:{charges[4]}",
            f"edited_row:charge:{charges[5]}",
            f"edited_row:charge:{charges[6]}",
            f"count_differs:charge:{charges[7]}",
            "missing_there:charge:ch_invented",
            f"unknown_charge:charge:{self.unasked}",
            f"fee_leak:charge:{self.leak}",
            f"stray_transfer:transfer:{self.stray}",
            f"status_differs:payout:{self.payout}",
            f"payout_unexplained:payout:{self.payout}",
        }


@pytest.mark.requirement("RECON-1", "RECON-2", "RECON-5", "RECON-7", "RECON-8", "RECON-9")
def test_damage_is_found_named_and_repair(trade: Trade) -> None:
    damaged = Damaged(trade)

    trade.recon()
    found = set(trade.open())
    assert damaged.expected - found == set()

    for _ in range(3):
        for reference in trade.open():
            _repair(trade, reference)
        trade.pull()
        trade.recon()
    # What is left only a person can decide: nothing that a provider's word could mend.
    assert {reference.split(":")[0] for reference in trade.open()} == {
        "missing_there", "unknown_charge", "fee_leak", "stray_transfer"
    }  # fmt: skip
    for reference in trade.open():
        trade.change(partial(accept_finding, source="stripe", reference=reference, reason="looked into"))
    trade.recon()
    assert trade.open() == []
    assert _statuses(trade) <= {"accepted", "repaired", "gone"}


def _repair(trade: Trade, reference: str) -> None:
    """Ask for what mends it, if anything does."""
    where = partial(address, "stripe")
    with suppress(Rejected):
        trade.change(partial(repair_finding, source="stripe", reference=reference, reason="test", address=where))


def _statuses(trade: Trade) -> set[str]:
    return {row[0] for row in trade.machine.all("SELECT status FROM bursar.finding WHERE kind <> %s", BY_HAND)}

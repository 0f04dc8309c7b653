"""An app with credits: a plan of 200 a month, a package of 500, and commands that are run at the instant at which they come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.own_row import own_row
from billing.operations.settle_invoice import settle_invoice
from billing.operations.settle_period import settle_period
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber
from models.subscription import Subscription
from tasks.payments.runs import expire_credits, reset_credits
from tests.factories.subscribers import do, price, product, subscriber
from tests.harness.machine import Machine
from workers.unit import Unit

WRONG = """
    SELECT a.external_id FROM bursar.credit_account a WHERE balance IS DISTINCT FROM (
        SELECT coalesce(sum(amount), 0) FROM bursar.credit_entry e WHERE e.subscriber_ref = a.external_id)
        OR balance IS DISTINCT FROM (SELECT coalesce(sum(remaining), 0) FROM bursar.credit_lot l WHERE l.subscriber_ref = a.external_id)
    UNION ALL
    SELECT l.external_id FROM bursar.credit_lot l WHERE l.versions <> '{}' AND remaining IS DISTINCT FROM (
        SELECT coalesce(sum(amount), 0) FROM bursar.credit_entry e WHERE e.lot_ref = l.external_id)"""
"""Accounts and lots that differ from the ledger."""


class CreditShop:
    """Alice, the plan `pro` (200 credits) and the package `credits-500`."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        do(machine.context, lambda unit: (
            subscriber(unit), product(unit), price(unit),
            product(unit, "credits-500", kind="credit_package", name="500 credits", credits=500),
            price(unit, "credits-500", 4_900, cycle_unit="once"),
        ))  # fmt: skip

    def asks(self, verb: str, **payload: Any) -> dict[str, Any]:
        """A command `billing.credits.<verb>.v1` of Alice's, unless another name or subscriber is given; what it was told."""
        name = verb if "." in verb else f"billing.credits.{verb}.v1"
        given = payload if "." in verb else {"subscriber_ref": "alice", **payload}
        key = self.machine.submit(name, given, actor="anna")
        while self.machine.work():
            pass
        assert [one for one in self.machine.failures() if not one[1].startswith("mail.send ")] == [], "there is no mail server"
        told = self.machine.status(key)
        return told | (told.get("result") or {}) | (told.get("error") or {})

    def spends(self, amount: int, reference: str | None = None, **payload: Any) -> dict[str, Any]:
        """An operation."""
        reference = reference or f"op-{self.machine.one('SELECT count(*) FROM bursar.credit_spend')}"
        return self.asks("spend", amount=amount, reference=reference, **{"site": "studio", "operation": "summary", **payload})

    def begins(self, ref: str = "sub-1", *, unit: str = "month", count: int = 1, start: datetime | None = None, **values: Any) -> None:
        """A subscription that runs; its first period is not settled yet."""

        def begin(work: Unit) -> None:
            work.row(Subscriber, OWN_SOURCE, "alice")
            row, _ = own_row(work, Subscription, OWN_SOURCE, ref)
            given = {
                "status": "active", "subscriber_ref": "alice", "product_ref": "pro", "cycle_unit": unit, "cycle_count": count,
                "anchor_at": start or work.now, "zone": "UTC", "currency": "EUR", "quantity": 1,
            } | values  # fmt: skip
            for name, value in given.items():
                setattr(row, name, value)

        do(self.machine.context, begin)

    def settles(self, start: datetime, ref: str = "sub-1", because: str = "invoice_paid") -> None:
        """The period is paid, by whatever."""

        def settle(work: Unit) -> None:
            work.row(Subscriber, OWN_SOURCE, "alice")
            settle_period(work, work.row(Subscription, OWN_SOURCE, ref), start, because)

        do(self.machine.context, settle)

    def invoices(self, ref: str = "pkg-1", **values: Any) -> None:
        """An invoice for the package."""

        def issue(work: Unit) -> Invoice:
            work.row(Subscriber, OWN_SOURCE, "alice")
            given: dict[str, Any] = {
                "reference": ref, "invoice_type": "credit_package", "subscriber_ref": "alice", "currency": "EUR",
                "billing_reason": "package", "lines": [Line(amount_minor=4_900, description="500 credits")], "due_at": work.now,
                "product_ref": "credits-500", "package_credits": 500, "expires_at": work.now + timedelta(hours=48), "collection": "manual",
            }  # fmt: skip
            return issue_invoice(work, Draft(**(given | values)))

        do(self.machine.context, issue)

    def pays(self, ref: str = "pkg-1") -> None:
        """Money came for an invoice."""

        def settle(work: Unit) -> None:
            work.row(Subscriber, OWN_SOURCE, "alice")
            settle_invoice(work, work.row(Invoice, OWN_SOURCE, ref), paid_minor=4_900, because="payment", payment_ref=f"pay-{ref}")

        do(self.machine.context, settle)

    def approves(self, reference: str, **payload: Any) -> dict[str, Any]:
        """A bank transfer is handed in, and a person approves it."""
        self.asks("billing.bank_transfers.submit.v1", reference=reference, amount_minor=4_900, currency="EUR", country="PK", **payload)
        return self.asks("billing.bank_transfers.approve.v1", reference=reference, reason="seen")

    def at(self, instant: datetime) -> None:
        """It is that time, and the runs have been by."""
        self.machine.clock.move_to(instant)
        for run in (expire_credits, reset_credits):
            told = run(self.machine.context, instant)
            assert told["failed"] == 0, self.machine.all("SELECT * FROM bursar.run_failure")

    def pools(self, ref: str = "alice") -> dict[str, int]:
        """What the app reads at this instant, by pool; pools that are empty are left out."""
        told = self.machine.one("SELECT bursar_api.credits(%s, %s)", ref, self.machine.clock.now())
        held = {pool: int(one["balance"]) for pool, one in told["pools"].items() if one["balance"]}
        assert sum(held.values()) == told["balance"]
        return held

    def ledger(self) -> list[tuple[str, int, int]]:
        """(kind, amount, balance after), oldest first."""
        return self.machine.all("SELECT kind, amount, balance_after FROM bursar.credit_entry ORDER BY subscriber_ref, seq")

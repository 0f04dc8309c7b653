"""An app with a plan of 20.00 EUR a month and subscribers, at a time that the test says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.operations.settle_invoice import settle_invoice
from billing.operations.start_subscription import start_subscription
from billing.rules.commands.subscriptions import StartSubscription
from models.base import OWN_SOURCE
from models.invoice import Invoice
from tasks.payments.runs import end_kept_prices, migrate_prices, renew_subscriptions, tell_price_changes
from tests.factories.subscribers import do, price, product, subscriber
from tests.harness.machine import Machine
from workers.unit import Unit

T0 = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
V1, V2, V3 = (f"pro:1month:EUR:v{number}" for number in (1, 2, 3))
_MAILS = """SELECT payload ->> 'mail', payload ->> 'to' FROM bursar.outbox WHERE kind = 'mail.send'
            AND payload ->> 'mail' LIKE 'price%' ORDER BY id"""


class Shop:
    """The app, and the runs that the clock would start."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        machine.clock.move_to(max(T0, machine.clock.now()))
        self.start = machine.clock.now()
        do(machine.context, lambda unit: (product(unit, "pro", name="Pro"), price(unit)))

    def asks(self, verb: str, *, actor: str | None = None, **payload: Any) -> dict[str, Any]:
        """A command of prices, at this instant; its state and what it was told."""
        key = self.machine.submit(f"billing.prices.{verb}.v1", {"reason": "test"} | payload, actor=actor)
        while self.machine.work():
            pass
        told = self.machine.status(key)
        return told | (told.get("result") or {}) | (told.get("error") or {})

    def publishes(self, minor: int, *, days: float | None, **values: Any) -> dict[str, Any]:
        """The next version, for those who are there from so many days after the start on."""
        existing = None if days is None else (self.start + timedelta(days=days)).isoformat()
        given: dict[str, Any] = {"product": "pro", "currency": "EUR", "unit_amount_minor": minor, "notice_days": 7}
        told = self.asks("publish", **(given | {"effective_for_existing_at": existing} | values))
        assert told["state"] == "succeeded", told
        return told

    def joins(self, ref: str, **values: Any) -> None:
        """A subscriber, who subscribes now and has paid."""

        def begin(unit: Unit) -> None:
            subscriber(unit, ref, **values)
            start_subscription(unit, StartSubscription(
                reference=f"sub-{ref}", subscriber_ref=ref, product="pro", currency="EUR", collection="manual"
            ))  # fmt: skip

        do(self.machine.context, begin)
        self.pays()

    def pays(self) -> None:
        """All open invoices are paid."""
        refs = [row[0] for row in self.machine.all("SELECT external_id FROM bursar.invoice WHERE status = 'pending'")]

        def settle(unit: Unit) -> None:
            for ref in refs:
                row = unit.row(Invoice, OWN_SOURCE, ref)
                settle_invoice(unit, row, paid_minor=row.total_minor or 0, because="payment")

        do(self.machine.context, settle)

    def at(self, days: float) -> None:
        """It is so many days after the start."""
        self.machine.clock.move_to(self.start + timedelta(days=days))

    def tells(self, *, mails: bool = True) -> Mapping[str, Any]:
        """The run of notices; the mail server took what it was given, unless `mails` is False."""
        told = tell_price_changes(self.machine.context, self.machine.clock.now())
        assert told["failed"] == 0, self.machine.all("SELECT * FROM bursar.run_failure")
        if mails:
            self.sent()
        return told

    def sent(self) -> None:
        """The mails went out, now."""
        with self.machine.connect() as connection:
            connection.execute(
                "UPDATE bursar.outbox SET state = 'done', done_at = %s WHERE kind = 'mail.send' AND state = 'received'",
                [self.machine.clock.now()],
            )

    def renews(self) -> None:
        """The run of renewals, and all is paid."""
        told = renew_subscriptions(self.machine.context, self.machine.clock.now())
        assert told["failed"] == 0, self.machine.all("SELECT * FROM bursar.run_failure")
        self.pays()

    def ends(self) -> Mapping[str, Any]:
        """The run of kept prices."""
        return end_kept_prices(self.machine.context, self.machine.clock.now())

    def migrates(self) -> Mapping[str, Any]:
        """The run of migrations."""
        told = migrate_prices(self.machine.context, self.machine.clock.now())
        assert told["failed"] == 0, self.machine.all("SELECT * FROM bursar.run_failure")
        return told

    def billed(self, ref: str) -> list[int]:
        """What each of a subscriber's periods cost."""
        sql = "SELECT total_minor FROM bursar.invoice WHERE subscription_ref = %s ORDER BY period_start"
        return [row[0] for row in self.machine.all(sql, f"sub-{ref}")]

    def mails(self) -> list[tuple[Any, ...]]:
        """Which mail to whom, in order."""
        return self.machine.all(_MAILS)

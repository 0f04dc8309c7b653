"""An app that sells subscriptions, on the machine in the test's process and the stand-in of Stripe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from providers.sandbox.control import Control
from tasks.payments.runs import expire_manual_renewals, renew_subscriptions
from tests.harness.machine import Machine


class Billing:
    """The app, Bursar, Stripe, and a clock that the test moves."""

    def __init__(self, machine: Machine, stripe: Control) -> None:
        self.machine, self.stripe = machine, stripe
        self.customer = ""

    def created(self, subscriber_ref: str) -> str:
        """A customer at Stripe; its id."""
        asked = {"source": "stripe", "external_ref": subscriber_ref, "email": f"{subscriber_ref}@example.com"}
        key = f"customer-{subscriber_ref}"
        self.machine.run("billing.customers.create.v1", asked, key)
        return str(self.machine.one("SELECT bursar_api.outcome(%s)", key)["object_ref"])

    def defines(self, subscriber_ref: str, **values: Any) -> dict[str, Any]:
        """A subscriber, by default one who pays by the customer's card."""
        given = {"subscriber_ref": subscriber_ref, "email": f"{subscriber_ref}@example.com", "pay_source": "stripe"}
        given |= {"pay_customer_ref": self.customer or None} | values
        return self.asks("billing.subscribers.define.v1", given)

    def asks(self, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A command; its state, and what it was told."""
        told = self.machine.run(name, payload)
        assert self.machine.failures() == []
        return told | (told.get("result") or {}) | (told.get("error") or {})

    def order(self, subscriber_ref: str, reference: str) -> dict[str, Any]:
        """The payload of a start."""
        return {"subscriber_ref": subscriber_ref, "reference": reference, "product": "pro", "currency": "EUR"}

    def starts(self, subscriber_ref: str, reference: str, **values: Any) -> dict[str, Any]:
        """A subscription."""
        told = self.asks("billing.subscriptions.start.v1", self.order(subscriber_ref, reference) | values)
        assert told["state"] == "succeeded", told
        return told

    def at(self, instant: datetime) -> None:
        """It is `instant` now."""
        self.machine.clock.move_to(instant)

    def passes(self, **time: float) -> None:
        """Time passes, and nothing happens."""
        self.machine.clock.move_to(self.machine.clock.now() + timedelta(**time))

    def renews(self) -> int:
        """The renewal run, once; how many it took over a boundary. What it asked for is then done."""
        told = renew_subscriptions(self.machine.context, self.machine.clock.now())
        assert told["failed"] == 0, self.machine.all("SELECT * FROM bursar.run_failure")
        self.machine.settle()
        return int(told["items"])

    def expires(self) -> int:
        """The run that ends what nobody paid; how many."""
        told = expire_manual_renewals(self.machine.context, self.machine.clock.now())
        assert told["failed"] == 0, self.machine.all("SELECT * FROM bursar.run_failure")
        self.machine.settle()
        return int(told["items"])

    def webhooks(self, *, twice: bool = False) -> None:
        """Stripe's events arrive."""
        for event in self.stripe.take_events():
            self.machine.deliver(event)
            if twice:
                self.machine.deliver(event | {"id": f"{event['id']}_again"})
        self.machine.settle()
        assert self.machine.failures() == []

    def charged(self) -> list[int]:
        """What Stripe has taken, amount by amount."""
        return [int(effect["amount"]) for effect in self.stripe.effects("capture")]

    def status(self, reference: str) -> str:
        """A subscription's status."""
        return str(self.machine.one("SELECT status FROM bursar.subscription WHERE external_id = %s", reference))

    def transfers(self, reference: str, *, approve: bool) -> None:
        """A bank transfer for the subscription's newest invoice is handed in, and approved at once if so wanted."""
        row = self.machine.all(
            """SELECT i.external_id, i.amount_remaining_minor FROM bursar.subscription s
               JOIN bursar.invoice i ON i.external_id = s.latest_invoice_ref WHERE s.external_id = %s""", reference
        )[0]  # fmt: skip
        told = self.asks("billing.bank_transfers.submit.v1", {
            "reference": f"T-{row[0]}", "amount_minor": row[1], "currency": "EUR", "purpose": "invoice", "purpose_ref": row[0],
            "country": "PK", "external_ref": "bob",
        })  # fmt: skip
        assert told["state"] == "succeeded", told
        if approve:
            self.decides(reference, approve=True)

    def decides(self, reference: str, *, approve: bool) -> None:
        """An operator has looked for it."""
        found = self.machine.one(
            "SELECT latest_invoice_ref FROM bursar.subscription WHERE external_id = %s", reference
        )
        verb = "approve" if approve else "reject"
        told = self.asks(f"billing.bank_transfers.{verb}.v1", {"reference": f"T-{found}", "reason": "looked"})
        assert told["state"] == "succeeded", told

"""A shop with one payment at the stand-in of Stripe, of which tests give money back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.settings import current
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer


class Counter:
    """A shop with one payment of 10.01 EUR, divided as the test wants."""

    def __init__(self, machine: Machine, sandbox: Sandbox, mail: SmtpServer) -> None:
        self.machine, self.stripe, self.mail = machine, sandbox.control, mail
        self.keys = 0
        asked = {"source": "stripe", "external_ref": "user-7", "email": "Ann@Example.com"}
        told = machine.run("billing.customers.create.v1", asked, "c")
        assert told["state"] == "succeeded", (told, machine.failures())
        self.customer = str(dict(machine.one("SELECT bursar_api.outcome(%s)", "c"))["object_ref"])
        self.payment = ""

    def pay(self, amount_minor: int = 1001, currency: str = "EUR", **more: Any) -> str:
        """Take the payment; its id."""
        payload = {
            "source": "stripe", "reference": "order:17", "amount_minor": amount_minor, "currency": currency, "customer_ref": self.customer,
            "payment_method_ref": "pm_card_visa", "purpose": "course_enrolment", "purpose_ref": "enr-3", **more,
        }  # fmt: skip
        told = self.machine.run("billing.payments.request.v1", payload, f"pay:{payload['reference']}")
        assert told["state"] == "succeeded", told
        self.webhooks()
        self.payment = self.machine.one("SELECT payment_ref FROM bursar.payment_request WHERE external_id = %s", payload["reference"])
        return self.payment

    def webhooks(self, *, backwards: bool = False, twice: bool = False) -> None:
        """Have the provider's events come, and all that follows be done."""
        events = self.stripe.take_events()
        for event in (reversed(events) if backwards else events):
            self.machine.deliver(event)
        if twice:
            for event in events:
                self.machine.deliver(event | {"id": f"{event['id']}_again"})
        self.machine.settle()
        assert self.machine.failures() == []

    def ask(self, actor: str | None = None, **more: Any) -> dict[str, Any]:
        """Ask for a refund; how the command stands."""
        self.keys += 1
        payload = {
            "source": "stripe", "key": f"r{self.keys}", "acting_for": "platform", "reason": "customer_request",
            "payment_ref": self.payment, **more,
        }  # fmt: skip
        return self.machine.run("billing.refunds.request.v1", payload, f"refund-{self.keys}", actor=actor)

    def refund(self, **more: Any) -> dict[str, Any]:
        """Ask for one that is made; what was answered."""
        told = self.ask(**more)
        assert told["state"] == "succeeded", told
        self.webhooks()
        return dict(told["result"])

    def sums(self) -> tuple[int, int, int]:
        """What went back at the provider: of refunds that stand, of the fee, of the transfer."""
        kept = [one for one in self.stripe.objects("refund") if one["status"] not in ("failed", "canceled")]
        return (
            sum(one["amount"] for one in kept),
            sum(one["amount_refunded"] for one in self.stripe.objects("application_fee")),
            sum(one["amount_reversed"] for one in self.stripe.objects("transfer")),
        )


@contextmanager
def opened(database: Database, sandbox: Sandbox, **terms: Any) -> Iterator[Counter]:
    """The shop; `terms` are settings that handlers read of their process."""
    try:
        with pytest.MonkeyPatch.context() as patch, SmtpServer() as mail:
            for name, value in terms.items():
                patch.setenv(f"BURSAR_{name.upper()}", str(value))
            current.cache_clear()
            machine = Machine(database, **sandbox.settings(), smtp_url=mail.url)
            try:
                yield Counter(machine, sandbox, mail)
            finally:
                machine.close()
    finally:
        current.cache_clear()

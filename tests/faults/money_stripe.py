"""The shop that takes and passes on its money through Stripe's stand-in."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from tests.faults.money import Shop
from tests.harness.cluster import Database
from tests.harness.processes import Processes
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

_METHODS = ("pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined")
_STOCK = 24


class StripeShop(Shop):
    """One customer, one connected account with money of its own."""

    SOURCE = "stripe"
    EFFECTS: ClassVar = {
        "capture": ("payment_request", "status = 'succeeded'"),
        "transfer": ("transfer_request", "status = 'made'"),
        "payout": ("payout_request", "status IN ('in_transit', 'paid')"),
        "refund": ("refund_request", "status = 'completed'"),
        "transfer_reversal": ("transfer_reversal_request", "status = 'made'"),
    }

    def __init__(self, database: Database, sandbox: Sandbox, smtp: SmtpServer, processes: Processes, folder: Path) -> None:
        super().__init__(database, smtp, processes, folder, sandbox.settings())
        self.sandbox = sandbox
        self.customer = str(sandbox.control.api("POST", "/v1/customers", {"email": "ada@example.com"})["id"])
        self.account = sandbox.control.ready_account()
        sandbox.control.top_up(10_000_000, "eur", account=self.account)
        self._stock: dict[bool, list[str]] = {False: [], True: []}
        self._made = 0
        self.rest()

    def take_events(self) -> list[dict[str, Any]]:
        """As `Shop` says."""
        events: list[dict[str, Any]] = self.sandbox.control.take_events()
        return events

    def effects(self, kind: str) -> Counter[str]:
        """As `Shop` says."""
        return Counter(self.sandbox.control.count(kind, by="request"))

    def check(self) -> None:
        """Each purchase is granted once, too."""
        super().check()
        paid = self.machine.one("SELECT count(*) FROM bursar.payment_request WHERE status = 'succeeded' AND purpose IS NOT NULL")
        assert self.machine.one("SELECT count(*) FROM bursar.fulfilment WHERE status = 'granted'") == paid

    def stock(self) -> None:
        """Payments that went through long ago, of which our rows know all; some are passed on."""
        if all(self._stock.values()):
            return
        for passed_on in (number % 2 == 1 for number in range(_STOCK)):
            self._made += 1
            payload = {
                "source": "stripe", "reference": f"old-{self._made}", "amount_minor": 1999, "currency": "EUR",
                "customer_ref": self.customer, "payment_method_ref": "pm_card_visa", **({"payee_ref": self.account} if passed_on else {}),
            }  # fmt: skip
            self.machine.submit("billing.payments.request.v1", payload, f"old-{self._made}")
        self.rest()
        made = self.machine.all(
            """SELECT external_id, payment_ref, payee_ref IS NOT NULL FROM bursar.payment_request
               WHERE external_id LIKE 'old-%%' ORDER BY id DESC LIMIT %s""",
            _STOCK,
        )
        for _, payment_ref, passed_on in made:
            self._stock[passed_on].append(payment_ref)

    def pay(self, reference: str, chance: random.Random, **more: str) -> None:
        """Money is taken and what was bought is granted."""
        payload = {
            "source": "stripe", "reference": reference, "amount_minor": chance.randrange(100, 100_000), "customer_ref": self.customer,
            "currency": chance.choice(("EUR", "JPY", "KWD")), "payment_method_ref": chance.choice(_METHODS),
            "purpose": "credit_package", "purpose_ref": f"pack-{reference}",
        }  # fmt: skip
        self.machine.submit("billing.payments.request.v1", payload | more, f"pay:{reference}")

    def pay_and_pass_on(self, reference: str, chance: random.Random) -> None:
        """As `pay`; its payee's share is transferred."""
        self.pay(reference, chance, payee_ref=self.account)

    def pay_out(self, reference: str, chance: random.Random) -> None:
        """Money leaves the account for its bank."""
        wanted = {"currency": "EUR", "amount_minor": chance.randrange(100, 5_000)}
        payload = {"source": "stripe", "reference": reference, "account_ref": self.account} | wanted
        self.machine.submit("billing.payouts.request.v1", payload, f"out:{reference}")

    def give_back(self, reference: str, chance: random.Random) -> None:
        """A part of an earlier payment goes back to its payer; his payee's part is taken back with it."""
        paid = self._stock[chance.choice((False, True))].pop()
        wanted = {"amount_minor": chance.randrange(100, 1_999), "reason": "customer_request", "acting_for": "platform"}
        payload = {"source": "stripe", "key": reference, "payment_ref": paid} | wanted
        self.machine.submit("billing.refunds.request.v1", payload, f"back:{reference}")

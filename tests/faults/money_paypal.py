"""The shop that takes, gives back and pays out its money through PayPal's stand-in."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from providers.paypal.shapes.declared import metadata
from providers.submission import TAG_REQUEST
from tests.faults.money import Shop
from tests.harness.cluster import Database
from tests.harness.paypal import PayPal
from tests.harness.processes import Processes
from tests.harness.smtp import SmtpServer

PAYEE = "organiser@example.com"
_STOCK = 24


class PayPalShop(Shop):
    """Orders that wait to be approved (a checkout's, a payment request's), captures that can be given back or contested, a payee who is
    owed money."""

    SOURCE = "paypal"
    EFFECTS: ClassVar = {
        "capture": ("checkout_request", "status = 'completed'"),
        "payment": ("payment_request", "status = 'succeeded'"),
        "refund": ("refund_request", "status = 'completed'"),
        "payout": ("payout_request", "status IN ('in_transit', 'paid')"),
        "evidence": ("dispute_response", "status = 'made'"),
    }

    def __init__(self, database: Database, paypal: PayPal, smtp: SmtpServer, processes: Processes, folder: Path) -> None:
        super().__init__(database, smtp, processes, folder, paypal.settings())
        self.control = paypal.control
        self._orders_open: list[str] = []
        self._payments_open: list[str] = []
        self._captures: list[str] = []
        self._disputes: list[str] = []
        self._made = 0
        self._asked = set[str]()

    def take_events(self) -> list[dict[str, Any]]:
        """As `Shop` says."""
        return self.control.take_events()

    def effects(self, kind: str) -> Counter[str]:
        """As `Shop` says. PayPal's disputes name no request, so the one that was asked for theirs is looked up."""
        if kind == "evidence":
            named = dict(self.machine.all("SELECT dispute_ref, external_id FROM bursar.dispute_response"))
            return Counter(f"dispute_response:{named[one['id']]}" for one in self.control.effects(kind))
        said = [str(one["custom"]) for one in self.control.effects("capture" if kind == "payment" else kind)]
        named = Counter(one if kind == "payout" else str(metadata(one, None)[TAG_REQUEST]) for one in said)
        if kind not in ("capture", "payment"):
            return named
        return Counter({name: often for name, often in named.items() if name.startswith(f"{self.EFFECTS[kind][0]}:")})

    def stock(self) -> None:
        """Orders that were made, and captures that went through, some of them contested; our rows know of all."""
        if self._orders_open and self._payments_open and self._captures and self._disputes:
            return
        asked = [self._start() for _ in range(_STOCK)]
        wanted = [self._request() for _ in range(_STOCK // 3)]
        self.rest()
        sql = "SELECT order_ref FROM bursar.payment_request WHERE status = 'requires_action' AND external_id = ANY(%s)"
        self._payments_open += [order for (order,) in self.machine.all(sql, wanted)]
        open_orders = dict(
            self.machine.all(
                "SELECT external_id, checkout_ref FROM bursar.checkout_request WHERE status = 'open' AND external_id = ANY(%s)", asked
            )
        )
        bought = asked[: _STOCK * 2 // 3]
        for reference in bought:
            self.control.tell("approve", order=open_orders[reference])
        self.deliver()
        self.rest()
        captures = [
            ref for (ref,) in self.machine.all("SELECT payment_ref FROM bursar.checkout_request WHERE external_id = ANY(%s)", bought)
        ]
        contested = captures[: len(captures) // 2]
        self._disputes += [self.control.tell("dispute", transaction=capture, amount_minor=100)["dispute_id"] for capture in contested]
        self.deliver()
        self.rest()
        self._captures += captures[len(contested) :]
        self._orders_open += [open_orders[reference] for reference in asked if reference not in bought]

    def approve_all(self) -> None:
        """The payers of all orders that still wait agree; none is captured twice for that."""
        waiting = self.machine.all("SELECT checkout_ref FROM bursar.checkout_request WHERE status = 'open'")
        waiting += self.machine.all("SELECT order_ref FROM bursar.payment_request WHERE status = 'requires_action'")
        for (order,) in waiting:
            self.control.tell("approve", order=order)

    def start(self, reference: str, chance: random.Random) -> None:
        """An order is made, of which the payer will hear."""
        self._start(reference, amount_minor=chance.randrange(1_000, 100_000))

    def pay(self, reference: str, chance: random.Random) -> None:  # noqa: ARG002 - as the other actions
        """The payer agrees to an order, and it is captured."""
        self.control.tell("approve", order=self._orders_open.pop())
        self.deliver()

    def ask(self, reference: str, chance: random.Random) -> None:
        """Money is asked for by the command that takes it; an order is made, of which the payer will hear."""
        self._request(reference, amount_minor=chance.randrange(1_000, 100_000))

    def agree(self, reference: str, chance: random.Random) -> None:  # noqa: ARG002 - as the other actions
        """The payer agrees to what he was asked for, and it is captured."""
        self.control.tell("approve", order=self._payments_open.pop())
        self.deliver()

    def pay_out(self, reference: str, chance: random.Random) -> None:
        """The payee gets some of what he is owed."""
        wanted = {"currency": "EUR", "amount_minor": chance.randrange(100, 500)}
        payload = {"source": "paypal", "reference": reference, "account_ref": PAYEE} | wanted
        self.machine.submit("billing.payouts.request.v1", payload, f"out:{reference}")

    def give_back(self, reference: str, chance: random.Random) -> None:
        """A part of an earlier capture goes back to its payer."""
        wanted = {"amount_minor": chance.randrange(100, 1_999), "reason": "customer_request", "acting_for": "platform"}
        payload = {"source": "paypal", "key": reference, "payment_ref": self._captures.pop()} | wanted
        self.machine.submit("billing.refunds.request.v1", payload, f"back:{reference}", actor="user:7")

    def contest(self, reference: str, chance: random.Random) -> None:
        """A contested capture is answered with evidence."""
        evidence = {"uncategorized_text": f"delivered {chance.randrange(1, 100)} times"}
        payload = {"source": "paypal", "dispute_ref": self._disputes.pop(), "reference": reference, "evidence": evidence}
        self.machine.submit("billing.disputes.submit_evidence.v1", payload, f"say:{reference}")

    def _start(self, reference: str = "", amount_minor: int = 12_100) -> str:
        self._made += 1
        reference = reference or f"old-{self._made}"
        payload = {
            "source": "paypal", "reference": reference, "purpose": "credit_package", "purpose_ref": f"pack-{reference}",
            "amount_minor": amount_minor, "currency": "EUR", "description": "ten lessons", "success_url": "https://app.example/ok",
            "cancel_url": "https://app.example/no", "payee_ref": PAYEE,
        }  # fmt: skip
        self.machine.submit("billing.checkout.start.v1", payload, f"start:{reference}")
        return reference

    def _request(self, reference: str = "", amount_minor: int = 9_900) -> str:
        self._made += 1
        reference = reference or f"ask-{self._made}"
        payload = {
            "source": "paypal", "reference": reference, "purpose": "credit_package", "purpose_ref": f"pack-{reference}",
            "amount_minor": amount_minor, "currency": "EUR", "description": "ten lessons", "return_url": "https://app.example/back",
        }  # fmt: skip
        self.machine.submit("billing.payments.request.v1", payload, f"ask:{reference}")
        return reference

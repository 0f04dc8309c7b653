"""Bursar's real machine and the stand-in of PayPal on one clock: commands in, events delivered, replies lost on request."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from providers.paypal.operations import OPERATIONS
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.paypal import PayPal

START = "billing.checkout.start.v1"


class Market:
    """`machine` and `paypal`; what PayPal tells reaches the machine with `deliver`."""

    def __init__(self, database: Database, paypal: PayPal) -> None:
        self.machine = Machine(database, **paypal.settings())
        self.paypal, self.control = paypal, paypal.control
        paypal.standin.world.clock = self.machine.clock
        self._random = random.Random(3)
        self.told: list[dict[str, Any]] = []

    def deliver(self, *, copies: int = 1, shuffle: bool = False) -> None:
        """All that PayPal has told since, and all that follows from it, until there is nothing more to tell."""
        while events := self.control.take_events():
            self.told += events
            waiting = events * copies
            if shuffle:
                self._random.shuffle(waiting)
            for event in waiting:
                self.machine.deliver(event, "paypal")
            self.machine.settle()

    def settle(self, **options: Any) -> None:
        """Both at rest."""
        self.machine.settle(timedelta(days=20))
        self.deliver(**options)

    def checkout(self, reference: str = "C-1", **changes: Any) -> dict[str, Any]:
        """A started checkout; how it stands."""
        wanted = {
            "source": "paypal", "reference": reference, "purpose": "credit_package", "purpose_ref": "cp-77", "amount_minor": 12100,
            "currency": "EUR", "description": "ten lessons", "success_url": "https://app.example/ok", "cancel_url": "https://app.example/no",
        }  # fmt: skip
        told = self.machine.run(START, wanted | changes)
        assert told["state"] == "succeeded", told
        self.settle()
        return self.row("checkout_request", reference)

    def row(self, table: str, external_id: str) -> dict[str, Any]:
        """A row by its external id."""
        found: dict[str, Any] = self.machine.one(f"SELECT to_jsonb(t) FROM bursar.{table} t WHERE external_id = %s", external_id)
        return found

    def forget_keys(self, patch: pytest.MonkeyPatch, operation: str) -> None:
        """From here on PayPal keeps ids for 100 s, and we know it: the third step of the ladder is past that."""
        config = self.paypal.standin.world.config
        config.orders_life_s = config.payments_life_s = config.v1_life_s = 100
        patch.setitem(OPERATIONS, operation, replace(OPERATIONS[operation], key_life_s=90.0))

    def submissions(self) -> list[tuple[Any, ...]]:
        """(operation, state, outcome, generation), in the order in which they were reserved."""
        return self.machine.all("SELECT operation, state, outcome, generation FROM bursar.submission ORDER BY id")

    def effects(self, kind: str) -> list[tuple[int, str]]:
        """(amount, currency) of what PayPal really did."""
        return [(one["amount"], one["currency"]) for one in self.control.effects(kind)]

    def bought(self, reference: str = "C-1", **changes: Any) -> str:
        """A checkout that was paid; the capture's id."""
        self.control.tell("approve", order=self.checkout(reference, **changes)["checkout_ref"])
        self.settle()
        return str(self.row("checkout_request", reference)["payment_ref"])

"""What a test or a person does to the stand-in (`/_sandbox/...`): payers approve, buyers dispute, time passes, replies get lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from providers.sandbox.http.exchange import Reply, Request, json_reply
from providers.sandbox.http.faults import Faults
from providers.sandbox.http.turns import configure, turn_clock
from providers.sandbox.paypal import captures, disputes, orders, payouts, sales, subscriptions
from providers.sandbox.paypal.deliveries import Deliveries
from providers.sandbox.paypal.problems import Json, Problem
from providers.sandbox.paypal.world import World, amount_of, text

PREFIX = "/_sandbox/"
Order = Callable[[Json], Any]


class Control:
    """The orders by name; each takes and gives JSON."""

    def __init__(self, world: World, faults: Faults, deliveries: Deliveries) -> None:
        self.world, self.faults, self.deliveries = world, faults, deliveries
        self._taken = 0
        self._orders: dict[str, Order] = {
            "approve": lambda told: orders.approve(world, told.pop("order"), **told),
            "reverse_approval": lambda told: orders.reverse_approval(world, told["order"]),
            "settle_capture": lambda told: captures.settle(world, told["capture"], told["status"]),
            "refund_at_paypal": self._refund_at_paypal,
            "next_refund": lambda told: world.hidden.__setitem__("next_refund", {"status": told["status"]}),
            "settle_refund": lambda told: captures.settle_refund(world, told["refund"], told["status"]),
            "sale": lambda told: sales.make_sale(world, told.pop("amount_minor"), told.pop("currency"), **told),
            "subscription": lambda told: subscriptions.make(world, **told),
            "payout_item": lambda told: payouts.become(world, told["item"], told["status"]),
            "dispute": self._dispute,
            "escalate": lambda told: disputes.escalate(world, told["dispute"], told.get("stage", "CHARGEBACK")),
            "resolve": lambda told: disputes.resolve(world, told["dispute"], told["outcome"]),
            "clock": self._clock,
            "config": self._config,
            "fault": lambda told: asdict(faults.add(told)),
            "faults": lambda told: faults.clear() if told.get("clear") else faults.shown(),
            "expire_tokens": lambda told: world.tokens.clear(),  # noqa: ARG005 - an order like the others
            "deliveries": lambda told: deliveries.aim(told) if told else deliveries.shown(),
            "effects": lambda told: list(world.effects),  # noqa: ARG005
            "calls": lambda told: list(world.calls),  # noqa: ARG005
            "take_events": self._take_events,
            "object": lambda told: world.find(told["kind"], told["id"]),
            "objects": lambda told: list(world.table(told["kind"]).values()),
        }

    def __call__(self, request: Request) -> Reply:
        """One order. Refusals are 400 with a message."""
        name = request.path.removeprefix(PREFIX)
        if name == "deliver":  # it waits for the receiver, so it holds nothing
            return json_reply(200, self.deliveries.flush())
        order = self._orders.get(name)
        if order is None:
            return json_reply(404, {"message": f"no such order; there are {', '.join(sorted(self._orders))}, deliver"})
        try:
            with self.world.lock:
                self.world.now_key = None
                found = order(json.loads(request.body or b"{}"))
                return json_reply(200, {"result": found})
        except Problem as problem:
            return json_reply(400, {"message": str(problem), "error": problem.error})
        except (KeyError, TypeError, ValueError) as error:
            return json_reply(400, {"message": f"{name}: {error!r}"})

    def _refund_at_paypal(self, told: Json) -> Json:
        capture = self.world.find("capture", told["capture"])
        amount = told.get("amount_minor")
        body = {} if amount is None else {"amount": amount_of(amount, capture["amount"]["currency_code"])}
        return captures.give_back(self.world, capture, body, at_paypal=True)

    def _dispute(self, told: Json) -> Json:
        return disputes.open_dispute(
            self.world, told["transaction"], told.get("amount_minor"),
            told.get("reason", "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"), told.get("stage", "CHARGEBACK"),
        )  # fmt: skip

    def _clock(self, told: Json) -> Json:
        """`advance_s`, `at` (stands still there) or `run`."""
        turn_clock(self.world, told)
        payouts.age(self.world)
        return {"now": text(self.world.now())}

    def _config(self, told: Json) -> Json:
        return configure(self.world.config, told)

    def _take_events(self, told: Json) -> list[Json]:  # noqa: ARG002 - an order like the others
        """Events since this was asked last, oldest first."""
        found = list(self.world.table("event").values())[self._taken :]
        self._taken += len(found)
        return found

"""What customers want in the course of a year, as the app's commands: other plans, more seats, an end, their money back."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cli.simulate.people import BAD_CARDS, Customer, at_hour, definition
from providers.sandbox.stripe import disputes
from providers.sandbox.stripe.problems import Problem

if TYPE_CHECKING:
    from cli.simulate.play import Play

Act = Callable[[], None]
_PAYMENT = """SELECT p.external_id, p.charge_ref FROM (
                  SELECT r.payment_ref AS external_id, c.external_id AS charge_ref, r.requested_at FROM bursar.payment_request r
                  JOIN bursar.charge c ON c.source = r.source AND c.payment_ref = r.payment_ref AND c.status = 'succeeded'
                  WHERE r.source = 'stripe' AND r.subscriber_ref = %s AND r.status = 'succeeded') AS p
              ORDER BY p.requested_at DESC, p.charge_ref LIMIT 1"""
_STATUS = "SELECT status, product_ref, quantity FROM bursar.subscription WHERE source = 'bursar' AND external_id = %s"


class Plans:
    """What is going to be done, in order; `acts` counts by month what was done."""

    def __init__(self, play: Play, until: datetime) -> None:
        self._play, self._until = play, until
        self._waiting: list[tuple[datetime, int, Act]] = []
        self._number = 0
        self._then: list[Act] = []
        self.acts: Counter[tuple[str, str]] = Counter()

    def next_due(self) -> datetime | None:
        """When somebody acts next."""
        return self._waiting[0][0] if self._waiting else None

    def act(self) -> None:
        """All that is due now, in the order in which it was planned."""
        while self._waiting and self._waiting[0][0] <= self._play.now:
            heapq.heappop(self._waiting)[2]()
        if self._then:
            # What is wanted only once the first is done, for all of this instant together: units of many are quicker.
            self._play.settle()
            then, self._then = self._then, []
            for act in then:
                act()

    def _plan(self, at: datetime, act: Act) -> None:
        if at < self._until:
            self._number += 1
            heapq.heappush(self._waiting, (at, self._number, act))

    def _did(self, what: str) -> None:
        self.acts[self._play.now.strftime("%Y-%m"), what] += 1


class Wishes(Plans):
    """One method per wish of `people.WISHES`."""

    def wish(self, one: Customer, name: str) -> Act:
        """To be planned."""
        return lambda: getattr(self, f"_{name}")(one)

    def _begin(self, one: Customer) -> None:
        raise NotImplementedError

    def _change(self, one: Customer, what: str, **values: object) -> None:
        if one.subscriptions:
            self._did(what)
            payload = {"reference": one.subscription, "subscriber_ref": one.ref, **values}
            self._play.submit("billing.subscriptions.change.v1", payload)

    def _upgrade(self, one: Customer) -> None:
        if one.product == "basic":
            one.product = "pro"
            self._change(one, "upgrades", when="now", product="pro")

    def _downgrade(self, one: Customer) -> None:
        if one.product == "pro" and one.cycle != ("month", 3):
            one.product = "basic"
            self._change(one, "downgrades", when="period_end", product="basic")

    def _seats(self, one: Customer) -> None:
        if one.product == "team":
            one.seats = max(1, one.seats + one.chance.randint(-3, 5))
            self._change(one, "seats changes", when="now", quantity=one.seats)

    def _cancel(self, one: Customer) -> None:
        if not one.subscriptions:
            return
        self._did("cancellations")
        payload = {"reference": one.subscription, "subscriber_ref": one.ref}
        self._play.submit("billing.subscriptions.cancel.v1", {**payload, "when": "period_end"})
        if one.chance.random() < 0.4:
            self._plan(at_hour(self._play.now + timedelta(days=one.chance.randint(1, 5)), one.chance), lambda: self._reactivate(one))
        elif one.chance.random() < 0.2:
            self._plan(at_hour(self._play.now + timedelta(days=one.chance.randint(40, 90)), one.chance), lambda: self._come_back(one))

    def _reactivate(self, one: Customer) -> None:
        self._did("reactivations")
        self._play.submit("billing.subscriptions.reactivate.v1", {"reference": one.subscription, "subscriber_ref": one.ref})

    def _come_back(self, one: Customer) -> None:
        found = self._play.all(_STATUS, one.subscription)
        if found and found[0][0] in ("cancelled", "expired"):
            self._begin(one)

    def _leave_now(self, one: Customer) -> None:
        if one.subscriptions:
            self._did("cancellations")
            payload = {"reference": one.subscription, "subscriber_ref": one.ref, "when": "now", "credit_unused": True}
            self._play.submit("billing.subscriptions.cancel.v1", payload)

    def _pause(self, one: Customer) -> None:
        if one.subscriptions:
            self._did("pauses")
            payload = {"reference": one.subscription, "subscriber_ref": one.ref}
            self._play.submit("billing.subscriptions.pause.v1", payload)
            later = at_hour(self._play.now + timedelta(days=one.chance.randint(5, 50)), one.chance)
            self._plan(later, lambda: self._resume(payload))

    def _resume(self, payload: dict[str, str]) -> None:
        self._play.submit("billing.subscriptions.resume.v1", payload)
        self._did("resumptions")

    def _card_fails(self, one: Customer) -> None:
        """From now on his charges are declined, until he gives another card."""
        if one.pays == "card" and one.subscriptions:
            one.card = one.chance.choice(BAD_CARDS)
            self._play.submit("billing.subscribers.define.v1", definition(one))

    def _package(self, one: Customer) -> None:
        if one.pays != "manual" and one.subscriptions:
            self._did("packages")
            self._play.submit("billing.credits.buy.v1", {
                "subscriber_ref": one.ref, "reference": f"{one.ref}-p{one.next('package')}", "product": "credits-500", "currency": "EUR",
                "collect": True,
            })  # fmt: skip

    def _spend(self, one: Customer) -> None:
        if one.subscriptions:
            self._did("credit spends")
            self._play.submit("billing.credits.spend.v1", {
                "subscriber_ref": one.ref, "reference": f"{one.ref}-o{one.next('spend')}", "amount": one.chance.randint(1, 60),
                "site": "studio", "operation": "summary",
            })  # fmt: skip

    def _refund(self, one: Customer) -> None:
        for payment, _ in self._play.all(_PAYMENT, one.ref):
            self._did("refunds asked")
            self._play.submit("billing.refunds.request.v1", {
                "source": "stripe", "key": f"{one.ref}-r{one.next('refund')}", "acting_for": "platform", "reason": "customer_request",
                "payment_ref": payment,
            })  # fmt: skip

    def _dispute(self, one: Customer) -> None:
        world, found = self._play.api.world, self._play.all(_PAYMENT, one.ref)
        if not found:
            return
        try:
            made = disputes.begin(world, world.get("charge", found[0][1]), None, reason="fraudulent")
        except Problem:
            return  # refunded, or disputed before
        self._did("disputes")
        how = one.chance.choice(("won", "lost", "lost"))
        self._plan(self._play.now + timedelta(days=6), lambda: disputes.end(world, made, None, how))

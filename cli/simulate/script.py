"""Who does what and when: customers' wishes as commands, and what people do about what they see: new cards, transfers, approvals."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cli.simulate import catalogue
from cli.simulate.people import BAD_CARDS, GOOD_CARDS, Customer, at_hour, customers, definition, order, wishes
from providers.sandbox.stripe import disputes
from providers.sandbox.stripe.problems import Problem

if TYPE_CHECKING:
    from cli.simulate.play import Play

Act = Callable[[], None]
_LATE = timedelta(hours=1)
_PAYMENT = """SELECT p.external_id, p.charge_ref FROM (
                  SELECT r.payment_ref AS external_id, c.external_id AS charge_ref, r.requested_at FROM bursar.payment_request r
                  JOIN bursar.charge c ON c.source = r.source AND c.payment_ref = r.payment_ref AND c.status = 'succeeded'
                  WHERE r.source = 'stripe' AND r.subscriber_ref = %s AND r.status = 'succeeded') AS p
              ORDER BY p.requested_at DESC, p.charge_ref LIMIT 1"""
_STATUS = "SELECT status, product_ref, quantity FROM bursar.subscription WHERE source = 'bursar' AND external_id = %s"
_UNPAID = """SELECT i.external_id, i.amount_remaining_minor, i.subscriber_ref, coalesce(i.attempt_count, 0), r.external_id
             FROM bursar.invoice i LEFT JOIN bursar.payment_request r ON r.source = 'stripe' AND r.external_id = 'inv:' || i.external_id
             WHERE i.source = 'bursar' AND i.status = 'pending' AND i.amount_remaining_minor > 0 AND i.confirmation_since IS NULL
               AND (r.id IS NULL OR r.status = 'failed') ORDER BY i.external_id"""


class Script:
    """What is going to be done, in order; `acts` counts it by month."""

    def __init__(self, play: Play, count: int, begins: datetime, days: int, seed: int) -> None:
        self._play, self._until = play, begins + timedelta(days=days)
        self._chance = random.Random(f"{seed}:people")  # noqa: S311  # chance for a play
        self._waiting: list[tuple[datetime, int, Act]] = []
        self._number = 0
        self._seen: set[str] = set()
        self.acts: Counter[tuple[str, str]] = Counter()
        self.people = {one.ref: one for one in customers(count, begins, days, seed)}
        for one in self.people.values():
            self._plan(one.arrives, self._arrival(one))
            for at, wish in wishes(one, self._until):
                self._plan(at, self._wish(one, wish))

    def next_due(self) -> datetime | None:
        """When somebody acts next."""
        return self._waiting[0][0] if self._waiting else None

    def act(self) -> None:
        """All that is due now, in the order in which it was planned."""
        while self._waiting and self._waiting[0][0] <= self._play.now:
            heapq.heappop(self._waiting)[2]()

    def _plan(self, at: datetime, act: Act) -> None:
        if at < self._until:
            self._number += 1
            heapq.heappush(self._waiting, (at, self._number, act))

    def _did(self, what: str) -> None:
        self.acts[self._play.now.strftime("%Y-%m"), what] += 1

    def _wish(self, one: Customer, name: str) -> Act:
        return lambda: getattr(self, f"_{name}")(one)

    # Arrival

    def _arrival(self, one: Customer) -> Act:
        return lambda: self._arrive(one)

    def _arrive(self, one: Customer) -> None:
        self._did("arrivals")
        if one.pays == "manual":
            self._begin(one)
            return
        asked = {"source": "stripe", "external_ref": one.ref, "email": f"{one.ref}@example.com"}
        self._play.submit("billing.customers.create.v1", asked, f"{one.ref}-customer")
        self._plan(self._play.now + _LATE, lambda: self._known(one))

    def _known(self, one: Customer) -> None:
        found = self._play.all("SELECT bursar_api.outcome(%s)", f"{one.ref}-customer")
        one.stripe_ref = (found[0][0] or {}).get("object_ref") if found else None
        if one.stripe_ref is None:  # its reply was lost: the machine is finding out
            self._plan(self._play.now + _LATE, lambda: self._known(one))
        else:
            self._begin(one)

    def _begin(self, one: Customer) -> None:
        self._play.submit("billing.subscribers.define.v1", definition(one))
        one.subscriptions += 1
        payload = order(one)
        if one.promo and one.subscriptions == 1:
            amount = catalogue.PRICES[one.product, *one.cycle] * one.seats
            payload["promo_ref"] = f"{one.ref}-promo"
            self._play.submit("billing.promo_codes.reserve.v1", {
                "code": catalogue.CODE, "reference": payload["promo_ref"], "subscriber_ref": one.ref, "currency": "EUR",
                "unit_amounts_minor": [amount],
            })  # fmt: skip
        self._play.settle()  # first who he is, then what he wants
        self._play.submit("billing.subscriptions.start.v1", payload)
        self._did("starts")

    # Wishes

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

    # What people see each morning

    def look_around(self) -> None:
        """Customers whose invoice is open give another card or a transfer, soon, later or never."""
        for invoice, amount, subscriber, attempts, request in self._play.all(_UNPAID):
            one = self.people.get(subscriber)
            if one is None or f"{invoice}:{attempts}" in self._seen:
                continue
            self._seen.add(f"{invoice}:{attempts}")
            days, pays = self._chance.choice((0, 1, 1, 2, 3, 5, 8)), self._chance.random()
            at = at_hour(self._play.now + timedelta(days=days + 1), self._chance)
            if one.pays == "manual" and pays < 0.85:
                self._plan(at, self._transfer(invoice, amount, subscriber))
            elif one.pays != "manual" and pays < 0.7 and request is not None:
                self._plan(at, self._new_card(one, request, attempts))

    def _transfer(self, invoice: str, amount: int, subscriber: str) -> Act:
        def hand_in() -> None:
            self._did("transfers")
            reference = f"T-{invoice}"
            self._play.submit("billing.bank_transfers.submit.v1", {
                "reference": reference, "amount_minor": amount, "currency": "EUR", "purpose": "invoice", "purpose_ref": invoice,
                "country": "PK", "external_ref": subscriber,
            })  # fmt: skip
            verb = "approve" if self._chance.random() < 0.95 else "reject"
            decision = {"reference": reference, "reason": "looked at the account"}
            later = at_hour(self._play.now + timedelta(days=1), self._chance)
            self._plan(later, lambda: self._decide(verb, decision))

        return hand_in

    def _decide(self, verb: str, decision: dict[str, str]) -> None:
        self._play.submit(f"billing.bank_transfers.{verb}.v1", decision)

    def _new_card(self, one: Customer, request: str, attempts: int) -> Act:
        def give() -> None:
            self._did("new cards")
            one.card = "pm_sepa_debit" if one.pays == "debit" else one.chance.choice(GOOD_CARDS)
            self._play.submit("billing.subscribers.define.v1", definition(one))
            self._play.settle()
            self._play.submit("billing.payments.retry.v1", {
                "source": "stripe", "reference": request, "attempt": attempts + 1, "payment_method_ref": one.card,
            })  # fmt: skip

        return give

"""Who comes when, and what people do about what they see each morning: new cards, transfers, PayPal, approvals."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from cli.simulate import catalogue
from cli.simulate.actors import paypal, usage
from cli.simulate.actors.arrivals import arrive
from cli.simulate.actors.table import Actor, wishes
from cli.simulate.buyers import bill_to
from cli.simulate.people import DEBIT, GOOD_CARDS, Customer, at_hour, customers, definition
from cli.simulate.stage import Act, Stage

if TYPE_CHECKING:
    from cli.simulate.play import Play

_REPORT_AT = time(20)
_UNPAID = """SELECT i.external_id, i.amount_remaining_minor, i.subscriber_ref, coalesce(i.attempt_count, 0), r.external_id
             FROM bursar.invoice i LEFT JOIN bursar.payment_request r ON r.source = 'stripe' AND r.external_id = 'inv:' || i.external_id
             WHERE i.source = 'bursar' AND i.status = 'pending' AND i.amount_remaining_minor > 0 AND i.confirmation_since IS NULL
               AND (r.id IS NULL OR r.status = 'failed') ORDER BY i.external_id"""


class Script(Stage):
    """All customers and all that they will want, from the first day on."""

    def __init__(self, play: Play, count: int, begins: datetime, days: int, seed: int) -> None:
        super().__init__(play, begins + timedelta(days=days), seed)
        self._seen: set[str] = set()
        catalogue.plan_rises(self, begins)
        self.people = {one.ref: one for one in customers(count, begins, days, seed)}
        for one in self.people.values():
            self.plan(one.arrives, self._arrival(one))
            for at, actor in wishes(one, self.until):
                self.plan(at, self._wish(one, actor))

    def bill_to(self, seed: int) -> None:
        """Everybody says to whom his papers are made out."""
        for one in self.people.values():
            one.bill_to = bill_to(one.ref, seed)

    def only(self, *people: Customer) -> None:
        """Nobody else comes, and they wish for nothing."""
        self.clear()
        self.people = {one.ref: one for one in people}
        for one in people:
            self.plan(one.arrives, self._arrival(one))

    def _arrival(self, one: Customer) -> Act:
        return lambda: arrive(self, one)

    def _wish(self, one: Customer, actor: Actor) -> Act:
        def act() -> None:
            if actor.does(self, one):
                self.did(actor.name)

        return act

    def look_around(self) -> None:
        """Customers whose invoice is open give another card, a transfer, or go to PayPal: soon, later or never."""
        if self.measured:
            self.plan(datetime.combine(self.now, _REPORT_AT, self.now.tzinfo), lambda: usage.report(self))
        for invoice, amount, subscriber, attempts, request in self.play.all(_UNPAID):
            one = self.people.get(subscriber)
            if one is None or f"{invoice}:{attempts}" in self._seen:
                continue
            self._seen.add(f"{invoice}:{attempts}")
            days, pays = self.chance.choice((0, 1, 1, 2, 3, 5, 8)), self.chance.random()
            at = at_hour(self.now + timedelta(days=days + 1), self.chance)
            if one.pays == "paypal" and pays < 0.9:
                self.plan(at, self._paypal(one, invoice))
            elif one.pays == "manual" and pays < 0.85:
                self.plan(at, self._transfer(invoice, amount, subscriber))
            elif one.pays not in ("manual", "paypal") and pays < 0.7 and request is not None:
                self.plan(at, self._new_card(one, request, attempts))

    def _paypal(self, one: Customer, invoice: str) -> Act:
        return lambda: paypal.pay(self, one, invoice)

    def _transfer(self, invoice: str, amount: int, subscriber: str) -> Act:
        def hand_in() -> None:
            self.did("transfers")
            reference = f"T-{invoice}"
            self.say(
                "bank_transfers.submit", reference=reference, amount_minor=amount, currency=catalogue.CURRENCY, purpose="invoice",
                purpose_ref=invoice, country="PK", external_ref=subscriber,
            )  # fmt: skip
            verb, short = self.chance.choices(("approve", "reject"), (19, 1))[0], self.chance.random() < 0.05
            # Now and then less arrives than was owed, and the invoice stays open for the rest.
            came = {"amount_minor": amount - 100} if short and verb == "approve" and amount > 100 else {}
            later = at_hour(self.now + timedelta(days=1), self.chance)
            self.plan(later, lambda: self._decide(verb, reference, came))

        return hand_in

    def _decide(self, verb: str, reference: str, came: dict[str, int]) -> None:
        self.did("transfers approved" if verb == "approve" else "transfers rejected")
        self.say(f"bank_transfers.{verb}", reference=reference, reason="looked at the account", **came)

    def _new_card(self, one: Customer, request: str, attempts: int) -> Act:
        def give() -> None:
            self.did("new cards")
            one.card = DEBIT if one.pays == "debit" else one.chance.choice(GOOD_CARDS)
            self.say("subscribers.define", **definition(one))
            self.then(lambda: self._retry(request, attempts, one.card))

        return give

    def _retry(self, request: str, attempts: int, card: str | None) -> None:
        self.say("payments.retry", source="stripe", reference=request, attempt=attempts + 1, payment_method_ref=card)

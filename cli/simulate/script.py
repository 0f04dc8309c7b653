"""Who comes when, and what people do about what they see each morning: new cards, transfers, approvals."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli.simulate import catalogue
from cli.simulate.people import GOOD_CARDS, Customer, at_hour, customers, definition, order, wishes
from cli.simulate.wishes import Act, Wishes

if TYPE_CHECKING:
    from cli.simulate.play import Play

_LATE = timedelta(hours=1)
_UNPAID = """SELECT i.external_id, i.amount_remaining_minor, i.subscriber_ref, coalesce(i.attempt_count, 0), r.external_id
             FROM bursar.invoice i LEFT JOIN bursar.payment_request r ON r.source = 'stripe' AND r.external_id = 'inv:' || i.external_id
             WHERE i.source = 'bursar' AND i.status = 'pending' AND i.amount_remaining_minor > 0 AND i.confirmation_since IS NULL
               AND (r.id IS NULL OR r.status = 'failed') ORDER BY i.external_id"""


class Script(Wishes):
    """All customers and all that they will want, from the first day on."""

    def __init__(self, play: Play, count: int, begins: datetime, days: int, seed: int) -> None:
        super().__init__(play, begins + timedelta(days=days))
        self._chance = random.Random(f"{seed}:people")  # noqa: S311  # chance for a play
        self._seen: set[str] = set()
        self.people = {one.ref: one for one in customers(count, begins, days, seed)}
        for one in self.people.values():
            self._plan(one.arrives, self._arrival(one))
            for at, name in wishes(one, self._until):
                self._plan(at, self.wish(one, name))

    def only(self, *people: Customer) -> None:
        """Nobody else comes, and they wish for nothing."""
        self._waiting.clear()
        self.people = {one.ref: one for one in people}
        for one in people:
            self._plan(one.arrives, self._arrival(one))

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
        self._then.append(lambda: self._start(payload))

    def _start(self, payload: dict[str, Any]) -> None:
        self._did("starts")
        self._play.submit("billing.subscriptions.start.v1", payload)

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
            again = {"source": "stripe", "reference": request, "attempt": attempts + 1, "payment_method_ref": one.card}
            self._then.append(lambda: self._retry(again))

        return give

    def _retry(self, payload: dict[str, Any]) -> None:
        self._play.submit("billing.payments.retry.v1", payload)

"""The customers: who they are, by chance of their own seed, and what they do by themselves in the course of a year."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

GOOD_CARDS = ("pm_card_visa", "pm_card_mastercard")
BAD_CARDS = (
    "pm_card_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedExpiredCard", "pm_card_chargeDeclined",
    "pm_card_chargeDeclinedLostCard", "pm_card_authenticationRequired",
)  # fmt: skip
_ZONES = ("UTC", "Europe/Berlin", "Europe/Berlin", "America/New_York", "Asia/Karachi", "Australia/Sydney", "America/Sao_Paulo")
_HOURS = (8, 12, 16, 20)
"""People act at these hours, UTC: so many instants a day are enough for a play, and a shop's day has no more."""
_MONTH_DAYS = 30.4
WISHES: tuple[tuple[str, float], ...] = (
    ("upgrade", 0.02), ("downgrade", 0.015), ("seats", 0.03), ("cancel", 0.02), ("card_fails", 0.05), ("refund", 0.012),
    ("dispute", 0.004), ("pause", 0.004), ("package", 0.02), ("spend", 0.08), ("leave_now", 0.003),
)  # fmt: skip
"""What a customer does by himself, with the mean number of times a month."""


@dataclass(slots=True)
class Customer:
    """One of them. `chance` is his own: what others do changes nothing of him."""

    ref: str
    chance: random.Random
    arrives: datetime
    zone: str
    pays: str
    """`card`, `debit` or `manual`."""
    product: str
    cycle: tuple[str, int]
    seats: int
    anchor_day: int | None
    promo: bool
    card: str
    subscriptions: int = 0
    stripe_ref: str | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def subscription(self) -> str:
        """The reference of his newest one."""
        return f"{self.ref}-s{self.subscriptions}"

    def next(self, what: str) -> int:
        """1, 2, 3 ..., for references."""
        self.counts[what] = self.counts.get(what, 0) + 1
        return self.counts[what]


def customers(count: int, begins: datetime, days: int, seed: int) -> list[Customer]:
    """All who will come: most within the first weeks, the others over the time."""
    return [_customer(number, begins, days, seed) for number in range(1, count + 1)]


def _customer(number: int, begins: datetime, days: int, seed: int) -> Customer:
    chance = random.Random(f"{seed}:customer:{number}")  # noqa: S311  # chance for a play
    early = chance.random() < 0.8
    day = chance.randrange(min(days, 28)) if early else chance.randrange(max(1, days * 3 // 4))
    pays = chance.choices(("card", "debit", "manual"), (78, 7, 15))[0]
    product = chance.choices(("basic", "pro", "team", "free"), (40, 40, 14, 6))[0]
    cycles: tuple[tuple[str, int], ...] = (("month", 1), ("year", 1), *((("month", 3),) if product == "pro" else ()))
    cycle = chance.choices(cycles, (85, 10, 5)[: len(cycles)])[0] if product != "free" else ("month", 1)
    return Customer(
        ref=f"c{number:06}", chance=chance, arrives=at_hour(begins + timedelta(days=day), chance), zone=chance.choice(_ZONES), pays=pays,
        product=product, cycle=cycle, seats=chance.randint(2, 30) if product == "team" else 1,
        anchor_day=chance.choice((29, 30, 31)) if chance.random() < 0.1 else None,
        promo=chance.random() < 0.1 and product != "free",
        card="pm_sepa_debit" if pays == "debit" else chance.choice(GOOD_CARDS),
    )  # fmt: skip


def wishes(customer: Customer, until: datetime) -> Iterator[tuple[datetime, str]]:
    """What he will want after he came, in order of time."""
    at, rate = customer.arrives, sum(share for _, share in WISHES)
    names, weights = [name for name, _ in WISHES], [share for _, share in WISHES]
    while True:
        at += timedelta(days=customer.chance.expovariate(rate / _MONTH_DAYS))
        if at >= until:
            return
        when = at_hour(at, customer.chance)
        yield max(when, customer.arrives + timedelta(hours=4)), customer.chance.choices(names, weights)[0]


def at_hour(day: datetime, chance: random.Random) -> datetime:
    """That day, at one of the hours at which people act."""
    return day.replace(hour=chance.choice(_HOURS), minute=0, second=0, microsecond=0)


def order(customer: Customer) -> dict[str, Any]:
    """The payload of his start."""
    payload: dict[str, Any] = {
        "reference": customer.subscription, "subscriber_ref": customer.ref, "product": customer.product, "currency": "EUR",
        "cycle_unit": customer.cycle[0], "cycle_count": customer.cycle[1], "quantity": customer.seats,
        "collection": "manual" if customer.pays == "manual" else "automatic",
    }  # fmt: skip
    if customer.anchor_day and not customer.promo:
        payload["anchor_day"] = customer.anchor_day
    return payload


def definition(customer: Customer) -> dict[str, Any]:
    """The payload that says who he is."""
    said: dict[str, Any] = {"subscriber_ref": customer.ref, "email": f"{customer.ref}@example.com", "zone": customer.zone}
    if customer.pays == "manual":
        return said | {"pay_source": "manual"}
    return said | {"pay_source": "stripe", "pay_customer_ref": customer.stripe_ref, "payment_method_ref": customer.card}

"""The customers: who they are and how they pay, by chance of their own seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

GOOD_CARDS = ("pm_card_visa", "pm_card_mastercard")
BAD_CARDS = (
    "pm_card_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedExpiredCard", "pm_card_chargeDeclined",
    "pm_card_chargeDeclinedLostCard", "pm_card_authenticationRequired",
)  # fmt: skip
DEBIT = "pm_sepa_debit"
PAYS = {"card": 62, "debit": 6, "manual": 12, "paypal": 10, "stripe": 10}
"""How they pay, in percent: a stored card or debit that we charge, bank transfers, PayPal invoice by invoice, or Stripe bills them."""
_ZONES = ("UTC", "Europe/Berlin", "Europe/Berlin", "America/New_York", "Asia/Karachi", "Australia/Sydney", "America/Sao_Paulo")
_HOURS = (8, 12, 16, 20)
"""People act at these hours, UTC: so many instants a day are enough for a play, and a shop's day has no more."""
CODES = ("WELCOME20", "WELCOME20", "FIVE", "TWOFORONE", "NEVERWAS")
TRIAL_SHARE, PROMO_SHARE = 0.15, 0.12


@dataclass(slots=True)
class Customer:
    """One of them. `chance` is his own: what others do changes nothing of him."""

    ref: str
    chance: random.Random
    arrives: datetime
    zone: str
    pays: str
    """One of `PAYS`."""
    product: str
    cycle: tuple[str, int]
    seats: int
    anchor_day: int | None
    promo: str | None
    """The code that he types in at his first order."""
    card: str | None
    """None: he has stored no method yet."""
    organisation: bool = False
    """His seats are counted from members, who come and go."""
    trial: bool = False
    """He begins with a trial."""
    subscriptions: int = 0
    stripe_ref: str | None = None
    provider_subscription: str | None = None
    """What Stripe bills him for, if it does."""
    bill_to: dict[str, Any] | None = None
    """To whom his papers are made out, in a play that has papers."""
    members: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def subscription(self) -> str:
        """The reference of his newest one."""
        return f"{self.ref}-s{self.subscriptions}"

    @property
    def ours(self) -> dict[str, str]:
        """What commands about his subscription name."""
        return {"reference": self.subscription, "subscriber_ref": self.ref}

    @property
    def begun(self) -> bool:
        """Whether he has ordered something that we bill."""
        return self.subscriptions > 0

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
    pays = chance.choices(tuple(PAYS), tuple(PAYS.values()))[0]
    product = chance.choices(("basic", "pro", "team", "free"), (40, 38, 16, 6))[0] if pays != "stripe" else "pro"
    cycles: tuple[tuple[str, int], ...] = (("month", 1), ("year", 1), *((("month", 3),) if product == "pro" else ()))
    cycle = chance.choices(cycles, (85, 10, 5)[: len(cycles)])[0] if product != "free" and pays != "stripe" else ("month", 1)
    trial = product == "pro" and pays in ("card", "debit") and chance.random() < TRIAL_SHARE * 3
    card = {"debit": DEBIT, "card": chance.choice(GOOD_CARDS)}.get(pays)
    return Customer(
        ref=f"c{number:06}", chance=chance, arrives=at_hour(begins + timedelta(days=day), chance), zone=chance.choice(_ZONES), pays=pays,
        product=product, cycle=cycle, seats=chance.randint(2, 30) if product == "team" else 1,
        anchor_day=chance.choice((29, 30, 31)) if chance.random() < 0.1 else None,
        promo=chance.choice(CODES) if chance.random() < PROMO_SHARE and product != "free" and not trial else None,
        card=card if not trial or chance.random() < 0.5 else None,
        organisation=product == "team" and chance.random() < 0.6, trial=trial,
    )  # fmt: skip


def at_hour(day: datetime, chance: random.Random) -> datetime:
    """That day, at one of the hours at which people act."""
    return day.replace(hour=chance.choice(_HOURS), minute=0, second=0, microsecond=0)


def order(customer: Customer) -> dict[str, Any]:
    """The payload of his start."""
    payload: dict[str, Any] = {
        **customer.ours, "product": customer.product, "currency": "EUR", "cycle_unit": customer.cycle[0],
        "cycle_count": customer.cycle[1], "quantity": customer.seats,
    }  # fmt: skip
    if customer.trial and customer.subscriptions == 1:
        return payload
    payload["collection"] = "automatic" if customer.pays in ("card", "debit") else "manual"
    if customer.anchor_day and not customer.promo:
        payload["anchor_day"] = customer.anchor_day
    return payload


def definition(customer: Customer) -> dict[str, Any]:
    """The payload that says who he is."""
    said: dict[str, Any] = {"subscriber_ref": customer.ref, "email": f"{customer.ref}@example.com", "zone": customer.zone}
    if customer.pays in ("manual", "paypal"):
        return said | {"pay_source": "manual"}
    if customer.pays == "stripe":
        return said
    return said | {"pay_source": "stripe", "pay_customer_ref": customer.stripe_ref, "payment_method_ref": customer.card}

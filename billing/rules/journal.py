"""Journal entries as transfers: each leg takes an amount from one account to another, so it cannot but balance (promise 5).

Providers tell facts in any order and cumulatively, while what is booked stays. So a fact's legs are the difference between
what its row says now and what was booked of it before: any order of telling adds up to the same books.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Key = tuple[str, str, str]
"""(debit, credit, currency)"""


@dataclass(frozen=True, slots=True)
class Leg:
    """One transfer of value, `amount_minor` > 0 in minor units of `currency`, between two accounts of that currency."""

    debit: str
    credit: str
    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what cannot be a transfer."""
        if self.amount_minor <= 0:
            raise ValueError(f"a journal leg moves a positive amount, not {self.amount_minor} {self.currency}")
        if self.debit == self.credit:
            raise ValueError(f"a journal leg moves from one account to another, not from {self.debit} to itself")


@dataclass(frozen=True, slots=True)
class Posting:
    """Legs of one fact. (fact, kind, number of the leg) is booked once, ever.

    `fact` is `<aggregate>:<source>:<external id>`, the thing that moved the money, never the event that told of it.
    `first_leg` goes on where what was booked of the kind before ended. `at`: when it happened, if not at the unit's time.
    """

    fact: str
    kind: str
    legs: tuple[Leg, ...]
    first_leg: int = 0
    at: datetime | None = None


def moved(debit: str, credit: str, amount_minor: int, currency: str) -> tuple[Leg, ...]:
    """The leg for a signed amount: none for nothing, the other way round for less than nothing."""
    if amount_minor == 0:
        return ()
    if amount_minor < 0:
        return (Leg(credit, debit, -amount_minor, currency),)
    return (Leg(debit, credit, amount_minor, currency),)


def undone(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The legs that take these back."""
    return tuple(Leg(leg.credit, leg.debit, leg.amount_minor, leg.currency) for leg in legs)


def sums(legs: Iterable[Leg]) -> dict[Key, int]:
    """Signed sums by pair of accounts and currency; a leg and the leg that takes it back are nothing."""
    total: dict[Key, int] = {}
    for leg in legs:
        turned = leg.debit > leg.credit
        key = (leg.credit, leg.debit, leg.currency) if turned else (leg.debit, leg.credit, leg.currency)
        total[key] = total.get(key, 0) + (-leg.amount_minor if turned else leg.amount_minor)
    return {key: amount for key, amount in total.items() if amount}


def difference(wanted: Sequence[Leg], booked: Sequence[Leg]) -> tuple[Leg, ...]:
    """The legs that lead from what is booked to what is wanted."""
    there, here = sums(wanted), sums(booked)
    return tuple(
        leg
        for key in sorted(there.keys() | here.keys())
        for leg in moved(key[0], key[1], there.get(key, 0) - here.get(key, 0), key[2])
    )


def effect(legs: Iterable[Leg]) -> dict[tuple[str, str], int]:
    """What the legs do to each (account, currency): debits less credits. The values of a currency add up to zero."""
    total: dict[tuple[str, str], int] = {}
    for leg in legs:
        for account, amount in ((leg.debit, leg.amount_minor), (leg.credit, -leg.amount_minor)):
            total[account, leg.currency] = total.get((account, leg.currency), 0) + amount
    return {key: amount for key, amount in total.items() if amount}


def booked_legs(booked: Mapping[str, Any] | None, kind: str) -> tuple[Leg, ...]:
    """What a row's `booked` says of one kind."""
    held = (booked or {}).get(kind)
    return () if held is None else tuple(Leg(*leg) for leg in held["legs"])


def next_leg(booked: Mapping[str, Any] | None, kind: str) -> int:
    """The number of the kind's next leg."""
    held = (booked or {}).get(kind)
    return 0 if held is None else int(held["count"])


def with_booked(booked: Mapping[str, Any] | None, kind: str, legs: Sequence[Leg]) -> dict[str, Any]:
    """A row's new `booked` after these legs: by kind, how many were written and what they come to."""
    count = next_leg(booked, kind) + len(legs)
    total = sums([*booked_legs(booked, kind), *legs])
    come_to = [leg for key in sorted(total) for leg in moved(key[0], key[1], total[key], key[2])]
    lines = [[leg.debit, leg.credit, leg.amount_minor, leg.currency] for leg in come_to]
    return {**(booked or {}), kind: {"count": count, "legs": lines}}

"""All that customers do by themselves, and how often: to add an actor is to add a line, and a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.simulate.actors import billed_by_stripe, money, plans, seats, spending, usage
from cli.simulate.people import Customer, at_hour
from cli.simulate.stage import Stage

_MONTH_DAYS = 30.4
_AFTER = timedelta(hours=4)
"""Nobody wants anything before what he came for is done."""


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is its column in the calendar."""

    name: str
    a_month: float
    """How often a customer does it in a month, on average."""
    does: Callable[[Stage, Customer], bool]
    """Its docstring says what; false: he is not one who could, and it does not count."""


ACTORS: tuple[Actor, ...] = (
    Actor("upgrades", 0.02, plans.upgrade),
    Actor("downgrades", 0.015, plans.downgrade),
    Actor("other cycles", 0.008, plans.other_cycle),
    Actor("cancellations", 0.02, plans.cancel),
    Actor("departures", 0.003, plans.leave_now),
    Actor("pauses", 0.004, plans.pause),
    Actor("gone free", 0.003, plans.go_free),
    Actor("cards fail", 0.05, money.card_fails),
    Actor("refunds asked", 0.012, money.refund),
    Actor("disputes", 0.004, money.dispute),
    Actor("packages", 0.02, spending.package),
    Actor("credit spends", 0.08, spending.spend),
    Actor("seats by hand", 0.1, seats.by_hand),
    Actor("joins", 0.25, seats.join),
    Actor("leaves", 0.15, seats.leave),
    Actor("other roles", 0.06, seats.other_role),
    Actor("invitations", 0.1, seats.invite),
    Actor("closures", 0.004, seats.close),
    Actor("measurements", 0.15, usage.use),
    Actor("Stripe cards fail", 0.05, billed_by_stripe.card_fails),
    Actor("Stripe ends", 0.03, billed_by_stripe.cancel),
)


def wishes(customer: Customer, until: datetime) -> Iterator[tuple[datetime, Actor]]:
    """What he will want after he came, in order of time."""
    at, rate = customer.arrives, sum(actor.a_month for actor in ACTORS)
    weights = [actor.a_month for actor in ACTORS]
    while True:
        at += timedelta(days=customer.chance.expovariate(rate / _MONTH_DAYS))
        if at >= until:
            return
        when = at_hour(at, customer.chance)
        yield max(when, customer.arrives + _AFTER), customer.chance.choices(ACTORS, weights)[0]

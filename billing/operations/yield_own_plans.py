"""Whoever gets a seat that an organisation pays for need not pay for a plan of his own (SEAT-6).

It ends with its period, so that what he paid is his to the end, and credits stay; if he gives the seat up before, it goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from billing.operations.ask_once import ask_once
from billing.operations.cancel_at_provider import ASKABLE, ask_provider, ends_at_provider
from billing.operations.cancel_subscription import ENDED
from billing.operations.end_with_period import endable, plan_end, take_back
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.membership import Membership
from models.subscription import Subscription

_OWN_PLANS = """SELECT s.subscriber_ref, s.source, s.external_id FROM bursar.subscription s
                LEFT JOIN bursar.product p ON p.source = 'bursar' AND p.external_id = s.product_ref
                WHERE s.subscriber_ref = ANY (%(users)s) AND s.status IN ('active', 'past_due', 'trialing') AND p.free IS NOT TRUE
                ORDER BY s.source, s.external_id"""
_OTHER_SEATS = "SELECT external_id FROM bursar.membership WHERE user_ref = %(user)s AND seat AND external_id <> %(own)s"
_BECAUSE = "an organisation pays for a seat"


def yield_own_plans(unit: UnitOfWork, row: Membership) -> None:
    """Called for a locked membership that has just got its seat; the user's subscriber is locked, too."""
    user = row.user_ref or ""
    keys = own_plans(unit, [user])[user]
    unit.load((Subscription.NAME, *key) for key in keys)
    plans = [own for own in (unit.row(Subscription, *key) for key in keys) if own.status not in ENDED]
    ending = [f"{own.source} {own.external_id}" for own in plans if _set(unit, own, ends=True)]
    if plans:
        row.own_plans, row.own_plans_at = ending, unit.now
        kept = [f"{own.source} {own.external_id}" for own in plans]
        after = {"membership": row.external_id, "own_plans": kept, "ending": ending}
        unit.audit("membership.own_plan_conflict", Membership.NAME, row.id, before=None, after=after)


def own_plans(unit: UnitOfWork, user_refs: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """What these users, whose subscribers are locked, pay for themselves; one query at most."""

    def ask(new: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
        for one in unit.committed(_OWN_PLANS, {"users": new}):
            yield one["subscriber_ref"], (one["source"], one["external_id"])

    return ask_once(unit, "own plans", user_refs, ask)


def restore_own_plans(unit: UnitOfWork, row: Membership) -> None:
    """Called for a locked membership that has just lost its seat: what has not ended goes on, unless he has another seat."""
    named, row.own_plans, row.own_plans_at = list(row.own_plans or ()), None, None
    if not named:
        return
    heir = _heir(unit, row)
    if heir is not None:
        heir.own_plans = sorted({*(heir.own_plans or ()), *named})
        heir.own_plans_at = heir.own_plans_at or unit.now
        return
    back = [name for name in named if _set(unit, unit.row(Subscription, *name.split(" ", 1)), ends=False)]
    after = {"membership": row.external_id, "going_on": back, "ended": sorted(set(named) - set(back))}
    unit.audit("membership.own_plan_restored", Membership.NAME, row.id, before={"ending": named}, after=after)


def _heir(unit: UnitOfWork, row: Membership) -> Membership | None:
    """Another membership of the same user that has a seat."""
    names = {one["external_id"] for one in unit.committed(_OTHER_SEATS, {"user": row.user_ref, "own": row.external_id})}
    names |= {one.external_id for one in unit.known if isinstance(one, Membership) and one.user_ref == row.user_ref}
    seated = [unit.row(Membership, OWN_SOURCE, name) for name in sorted(names - {row.external_id})]
    return next((one for one in seated if one.seat), None)


def _set(unit: UnitOfWork, own: Subscription, *, ends: bool) -> bool:
    """Whether it now ends with its period, or goes on."""
    if own.source == OWN_SOURCE or endable(own):
        return plan_end(unit, own, _BECAUSE) if ends else take_back(unit, own, f"no longer: {_BECAUSE}")
    if own.source not in ASKABLE or own.status in ENDED or ends_at_provider(unit, own) == ends:
        return False
    return ask_provider(unit, own, "cancel_at_period_end" if ends else "keep", _BECAUSE) is not None

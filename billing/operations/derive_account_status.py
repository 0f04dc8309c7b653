"""Brings accounts' statuses up to date with their subscriptions, whoever bills these (SUB-9); once per unit, for all concerned."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.catalogue import products_of
from billing.operations.move_status import move_status
from billing.operations.unit import UnitOfWork
from billing.rules.account_status import Held, account_status
from billing.rules.states_subscribers import SUBSCRIBER
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from models.subscription import Subscription

_THEIRS = "SELECT source, external_id FROM bursar.subscription WHERE subscriber_ref = ANY (%(refs)s)"


def derive_later(unit: UnitOfWork, subscriber_ref: str | None) -> None:
    """Something of this subscriber's subscriptions changed; nobody's, if None."""
    if subscriber_ref:
        unit.later(_derive, subscriber_ref)


def _derive(unit: UnitOfWork, refs: Sequence[str]) -> None:
    known = {row.external_id: row for row in unit.known if isinstance(row, Subscriber)}
    theirs = unit.committed(_THEIRS, {"refs": list(refs)})
    unit.load([(Subscriber.NAME, OWN_SOURCE, ref) for ref in refs if ref not in known])
    unit.load([(Subscription.NAME, row["source"], row["external_id"]) for row in theirs])
    held: dict[str, list[Subscription]] = {ref: [] for ref in refs}
    for row in unit.known:
        if isinstance(row, Subscription) and row.subscriber_ref in held:
            held[row.subscriber_ref].append(row)
    plans = products_of(unit, {row.product_ref for rows in held.values() for row in rows if row.product_ref})
    free = {ref for ref, plan in plans.items() if plan.free and plan.kind == "plan"}
    for ref in refs:
        unit.again(ref)
        _set(unit, unit.row(Subscriber, OWN_SOURCE, ref), held[ref], free)


def _counts_as(unit: UnitOfWork, row: Subscription) -> str | None:
    """Its status; ended early at its provider, it runs while the paid period does."""
    return "active" if row.access_until and row.access_until > unit.now and row.status == "cancelled" else row.status


def _set(unit: UnitOfWork, subscriber: Subscriber, held: Sequence[Subscription], free: set[str]) -> None:
    if subscriber.incomplete:
        return
    began = [row.trial_start_at for row in held if row.trial_start_at is not None]
    if began and subscriber.trial_used_at is None:
        subscriber.trial_used_at = min(began)  # a provider's trial is one, too (TRIAL-7)
    status = account_status(
        [Held(_counts_as(unit, row), row.product_ref in free) for row in held],
        suspended=subscriber.suspended_at is not None,
        had_trial=subscriber.trial_used_at is not None,
    )
    announce_entitlements(unit, subscriber.external_id)
    if subscriber.status != status:
        before, subscriber.status = subscriber.status, status
        about = {"subscriptions": sorted(f"{row.external_id}: {row.status}" for row in held)}
        move_status(unit, subscriber, SUBSCRIBER, before, status, about)

"""Sets what a subscription's next period costs, for a page of renewals at once (PRICE-6): the rule is `price_precedence`.

What is read belongs to subscribers whom the unit has locked, so that nobody changes it meanwhile; published versions never change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

import structlog

from billing.operations.ask_once import ask_once
from billing.operations.move_request import move_request
from billing.operations.open_period import affordable
from billing.operations.unit import UnitOfWork
from billing.rules.instants import iso
from billing.rules.price_in_force import PriceVersion
from billing.rules.price_precedence import Assigned, NextPrice, next_price
from billing.rules.states_prices import PRICE_MOVE
from models.base import OWN_SOURCE
from models.price_migration import PriceMove
from models.subscription import Subscription

log = structlog.get_logger(__name__)

_ASSIGNED = """SELECT subscriber_ref, product_ref, cycle_unit, cycle_count, currency, kind, price_ref, unit_amount_minor, locked_at,
                      expires_at, warned_at
               FROM bursar.price_assignment WHERE subscriber_ref = ANY (%(subscribers)s) AND status = 'active'"""
# The mail's own row knows first that it went out; the notice keeps it for when that row is gone. A mail that was settled without being
# sent (its address gets none) has told nobody.
_NOTICED = """SELECT n.subscriber_ref, n.price_ref, coalesce(n.delivered_at, o.done_at) AS at
              FROM bursar.price_notice n LEFT JOIN bursar.outbox o ON o.kind = 'mail.send' AND o.key = n.mail_key AND o.state = 'done'
                   AND coalesce(o.result ->> 'not_sent', 'sent') = 'sent'
              WHERE n.subscriber_ref = ANY (%(subscribers)s) AND coalesce(n.delivered_at, o.done_at) IS NOT NULL"""
_PLANNED = """SELECT external_id, subscription_ref, to_price_ref FROM bursar.price_move
              WHERE subscription_ref = ANY (%(subscriptions)s) AND subscription_source = 'bursar' AND status = 'planned'
              ORDER BY external_id"""
_OWN = frozenset({"kind", "price_ref", "unit_amount_minor", "locked_at", "expires_at", "warned_at"})
_Key = tuple[str | None, str | None, str | None, int | None, str | None]


@dataclass(slots=True)
class PriceTerms:
    """What decides about the prices of some subscriptions."""

    versions: list[PriceVersion]
    assigned: Mapping[_Key, list[Assigned]]
    noticed: Mapping[str, dict[str, datetime]] = field(default_factory=dict)
    planned: Mapping[str, dict[str, str]] = field(default_factory=dict)
    """Subscription -> move -> version."""

    def next_price(self, row: Subscription, at: datetime) -> NextPrice:
        """Of the period of `row` that begins at `at`."""
        return next_price(
            at, price_ref=row.price_ref, unit_amount_minor=row.unit_price_minor or 0,
            versions=[one for one in self.versions if one.product_ref == row.product_ref],
            assigned=self.assigned.get(_key(row), ()), noticed=self.noticed.get(row.subscriber_ref or "", {}),
            declared=frozenset(self.planned.get(row.external_id, {}).values()),
        )  # fmt: skip


def price_terms(unit: UnitOfWork, rows: Sequence[Subscription], versions: Sequence[PriceVersion]) -> PriceTerms:
    """Read what decides about these subscriptions' prices, set by set. `versions`: all of their products."""
    subscribers = sorted({row.subscriber_ref for row in rows if row.subscriber_ref})
    assigned: dict[_Key, list[Assigned]] = defaultdict(list)
    for one in chain.from_iterable(assignments(unit, subscribers).values()):
        key = (one["subscriber_ref"], one["product_ref"], one["cycle_unit"], one["cycle_count"], one["currency"])
        assigned[key].append(Assigned(**{name: one[name] for name in _OWN}))
    terms = PriceTerms(list(versions), assigned)
    if not _newer(rows, versions):
        return terms
    noticed: dict[str, dict[str, datetime]] = defaultdict(dict)
    for one in unit.committed(_NOTICED, {"subscribers": subscribers}):
        noticed[one["subscriber_ref"]][one["price_ref"]] = one["at"]
    planned: dict[str, dict[str, str]] = defaultdict(dict)
    for one in unit.committed(_PLANNED, {"subscriptions": sorted(row.external_id for row in rows)}):
        planned[one["subscription_ref"]][one["external_id"]] = one["to_price_ref"]
    terms.noticed, terms.planned = noticed, planned
    return terms


def own_price(unit: UnitOfWork, subscriber_ref: str, found: PriceVersion) -> NextPrice:
    """What somebody pays who begins now with `found`: that, or the price of his own."""
    about = {"product_ref": found.product_ref, "cycle_unit": found.cycle_unit, "cycle_count": found.cycle_count, "currency": found.currency}
    assigned = [
        Assigned(**{name: value for name, value in one.items() if name in _OWN})
        for one in assignments(unit, [subscriber_ref])[subscriber_ref]
        if about.items() <= one.items()
    ]
    return next_price(
        unit.now, price_ref=found.reference, unit_amount_minor=found.unit_amount_minor, versions=[found], assigned=assigned
    )


def assignments(unit: UnitOfWork, subscriber_refs: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The prices of their own that these locked subscribers have; one query at most."""

    def ask(new: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        for one in unit.committed(_ASSIGNED, {"subscribers": new}):
            yield one["subscriber_ref"], one

    return ask_once(unit, "price assignments", subscriber_refs, ask)


def price_next_period(unit: UnitOfWork, row: Subscription, terms: PriceTerms, at: datetime) -> None:
    """Lock the price of the period that begins at `at` into a locked subscription; audited if it is another one (PRICE-8)."""
    found = terms.next_price(row, at)
    before = {"price": row.price_ref, "unit_price_minor": row.unit_price_minor}
    after = {"price": found.price_ref, "unit_price_minor": found.unit_amount_minor}
    if before == after or (row.price_ref is None and not found.unit_amount_minor and not row.unit_price_minor):
        return
    if not affordable(found.unit_amount_minor, row.quantity or 1):
        log.error(
            "price_out_of_bounds", subscription=row.external_id, price=found.price_ref, effect="the subscription keeps its price",
            next_step="reduce its seats by command, or give it a price by `billing.prices.override.v1`",
        )  # fmt: skip
        return
    row.price_ref, row.unit_price_minor = found.price_ref, found.unit_amount_minor
    after |= {"external_id": row.external_id, "because": found.because, "at": iso(at)}
    unit.audit("subscription.repriced", Subscription.NAME, row.id, before=before, after=after)
    order = {one.reference: one.version for one in terms.versions}
    for move, version in terms.planned.get(row.external_id, {}).items():
        if order.get(found.price_ref or "", 0) >= order.get(version, 0):
            _moved(unit, move)


def _moved(unit: UnitOfWork, reference: str) -> None:
    move = unit.row(PriceMove, OWN_SOURCE, reference)
    if move.status == "planned":
        move.moved_at = unit.now
        move_request(unit, move, PRICE_MOVE, "moved", migration=move.migration_ref, subscription=move.subscription_ref)


def _newer(rows: Sequence[Subscription], versions: Sequence[PriceVersion]) -> bool:
    """Whether any of them could get another version at all."""
    newest: dict[tuple[str, str, int, str], int] = defaultdict(int)
    own = {}
    for one in versions:
        key = (one.product_ref, one.cycle_unit, one.cycle_count, one.currency)
        newest[key], own[one.reference] = max(newest[key], one.version), (key, one.version)
    held = [own[row.price_ref] for row in rows if row.price_ref in own]
    return any(newest[key] > version for key, version in held)


def _key(row: Subscription) -> _Key:
    return row.subscriber_ref, row.product_ref, row.cycle_unit, row.cycle_count, row.currency

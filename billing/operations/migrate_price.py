"""Moves the subscribers of a version to a later one: asked for, stopped, resumed, and worked page by page (PRICE-4, PRICE-9).

A page writes a row per subscription with what came of it. What has such a row is not looked at again, so that a run that is killed
goes on where it was, and ends with the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, LiteralString

from billing.operations.assign_price import published
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.price_next_period import price_terms
from billing.operations.tell_price_change import tell_price_change
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.prices import MigratePrice, MigrationStands
from billing.rules.price_in_force import PriceVersion
from billing.rules.states_prices import PRICE_MIGRATION, PRICE_MOVE
from models.base import OWN_SOURCE
from models.price_migration import PriceMigration, PriceMove
from models.subscription import Subscription

_TOLD = frozenset({"planned", "awaiting_approval"})
UNLINKED = "no price of Stripe's is linked to it"
"""Why a move waits for `prices.link`; `tasks/payments/provider_prices.py` looks for these words."""
_LINKED = "SELECT 1 AS found FROM bursar.price_link WHERE provider = 'stripe' AND price_ref = %(price)s"
OWN_ONES: LiteralString = "s.source = 'bursar' AND s.price_ref = %(from_price)s AND s.status NOT IN ('cancelled', 'expired')"
"""Subscriptions that we bill at that version."""

PROVIDERS_ONES: LiteralString = """s.source <> 'bursar' AND s.status NOT IN ('cancelled', 'expired')
    AND coalesce(s.currency, v.currency) = v.currency AND coalesce(s.cycle_unit, v.cycle_unit) = v.cycle_unit
    AND coalesce(s.cycle_count, v.cycle_count) = v.cycle_count
    AND coalesce((s.items -> 0 ->> 'unit_amount_minor')::bigint, v.unit_amount_minor) = v.unit_amount_minor
    AND EXISTS (SELECT FROM bursar.product p WHERE p.source = 'bursar' AND p.external_id = v.product_ref
                AND (p.provider_refs ? s.plan_ref OR p.provider_refs ? (s.items -> 0 ->> 'price_ref')
                     OR p.provider_refs ? (s.items -> 0 ->> 'product_ref')))"""
"""Subscriptions that a provider bills for the same product, cycle, currency and amount; `v` is the version."""

_COUNT: LiteralString = f"""
    SELECT v.currency, count(*) AS subscriptions, count(*) FILTER (WHERE s.source <> 'bursar') AS provider_billed,
           sum(v.unit_amount_minor * coalesce(s.quantity, 1)) AS now_minor, sum(w.unit_amount_minor * coalesce(s.quantity, 1)) AS then_minor
    FROM bursar.price v JOIN bursar.price w ON w.source = 'bursar' AND w.external_id = %(to_price)s
    JOIN bursar.subscription s ON ({OWN_ONES}) OR ({PROVIDERS_ONES})
    JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
    WHERE v.source = 'bursar' AND v.external_id = %(from_price)s
      AND NOT EXISTS (SELECT FROM bursar.price_move m WHERE m.source = 'bursar'
                      AND m.external_id = %(reference)s || ':' || s.source || ':' || s.external_id)
    GROUP BY v.currency ORDER BY v.currency"""  # noqa: S608  # conditions of this file
_SHADOWED = """SELECT 1 AS found FROM bursar.price_migration WHERE mode = 'shadow' AND status = 'done'
               AND from_price_ref = %(from_price)s AND to_price_ref = %(to_price)s LIMIT 1"""


def count_migration(unit: UnitOfWork, reference: str, status: str, from_price: str, to_price: str) -> MigrationStands:
    """What is still to be done, and the money per currency.

    Raises:
        Rejected: `unknown_price`, `not_a_later_version`.
    """
    _versions(unit, from_price, to_price)
    found = unit.committed(_COUNT, {"reference": reference, "from_price": from_price, "to_price": to_price})

    def column(name: str) -> tuple[int, ...]:
        return tuple(int(one[name]) for one in found)

    return MigrationStands(
        reference=reference, status=status, currencies=tuple(one["currency"] for one in found), subscriptions=column("subscriptions"),
        provider_billed=column("provider_billed"), now_minor=column("now_minor"), then_minor=column("then_minor"),
    )  # fmt: skip


def migrate_price(unit: UnitOfWork, command: MigratePrice) -> PriceMigration:
    """The migration, which the run takes up; the same reference again is the same one.

    Raises:
        Rejected: see the command's REFUSALS.
    """
    row = unit.row(PriceMigration, OWN_SOURCE, command.reference)
    wanted = (command.mode, command.from_price, command.to_price)
    if not row.incomplete:
        known = (row.mode, row.from_price_ref, row.to_price_ref)
        if known != wanted:
            message = f"{command.reference} is another migration"
            raise Rejected("reference_used", message, {"current": list(known), "field": "reference"})
        return row
    bound = {"reference": command.reference, "from_price": command.from_price, "to_price": command.to_price}
    _versions(unit, command.from_price, command.to_price)
    if command.mode == "apply":
        billed = sum(int(one["provider_billed"]) for one in unit.committed(_COUNT, bound))
        if billed and not unit.committed(_SHADOWED, bound):
            message = f"providers bill {billed} of them, who have to agree; see first what would come of each"
            raise Rejected("shadow_first", message, {"current": billed})
    row, _ = own_row(unit, PriceMigration, OWN_SOURCE, command.reference)
    row.mode, row.from_price_ref, row.to_price_ref = wanted
    row.rate_per_minute, row.reason, row.actor, row.requested_at = command.rate_per_minute, command.reason, unit.actor, unit.now
    move_request(unit, row, PRICE_MIGRATION, "running", **bound, mode=command.mode, reason=command.reason)
    return row


def steer_migration(unit: UnitOfWork, reference: str, status: Literal["running", "stopped"], reason: str) -> PriceMigration:
    """Stop one, or let it go on; one that is done stays so.

    Raises:
        Rejected: `unknown_migration`.
    """
    row = unit.row(PriceMigration, OWN_SOURCE, reference)
    if row.incomplete:
        raise Rejected("unknown_migration", f"there is no migration {reference}", {"field": "reference"})
    if row.status != "done":
        move_request(unit, row, PRICE_MIGRATION, status, reason=reason)
    return row


def finish_migration(unit: UnitOfWork, reference: str, left: int) -> bool:
    """Whether a locked migration ended by this call: nothing of it is left."""
    row = unit.row(PriceMigration, OWN_SOURCE, reference)
    if row.status != "running" or left:
        return False
    row.completed_at = unit.now
    return move_request(unit, row, PRICE_MIGRATION, "done")


def work_moves(unit: UnitOfWork, migration: Mapping[str, Any], names: Mapping[str, str], refs: Iterable[tuple[str, str]]) -> None:
    """Write what comes of these locked subscriptions, as (source, reference). `names`: product -> what it is called."""
    before, after = _versions(unit, migration["from_price"], migration["to_price"])
    rows = [unit.row(Subscription, source, ref) for source, ref in refs]
    terms = price_terms(unit, [row for row in rows if row.source == OWN_SOURCE], [before, after])
    linked = bool(unit.committed(_LINKED, {"price": after.reference}))
    for row in rows:
        move, new = own_row(unit, PriceMove, OWN_SOURCE, f"{migration['reference']}:{row.source}:{row.external_id}")
        if not new:
            continue
        outcome, because = _outcome(unit, row, terms, linked=linked)
        seats = row.quantity or 1
        move.migration_ref, move.subscriber_ref, move.to_price_ref = migration["reference"], row.subscriber_ref, after.reference
        move.subscription_source, move.subscription_ref, move.currency = row.source, row.external_id, after.currency
        move.from_minor, move.to_minor = before.unit_amount_minor * seats, after.unit_amount_minor * seats
        move.outcome, move.because, move.worked_at = outcome, because, unit.now
        shadow = migration["mode"] == "shadow"
        status = "shadow" if shadow else outcome
        move_request(unit, move, PRICE_MOVE, status, outcome=outcome, migration=move.migration_ref, subscription=row.external_id)
        if not shadow and outcome in _TOLD and move.to_minor > move.from_minor:
            tell_price_change(
                unit, row, after, product=names.get(after.product_ref, after.product_ref), from_minor=move.from_minor,
                to_minor=move.to_minor, changes_at=row.next_billing_at or row.current_period_end or unit.now,
                approve=outcome == "awaiting_approval",
            )  # fmt: skip


def _outcome(unit: UnitOfWork, row: Subscription, terms: Any, *, linked: bool) -> tuple[str, str | None]:
    """What comes of one subscription, and why. `linked`: whether the version has a name at Stripe."""
    if row.cancel_at_period_end:
        return "kept", "it ends with its period"
    if row.source == "stripe":
        return ("planned", None) if linked else ("provider_change_needed", UNLINKED)
    if row.source != OWN_SOURCE:
        return "awaiting_approval", "its payer has to agree at the provider"
    held = terms.next_price(row, row.next_billing_at or unit.now)
    if held.because in ("override", "grandfather"):
        return "kept", held.because
    return "planned", None


def _versions(unit: UnitOfWork, from_price: str, to_price: str) -> tuple[PriceVersion, PriceVersion]:
    before, after = published(unit, from_price, "from_price"), published(unit, to_price, "to_price")
    same = from_price.rpartition(":")[0] == to_price.rpartition(":")[0]
    if not same or after.version <= before.version:
        raise Rejected("not_a_later_version", f"{to_price} is no later version of {from_price}", {"field": "to_price"})
    return before, after

"""Gives one subscriber a price of his own: a version that he keeps, or an amount that was agreed (PRICE-5, PRICE-6, PRICE-8)."""

from __future__ import annotations

from datetime import datetime

from billing.operations.catalogue import offers_of, prices_of
from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.price_words import instant
from billing.rules.commands.prices import GrandfatherPrice, OverridePrice
from billing.rules.instants import iso
from billing.rules.price_in_force import PriceVersion
from billing.rules.price_precedence import ends_at
from billing.rules.states_prices import PRICE_ASSIGNMENT
from models.base import OWN_SOURCE
from models.price_assignment import PriceAssignment
from models.subscriber import Subscriber


def grandfather_price(unit: UnitOfWork, command: GrandfatherPrice) -> PriceAssignment:
    """The version that stays his.

    Raises:
        Rejected: `unknown_subscriber`, `unknown_price`.
    """
    _known_subscriber(unit, command.subscriber_ref)
    version = published(unit, command.price, "price")
    about = command.price.rpartition(":")[0]
    row, new = own_row(unit, PriceAssignment, OWN_SOURCE, f"grandfather:{command.subscriber_ref}:{about}")
    row.product_ref, row.cycle_unit, row.cycle_count, row.currency = (
        version.product_ref, version.cycle_unit, version.cycle_count, version.currency
    )  # fmt: skip
    expires_at = instant(command.expires_at, "expires_at")
    return _assign(
        unit, row, new, kind="grandfather", subscriber_ref=command.subscriber_ref, price_ref=version.reference,
        minor=version.unit_amount_minor, expires_at=expires_at, reason=command.reason,
    )  # fmt: skip


def override_price(unit: UnitOfWork, command: OverridePrice) -> PriceAssignment:
    """The price that was agreed with him.

    Raises:
        Rejected: `unknown_subscriber`, `unknown_product`.
    """
    _known_subscriber(unit, command.subscriber_ref)
    if command.product not in offers_of(unit, [command.product]):
        raise Rejected("unknown_product", f"nothing is called {command.product}", {"field": "product"})
    row, new = own_row(unit, PriceAssignment, OWN_SOURCE, f"override:{command.subscriber_ref}:{command.about}")
    row.product_ref, row.cycle_unit, row.cycle_count, row.currency = (
        command.product, command.cycle_unit, command.cycle_count, command.currency
    )  # fmt: skip
    expires_at = instant(command.expires_at, "expires_at")
    return _assign(
        unit, row, new, kind="override", subscriber_ref=command.subscriber_ref, price_ref=None, minor=command.unit_amount_minor,
        expires_at=expires_at, reason=command.reason,
    )  # fmt: skip


def published(unit: UnitOfWork, reference: str, field: str) -> PriceVersion:
    """A version by its name.

    Raises:
        Rejected: `unknown_price`.
    """
    product = reference.partition(":")[0]
    found = [one for one in prices_of(unit, [product]) if one.reference == reference]
    if not found:
        raise Rejected("unknown_price", f"no version {reference} is published", {"field": field})
    return found[0]


def expire_assignment(unit: UnitOfWork, row: PriceAssignment) -> bool:
    """Whether a locked one ended by this call: its end has come, and he was told 30 days before."""
    end = ends_at(row.expires_at, row.warned_at)
    if row.status != "active" or end is None or end > unit.now:
        return False
    row.status, row.ended_at, row.updated_at = "expired", end, max(row.updated_at, unit.now)
    about = {"kind": row.kind, "subscriber": row.subscriber_ref, "unit_amount_minor": row.unit_amount_minor}
    move_status(unit, row, PRICE_ASSIGNMENT, "active", "expired", about)
    return True


def _assign(
    unit: UnitOfWork, row: PriceAssignment, new: bool, *, kind: str, subscriber_ref: str, price_ref: str | None, minor: int,
    expires_at: datetime | None, reason: str,
) -> PriceAssignment:  # fmt: skip
    before = None if new else _told(row)
    again = row.status != "active" or row.unit_amount_minor != minor
    if again or row.expires_at is None or (expires_at is not None and expires_at > row.expires_at):
        row.warned_at = None  # another end is another warning
    row.kind, row.subscriber_ref, row.price_ref, row.unit_amount_minor = kind, subscriber_ref, price_ref, minor
    if again:
        row.locked_at = unit.now
    row.expires_at, row.reason, row.actor, row.ended_at = expires_at, reason, unit.actor, None
    row.status = "active"
    if before != _told(row):
        after = _told(row) | {"external_id": row.external_id, "reason": reason}
        unit.audit("price.assigned", PriceAssignment.NAME, row.id, before=before, after=after)
    return row


def _told(row: PriceAssignment) -> dict[str, object]:
    return {
        "status": row.status, "price": row.price_ref, "unit_amount_minor": row.unit_amount_minor, "expires_at": iso(row.expires_at)
    }  # fmt: skip


def _known_subscriber(unit: UnitOfWork, reference: str) -> None:
    if unit.row(Subscriber, OWN_SOURCE, reference).incomplete:
        raise Rejected("unknown_subscriber", f"no subscriber {reference} is defined", {"field": "subscriber_ref"})

"""Publishes the next version of a price: that is the change itself (PRICE-1, PRICE-2). The database lets nobody change it afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.operations.catalogue import prices_of
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.price_words import instant
from billing.rules.commands.prices import PublishPrice
from billing.rules.instants import iso
from billing.rules.price_in_force import PriceVersion
from models.base import OWN_SOURCE
from models.price import Price
from models.product import Product


def publish_price(unit: UnitOfWork, command: PublishPrice) -> Price:
    """The version; one that is published already, with these terms, as it is.

    Raises:
        Rejected: see the command's REFUSALS; nothing was published.
    """
    if unit.row(Product, OWN_SOURCE, command.product).incomplete:
        raise Rejected("unknown_product", f"nothing is called {command.product}", {"field": "product"})
    known = sorted(_versions(unit, command), key=lambda one: one.version)
    last = known[-1] if known else None
    number = last.version + 1 if last else 1
    if command.version is not None and command.version != number:
        return _known(unit, command, known, number)
    new_at = instant(command.effective_for_new_at, "effective_for_new_at") or unit.now
    existing_at = instant(command.effective_for_existing_at, "effective_for_existing_at")
    _refuse(unit.now, command, known, new_at, existing_at)
    row, _ = own_row(unit, Price, OWN_SOURCE, _reference(command, number))
    row.product_ref, row.cycle_unit, row.cycle_count, row.currency = (
        command.product, command.cycle_unit, command.cycle_count, command.currency
    )  # fmt: skip
    row.version, row.unit_amount_minor, row.notice_days = number, command.unit_amount_minor, command.notice_days
    row.effective_for_new_at, row.effective_for_existing_at = new_at, existing_at
    row.published_at, row.published_by, row.reason = unit.now, unit.actor, command.reason
    unit.audit("price.published", Price.NAME, row.id, before={"price": last.reference} if last else None, after={
        "external_id": row.external_id, "unit_amount_minor": row.unit_amount_minor, "effective_for_new_at": iso(new_at),
        "effective_for_existing_at": iso(existing_at), "notice_days": row.notice_days, "reason": command.reason,
    })  # fmt: skip
    return row


def _versions(unit: UnitOfWork, command: PublishPrice) -> list[PriceVersion]:
    wanted = (command.cycle_unit, command.cycle_count, command.currency)
    return [one for one in prices_of(unit, [command.product]) if (one.cycle_unit, one.cycle_count, one.currency) == wanted]


def _reference(command: PublishPrice, number: int) -> str:
    return f"{command.product}:{command.cycle_count}{command.cycle_unit}:{command.currency}:v{number}"


def _known(unit: UnitOfWork, command: PublishPrice, known: list[PriceVersion], number: int) -> Price:
    """The version that the command names, if it is published as it says."""
    found = next((one for one in known if one.version == command.version), None)
    new_at = instant(command.effective_for_new_at, "effective_for_new_at")
    terms = (command.unit_amount_minor, instant(command.effective_for_existing_at, "effective_for_existing_at"), command.notice_days)
    if (
        found is None
        or (found.unit_amount_minor, found.effective_for_existing_at, found.notice_days) != terms
        or new_at not in (None, found.effective_for_new_at)
    ):
        details = {"current": command.version, "limit": number, "field": "version"}
        raise Rejected("version_taken", f"the next version of {command.product} is {number}", details)
    return unit.row(Price, OWN_SOURCE, found.reference)


def _refuse(now: datetime, command: PublishPrice, known: list[PriceVersion], new_at: datetime, existing_at: datetime | None) -> None:
    last = known[-1] if known else None
    if new_at < now or (existing_at is not None and existing_at < now):
        raise Rejected("in_the_past", "a version cannot begin before it is published", {"limit": iso(now)})
    if last is not None and new_at < last.effective_for_new_at:
        limit = iso(last.effective_for_new_at)
        raise Rejected("before_the_last", f"{last.reference} begins later", {"limit": limit, "field": "effective_for_new_at"})
    begun = [one.effective_for_existing_at for one in known if one.effective_for_existing_at is not None]
    if existing_at is None:
        return
    if begun and existing_at < max(begun):
        details = {"limit": iso(max(begun)), "field": "effective_for_existing_at"}
        raise Rejected("before_the_last", "a version before it begins later for those who are there", details)
    earliest = now + timedelta(days=command.notice_days)
    if existing_at < earliest and any(one.unit_amount_minor < command.unit_amount_minor for one in known):
        message = f"those who would pay more are told {command.notice_days} days before"
        raise Rejected("notice_too_short", message, {"limit": iso(earliest), "field": "effective_for_existing_at"})

"""What a customer says of his VAT number at a provider goes into his tax profile, and VIES is asked anew (TAX-4).

His profile is the bill-to row of his subscriber. Which number the provider has follows from its tax ids, so that events may come in
any order: the newest that was not deleted. A number that the app said itself stays; one that came from the provider goes with it.
A subscriber without a bill-to row has no profile: a number alone makes no invoice. VIES is asked all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from billing.operations.ask_vies import ask_vies
from billing.operations.say_vat_number import say_vat_number
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.bill_to import BillTo
from models.customer import Customer
from models.subscriber import Subscriber
from models.tax_id import TaxId
from providers.vies.number import NoVatNumberError, vat_number

log = structlog.get_logger(__name__)

_KIND = "eu_vat"
_THERE = """SELECT t.source, t.external_id, t.customer_ref, t.value, t.deleted_at, t.provider_created_at
            FROM unnest(%(sources)s::text[], %(customers)s::text[]) AS mine (source, customer_ref)
            JOIN bursar.tax_id t USING (source, customer_ref) WHERE t.kind = 'eu_vat'"""
_WHOSE = """SELECT source, external_id, external_ref FROM bursar.customer WHERE external_ref = ANY (%(refs)s)"""
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Numbers:
    """Of one subscriber, at all providers."""

    ever: set[str] = field(default_factory=set)
    now: list[tuple[datetime, str, str]] = field(default_factory=list)

    def newest(self) -> str | None:
        """The number that counts, if there is one."""
        return max(self.now)[2] if self.now else None


def follow_tax_id(unit: UnitOfWork, row: TaxId) -> None:
    """Called for a tax id that an event has told of; its customer is locked."""
    if row.kind == _KIND and row.customer_ref:
        ref = unit.row(Customer, row.source, row.customer_ref).external_ref
        if ref is not None:
            unit.later(follow_tax_ids, ref)


def follow_tax_ids(unit: UnitOfWork, subscriber_refs: Sequence[str]) -> None:
    """Bring the profiles of these subscribers up to date with their tax ids; called at the unit's end."""
    numbers = _numbers(unit, subscriber_refs)
    whose = [ref for ref in subscriber_refs if numbers[ref].ever]
    if not whose:
        return
    unit.find(Subscriber, OWN_SOURCE, whose)
    profiles = unit.find(BillTo, OWN_SOURCE, whose)
    for ref in whose:
        unit.again(ref)
        newest = numbers[ref].newest()
        if ref in profiles:
            _follow(unit, unit.row(BillTo, OWN_SOURCE, ref), numbers[ref], newest)
        if newest is not None:
            _ask(unit, newest)


def _follow(unit: UnitOfWork, row: BillTo, numbers: _Numbers, newest: str | None) -> None:
    if row.vat_id == newest:
        return
    if row.vat_id is not None and row.vat_id not in numbers.ever:
        log.info("vat_number_kept", bill_to=row.external_id, because="the app said another one than the provider")
        return
    # Numbers stay out of the audit, which keeps everything for ever.
    before = {"kind": row.kind, "vat_id": row.vat_id is not None}
    row.vat_id = newest
    if newest is not None:
        row.kind = "business"
    say_vat_number(unit, row)
    row.updated_at = max(row.updated_at, unit.now)
    after = {"kind": row.kind, "vat_id": newest is not None, "valid": row.vat_id_valid}
    unit.audit("bill_to.vat_id_followed", BillTo.NAME, row.id, before=before, after=after)


def _ask(unit: UnitOfWork, number: str) -> None:
    try:
        ask_vies(unit, vat_number(number), anyway=True)
    except NoVatNumberError as error:
        log.info("vat_number_not_asked", because=str(error))


def _numbers(unit: UnitOfWork, subscriber_refs: Sequence[str]) -> dict[str, _Numbers]:
    """As the tax ids say; rows that this unit has in hand are newer than what is committed."""
    known = unit.known
    whose = {(row["source"], row["external_id"]): row["external_ref"] for row in unit.committed(_WHOSE, {"refs": list(subscriber_refs)})}
    whose |= {(row.source, row.external_id): row.external_ref for row in known if isinstance(row, Customer)}
    mine = [key for key, ref in whose.items() if ref in subscriber_refs]
    bound = {"sources": [source for source, _ in mine], "customers": [customer for _, customer in mine]}
    told = {(row["source"], row["external_id"]): row for row in unit.committed(_THERE, bound)} if mine else {}
    told |= {(row.source, row.external_id): _in_hand(row) for row in known if isinstance(row, TaxId) and row.kind == _KIND}
    numbers = {ref: _Numbers() for ref in subscriber_refs}
    for (source, tax_id), one in told.items():
        ref = whose.get((source, one["customer_ref"]))
        if ref in numbers and one["value"]:
            of, number = numbers[ref], _one_form(one["value"])
            of.ever.add(number)
            if one["deleted_at"] is None:
                of.now.append((one["provider_created_at"] or _NEVER, tax_id, number))
    return numbers


def _in_hand(row: TaxId) -> dict[str, Any]:
    return {
        "customer_ref": row.customer_ref, "value": row.value, "deleted_at": row.deleted_at, "provider_created_at": row.provider_created_at,
    }  # fmt: skip


def _one_form(value: str) -> str:
    try:
        return str(vat_number(value))
    except NoVatNumberError:
        return value

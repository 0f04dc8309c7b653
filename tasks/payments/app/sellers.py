"""`billing.sellers.*`: who issues the papers of what we bill."""

from __future__ import annotations

from billing.operations.define_seller import define_seller
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.sellers import DefineSeller, SellerDefined
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def define(unit: UnitOfWork, command: DefineSeller) -> SellerDefined:
    """Define it, or set it anew."""
    row = define_seller(unit, command)
    return SellerDefined(
        seller=public_id(row.PUBLIC_PREFIX, row.id), prices=row.prices or "", invoice_series=row.invoice_series or "",
        credit_note_series=row.credit_note_series or "",
    )  # fmt: skip

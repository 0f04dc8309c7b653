"""`billing.products.*`: what there is to buy."""

from __future__ import annotations

from billing.operations.define_product import define_product
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.products import DefineProduct, ProductDefined
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def define(unit: UnitOfWork, command: DefineProduct) -> ProductDefined:
    """Define one, or set it anew."""
    row = define_product(unit, command)
    return ProductDefined(product=public_id(row.PUBLIC_PREFIX, row.id), reference=row.external_id, status=row.status or "offered")

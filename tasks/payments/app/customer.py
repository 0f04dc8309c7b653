"""`billing.customer.*`: what the app says about customers."""

from __future__ import annotations

from billing.operations.link_customer import link_customer
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.customer import CustomerLinked, LinkCustomer
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def link(unit: UnitOfWork, command: LinkCustomer) -> CustomerLinked:
    """The provider's customer is the app's."""
    row, previous = link_customer(unit, command)
    return CustomerLinked(
        customer=public_id(row.PUBLIC_PREFIX, row.id), external_ref=command.external_ref, previous=previous
    )

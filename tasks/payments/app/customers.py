"""`billing.customers.*`: customers that we make at a provider, and customers that are to be forgotten."""

from __future__ import annotations

from billing.operations.create_customer import create_customer
from billing.operations.request_erasure import request_erasure
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.customers import CreateCustomer, CustomerAsked, EraseCustomer, ErasureStands
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def create(unit: UnitOfWork, command: CreateCustomer) -> CustomerAsked:
    """One customer at the provider."""
    row = create_customer(unit, command)
    return CustomerAsked(request=public_id(row.PUBLIC_PREFIX, row.id), status=row.status or "pending", customer_ref=row.customer_ref)


def erase(unit: UnitOfWork, command: EraseCustomer) -> ErasureStands:
    """One is to be forgotten."""
    row = request_erasure(unit, command)
    return ErasureStands(
        erasure=public_id(row.PUBLIC_PREFIX, row.id), subscriber_ref=row.external_id, status=row.status or "running",
        provider_customers=[str(one) for one in row.customers or ()],
    )  # fmt: skip

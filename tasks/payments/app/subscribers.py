"""`billing.subscribers.*`: who the app's customers are."""

from __future__ import annotations

from billing.operations.define_subscriber import define_subscriber, expect_subscribers
from billing.operations.set_bill_to import set_bill_to
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.bill_to import BilledTo, SetBillTo
from billing.rules.commands.subscribers import DefineSubscriber, SubscriberDefined
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command

AHEAD = expect_subscribers


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def define(unit: UnitOfWork, command: DefineSubscriber) -> SubscriberDefined:
    """Define one, or set him anew."""
    row = define_subscriber(unit, command)
    return SubscriberDefined(
        subscriber=public_id(row.PUBLIC_PREFIX, row.id), subscriber_ref=row.external_id, status=row.status or "free"
    )


def bill_to(unit: UnitOfWork, command: SetBillTo) -> BilledTo:
    """Say to whom his papers are made out."""
    row = set_bill_to(unit, command)
    return BilledTo(bill_to=public_id(row.PUBLIC_PREFIX, row.id), subscriber_ref=row.external_id, kind=row.kind or "")

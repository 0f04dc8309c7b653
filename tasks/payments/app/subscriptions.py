"""`billing.subscriptions.*`: subscriptions that we bill begin, change and end."""

from __future__ import annotations

from billing.operations.cancel_subscription import (
    cancel_subscription,
    pause_subscription,
    reactivate_subscription,
    resume_subscription,
)
from billing.operations.change_subscription import change_subscription
from billing.operations.downgrade_subscriber import downgrade_subscriber
from billing.operations.expect_starts import expect_starts
from billing.operations.reactivate_at_provider import reactivate_at_provider
from billing.operations.start_subscription import start_subscription
from billing.operations.unit import UnitOfWork
from billing.operations.unpark_subscription import unpark_subscription
from billing.rules.commands.base import Command
from billing.rules.commands.downgrade import Downgraded, DowngradeSubscriber
from billing.rules.commands.subscriptions import (
    CancelSubscription,
    ChangeSubscription,
    PauseSubscription,
    ReactivateSubscription,
    ResumeSubscription,
    StartSubscription,
    SubscriptionStands,
)
from billing.rules.commands.unpark import UnparkSubscription
from billing.rules.facts.event import Event
from billing.rules.instants import iso
from core.ids import public_id
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber
from models.subscription import Subscription
from providers.app.read_command import read_command

AHEAD = expect_starts


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def start(unit: UnitOfWork, command: StartSubscription) -> SubscriptionStands:
    """Begin one."""
    return _stands(unit, start_subscription(unit, command))


def change(unit: UnitOfWork, command: ChangeSubscription) -> SubscriptionStands:
    """Another plan, other seats, another cycle."""
    return _stands(unit, change_subscription(unit, command))


def cancel(unit: UnitOfWork, command: CancelSubscription) -> SubscriptionStands:
    """End it."""
    return _stands(unit, cancel_subscription(unit, command))


def reactivate(unit: UnitOfWork, command: ReactivateSubscription) -> SubscriptionStands:
    """It goes on after all."""
    verb = reactivate_subscription if command.source == OWN_SOURCE else reactivate_at_provider
    return _stands(unit, verb(unit, command))


def pause(unit: UnitOfWork, command: PauseSubscription) -> SubscriptionStands:
    """Bill nothing for now."""
    return _stands(unit, pause_subscription(unit, command))


def resume(unit: UnitOfWork, command: ResumeSubscription) -> SubscriptionStands:
    """Bill it again."""
    return _stands(unit, resume_subscription(unit, command))


def unpark(unit: UnitOfWork, command: UnparkSubscription) -> SubscriptionStands:
    """Bill it again."""
    return _stands(unit, unpark_subscription(unit, command))


def downgrade(unit: UnitOfWork, command: DowngradeSubscriber) -> Downgraded:
    """Down to the free plan."""
    rows = downgrade_subscriber(unit, command)
    ended = sorted(row.external_id for row in rows if row.status in ("cancelled", "expired"))
    return Downgraded(
        subscriber_ref=command.subscriber_ref, status=unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref).status or "free",
        ended=ended, ending=sorted(row.external_id for row in rows if row.external_id not in ended),
    )  # fmt: skip


def _stands(unit: UnitOfWork, row: Subscription) -> SubscriptionStands:
    ours = row.latest_invoice_ref if row.source == OWN_SOURCE else None
    invoice = unit.row(Invoice, OWN_SOURCE, ours) if ours else None
    return SubscriptionStands(
        subscription=public_id(row.PUBLIC_PREFIX, row.id),
        reference=row.external_id,
        status=row.status or "pending",
        product=row.product_ref or "",
        quantity=row.quantity or 1,
        current_period_start=iso(row.current_period_start),
        current_period_end=iso(row.current_period_end),
        next_billing_at=iso(row.next_billing_at),
        cancel_at_period_end=bool(row.cancel_at_period_end),
        invoice=invoice.external_id if invoice else None,
        invoice_status=invoice.status if invoice else None,
        amount_due_minor=invoice.amount_remaining_minor if invoice else None,
    )

"""`billing.checkout.*`: pages on which a payer buys something."""

from __future__ import annotations

from billing.operations.confirm_checkout import confirm_checkout
from billing.operations.expire_checkout import expire_checkout
from billing.operations.start_checkout import start_checkout
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.checkout import CheckoutAsked, ConfirmCheckout, ExpireCheckout, StartCheckout
from billing.rules.facts.event import Event
from core.ids import public_id
from core.settings import current
from models.checkout_request import CheckoutRequest
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def start(unit: UnitOfWork, command: StartCheckout) -> CheckoutAsked:
    """Ask the provider for a page."""
    return _asked(start_checkout(unit, command, fee_basis_points=current().application_fee_basis_points))


def confirm(unit: UnitOfWork, command: ConfirmCheckout) -> CheckoutAsked:
    """The payer is back."""
    return _asked(confirm_checkout(unit, command))


def expire(unit: UnitOfWork, command: ExpireCheckout) -> CheckoutAsked:
    """Close it."""
    return _asked(expire_checkout(unit, command))


def _asked(row: CheckoutRequest) -> CheckoutAsked:
    return CheckoutAsked(
        request=public_id(row.PUBLIC_PREFIX, row.id), reference=row.external_id, status=row.status or "pending", url=row.url
    )

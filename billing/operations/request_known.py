"""Finds the payment request that a command is about."""

from __future__ import annotations

from typing import Protocol

from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from models.payment_request import PaymentRequest


class AboutRequest(Protocol):
    """A command that names a payment request."""

    @property
    def source(self) -> str:
        """The provider."""

    @property
    def reference(self) -> str:
        """The request's own reference."""


def request_known(unit: UnitOfWork, command: AboutRequest) -> PaymentRequest:
    """The request, locked.

    Raises:
        Rejected: `unknown_request`.
    """
    row = unit.row(PaymentRequest, command.source, command.reference)
    if row.incomplete:
        raise Rejected("unknown_request", f"no payment was requested as {command.reference} at {command.source}", {"field": "reference"})
    return row

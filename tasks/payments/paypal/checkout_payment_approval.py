"""PayPal `CHECKOUT.PAYMENT-APPROVAL.REVERSED`: an approved payment was not captured in time and went back."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_fact import record_fact
from billing.operations.request_fetch import request_fetch
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from providers.paypal.paths import path
from providers.paypal.shapes.order import order


def facts(event: Event) -> Sequence[Fact]:
    """The order as a checkout that expired."""
    return order(event)


def mirrored(unit: UnitOfWork, fact: Fact) -> None:
    """What this event shows, and a look at PayPal's own record of it: the body is weakly signed."""
    record_fact(unit, fact)
    request_fetch(unit, fact, "order", path("order", fact.external_id))


reversed = mirrored  # noqa: A001 - handlers are named as their events; nothing here reverses a sequence

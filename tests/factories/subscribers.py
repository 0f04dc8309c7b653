"""Subscribers, products and prices as their commands leave them, for tests of what comes after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from billing.operations.own_row import own_row
from models.base import OWN_SOURCE
from models.price import Price
from models.product import Product
from models.subscriber import Subscriber
from workers.context import Context
from workers.unit import Unit

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@contextmanager
def unit_of(context: Context, reason: str = "test") -> Iterator[Unit]:
    """A unit of work at the context's time; committed at the end."""
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=context.clock.now(), actor="app:test", reason=reason)
        yield unit
        unit.flush()


def do(context: Context, verb: Callable[[Unit], Any]) -> Any:
    """`verb` in a transaction of its own."""
    with unit_of(context) as unit:
        return verb(unit)


def subscriber(unit: Unit, ref: str = "alice", **values: Any) -> Subscriber:
    """A subscriber who pays by card through Stripe."""
    row, _ = own_row(unit, Subscriber, OWN_SOURCE, ref)
    given = {"status": "free", "zone": "UTC", "email": f"{ref}@example.com", "pay_source": "stripe", "pay_customer_ref": f"cus_{ref}"}
    for name, value in (given | values).items():
        setattr(row, name, value)
    return row


def product(unit: Unit, ref: str = "pro", **values: Any) -> Product:
    """A plan that is offered."""
    row, _ = own_row(unit, Product, OWN_SOURCE, ref)
    given = {"status": "offered", "kind": "plan", "name": ref, "free": False, "limits": {}, "credits": 200}
    for name, value in (given | values).items():
        setattr(row, name, value)
    return row


def price(unit: Unit, product_ref: str = "pro", amount_minor: int = 2_000, **values: Any) -> Price:
    """A version of its price, in force since long ago."""
    given = {
        "cycle_unit": "month", "cycle_count": 1, "currency": "EUR", "version": 1, "effective_for_new_at": LONG_AGO,
        "published_at": LONG_AGO, "published_by": "test", "notice_days": 0,
    } | values  # fmt: skip
    ref = f"{product_ref}:{given['cycle_count']}{given['cycle_unit']}:{given['currency']}:v{given['version']}"
    row, _ = own_row(unit, Price, OWN_SOURCE, ref)
    row.product_ref, row.unit_amount_minor = product_ref, amount_minor
    for name, value in given.items():
        setattr(row, name, value)
    return row

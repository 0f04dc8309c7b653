"""Orders a package of credits: an invoice with what it grants frozen on it, which ends by itself if nobody pays it (CRED-4, INV-3, INV-6).

Nothing of the account changes before it is paid, and any number of orders may wait side by side.
"""

from __future__ import annotations

from billing.operations.catalogue import offers_of, prices_of
from billing.operations.collect_invoice import collect_invoice
from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.credits import BuyPackage
from billing.rules.invoice_life import package_expiry
from billing.rules.price_in_force import PriceVersion, price_in_force
from core.settings import current
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber

_CREDITS = "SELECT credits FROM bursar.product WHERE source = 'bursar' AND external_id = %(ref)s"


def buy_package(unit: UnitOfWork, command: BuyPackage) -> Invoice:
    """The invoice; the same reference again is the same one, unchanged.

    Raises:
        Rejected: see the command's REFUSALS; no invoice was made.
    """
    row = unit.row(Invoice, OWN_SOURCE, command.reference)
    if not row.incomplete:
        wanted = ("credit_package", command.subscriber_ref, command.product, command.currency)
        known = (row.invoice_type, row.subscriber_ref, row.product_ref, row.currency)
        if known != wanted:
            details = {"current": list(known), "field": "reference"}
            raise Rejected("reference_used", f"{command.reference} is another invoice", details)
        return row
    if unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref).incomplete:
        raise Rejected("unknown_subscriber", f"no subscriber {command.subscriber_ref} is defined", {"field": "subscriber_ref"})
    name, granted, price = _offer(unit, command)
    line = Line(amount_minor=price.unit_amount_minor, description=name, price_ref=price.reference, product_ref=command.product)
    row = issue_invoice(unit, Draft(
        reference=command.reference, invoice_type="credit_package", subscriber_ref=command.subscriber_ref, currency=command.currency,
        lines=[line], billing_reason="package", due_at=unit.now, collection="automatic" if command.collect else "manual",
        product_ref=command.product, package_credits=granted, expires_at=package_expiry(unit.now, current().package_invoice_hours),
    ))  # fmt: skip
    if command.collect and row.status == "pending":
        collect_invoice(unit, row)
    return row


def _offer(unit: UnitOfWork, command: BuyPackage) -> tuple[str, int, PriceVersion]:
    """(name, credits, price), read without locking the product: thousands may buy at once."""
    offer = offers_of(unit, [command.product]).get(command.product)
    found = unit.committed(_CREDITS, {"ref": command.product})
    granted = found[0]["credits"] if found else None
    if offer is None or offer.kind != "credit_package" or offer.status != "offered" or not granted:
        message = f"no package of credits called {command.product} is offered"
        raise Rejected("unknown_product", message, {"current": offer.status if offer else None, "field": "product"})
    price = price_in_force(
        prices_of(unit, [command.product]), product_ref=command.product, cycle_unit="once", cycle_count=1, currency=command.currency,
        at=unit.now,
    )  # fmt: skip
    if price is None:
        raise Rejected("no_price", f"{command.product} has no price in {command.currency} now", {"field": "currency"})
    return offer.name, granted, price

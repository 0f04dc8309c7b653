"""Orders -> checkouts, routed by the purpose that `custom_id` declares (PAY-9).

A webhook never says that an order is paid: its body could be forged, and what is paid gets delivered. Only PayPal's
answer to a look-up does.
"""

from __future__ import annotations

from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.checkout import CheckoutFact
from billing.rules.facts.customer import CustomerFact
from billing.rules.facts.event import Event
from billing.rules.purpose import declared_purpose
from billing.rules.states import CHECKOUT
from billing.rules.states_money_out import UNKNOWN
from providers.errors import UnparsableBody
from providers.fields import items, mapping, needed, optional
from providers.paypal.envelope import FETCHED
from providers.paypal.reading import money, said, time_of, version
from providers.paypal.shapes.declared import metadata, payer, payer_id

_STATUSES = {
    "CREATED": "open",
    "SAVED": "open",
    "PAYER_ACTION_REQUIRED": "open",
    "APPROVED": "open",
    "COMPLETED": "complete",
    "VOIDED": "expired",
}


def order(event: Event) -> list[CheckoutFact | CustomerFact]:
    """The order as a checkout; from a look-up also whether it is paid, and who paid.

    Raises:
        UnparsableBody: it has no id, or an amount that is no exact money.
    """
    obj, fetched = event.object, event.type.endswith(FETCHED)
    reversed_ = event.type == "CHECKOUT.PAYMENT-APPROVAL.REVERSED"
    word = optional(obj, "status")
    status = "expired" if reversed_ else _STATUSES.get(word or "", UNKNOWN)
    units = items(obj, "purchase_units")
    first = units[0] if units else {}
    custom = metadata(optional(first, "custom_id"), optional(first, "invoice_id"))
    purpose, purpose_ref = declared_purpose(custom)
    amounts = [amount for amount in (money(unit, "amount") for unit in units) if amount is not None]
    if len({currency for _, currency in amounts}) > 1:
        raise UnparsableBody("an order has amounts in several currencies")
    captures = [one for unit in units for one in items(mapping(unit, "payments"), "captures")]
    checkout = CheckoutFact(
        source=event.source,
        external_id=optional(obj, "order_id") or needed(obj, "id"),
        version=version(event, *CHECKOUT.place(status)),
        status=status if word is not None or reversed_ else UNSET,
        provider_status="APPROVAL_REVERSED" if reversed_ else said(word),
        payment_status=_payment_status([optional(one, "status") for one in captures]) if fetched else UNSET,
        mode="payment",
        purpose=purpose if units else UNSET,
        purpose_ref=said(purpose_ref),
        customer_ref=said(payer_id(obj, "payer")),
        payment_ref=said(optional(captures[0], "id") if captures else None),
        client_reference=said(optional(first, "reference_id")),
        currency=amounts[0][1] if amounts else UNSET,
        amount_total_minor=sum(minor for minor, _ in amounts) if amounts else UNSET,
        metadata_=custom or UNSET,
        provider_created_at=time_of(obj, "create_time"),
    )
    return [checkout, *(payer(event, "payer") if fetched else ())]


def _payment_status(captures: list[str | None]) -> str | Unset:
    """Paid when every capture is; what was given back later had been paid."""
    if not captures:
        return "unpaid"
    return "paid" if all(one in ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED") for one in captures) else "unpaid"

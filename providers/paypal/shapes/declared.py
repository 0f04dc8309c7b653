"""What whoever started an order declared in PayPal's one free field, `custom_id` (v1: `custom`), and who pays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rules.email_address import normalised
from billing.rules.facts.base import UNSET
from billing.rules.facts.customer import CustomerFact
from billing.rules.facts.event import Event
from providers.fields import mapping, optional
from providers.paypal.reading import version
from providers.submission import TAG_REQUEST


def metadata(custom: str | None, invoice: str | None) -> dict[str, Any]:
    """`bursar_purpose=credit_package&package=cp-77` as metadata, as Stripe has it; any other text only as itself.

    A v1 refund has no such field; there our own tag stands in `invoice_number`.
    Nothing in it is decoded: ids need no escaping, and a decoder could make characters that no column holds.
    """
    found: dict[str, Any] = {}
    tagged = custom or (invoice if invoice and invoice.startswith(f"{TAG_REQUEST}=") else None)
    for part in (tagged or "").split("&"):
        name, equals, value = part.partition("=")
        if equals and name and value:
            found[name] = value
    return found | {
        name: value for name, value in (("custom_id", custom), ("invoice_id", invoice)) if value is not None
    }


def payer(event: Event, name: str) -> list[CustomerFact]:
    """The payer as a customer. To be used on answers to look-ups only: a forged body must not redirect our mail."""
    obj = mapping(event.object, name)
    payer_id = optional(obj, "payer_id")
    if payer_id is None:
        return []
    email = optional(obj, "email_address")
    names = mapping(obj, "name")
    full = optional(names, "full_name") or " ".join(
        part for part in (optional(names, "given_name"), optional(names, "surname")) if part
    )
    return [
        CustomerFact(
            source=event.source,
            external_id=payer_id,
            version=version(event, 1, 0),
            email=UNSET if email is None else normalised(email),
            name=full or UNSET,
        )
    ]


def payer_id(obj: Mapping[str, Any], name: str) -> str | None:
    """PayPal's id of the payer, where it is told."""
    return optional(mapping(obj, name), "payer_id")

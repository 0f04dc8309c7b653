"""Stripe's customers, their tax numbers, ways to pay and portal visits -> facts."""

from __future__ import annotations

from billing.rules.facts.base import UNSET
from billing.rules.facts.customer import CustomerFact
from billing.rules.facts.event import Event
from billing.rules.facts.payment_method import PaymentMethodFact
from billing.rules.facts.portal_session import PortalSessionFact
from billing.rules.facts.tax_id import TaxIdFact
from providers import fields
from providers.stripe.shapes import money_in
from providers.stripe.shapes import reading as read

_TAX_EXEMPT = frozenset({"none", "exempt", "reverse"})


def customer(event: Event) -> CustomerFact:
    """The customer; a deleted one's snapshot is final, whatever else it shows."""
    obj = event.object
    deleted = event.type == "customer.deleted" or obj.get("deleted") is True
    exempt = fields.text(obj, "tax_exempt")
    return CustomerFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=money_in.version(event, phase=2 if deleted else 1),
        email=money_in.email(obj),
        name=fields.text(obj, "name"),
        currency=read.currency(obj),
        balance_minor=fields.whole(obj, "balance") if "balance" in obj else fields.whole(obj, "account_balance"),
        delinquent=read.flag(obj, "delinquent"),
        default_payment_method_ref=_default_method(event),
        tax_exempt=exempt if not isinstance(exempt, str) or exempt in _TAX_EXEMPT else None,
        metadata_=read.metadata(obj),
        deleted_at=event.occurred_at if deleted else UNSET,
    )


def _default_method(event: Event) -> money_in.Text:
    """The invoice's default method; before PaymentMethods, the default source."""
    settings = fields.mapping(event.object, "invoice_settings")
    return money_in.first(read.ref(settings, "default_payment_method"), read.ref(event.object, "default_source"))


def tax_id(event: Event) -> TaxIdFact:
    """A tax number."""
    obj = event.object
    deleted = event.type == "customer.tax_id.deleted"
    check = fields.mapping(obj, "verification")
    return TaxIdFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=money_in.version(event, phase=2 if deleted else 1),
        customer_ref=money_in.customer_of(obj),
        kind=fields.text(obj, "type"),
        value=fields.text(obj, "value"),
        country=fields.text(obj, "country"),
        verification_status=fields.text(check, "status"),
        deleted_at=event.occurred_at if deleted else UNSET,
        provider_created_at=read.instant(obj, "created"),
    )


def payment_method(event: Event) -> PaymentMethodFact:
    """A card, mandate or wallet; of its numbers the last four only. Detached is final: Stripe attaches no method twice."""
    obj = event.object
    kind = fields.optional(obj, "type")
    details = fields.mapping(obj, kind) if kind else {}
    detached = event.type == "payment_method.detached"
    return PaymentMethodFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=money_in.version(event, phase=2 if detached else 1),
        kind=kind,
        customer_ref=None if detached else money_in.customer_of(obj),
        account_ref=event.account or UNSET,
        brand=money_in.first(fields.text(details, "brand"), fields.text(details, "bank_name")),
        last4=fields.text(details, "last4"),
        exp_month=fields.whole(details, "exp_month"),
        exp_year=fields.whole(details, "exp_year"),
        country=fields.text(details, "country"),
        funding=fields.text(details, "funding"),
        detached_at=event.occurred_at if detached else UNSET,
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created"),
    )


def portal_session(event: Event) -> PortalSessionFact:
    """A visit to the billing portal."""
    obj = event.object
    return PortalSessionFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=money_in.version(event),
        customer_ref=money_in.customer_of(obj),
        flow=fields.text(fields.mapping(obj, "flow"), "type"),
        provider_created_at=read.instant(obj, "created"),
    )

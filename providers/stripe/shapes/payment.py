"""Stripe's payment intents, charges and checkouts of all API versions -> facts."""

from __future__ import annotations

from billing.rules.facts.base import UNSET
from billing.rules.facts.checkout import CheckoutFact
from billing.rules.facts.event import Event
from billing.rules.facts.payment import ChargeFact, PaymentFact
from billing.rules.purpose import declared_purpose
from billing.rules.states import CHARGE, CHECKOUT, PAYMENT
from billing.rules.states_money_out import Phase
from providers import fields
from providers.stripe.shapes import money_in
from providers.stripe.shapes import reading as read

_LIVING = frozenset({"open", "complete", "expired"})
_PAID_WORDS = frozenset({"paid", "unpaid", "no_payment_required", "failed"})


def payment_intent(event: Event) -> PaymentFact:
    """The payment as a whole. Its last error is the provider's failure code and message (INBOX-13)."""
    obj = event.object
    said = fields.optional(obj, "status") or "requires_payment_method"
    status = PAYMENT.read(said)
    error = fields.mapping(obj, "last_payment_error")
    if status == "pending" and error:
        status = "failed"
    charges = read.listed(obj, "charges")
    metadata = read.metadata(obj)
    return PaymentFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=money_in.status_version(event, PAYMENT, status),
        kind="payment_intent",
        intent_status=status,
        provider_status=said,
        amount_minor=fields.whole(obj, "amount"),
        intent_received_minor=fields.whole(obj, "amount_received"),
        currency=read.currency(obj),
        application_fee_minor=fields.whole(obj, "application_fee_amount"),
        customer_ref=money_in.customer_of(obj),
        invoice_ref=read.ref(obj, "invoice"),
        account_ref=event.account or UNSET,
        payment_method_ref=money_in.first(read.ref(obj, "payment_method"), read.ref(obj, "source")),
        latest_charge_ref=money_in.first(
            read.ref(obj, "latest_charge"), fields.text(charges[0], "id") if charges else UNSET
        ),
        transfer_destination_ref=money_in.ref_at(obj, "transfer_data", "destination"),
        intent_failure_code=fields.optional(error, "code"),
        intent_failure_message=fields.optional(error, "message"),
        intent_decline_code=fields.optional(error, "decline_code"),
        cancellation_reason=fields.text(obj, "cancellation_reason"),
        cancelled_at=read.instant(obj, "canceled_at"),
        confirmed=True,
        purpose=declared_purpose(metadata if isinstance(metadata, dict) else None)[0],
        metadata_=metadata,
        provider_created_at=read.instant(obj, "created"),
    )


def charges_of_intent(event: Event) -> list[ChargeFact]:
    """The charges that intents listed until 2022-11-15; later ones come in charge events of their own."""
    intent = event.object.get("id")
    return [
        _charge(event, {**item, "payment_intent": intent})
        for item in read.listed(event.object, "charges")
        if item.get("id") and item.get("object") == "charge"
    ]


def charge(event: Event) -> list[ChargeFact | PaymentFact]:
    """The charge; a lone one (no intent, API before 2019) is also its own payment."""
    fact = _charge(event, event.object)
    return [fact, _lone_payment(event, fact)] if fact.payment_ref == fact.external_id else [fact]


def _charge(event: Event, obj: read.Json) -> ChargeFact:
    said = fields.optional(obj, "status") or ("succeeded" if obj.get("paid") is True else "pending")
    status = CHARGE.read(said)
    captured = read.flag(obj, "captured")
    if status == "succeeded" and captured is False:
        released = event.type == "charge.expired" or obj.get("refunded") is True
        status = "cancelled" if released else "authorised"
    outcome = fields.mapping(obj, "outcome")
    external_id = fields.needed(obj, "id")
    total = fields.whole(obj, "amount")
    taken = fields.whole(obj, "amount_captured")
    return ChargeFact(
        source=event.source,
        external_id=external_id,
        version=money_in.status_version(event, CHARGE, status),
        status=status,
        provider_status=said,
        amount_minor=total,
        amount_captured_minor=taken if taken is not UNSET else (total if status == "succeeded" else 0),
        amount_refunded_minor=fields.whole(obj, "amount_refunded"),
        currency=read.currency(obj),
        captured=captured,
        disputed=read.flag(obj, "disputed"),
        payment_ref=_text(read.ref(obj, "payment_intent")) or external_id,
        customer_ref=money_in.customer_of(obj),
        invoice_ref=read.ref(obj, "invoice"),
        account_ref=event.account or UNSET,
        payment_method_ref=money_in.first(fields.text(obj, "payment_method"), read.ref(obj, "source")),
        balance_transaction_ref=read.ref(obj, "balance_transaction"),
        transfer_ref=read.ref(obj, "transfer"),
        source_transfer_ref=read.ref(obj, "source_transfer"),
        application_fee_ref=read.ref(obj, "application_fee"),
        application_fee_minor=fields.whole(obj, "application_fee_amount"),
        failure_code=fields.text(obj, "failure_code"),
        failure_message=fields.text(obj, "failure_message"),
        decline_code=fields.text(outcome, "reason") if status == "failed" else UNSET,
        risk_level=fields.text(outcome, "risk_level"),
        method_kind=fields.text(fields.mapping(obj, "payment_method_details"), "type"),
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created"),
    )


def _lone_payment(event: Event, fact: ChargeFact) -> PaymentFact:
    return PaymentFact(
        source=fact.source,
        external_id=fact.external_id,
        version=fact.version,
        kind="charge",
        amount_minor=fact.amount_minor,
        currency=fact.currency,
        application_fee_minor=fact.application_fee_minor,
        customer_ref=fact.customer_ref,
        invoice_ref=fact.invoice_ref,
        account_ref=fact.account_ref,
        payment_method_ref=fact.payment_method_ref,
        latest_charge_ref=fact.external_id,
        provider_status=fact.provider_status,
        confirmed=True,
        metadata_=fact.metadata_,
        provider_created_at=read.instant(event.object, "created"),
    )


def checkout(event: Event) -> CheckoutFact:
    """The checkout; completed and paid are two things (bank debits settle days later)."""
    obj = event.object
    said = fields.optional(obj, "status") or ("expired" if event.type.endswith(".expired") else "complete")
    status = said if said in _LIVING else "unknown"
    paid = _paid(event)
    mode = fields.optional(obj, "mode")
    metadata = read.metadata(obj)
    purpose, purpose_ref = declared_purpose(
        metadata if isinstance(metadata, dict) else None,
        mode=mode or ("subscription" if obj.get("subscription") else None),
    )
    return CheckoutFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=money_in.version(event, *_checkout_place(status, paid)),
        status=status,
        provider_status=said,
        payment_status=(paid if paid in _PAID_WORDS else "unknown") if paid else UNSET,
        mode=mode,
        purpose=purpose,
        purpose_ref=purpose_ref,
        customer_ref=money_in.customer_of(obj),
        account_ref=event.account or UNSET,
        payment_ref=read.ref(obj, "payment_intent"),
        subscription_ref=read.ref(obj, "subscription"),
        invoice_ref=read.ref(obj, "invoice"),
        client_reference=fields.text(obj, "client_reference_id"),
        currency=read.currency(obj),
        amount_total_minor=fields.whole(obj, "amount_total"),
        expires_at=read.instant(obj, "expires_at"),
        metadata_=metadata,
        provider_created_at=read.instant(obj, "created"),
    )


def _paid(event: Event) -> str | None:
    """The payment's status in Stripe's words, and `failed`, which Stripe tells by the event's name alone."""
    if event.type.endswith(".async_payment_succeeded"):
        return "paid"
    if event.type.endswith(".async_payment_failed"):
        return "failed"
    if "payment_status" not in event.object and event.type.endswith(".completed"):
        # Until payments that settle later were let in (2020), a checkout was completed by being paid.
        return "no_payment_required" if event.object.get("mode") == "setup" else "paid"
    return fields.optional(event.object, "payment_status")


def _checkout_place(status: str, paid: str | None) -> tuple[Phase, int]:
    """Paid is the last word: a completed checkout that is still unpaid comes before it, whatever the clocks say."""
    phase, rank = CHECKOUT.place(status)
    if phase == 2:
        return (2, 1) if paid in ("paid", "no_payment_required") else (1, 2 if paid == "failed" else rank)
    return phase, rank


def _text(said: money_in.Text) -> str | None:
    return said if isinstance(said, str) else None

"""Charges due invoices of our own from the stored method, by themselves (PAY-10): one payment request per invoice, written before any call.

What the subscriber has with us is taken first. What is too small for the provider is carried over, as any small payment (PAY-17).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from billing.operations.attempt_payment import attempt_payment
from billing.operations.carry_over import take
from billing.operations.carry_request_over import carry_request_over
from billing.operations.money_credit import apply_credit, credit_key
from billing.operations.own_row import own_row
from billing.operations.settle_invoice import settle_invoice
from billing.operations.unit import UnitOfWork
from billing.rules.minimum_charge import minimum_charge
from models.base import OWN_SOURCE
from models.customer_balance import CustomerBalance
from models.invoice import Invoice
from models.money_credit import MoneyCredit
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber

CHARGED_THROUGH = frozenset({"stripe"})
"""Providers at which we charge a stored method ourselves."""

_DEFAULTS = """SELECT source, external_id, default_payment_method_ref AS method FROM bursar.customer
               WHERE source = ANY (%(sources)s) AND external_id = ANY (%(refs)s) AND default_payment_method_ref IS NOT NULL"""


def collectable(subscriber: Subscriber) -> bool:
    """Whether his invoices can be charged without him; else he pays them himself."""
    return subscriber.pay_source in CHARGED_THROUGH and subscriber.pay_customer_ref is not None


def request_ref(invoice_ref: str) -> str:
    """The reference of the payment request that collects it."""
    return f"inv:{invoice_ref}"


def collect_invoice(unit: UnitOfWork, invoice: Invoice) -> PaymentRequest | None:
    """The request that collects it, made now or before; None: paid without one, or left to the subscriber. He is to be locked."""
    return collect_invoices(unit, [invoice]).get(invoice.external_id)


def collect_invoices(unit: UnitOfWork, invoices: Sequence[Invoice]) -> dict[str, PaymentRequest]:
    """Set by set: credits are applied, those covered are paid, the others are asked for where they can be; invoice -> request."""
    _apply_credits(unit, invoices)
    wanted = []
    for invoice in invoices:
        subscriber = unit.row(Subscriber, OWN_SOURCE, invoice.subscriber_ref or "")
        if invoice.status == "pending" and invoice.collection_method == "automatic" and collectable(subscriber):
            wanted.append((invoice, subscriber))
    if not wanted:
        return {}
    unit.load([(PaymentRequest.NAME, subscriber.pay_source or "", request_ref(invoice.external_id)) for invoice, subscriber in wanted])
    owed = _owed(unit, wanted)
    methods = default_methods(unit, [one for _, one in wanted if one.payment_method_ref is None])
    return {
        invoice.external_id: _ask(unit, invoice, subscriber, methods.get(_customer(subscriber)), owed)
        for invoice, subscriber in wanted
    }


def _apply_credits(unit: UnitOfWork, invoices: Sequence[Invoice]) -> None:
    """Only subscribers who have, or had, a credit have a row."""
    keys = {credit_key(one.subscriber_ref, one.currency) for one in invoices if one.status == "pending"}
    with_credit = unit.find(MoneyCredit, OWN_SOURCE, keys)
    for invoice in invoices:
        if invoice.status == "pending" and credit_key(invoice.subscriber_ref, invoice.currency) in with_credit:
            apply_credit(unit, invoice)
            if not invoice.amount_remaining_minor:
                settle_invoice(unit, invoice, paid_minor=0, because="credit")


Wanted = Sequence[tuple[Invoice, Subscriber]]


def _owed(unit: UnitOfWork, wanted: Wanted) -> set[tuple[str, str]]:
    """Keys of the balances from amounts too small to charge; whoever never owed any has no row."""
    refs: dict[str, set[str]] = defaultdict(set)
    for invoice, subscriber in wanted:
        refs[subscriber.pay_source or ""].add(balance_key(subscriber, invoice.currency))
    return {(source, ref) for source in sorted(refs) for ref in unit.find(CustomerBalance, source, refs[source])}


def balance_key(subscriber: Subscriber, currency: str | None) -> str:
    """How the balance of his customer at the provider is called."""
    return f"{subscriber.pay_customer_ref}:{currency}"


def _customer(subscriber: Subscriber) -> tuple[str, str]:
    return subscriber.pay_source or "", subscriber.pay_customer_ref or ""


def default_methods(unit: UnitOfWork, subscribers: Sequence[Subscriber]) -> dict[tuple[str, str], str]:
    """(provider, customer) -> his default there; those without one are left out. One query."""
    if not subscribers:
        return {}
    keys = [_customer(one) for one in subscribers]
    bound = {"sources": sorted({source for source, _ in keys}), "refs": sorted({ref for _, ref in keys})}
    return {(row["source"], row["external_id"]): row["method"] for row in unit.committed(_DEFAULTS, bound)}


def _ask(
    unit: UnitOfWork, invoice: Invoice, subscriber: Subscriber, default: str | None, owing: set[tuple[str, str]]
) -> PaymentRequest:
    row, new = own_row(unit, PaymentRequest, subscriber.pay_source or "", request_ref(invoice.external_id))
    if not new:
        return row  # how often it is tried, and when, is dunning's
    row.amount_minor, row.currency, row.invoice_ref = invoice.amount_remaining_minor, invoice.currency, invoice.external_id
    row.customer_ref, row.payment_method_ref = subscriber.pay_customer_ref, subscriber.payment_method_ref or default
    row.method, row.country, row.subscriber_ref = "card", subscriber.country, subscriber.external_id
    row.purpose, row.purpose_ref, row.off_session = "invoice", invoice.external_id, True
    row.description = str((invoice.lines or [{}])[0].get("description") or invoice.external_id)
    row.actor, row.requested_at = unit.actor, unit.now
    row.attempt, row.carried_minor, row.retry_wanted, row.cancel_wanted = 0, 0, False, False
    key = f"{row.customer_ref}:{row.currency}"
    owed = unit.row(CustomerBalance, row.source, key).owed_minor or 0 if (row.source, key) in owing else 0
    if (row.amount_minor or 0) + owed < minimum_charge(row.source, row.currency or ""):
        carry_request_over(unit, row)
        return row
    if owed:
        row.carried_minor = take(unit, row)
    attempt_payment(unit, row)
    return row

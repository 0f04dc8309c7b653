"""A new method of payment is tried at once for what is overdue, once per method, and beside the ladder (DUN-9)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.move_dunning import end_attempt_row
from billing.operations.open_dunning import new_step
from billing.operations.take_dunning_step import begin_try
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.dunning_case import DunningCase
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber
from models.subscription import Subscription

_WHOSE = "SELECT external_id FROM bursar.subscriber WHERE pay_source = %(source)s AND pay_customer_ref = %(customer)s"
_CASES = """SELECT c.external_id, c.subscription_ref, c.request_source, c.request_ref FROM bursar.dunning_case c
            WHERE c.subscriber_ref = %(subscriber)s AND c.status = 'open' AND c.charges AND c.request_ref IS NOT NULL
              AND NOT EXISTS (SELECT FROM bursar.dunning_attempt a WHERE a.case_ref = c.external_id AND a.method_ref = %(method)s)
            ORDER BY c.external_id"""
_CUSTOMER, _SUBSCRIBER = "customer", "subscriber"


def method_arrived(unit: UnitOfWork, source: str, customer_ref: str | None, method_ref: str | None) -> None:
    """A provider's customer has another method, or another default."""
    if customer_ref and method_ref:
        unit.later(_try, f"{_CUSTOMER}\n{source}\n{customer_ref}\n{method_ref}")


def method_chosen(unit: UnitOfWork, subscriber_ref: str, method_ref: str | None) -> None:
    """The app said which method of a subscriber is charged from now on."""
    if method_ref:
        unit.later(_try, f"{_SUBSCRIBER}\n\n{subscriber_ref}\n{method_ref}")


def _try(unit: UnitOfWork, keys: Sequence[str]) -> None:
    for key in keys:
        kind, source, ref, method = key.split("\n")
        whose = [ref]
        if kind == _CUSTOMER:
            whose = [row["external_id"] for row in unit.committed(_WHOSE, {"source": source, "customer": ref})]
        for subscriber_ref in whose:
            cases = unit.committed(_CASES, {"subscriber": subscriber_ref, "method": method})
            if cases:
                unit.again(key)
                _try_for(unit, subscriber_ref, cases, method)


def _try_for(unit: UnitOfWork, subscriber_ref: str, cases: list[dict[str, str]], method: str) -> None:
    unit.load([(Subscriber.NAME, OWN_SOURCE, subscriber_ref)])
    unit.load([(Subscription.NAME, OWN_SOURCE, one["subscription_ref"]) for one in cases if one["subscription_ref"]])
    unit.load([(name, OWN_SOURCE, one["external_id"]) for one in cases for name in (Invoice.NAME, DunningCase.NAME)])
    unit.load([(PaymentRequest.NAME, one["request_source"], one["request_ref"]) for one in cases])
    for one in cases:
        case = unit.row(DunningCase, OWN_SOURCE, one["external_id"])
        invoice = unit.row(Invoice, OWN_SOURCE, case.external_id)
        request = unit.row(PaymentRequest, case.request_source or "", case.request_ref or "")
        if case.status != "open" or invoice.status != "pending" or invoice.confirmation_since is not None or case.running_ref is not None:
            continue
        if case.subscription_ref and unit.row(Subscription, OWN_SOURCE, case.subscription_ref).cancel_at_period_end:
            continue
        if request.status in ("failed", "requires_action"):
            row = new_step(unit, case)
            why = begin_try(unit, case, row, invoice, method)
            if why is not None:
                end_attempt_row(unit, row, "skipped", why)

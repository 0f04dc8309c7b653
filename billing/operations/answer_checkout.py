"""Takes the provider's answer to one of a checkout's calls: the page's address, or why there is none."""

from __future__ import annotations

from billing.operations.move_request import move_request
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.states_charges import CHECKOUT_REQUEST
from models.checkout_request import CheckoutRequest

_CREATE = ("checkout_session.create", "order.create")


def answer_checkout(unit: UnitOfWork, fact: AnswerFact) -> None:
    """What the checkout itself shows was recorded before this, and the request follows it."""
    row = unit.row(CheckoutRequest, fact.source, fact.external_id)
    if fact.accepted:
        if fact.operation in _CREATE:
            row.checkout_ref = row.checkout_ref or fact.object_ref
            if row.status in ("pending", "open"):
                row.url = fact.url or row.url
                move_request(unit, row, CHECKOUT_REQUEST, "open", checkout=fact.object_ref)
        return
    row.failure_code, row.failure_message = fact.error_code, fact.error_message
    if fact.operation in _CREATE and row.status == "pending":
        row.completed_at = unit.now
        move_request(unit, row, CHECKOUT_REQUEST, "failed", failure_code=fact.error_code)
    elif fact.operation == "order.capture" and row.status == "approved":
        # The payer may choose another way to pay on the same page; his next approval is captured under the next key.
        move_request(unit, row, CHECKOUT_REQUEST, "open", failure_code=fact.error_code)
    elif fact.operation == "checkout_session.expire":
        row.expire_wanted = False

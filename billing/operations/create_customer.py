"""Makes a customer at a provider for a customer of the app, once, and links the two when it is made."""

from __future__ import annotations

from billing.operations.attempt_payment import QUEUE
from billing.operations.link_subscriptions import link_subscriptions
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.customers import CreateCustomer
from billing.rules.email_address import normalised
from billing.rules.facts.answer import AnswerFact
from billing.rules.states_charges import CUSTOMER_REQUEST
from models.customer import Customer
from models.customer_request import CustomerRequest


def create_customer(unit: UnitOfWork, command: CreateCustomer) -> CustomerRequest:
    """The request: new, the one that there is, or another attempt of one that the provider refused."""
    row, new = own_row(unit, CustomerRequest, command.source, command.external_ref)
    if not new and row.status != "failed":
        return row
    row.external_ref, row.name = command.external_ref, command.full_name
    row.email = normalised(command.email) if command.email else None
    row.actor, row.requested_at = unit.actor, unit.now
    row.attempt = (row.attempt or 0) + 1
    row.failure_code = row.failure_message = row.completed_at = None
    # A refused one begins anew: the same phase, so the move back is made here and audited like any other.
    row.status = None
    move_request(unit, row, CUSTOMER_REQUEST, "pending", external_ref=row.external_ref, attempt=row.attempt)
    values = {"email": row.email, "name": row.name, "params": {"metadata": {"external_ref": row.external_ref}}}
    unit.submit("customer.create", row, values=values, queue=QUEUE, lane=f"{row.source}:{row.external_ref}", attempt=row.attempt)
    return row


def answer_customer(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The provider's answer: the customer is the app's from now on; or why there is none."""
    row = unit.row(CustomerRequest, fact.source, fact.external_id)
    if row.status != "pending":
        return
    row.completed_at = unit.now
    if not fact.accepted or fact.object_ref is None:
        row.failure_code, row.failure_message = fact.error_code, fact.error_message
        move_request(unit, row, CUSTOMER_REQUEST, "failed", failure_code=fact.error_code)
        return
    row.customer_ref = fact.object_ref
    customer = unit.row(Customer, fact.source, fact.object_ref)
    if customer.external_ref is None:
        customer.external_ref = row.external_ref
        link_subscriptions(unit, customer, None)
        after = {"external_ref": row.external_ref}
        unit.audit("customer.linked", Customer.NAME, customer.id, before={"external_ref": None}, after=after)
    move_request(unit, row, CUSTOMER_REQUEST, "created", customer=fact.object_ref)

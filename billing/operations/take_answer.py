"""Takes what a provider answered to a submission: the request that wanted it learns its outcome, and the submission is settled.

A webhook may have told the same before, or will; each request's verb finds what is known already and changes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from billing.operations.answer_checkout import answer_checkout
from billing.operations.answer_payment import answer_payment
from billing.operations.cancel_at_provider import answer_subscription
from billing.operations.create_customer import answer_customer
from billing.operations.expire_method import answer_default_method
from billing.operations.follow_account import settle_account
from billing.operations.follow_dispute_response import settle_dispute_response
from billing.operations.follow_efactura import settle_upload
from billing.operations.follow_payout import settle_payout
from billing.operations.follow_refund_request import settle_refund
from billing.operations.follow_transfer import settle_transfer
from billing.operations.follow_transfer_reversal import settle_transfer_reversal
from billing.operations.report_usage import settle_meter_report
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact

Verb = Callable[[UnitOfWork, AnswerFact], None]

VERBS: Mapping[str, Verb] = {
    "account_request": settle_account,
    "checkout_request": answer_checkout,
    "customer_request": answer_customer,
    "default_method_request": answer_default_method,
    "dispute_response": settle_dispute_response,
    "efactura": settle_upload,
    "meter_report": settle_meter_report,
    "payment_request": answer_payment,
    "payout_request": settle_payout,
    "refund_request": settle_refund,
    "subscription_request": answer_subscription,
    "transfer_request": settle_transfer,
    "transfer_reversal_request": settle_transfer_reversal,
}
"""Request type -> the verb that follows its answers."""


class UnknownRequestError(RuntimeError):
    """An answer for a kind of request that this version does not know.

    The provider has done what was asked; the row stays retryable. Next step: run the version that made the submission.
    """


def take_answer(unit: UnitOfWork, fact: AnswerFact) -> None:
    """Tell the request, then settle.

    Raises:
        UnknownRequestError: no verb follows that kind of request.
    """
    verb = VERBS.get(fact.request_type)
    if verb is None:
        raise UnknownRequestError(f"{fact.submission}: nothing in this version follows a {fact.request_type}; run the version that made it")
    verb(unit, fact)
    unit.settle(fact.source, fact.submission)

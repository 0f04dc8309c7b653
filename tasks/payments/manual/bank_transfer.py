"""`bank_transfer.*`: somebody saw the money on the account, sent it back, or saw it come back (INBOX-14). It converges like any other
payment or refund (PAY-1)."""

from __future__ import annotations

from billing.operations.decide_bank_transfer import confirm_bank_transfer
from billing.operations.record_refund import record_refund
from billing.operations.send_bank_refund import refund_fact
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Version
from billing.rules.facts.event import Event
from billing.rules.facts.payment import PaymentFact
from billing.rules.facts.refund import RefundFact
from providers import fields
from providers.manual.envelope import CONFIRMED, REFUND_SENT


def facts(event: Event) -> PaymentFact | RefundFact:
    """A payment, or what went back of it, under the bank's own reference."""
    said = event.object
    if event.type != CONFIRMED:
        sent = event.type == REFUND_SENT
        return refund_fact(
            fields.needed(said, "reference"),
            "succeeded" if sent else "failed",
            Version(1 if sent else 2, event.occurred_at, 0, event.id),
            request=fields.needed(said, "request"),
            payment=fields.needed(said, "payment"),
            amount_minor=fields.whole(said, "amount_minor"),
            currency=fields.needed(said, "currency"),
            failure=None if sent else fields.needed(said, "reason"),
        )
    amount = fields.whole(said, "amount_minor")
    return PaymentFact(
        source=event.source,
        external_id=fields.needed(said, "reference"),
        version=Version(2, event.occurred_at, 0, event.id),
        kind="bank_transfer",
        intent_status="succeeded",
        provider_status="confirmed",
        amount_minor=amount,
        intent_received_minor=amount,
        currency=fields.needed(said, "currency"),
        confirmed=True,
        metadata_={"pays": fields.optional(said, "pays")},
        provider_created_at=event.occurred_at,
    )


def confirmed(unit: UnitOfWork, fact: PaymentFact) -> None:
    """The payment, succeeded."""
    confirm_bank_transfer(unit, fact)


def refund_sent(unit: UnitOfWork, fact: RefundFact) -> None:
    """The refund, on its way out of our account."""
    record_refund(unit, fact)


def refund_returned(unit: UnitOfWork, fact: RefundFact) -> None:
    """The refund came to nothing: the money is ours again."""
    record_refund(unit, fact)

"""`bank_transfer.confirmed`: somebody saw the money on the account (INBOX-14). It converges like any other payment (PAY-1)."""

from __future__ import annotations

from billing.operations.decide_bank_transfer import confirm_bank_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Version
from billing.rules.facts.event import Event
from billing.rules.facts.payment import PaymentFact
from providers import fields


def facts(event: Event) -> PaymentFact:
    """A payment under the bank's own reference."""
    said = event.object
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

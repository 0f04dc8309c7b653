"""PAYMENT.PAYOUTS-ITEM.*: one recipient's share of a batch payout."""

from __future__ import annotations

from billing.rules.facts.base import UNSET
from billing.rules.facts.event import Event
from billing.rules.facts.payout import PayoutFact
from billing.rules.states_money_out import PAYOUT, PAYOUT_GIVEN_BACK, UNKNOWN
from providers.fields import mapping, needed, optional
from providers.paypal.envelope import FETCHED
from providers.paypal.reading import money, said, time_of, version
from providers.paypal.shapes.declared import metadata
from providers.submission import TAG_REQUEST

_STATUSES = {
    "PENDING": "pending",
    "NEW": "pending",
    "PROCESSING": "in_transit",
    "ONHOLD": "on_hold",
    "HELD": "on_hold",
    # The recipient has 30 days to open an account; only then the money comes back (RETURNED).
    "UNCLAIMED": "in_transit",
    "SUCCESS": "paid",
    "SUCCEEDED": "paid",
    "FAILED": "failed",
    "DENIED": "failed",
    "BLOCKED": "failed",
    "CANCELED": "cancelled",
    "RETURNED": "returned",
    "REFUNDED": "returned",
    "REVERSED": "returned",
}
"""Words of `transaction_status`, and of the event types where they differ."""
PAYOUT_REQUEST = "payout_request:"
"""How an item's own id begins that names a request of ours."""


def payout_item(event: Event) -> PayoutFact:
    """The item as a payout of our own money; amount and fee without sign, in the item's currency.

    Raises:
        UnparsableBody: it has no id, or an amount that is no exact money.
    """
    obj = event.object
    item, errors = mapping(obj, "payout_item"), mapping(obj, "errors")
    word = optional(obj, "transaction_status") or event.type.rpartition(".")[2]
    status = _STATUSES.get(word, UNKNOWN)
    phase, rank = PAYOUT.place(status)
    amount, fee = money(item, "amount"), money(obj, "payout_item_fee")
    at = time_of(obj, "time_processed")
    return PayoutFact(
        source=event.source,
        external_id=needed(obj, "payout_item_id"),
        version=version(event, phase, rank),
        amount_minor=UNSET if amount is None else amount[0],
        currency=UNSET if amount is None else amount[1],
        fee_minor=fee[0] if fee is not None and (amount is None or fee[1] == amount[1]) else UNSET,
        status=status,
        provider_status=word,
        failure_code=said(optional(errors, "name")),
        failure_message=said(optional(errors, "message")),
        paid_at=(event.occurred_at if at is UNSET else at) if status == "paid" else UNSET,
        failed_at=(event.occurred_at if at is UNSET else at) if status in PAYOUT_GIVEN_BACK else UNSET,
        method=said(optional(item, "recipient_wallet") or optional(item, "recipient_type")),
        destination_ref=said(masked(optional(item, "receiver"))),
        batch_ref=said(optional(obj, "payout_batch_id")),
        balance_transaction_ref=said(optional(obj, "transaction_id")),
        confirmed=event.type.endswith(FETCHED),
        metadata_={
            name: value
            for name, value in (
                ("sender_item_id", optional(item, "sender_item_id")),
                ("sender_batch_id", optional(obj, "sender_batch_id")),
            )
            if value is not None
        }
        | _ours(optional(obj, "sender_batch_id"), optional(item, "sender_item_id")),
    )


def _ours(sender_batch_id: str | None, sender_item_id: str | None) -> dict[str, str]:
    """The request of ours that wanted the item, if one did; its own id names it where it has room, and the batch's in any case."""
    if sender_batch_id is not None and sender_batch_id.startswith(f"{TAG_REQUEST}="):
        return {name: text for name, text in metadata(sender_batch_id, None).items() if name != "custom_id"}
    if sender_item_id is not None and sender_item_id.startswith(PAYOUT_REQUEST):
        return {TAG_REQUEST: sender_item_id}
    return {}


def masked(receiver: str | None) -> str | None:
    """A recipient's address so that a person recognises it and a leak is worth little: `a***@example.com`, `***89`."""
    if receiver is None:
        return None
    name, at, domain = receiver.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else f"***{receiver[-2:]}"

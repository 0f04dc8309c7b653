"""Money that went back: v2 refunds and reversals, which name their capture by a link, and v1 refunds of sales."""

from __future__ import annotations

from billing.rules.facts.base import UNSET
from billing.rules.facts.event import Event
from billing.rules.facts.payment import ChargeFact
from billing.rules.facts.refund import RefundFact
from billing.rules.states_money_out import REFUND, UNKNOWN
from providers.fields import mapping, needed, optional
from providers.paypal.envelope import FETCHED
from providers.paypal.reading import money, parent, said, time_of, version
from providers.paypal.shapes.declared import metadata

MoneyBackFact = RefundFact | ChargeFact

_STATUSES = {"COMPLETED": "succeeded", "PENDING": "pending", "FAILED": "failed", "CANCELLED": "cancelled"}


def refund(event: Event) -> list[MoneyBackFact]:
    """The refund, and what PayPal's answer to a look-up says went back of its capture or sale so far (cumulative).

    Raises:
        UnparsableBody: it has no id, or an amount that is no exact money.
    """
    obj = event.object
    word = optional(obj, "status") or optional(obj, "state")
    status = _STATUSES.get((word or "").upper(), UNKNOWN)
    amount = money(obj, "amount")
    total = money(mapping(obj, "seller_payable_breakdown"), "total_refunded_amount") or money(obj, "total_refunded_amount")
    charge_ref = optional(obj, "sale_id") or optional(obj, "capture_id") or parent(obj, "captures")
    at = version(event, *REFUND.place(status))
    custom = metadata(
        optional(obj, "custom_id") or optional(obj, "custom"),
        optional(obj, "invoice_id") or optional(obj, "invoice_number"),
    )
    facts: list[MoneyBackFact] = [
        RefundFact(
            source=event.source,
            external_id=needed(obj, "id"),
            version=at,
            # PayPal shows money that leaves with a minus in v1, without one in v2.
            amount_minor=UNSET if amount is None else abs(amount[0]),
            currency=UNSET if amount is None else amount[1],
            status=status if word is not None else UNSET,
            provider_status=said(word),
            reason="reversed" if event.type.endswith(".REVERSED") else said(optional(obj, "note_to_payer")),
            failure_reason=said(optional(mapping(obj, "status_details"), "reason")),
            failed_at=at.at if status == "failed" else UNSET,
            charge_ref=said(charge_ref),
            payment_ref=said(charge_ref),
            confirmed=event.type.endswith(FETCHED),
            metadata_=custom or UNSET,
            provider_created_at=time_of(obj, "create_time"),
        )
    ]
    # By a look-up only: the amount is cumulative, so one that a forged body said would never sink again.
    if charge_ref is not None and total is not None and event.type.endswith(FETCHED):
        facts.append(
            ChargeFact(
                source=event.source,
                external_id=charge_ref,
                version=at,
                amount_refunded_minor=abs(total[0]),
                payment_ref=charge_ref,
            )
        )
    return facts

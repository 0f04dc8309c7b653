"""CUSTOMER.DISPUTE.*: a buyer contests a capture or sale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.dispute import DisputeFact
from billing.rules.facts.event import Event
from billing.rules.states_money_out import DISPUTE, UNKNOWN
from providers.fields import items, mapping, needed, optional
from providers.paypal.envelope import FETCHED
from providers.paypal.reading import Money, money, said, time_of, version

_OUTCOMES = {
    "RESOLVED_SELLER_FAVOUR": "won",
    "RESOLVED_SELLER_FAVOR": "won",
    "CANCELED_BY_BUYER": "won",
    "DENIED": "won",
    # PayPal paid the buyer out of its own pocket: the seller keeps the money; `provider_status` keeps the difference.
    "RESOLVED_WITH_PAYOUT": "won",
    "RESOLVED_BUYER_FAVOUR": "lost",
    "RESOLVED_BUYER_FAVOR": "lost",
    "ACCEPTED": "lost",
}
_STAGES = {"INQUIRY": "warning_", "CHARGEBACK": "", "PRE_ARBITRATION": "appeal_", "ARBITRATION": "appeal_"}
_FEES = frozenset({"CHARGEBACK_FEE", "DISPUTE_FEE", "DISPUTE_SETTLEMENT_FEE"})
"""Reasons of movements by which PayPal charges for the dispute itself, or gives that back."""
_APART = _FEES | {"REVERSED_TRANSACTION_FEE"}
"""Reasons of movements that are no part of the contested money; the last one is of the payment's fee, not of the dispute's."""
_OURS = frozenset({"OPEN", "WAITING_FOR_SELLER_RESPONSE"})
"""Statuses in which the next step is the seller's."""


def dispute(event: Event) -> DisputeFact:
    """The dispute as PayPal tells it. The money that it moved is taken from a look-up only (DISPUTE-4).

    Raises:
        UnparsableBody: it has no id, or an amount that is no exact money.
    """
    obj = event.object
    word, outcome = optional(obj, "status"), optional(mapping(obj, "dispute_outcome"), "outcome_code")
    stage, status = optional(obj, "dispute_life_cycle_stage"), read_status(obj)
    phase, rank = DISPUTE.place(status)
    amount = money(obj, "dispute_amount")
    disputed = [optional(one, "seller_transaction_id") for one in items(obj, "disputed_transactions")]
    charge = next((ref for ref in disputed if ref), None)
    return DisputeFact(
        source=event.source,
        external_id=needed(obj, "dispute_id"),
        version=version(event, phase, rank),
        amount_minor=UNSET if amount is None else amount[0],
        currency=UNSET if amount is None else amount[1],
        status=status if word is not None or outcome is not None else UNSET,
        provider_status=said(outcome if word == "RESOLVED" and outcome else word),
        reason=said(optional(obj, "reason")),
        stage=said(stage.lower() if stage else None),
        funds_withdrawn_minor=_moved(event, "DEBIT", amount),
        funds_reinstated_minor=_moved(event, "CREDIT", amount),
        balance_transactions=_fees(event),
        evidence_due_at=time_of(obj, "seller_response_due_date"),
        charge_ref=said(charge),
        payment_ref=said(charge),
        confirmed=event.type.endswith(FETCHED),
        provider_created_at=time_of(obj, "create_time"),
        closed_at=version(event, phase, rank).at if status in ("won", "lost") else UNSET,
    )


def _moved(event: Event, direction: str, amount: Money | None) -> int | Unset:
    """What the dispute took from us or gave back so far; only PayPal's answer to a look-up is believed in this."""
    moves = _movements(event)
    if amount is None or moves is None:
        return UNSET
    ours = [money(move, "amount") for move in moves if move.get("type") == direction and move.get("reason") not in _APART]
    return sum(one[0] for one in ours if one is not None and one[1] == amount[1])


def _fees(event: Event) -> list[Any] | Unset:
    """What PayPal charged for the dispute and gave back of that, each by itself: it may be of another currency than the dispute."""
    found = []
    for number, move in enumerate(_movements(event) or ()):
        amount, back = money(move, "amount"), move.get("type") == "CREDIT"
        if amount is None or move.get("reason") not in _FEES:
            continue
        fee = -amount[0] if back else amount[0]
        found.append({
            "id": f"{move['reason']}:{number}", "amount_minor": 0, "fee_minor": fee, "net_minor": -fee, "currency": amount[1],
            "at": move.get("initiated_time"),
        })  # fmt: skip
    return found or UNSET


def _movements(event: Event) -> list[Mapping[str, Any]] | None:
    """What moved on our side, by a look-up; None: nothing is told of it. `money_movements` is the older name of the list."""
    if not event.type.endswith(FETCHED):
        return None
    moves = items(event.object, "fund_movements") or items(event.object, "money_movements")
    return [one for one in moves if "SELLER" in (one.get("party"), one.get("affected_party"))] if moves else None


def read_status(obj: Mapping[str, Any]) -> str:
    """Our status for what PayPal shows of a dispute, in a webhook, a look-up, or its list.

    Raises:
        UnparsableBody: a field is of a wrong type.
    """
    word, stage = optional(obj, "status"), optional(obj, "dispute_life_cycle_stage")
    if word == "RESOLVED":
        return _OUTCOMES.get(optional(mapping(obj, "dispute_outcome"), "outcome_code") or "", UNKNOWN)
    if word in (None, "OTHER"):
        return UNKNOWN
    step = "needs_response" if word in _OURS else "under_review"
    return f"{_STAGES.get(stage or '', '')}{step}"

"""Stripe's disputes. Opening and closing move no money; what they list as balance transactions does (DISPUTE-4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.dispute import DisputeFact
from billing.rules.facts.event import Event
from billing.rules.states_money_out import DISPUTE
from providers import fields
from providers.stripe.shapes import reading as read


def dispute(event: Event) -> DisputeFact:
    """The dispute that the event's object is."""
    obj = event.object
    said = fields.optional(obj, "status") or ""
    status = DISPUTE.read(said)
    withdrawn, reinstated = _funds(event)
    return DisputeFact(
        source=event.source,
        # Disputes had no id of their own before 2013: a charge had at most one.
        external_id=fields.optional(obj, "id") or f"dispute_of_{read.ref(obj, 'charge')}",
        version=read.version(event, DISPUTE, status, grown=len(read.listed(obj, "balance_transactions"))),
        amount_minor=fields.whole(obj, "amount"),
        currency=read.currency(obj),
        status=status,
        provider_status=said or None,
        reason=fields.text(obj, "reason"),
        stage=_stage(obj),
        evidence_due_at=_evidence_due_at(obj),
        is_charge_refundable=read.flag(obj, "is_charge_refundable"),
        funds_withdrawn_minor=withdrawn,
        funds_reinstated_minor=reinstated,
        balance_transactions=[_move(item) for item in read.listed(obj, "balance_transactions")]
        if "balance_transactions" in obj
        else UNSET,
        charge_ref=read.ref(obj, "charge"),
        payment_ref=read.payment_of(obj),
        account_ref=event.account,
        confirmed=True,
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created"),
        closed_at=event.occurred_at if event.type == "charge.dispute.closed" else UNSET,
    )


def _funds(event: Event) -> tuple[int | Unset, int | Unset]:
    """(withdrawn, reinstated) so far, in the dispute's own currency, or unsaid where nothing moved.

    The balance transactions count where they are in that currency. In another one (the account settles in it), and in
    shapes that list none, the move's existence stands for the whole disputed amount.
    """
    obj = event.object
    moves = [item for item in read.listed(obj, "balance_transactions") if type(item.get("amount")) is int]
    same = all(item.get("currency") == obj.get("currency") for item in moves)
    amount = fields.whole(obj, "amount")
    whole = amount if isinstance(amount, int) else 0
    out = -sum(item["amount"] for item in moves if item["amount"] < 0)
    back = sum(item["amount"] for item in moves if item["amount"] > 0)

    def said(moved: int, event_type: str) -> int | Unset:
        if moved:
            return moved if same else whole
        return whole if event.type == event_type and whole else UNSET

    return said(out, "charge.dispute.funds_withdrawn"), said(back, "charge.dispute.funds_reinstated")


def _move(item: Mapping[str, Any]) -> dict[str, Any]:
    at = read.instant(item, "created")
    return {
        "id": item.get("id"),
        "amount_minor": item.get("amount"),
        "fee_minor": item.get("fee"),
        "net_minor": item.get("net"),
        "currency": str(item.get("currency") or "").upper() or None,
        "at": at.isoformat() if isinstance(at, datetime) else None,
    }


def _stage(obj: Mapping[str, Any]) -> str | Unset | None:
    details = fields.mapping(obj, "payment_method_details")
    return fields.text(fields.mapping(details, "card"), "case_type")


def _evidence_due_at(obj: Mapping[str, Any]) -> datetime | Unset | None:
    if "evidence_details" in obj:
        return read.instant(fields.mapping(obj, "evidence_details"), "due_by")
    return read.instant(obj, "evidence_due_by")  # before 2014-12-08

"""Books what a dispute moved: by the funds that were withdrawn and reinstated, never by its opening (DISPUTE-4, promise 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from billing.operations.book import book
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.journal import Leg
from billing.rules.states_money_out import dispute_outcome
from models.dispute import Dispute


def post_dispute(unit: UnitOfWork, row: Dispute) -> None:
    """Book a merged dispute; called after each merge. The funds columns are cumulative, so each step books the rest.

    What is held is lost once the dispute is; a dispute that is decided anew moves it back.
    """
    if row.confirmed is False or row.currency is None:
        return
    source, owner, currency = row.source, row.account_ref, row.currency
    out, back = row.funds_withdrawn_minor or 0, row.funds_reinstated_minor or 0
    book(unit, row, "dispute_withdrawn", bookings.dispute_withdrawn(source, owner, out, currency))
    book(unit, row, "dispute_reinstated", bookings.dispute_reinstated(source, owner, back, currency))
    lost = out - back if dispute_outcome(row.status) == "lost" else 0
    book(unit, row, "dispute_lost", bookings.dispute_lost(source, owner, lost, currency))
    moves = [
        move
        for move in row.balance_transactions or []
        if move.get("currency") and type(move.get("amount_minor")) is int
    ]
    fees = [
        leg
        for move in moves
        for leg in bookings.dispute_fee(source, owner, move.get("fee_minor") or 0, move["currency"])
    ]
    book(unit, row, "dispute_fee", fees)
    book(unit, row, "conversion", list(_conversions(row, currency, moves, out, back)))


def _conversions(row: Dispute, currency: str, moves: list[Any], out: int, back: int) -> Iterator[Leg]:
    """Moves on a balance of another currency: all of one direction stand for what moved that way."""
    others = [move for move in moves if move["currency"] != currency]
    for said, settled in (
        (-out, [move for move in others if move["amount_minor"] < 0]),
        (back, [move for move in others if move["amount_minor"] > 0]),
    ):
        if settled and said:
            total = sum(move["amount_minor"] for move in settled)
            yield from bookings.conversion(
                row.source, row.account_ref, (said, currency), (total, settled[0]["currency"])
            )

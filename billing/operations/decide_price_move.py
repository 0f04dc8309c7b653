"""Somebody decides about a subscription that a migration could not move by itself: it keeps its price, or is asked for again (PRICE-9)."""

from __future__ import annotations

from billing.operations.assign_price import published
from billing.operations.catalogue import offers_of
from billing.operations.move_provider_price import take_up
from billing.operations.move_request import move_request
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.price_moves import DecideMove
from billing.rules.states_prices import PRICE_MOVE
from models.base import OWN_SOURCE
from models.price_migration import PriceMove
from models.subscription import Subscription

_ASKED = """SELECT 1 AS found FROM bursar.subscription_request
            WHERE source = %(source)s AND move_ref = %(move)s AND status = 'pending' LIMIT 1"""
_LINKED = "SELECT 1 AS found FROM bursar.price_link WHERE provider = %(source)s AND price_ref = %(price)s"
_OVER = frozenset({"kept", "moved", "shadow"})


def decide_price_move(unit: UnitOfWork, command: DecideMove) -> PriceMove:
    """The move as it stands then; the same decision again changes nothing.

    Raises:
        Rejected: see the command's REFUSALS.
    """
    move = unit.row(PriceMove, OWN_SOURCE, f"{command.migration}:{command.source}:{command.subscription}")
    if move.incomplete or move.subscriber_ref != command.subscriber_ref:
        about = f"{command.migration} has not come to {command.source} {command.subscription} of {command.subscriber_ref}"
        raise Rejected("unknown_move", about, {"field": "subscription"})
    status = move.status or ""
    if (command.decision, status) == ("keep", "kept"):
        return move
    if status in _OVER:
        raise Rejected("decided_already", f"it is {status}", {"current": status})
    if unit.committed(_ASKED, {"source": command.source, "move": move.external_id}):
        raise Rejected("asked_already", f"{command.source} is being asked; its answer decides", {"current": status})
    if command.decision == "keep":
        move.because = f"somebody decided: {command.reason}"
        move_request(unit, move, PRICE_MOVE, "kept", subscription=move.subscription_ref, reason=command.reason)
        return move
    _again(unit, move, command)
    return move


def _again(unit: UnitOfWork, move: PriceMove, command: DecideMove) -> None:
    """Planned as on the first day. Who was told of the version once is not told twice."""
    if move.status != "provider_change_needed":
        raise Rejected("not_refused", f"it is {move.status} and goes on by itself", {"current": move.status})
    price = move.to_price_ref or ""
    if not unit.committed(_LINKED, {"source": command.source, "price": price}):
        raise Rejected("not_linked", f"{price} has no name at {command.source}", {"field": "subscription"})
    version = published(unit, price, "migration")
    offer = offers_of(unit, {version.product_ref}).get(version.product_ref)
    row = unit.row(Subscription, command.source, command.subscription)
    if not take_up(unit, move, row, version, offer.name if offer else version.product_ref):
        raise Rejected("subscription_ended", f"{command.subscription} is {row.status}", {"current": row.status})

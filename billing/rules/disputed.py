"""How disputes stand for what was paid: a pure function of each, so that any order of telling ends the same (DISPUTE-2, DISPUTE-4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from billing.rules.money import share_half_up
from billing.rules.states_money_out import dispute_outcome

Standing = Literal["charged_back", "disputed", "won", "no_loss"]
STANDINGS: tuple[Standing, ...] = ("charged_back", "disputed", "won", "no_loss")
"""The first that fits counts: money that is lost is lost, whatever becomes of another dispute."""

_STANDS: Mapping[str, Standing] = {"lost": "charged_back", "open": "disputed", "won": "won", "no_loss": "no_loss"}

Disputes = Mapping[str, Mapping[str, Any]]
"""Dispute's id -> what `entry` makes of it."""


def entry(status: str | None, amount_minor: int | None, out_minor: int | None, back_minor: int | None) -> dict[str, Any]:
    """One dispute, as charge and payment remember it: how it stands, what is contested, and what it has moved so far."""
    return {"outcome": dispute_outcome(status), "amount_minor": amount_minor, "out_minor": out_minor or 0, "back_minor": back_minor or 0}


def standing(disputes: Disputes | None) -> Standing | None:
    """What all disputes of a payment come to; None: it was never disputed."""
    found = {_STANDS[one["outcome"]] for one in (disputes or {}).values()}
    return next((one for one in STANDINGS if one in found), None)


def withdrawn_minor(disputes: Disputes | None) -> int:
    """What disputes hold of a charge's money now, in minor units: withdrawn and not given back. A refund may not touch it,
    and what a won dispute gave back may be refunded again (DISPUTE-4)."""
    total: int = sum(max(0, one["out_minor"] - one["back_minor"]) for one in (disputes or {}).values())
    return total


def payees_part(transfer_minor: int, disputed_minor: int, charge_minor: int | None) -> int:
    """What of a payee's share belongs to so much of the charge: in proportion, half-up, as of refunds; never more than all of it."""
    if not charge_minor or disputed_minor >= charge_minor:
        return transfer_minor
    return share_half_up(transfer_minor, disputed_minor, charge_minor)

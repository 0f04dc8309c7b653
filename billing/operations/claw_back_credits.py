"""Takes back unspent credits of a package whose money went back, once (REFUND-13).

What is to be taken is written with the fulfilment: credit lots are built elsewhere, void what is left of the lot that this
fulfilment granted, and say in `clawback_shortfall_minor` what was spent already.
"""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from models.fulfilment import Fulfilment


def claw_back_credits(unit: UnitOfWork, fulfilment: Fulfilment) -> bool:
    """Whether this call did it; False for what is no credit package, or was clawed back before."""
    if fulfilment.purpose != "credit_package" or fulfilment.credits_clawed_back_at is not None:
        return False
    fulfilment.credits_clawed_back_at, fulfilment.clawback_minor = unit.now, fulfilment.amount_minor
    _tell(unit, fulfilment, "credits.clawed_back")
    return True


def give_back_credits(unit: UnitOfWork, fulfilment: Fulfilment) -> bool:
    """The money is ours again (the refund failed, the dispute was won), and so the credits are the buyer's; whether this call did it."""
    if fulfilment.credits_clawed_back_at is None:
        return False
    _tell(unit, fulfilment, "credits.given_back")
    fulfilment.credits_clawed_back_at = fulfilment.clawback_minor = fulfilment.clawback_shortfall_minor = None
    return True


def _tell(unit: UnitOfWork, fulfilment: Fulfilment, action: str) -> None:
    after = {
        "package": fulfilment.purpose_ref, "external_ref": fulfilment.external_ref, "amount_minor": fulfilment.clawback_minor,
        "currency": fulfilment.currency,
    }  # fmt: skip
    unit.audit(action, Fulfilment.NAME, fulfilment.id, before=None, after=after)

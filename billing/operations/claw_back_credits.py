"""Takes back unspent credits of a package whose money went back, once.

The seam: credit lots are built elsewhere and void what is left of the lot that this fulfilment granted.
"""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from models.fulfilment import Fulfilment


def claw_back_credits(unit: UnitOfWork, fulfilment: Fulfilment) -> bool:
    """Whether this call did it; False for what is no credit package, or was clawed back before."""
    if fulfilment.purpose != "credit_package" or fulfilment.credits_clawed_back_at is not None:
        return False
    fulfilment.credits_clawed_back_at = unit.now
    after = {"package": fulfilment.purpose_ref, "external_ref": fulfilment.external_ref}
    unit.audit("credits.clawed_back", Fulfilment.NAME, fulfilment.id, before=None, after=after)
    return True

"""How long VIES's word about a VAT number holds, and when it is asked again (TAX-1).

A seller answers for each reverse charge with a number that was valid then. So a proof is renewed every week while VIES can be
reached, and one older than five weeks proves nothing any more: from then on tax is charged until VIES answers. "Unavailable" is
no answer at all: it neither proves nor refutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

RECHECK_AFTER = timedelta(days=7)
PROOF_HOLDS = timedelta(days=35)
ANSWER_WITHIN = timedelta(days=1)
"""A question that is open for longer is asked again: its call has died, and people were told of that."""
_AGAIN = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12), timedelta(days=1))


def proven(valid: bool | None, checked_at: datetime | None, at: datetime) -> bool | None:
    """What is known of a number at an instant: True proven valid, False known not to be, None nobody can say."""
    if valid is None or checked_at is None:
        return None
    if valid:
        return True if at - checked_at <= PROOF_HOLDS else None
    return False


def due_after_answer(at: datetime) -> datetime:
    """When a number that VIES has answered about is asked for again: an invalid one may have been registered since."""
    return at + RECHECK_AFTER


def due_after_failure(failures: int, at: datetime) -> datetime:
    """When VIES is asked again after it could not say so many times in a row (1 and more)."""
    return at + _AGAIN[min(failures, len(_AGAIN)) - 1]

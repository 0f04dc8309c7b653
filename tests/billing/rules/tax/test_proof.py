"""How long VIES's word holds, and when it is asked again (TAX-1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.rules.tax.proof import PROOF_HOLDS, RECHECK_AFTER, due_after_answer, due_after_failure, proven

_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.requirement("TAX-1")
def test_how_long_a_proof_holds() -> None:
    assert proven(None, None, _NOW) is None
    assert proven(True, None, _NOW) is None
    assert proven(True, _NOW - PROOF_HOLDS, _NOW) is True
    assert proven(True, _NOW - PROOF_HOLDS - timedelta(seconds=1), _NOW) is None
    assert proven(False, _NOW - PROOF_HOLDS * 9, _NOW) is False
    assert RECHECK_AFTER * 2 < PROOF_HOLDS, "an outage of a week must not end a proof"


@pytest.mark.requirement("TAX-1")
def test_when_it_is_asked_again() -> None:
    assert due_after_answer(_NOW) == _NOW + RECHECK_AFTER
    waits = [due_after_failure(failures, _NOW) - _NOW for failures in range(1, 9)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=15), timedelta(days=1))

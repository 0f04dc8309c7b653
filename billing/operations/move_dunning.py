"""Changes the status of dunning's rows: legal moves only, audited in the same transaction (DUN-4, DUN-5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.move_status import move_status
from billing.operations.unit import UnitOfWork
from billing.rules.states_dunning import DEFAULT_METHOD_REQUEST, DUNNING_ATTEMPT, DUNNING_CASE
from billing.rules.states_money_out import Statuses
from models.default_method_request import DefaultMethodRequest
from models.dunning_attempt import DunningAttempt
from models.dunning_case import DunningCase

_STATUSES: Mapping[str, Statuses] = {
    DunningCase.NAME: DUNNING_CASE,
    DunningAttempt.NAME: DUNNING_ATTEMPT,
    DefaultMethodRequest.NAME: DEFAULT_METHOD_REQUEST,
}


def move_dunning(unit: UnitOfWork, row: DunningCase | DunningAttempt | DefaultMethodRequest, after: str, **about: Any) -> None:
    """Set and audit the status.

    Raises:
        IllegalMoveError: no such move; the unit is rolled back.
    """
    before, row.status = row.status, after
    row.updated_at = max(row.updated_at, unit.now)
    move_status(unit, row, _STATUSES[row.NAME], before, after, about)


def end_attempt_row(unit: UnitOfWork, row: DunningAttempt, after: str, because: str | None = None) -> None:
    """To one of its final statuses."""
    row.completed_at, row.because = unit.now, because
    move_dunning(unit, row, after, because=because, decline_code=row.decline_code)

"""The one place where a status changes: legal by the declared table, and audited in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.unit import UnitOfWork
from billing.rules.states_money_out import Statuses
from models.base import Aggregate


class IllegalMoveError(RuntimeError):
    """A provider's fact would take a row back to an earlier phase.

    The merge by version excludes this, so it is our error: a shape gave a fact the phase of another status. The unit is
    rolled back, no row and no money moved. Next step: mend the shape's version, then replay the event.
    """


def move_status(
    unit: UnitOfWork,
    row: Aggregate,
    statuses: Statuses,
    before: str | None,
    after: str | None,
    about: Mapping[str, Any],
) -> None:
    """Check and audit that `row` goes from `before` (None: it was a stub) to `after`; the same status twice is no move.

    Args:
        unit: the transaction.
        row: whose status it is.
        statuses: the table of its kind.
        before: the status until now.
        after: the status from now on.
        about: what an auditor wants beside it (amount, the provider's own word), JSON values.

    Raises:
        IllegalMoveError: the table has no such move.
    """
    if before == after:
        return
    if after is None or not statuses.legal(before, after):
        raise IllegalMoveError(
            f"{statuses.of} {row.external_id} of {row.source} would go from {before} to {after}, no legal move; "
            "nothing was changed; mend the version that its shape gives, then replay"
        )
    unit.audit(
        f"{row.NAME}.status",
        row.NAME,
        row.id,
        before=None if before is None else {"status": before},
        after={"status": after, "external_id": row.external_id, **about},
    )

"""A period that was paid before anybody knew whose it is, or of which plan, brings what it brings once that is known (T4, INBOX-18).

Events, links and products come in any order; each effect of a settlement is its period's once, whoever asks for it again.
"""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.settle_period import EFFECTS
from billing.operations.unit import UnitOfWork
from models.period_settlement import PeriodSettlement
from models.subscription import Subscription

_NEWEST = """SELECT external_id FROM bursar.period_settlement WHERE source = %(source)s AND subscription_ref = %(ref)s
             ORDER BY period_start DESC LIMIT 1"""


def settle_known_later(unit: UnitOfWork, row: Subscription) -> None:
    """It is somebody else's now, or for another product, than was known."""
    unit.later(_settle, f"{row.source} {row.external_id}")


def _settle(unit: UnitOfWork, keys: Sequence[str]) -> None:
    for key in keys:
        source, reference = key.split(" ", 1)
        row = unit.row(Subscription, source, reference)
        found = unit.committed(_NEWEST, {"source": source, "ref": reference})
        if row.subscriber_ref is None or row.product_ref is None or not found:
            continue
        unit.again(key)
        settlement = unit.row(PeriodSettlement, source, found[0]["external_id"])
        for effect in EFFECTS:
            effect(unit, row, settlement)

"""Lays one provider fact onto its row: merge by version, report what changed. The core of every `record_*` verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.come_back import come_back
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact
from billing.rules.merge import merge
from models.base import Aggregate


def apply_fact(unit: UnitOfWork, row: Aggregate, fact: Fact, values: Mapping[str, Any] | None = None) -> dict[str, tuple[Any, Any]]:
    """Merge `fact` into `row` and return the columns that changed as {name: (before, after)}; `{}` for an older or repeated fact.

    `values` replaces what the fact said where a verb has turned references into row ids; its names are the row's attributes.
    """
    said = dict(fact.said()) if values is None else dict(values)
    held = row.__dict__
    current = {name: held[name] for name in row.fact_columns()}
    changes, versions = merge(current, row.versions, said, fact.version, fact.MAXIMA)
    if versions != row.versions:
        row.versions = versions
    before_after = {name: (current[name], value) for name, value in changes.items()}
    # Past the mapper's instrumentation, which nobody needs: the unit finds what changed by comparing.
    held.update(changes)
    gone_at = held.get("gone_at")
    if gone_at is not None and fact.version.at > gone_at:
        come_back(unit, row)
    if before_after:
        row.updated_at = max(row.updated_at, unit.now)
    return before_after


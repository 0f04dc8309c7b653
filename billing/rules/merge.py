"""Pure merge of provider facts: any order of arrival, with duplicates and equal seconds, ends in the same row (promise 3).

Each field is a register that keeps the value of the greatest version that mentioned it; cumulative fields keep the
maximum. Both are commutative, associative and idempotent, hence so is the whole. A row keeps the version of its last
full snapshot under the key "" and, only where they differ, versions of single fields (null: never mentioned).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.rules.facts.base import Version

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BASE = ""

Stored = list[Any]
"""A version as JSON: [phase, microseconds since 1970, rank, event id]."""


def pack(version: Version) -> Stored:
    """A version as JSON values; the order of packed versions is the order of versions."""
    return [version.phase, (version.at - _EPOCH) // timedelta(microseconds=1), version.rank, version.event_id]


def merge(
    current: Mapping[str, Any],
    versions: Mapping[str, Stored | None],
    said: Mapping[str, Any],
    version: Version,
    maxima: Collection[str] = (),
) -> tuple[dict[str, Any], dict[str, Stored | None]]:
    """What changes on a row when a fact arrives.

    Args:
        current: the row's present values of all fields that facts can mention.
        versions: the row's stored versions; empty for a stub.
        said: the fields that this fact mentions.
        version: how new the fact is.
        maxima: names of the cumulative fields among them.

    Returns:
        (changed values, new stored versions); an older or repeated fact changes nothing.
    """
    new = pack(version)
    by_field = {
        name: versions[name] if name in versions else versions.get(_BASE) for name in current if name not in maxima
    }
    changes: dict[str, Any] = {}
    for name, value in said.items():
        if name in maxima:
            if value is not None and (current[name] is None or value > current[name]):
                changes[name] = value
            continue
        held = by_field[name]
        if held is None or new > held:
            by_field[name] = new
            if current[name] != value:
                changes[name] = value
    return changes, _compact(by_field)


def _compact(by_field: Mapping[str, Stored | None]) -> dict[str, Stored | None]:
    held = [version for version in by_field.values() if version is not None]
    if not held:
        return {}
    base = max(held)
    return {_BASE: base} | {name: version for name, version in by_field.items() if version != base}

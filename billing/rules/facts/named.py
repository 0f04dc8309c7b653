"""Which rows a fact names besides its own, so that no fact forgets that a reference may be null or unsaid."""

from __future__ import annotations

from collections.abc import Iterator

from billing.rules.facts.base import Unset


def named(**references: str | Unset | None) -> Iterator[tuple[str, str]]:
    """(aggregate, external id) of each reference that the provider filled; keywords are aggregates' names."""
    for aggregate, external_id in references.items():
        if isinstance(external_id, str) and external_id:
            yield aggregate, external_id

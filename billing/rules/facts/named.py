"""Which rows a fact names besides its own, so that no fact forgets that a reference may be null or unsaid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from billing.rules.facts.base import Unset
from billing.rules.request_tag import request_named


def named(**references: str | Unset | None) -> Iterator[tuple[str, str]]:
    """(aggregate, external id) of each reference that the provider filled; keywords are aggregates' names."""
    for aggregate, external_id in references.items():
        if isinstance(external_id, str) and external_id:
            yield aggregate, external_id


def wanted_by(metadata: Mapping[str, Any] | Unset | None, kind: str) -> Iterator[tuple[str, str]]:
    """The request of this kind that made the object, if its metadata names one."""
    found = None if isinstance(metadata, Unset) else request_named(metadata)
    if found is not None and found.request_type == kind:
        yield kind, found.reference

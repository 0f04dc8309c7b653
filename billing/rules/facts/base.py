"""What all facts share: whose they are, how new they are, and which of their fields were said at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Final, Literal


class Unset(Enum):
    """The type of `UNSET`: the provider did not mention this field, which is not the same as null."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """How new a fact is (INBOX-17): ordered by phase, then provider's time, rank of the state, event id; never by arrival.

    `phase` is 0 for a state in which objects only begin, 1 for running ones, 2 for final ones: a final state is never
    overwritten by a running one, whatever the clocks say. `rank` orders states within one second.
    """

    phase: Literal[0, 1, 2]
    at: datetime
    rank: int
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """The base of all facts: `(source, external_id)` names the object at the provider.

    Subclasses name their aggregate and hold only values; a field ending in `_ref` is another object's external id.
    `MAXIMA` are cumulative fields (amount refunded so far): they merge by maximum. All others: the newest version wins.
    """

    AGGREGATE: ClassVar[str]
    MAXIMA: ClassVar[frozenset[str]] = frozenset()

    source: str
    external_id: str
    version: Version

    def said(self) -> Iterator[tuple[str, Any]]:
        """The fields that the provider mentioned, as (name, value), without identity and version."""
        for name in _values_of(type(self)):  # type: ignore[arg-type]  # a class has a hash, whatever its instances have
            value = getattr(self, name)
            if value is not UNSET:
                yield name, value

    def references(self) -> Iterator[tuple[str, str]]:
        """All rows that applying this fact touches, as (aggregate, external id), the own one first.

        The runner loads and locks them for a whole batch at once; a missing one becomes a stub (INBOX-18).
        """
        yield self.AGGREGATE, self.external_id

    def own_references(self) -> Iterator[tuple[str, str]]:
        """Rows of our own (source `bursar`) that applying it touches, as (aggregate, external id); locked with the others."""
        yield from ()


@cache
def _values_of(kind: type[Fact]) -> tuple[str, ...]:
    """Names of a kind's fields without identity and version; looked up once, for each event asks."""
    return tuple(field.name for field in fields(kind) if field.name not in ("source", "external_id", "version"))

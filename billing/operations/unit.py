"""What verbs may ask of the transaction that they run in. The machine implements it; verbs know only this."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from models.base import Aggregate, Base

A = TypeVar("A", bound=Aggregate)


class UnitOfWork(Protocol):
    """One transaction: loaded and locked rows, and buffers for what is only ever added.

    A verb never commits and never calls out. Rows come locked; changing an attribute is enough, one flush writes all.
    """

    @property
    def now(self) -> datetime:
        """The business's time of this unit: for a provider's event, the time at which it happened."""
        ...

    def row(self, model: type[A], source: str, external_id: str) -> A:
        """The row of the provider's object, locked; a stub is made when there is none (INBOX-18)."""
        ...

    def add(self, row: Base) -> None:
        """A new row with an id of its own, written at the flush."""
        ...

    def audit(
        self,
        action: str,
        object_type: str,
        object_id: UUID | str,
        *,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        """An audit row in this transaction (AUDIT-2); actor, reason and source event are the unit's own."""
        ...

    def send(self, kind: str, key: str, payload: Mapping[str, Any], *, queue: str, lane: str) -> None:
        """An outbox row: the call happens after the commit, once per (kind, key), however often this is asked."""
        ...

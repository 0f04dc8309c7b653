"""What a unit of work only ever adds (new rows, audit, calls): buffered, cut back when an event fails, written at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from models.audit import AUDIT
from models.base import Base
from models.bulk import insert_rows
from models.outbox import OUTBOX
from workers.rows import insert_new


@dataclass(slots=True)
class Added:
    """Three buffers, each written by one statement per table."""

    rows: list[Base] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def mark(self) -> tuple[int, int, int]:
        """Where the buffers end now, for `cut`."""
        return len(self.rows), len(self.audit), len(self.calls)

    def cut(self, mark: tuple[int, int, int]) -> None:
        """Drop what came after `mark`."""
        rows, audit, calls = mark
        del self.rows[rows:], self.audit[audit:], self.calls[calls:]

    def write(self, connection: Connection) -> list[tuple[str, int]]:
        """Write and empty the buffers; returns the outbox rows that came into being as (queue, id)."""
        insert_new(connection, self.rows)
        if self.audit:
            insert_rows(connection, AUDIT, self.audit)
        calls = sorted(self.calls, key=lambda call: (call["kind"], call["key"]))
        self.cut((0, 0, 0))
        if not calls:
            return []
        # A second call of the same (kind, key) is the same call.
        unique = list({(call["kind"], call["key"]): call for call in calls}.values())
        made = insert_rows(connection, OUTBOX, unique, once_by=("kind", "key"), returning=("queue", "id"))
        return [(queue, row_id) for queue, row_id in made]

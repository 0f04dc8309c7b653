"""What a unit of work only ever adds (rows, audit, calls, journal): buffered, cut back when an event fails, written at the end.

By one statement, whatever the size of the batch: nothing of it refers to anything else of it. What is many goes by COPY before.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from billing.rules.journal import Posting
from billing.rules.paper.unnumbered import Unnumbered
from core.crypto import KeyRing
from core.ids import new_id
from models.audit import AUDIT, audit_row, id_text
from models.base import Aggregate, Base
from models.bulk import append_lines, insertion, lines_of
from models.copying import MANY
from models.outbox import OUTBOX
from models.statements import Statement
from models.submission import SUBMISSION
from models.together import joined, send_in_turn
from providers.submission import Rendered
from workers import journal, numbers, submissions
from workers.rows import insert_new

Later = Callable[[Any, Sequence[str]], None]


class Asked(NamedTuple):
    """Who asked for what is done at the unit's end."""

    verb: Later
    key: str
    now: datetime
    actor: str
    reason: str
    inbox_id: int | None


@dataclass(slots=True)
class Added:
    """The buffers."""

    rows: list[Base] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    submissions: list[dict[str, Any]] = field(default_factory=list)
    settled: list[tuple[str, str, datetime]] = field(default_factory=list)
    legs: list[dict[str, Any]] = field(default_factory=list)
    later: list[Asked] = field(default_factory=list)
    papers: list[numbers.Asked] = field(default_factory=list)

    def mark(self) -> tuple[int, ...]:
        """Where the buffers end now, for `cut`."""
        return tuple(len(buffer) for buffer in self._buffers())

    def cut(self, mark: tuple[int, ...]) -> None:
        """Drop what came after `mark`."""
        for buffer, end in zip(self._buffers(), mark, strict=True):
            del buffer[end:]

    def _buffers(self) -> tuple[list[Any], ...]:
        return self.rows, self.audit, self.calls, self.submissions, self.settled, self.legs, self.later, self.papers

    def write(
        self, connection: Connection, keys: KeyRing, before: Sequence[Statement], beside: Sequence[Statement], behind: Sequence[Statement]
    ) -> list[tuple[str, int]]:
        """Write and empty the buffers, and with them what is to be written before, beside and behind them; returns the outbox rows
        that came into being as (queue, id).

        Papers come last but for that, because the commit is to follow the draw of their numbers at once.
        """
        statements, made = [*before, *journal.booking(connection, self.legs)], list[tuple[str, int]]()
        if max(len(self.rows), len(self.audit)) >= MANY:  # some of them are written at once
            send_in_turn(connection, statements)
            statements = []
        parts = [*beside, *self._parts(connection)]
        if self.calls:
            parts.append(self._called())
            statements.append(joined(parts, lambda result: made.extend((queue, row_id) for queue, row_id in result.all())))
        elif parts:
            statements.append(joined(parts))
        if self.papers:
            send_in_turn(connection, statements)
            statements = []
            numbers.issue(connection, keys, self.papers)
        send_in_turn(connection, [*statements, *behind])
        self.cut((0,) * len(self._buffers()))
        return made

    def _parts(self, connection: Connection) -> list[Statement]:
        parts = insert_new(connection, self.rows)
        if self.audit:
            parts += append_lines(connection, AUDIT, *lines_of(self.audit))
        if self.submissions:
            wanted = {(one["source"], one["key"]): one for one in self.submissions}
            parts.append(insertion(SUBMISSION, *lines_of([wanted[key] for key in sorted(wanted)]), once_by=("source", "key")))
        if self.settled:
            parts.append(submissions.settlement([(source, key) for source, key, _ in self.settled], self.settled[0][2]))
        return parts

    def _called(self) -> Statement:
        calls = sorted(self.calls, key=lambda call: (call["kind"], call["key"]))
        # A second call of the same (kind, key) is the same call.
        unique = list({(call["kind"], call["key"]): call for call in calls}.values())
        return insertion(OUTBOX, *lines_of(unique), once_by=("kind", "key"), returning=("queue", "id"))


class Adding:
    """The half of a unit of work that adds (`audit`, `add`, `send`, `submit`, `post`, `issue`, `settle`), for the event in hand."""

    def __init__(self, keys: KeyRing, began_at: datetime) -> None:
        self._keys = keys
        self._added = Added()
        self._began_at = self._now = began_at
        self._actor, self._reason = "bursar", "unspecified"
        self._inbox_id: int | None = None

    @property
    def now(self) -> datetime:
        """The business's time of the event in hand."""
        return self._now

    @property
    def actor(self) -> str:
        """In whose name the event in hand is processed."""
        return self._actor

    def add(self, row: Base) -> None:
        """A new row with an id of its own."""
        self._added.rows.append(row)

    def audit(
        self, action: str, object_type: str, object_id: UUID | str, *, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> None:
        """Buffer an audit row; it is written with this transaction or not at all."""
        self._added.audit.append(
            audit_row(
                self._keys,
                uid=new_id(self._now),
                at=self._now,
                actor=self._actor,
                reason=self._reason,
                action=action,
                object_type=object_type,
                object_id=object_id if isinstance(object_id, str) else id_text(object_id),
                before=before,
                after=after,
                inbox_id=self._inbox_id,
            )
        )

    def send(self, kind: str, key: str, payload: Mapping[str, Any], *, queue: str, lane: str) -> None:
        """Buffer an outbox row; a second one of the same (kind, key) is the same call and is dropped by the constraint."""
        self._added.calls.append(
            {
                "kind": kind,
                "key": key,
                "queue": queue,
                "lane": lane,
                "payload": dict(payload),
                "inbox_id": self._inbox_id,
                # By the transaction's time, not the event's: an event dated 2099 must not stand behind all other calls.
                "created_at": self._began_at,
                "fair_at": self._began_at,
                "next_at": self._began_at,
            }
        )

    def submit(
        self,
        operation: str,
        request: Aggregate,
        *,
        values: Mapping[str, Any],
        queue: str,
        lane: str,
        attempt: int = 1,
        account: str | None = None,
    ) -> str:
        """Reserve a submission and its call; a second one of the same (operation, request, attempt) is the same one."""
        key = f"{operation}:{request.id.hex}:{attempt}"
        call = _renderer(request.source)(operation, values, request=f"{request.NAME}:{request.external_id}", key=key)
        self._added.submissions.append(
            {
                "source": request.source,
                "operation": operation,
                "key": key,
                "request_type": request.NAME,
                "request_ref": request.external_id,
                "request_id": request.id,
                "attempt": attempt,
                "kind": call.kind,
                "path": call.path,
                "account": account,
                "body": call.body,
                "reserved_at": self._began_at,
                "inbox_id": self._inbox_id,
            }
        )
        self.send(f"{request.source}.submit", key, {"submission": key}, queue=queue, lane=lane)
        return key

    def post(self, posting: Posting) -> None:
        """Buffer a fact's journal legs."""
        for number, leg in enumerate(posting.legs, posting.first_leg):
            self._added.legs.append(
                {
                    "fact": posting.fact,
                    "kind": posting.kind,
                    "leg": number,
                    "debit": leg.debit,
                    "credit": leg.credit,
                    "amount_minor": leg.amount_minor,
                    "currency": leg.currency,
                    "posted_at": posting.at or self._now,
                    "inbox_id": self._inbox_id,
                }
            )

    def issue(self, paper: Unnumbered) -> None:
        """Buffer a paper; its number is drawn as the last thing before the commit. A second one of the same reference is the same paper."""
        if all(one.paper.reference != paper.reference for one in self._added.papers):
            self._added.papers.append(numbers.Asked(paper, self._actor, self._reason, self._inbox_id))

    @property
    def papers(self) -> list[Unnumbered]:
        """What this unit will issue, so far."""
        return [one.paper for one in self._added.papers]

    @property
    def began_at(self) -> datetime:
        """The business's time at which this transaction began, whatever the times of its events."""
        return self._began_at

    def later(self, verb: Later, key: str) -> None:
        """Buffer what is done at the unit's end, once for all keys; an event that is undone has asked for nothing."""
        self._added.later.append(Asked(verb, key, self._now, self._actor, self._reason, self._inbox_id))

    def settle(self, source: str, key: str) -> None:
        """The answer to this submission has had its effects, in this transaction."""
        self._added.settled.append((source, key, self._began_at))


@cache
def _renderer(source: str) -> Callable[..., Rendered]:
    """A provider's own words for our operations."""
    found: Callable[..., Rendered] = importlib.import_module(f"providers.{source}.operations").render
    return found

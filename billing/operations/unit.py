"""What verbs may ask of the transaction that they run in. The machine implements it; verbs know only this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, Protocol, TypeVar
from uuid import UUID

from billing.rules.journal import Posting
from billing.rules.paper.unnumbered import Unnumbered
from models.base import Aggregate, Base

A = TypeVar("A", bound=Aggregate)


Later = Callable[["UnitOfWork", Sequence[str]], None]


class UnitOfWork(Protocol):
    """One transaction: loaded and locked rows, and buffers for what is only ever added.

    A verb never commits and never calls out. Rows come locked; changing an attribute is enough, one flush writes all.
    """

    @property
    def now(self) -> datetime:
        """The business's time of this unit: for a provider's event, the time at which it happened."""
        ...

    @property
    def actor(self) -> str:
        """In whose name it is done, as the audit records it: `app:...`, `person:...`, `provider:...` or `bursar`."""
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
        """Make or move something at the request's provider, once per (operation, request, attempt), after the commit (PAY-2).

        The key and the exact body are written now. What the provider answers, accepted or refused, comes back as an
        `answer.<kind>` event to `take_answer`; whatever goes wrong on the way there is the machine's.

        Args:
            operation: a name of `providers/<source>/operations.py`.
            request: the row that wants it; its `source` is the provider.
            values: the call in our words, as that table knows them; None is left out.
            queue: the queue whose call workers make it.
            lane: customer or account; the answer is processed in it.
            attempt: another number is another call, with another key.
            account: the connected account in whose name it is made.

        Returns:
            The submission's key.
        """
        ...

    def post(self, posting: Posting) -> None:
        """Book a fact's legs in the journal (promise 5), once per (fact, kind, leg).

        Verbs go through `book`, which knows what was booked of a row before. Booked again with the same values it is the
        same leg; with other values the whole unit is refused.
        """
        ...

    def committed(self, sql: LiteralString, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows of a query, for reports that a command asks for: what is committed, without what this unit has in hand.

        Not for decisions: they read locked rows.
        """
        ...

    def settle(self, source: str, key: str) -> None:
        """The answer to that submission has had its effects in this transaction."""
        ...

    def load(self, references: Iterable[tuple[str, str, str]]) -> None:
        """Load and lock rows, as (aggregate, source, external id), by one statement per table; `row` then finds them."""
        ...

    def expect(self, references: Iterable[tuple[str, str, str]]) -> None:
        """Load and lock those of the rows that exist, set by set, because verbs will ask for them one by one; no stubs are made."""
        ...

    @property
    def known(self) -> list[Base]:
        """All rows loaded or added so far."""
        ...

    def later(self, verb: Later, key: str) -> None:
        """Have `verb(unit, keys)` called once at this unit's end, with all keys that were said, sorted.

        For what is derived from many rows: once per unit and set by set, not once per change.
        """
        ...

    def again(self, key: str) -> None:
        """In a verb called `later`: what follows has actor, time and reason of whoever asked for `key` last."""
        ...

    def find(self, model: type[A], source: str, external_ids: Iterable[str]) -> dict[str, A]:
        """Those of the rows that exist, locked, by external id; what does not exist becomes no stub."""
        ...

    def issue(self, paper: Unnumbered) -> None:
        """Issue a legal paper: its number is drawn, and it is written with it, as the last thing before the commit (INV-8).

        A second one of the same reference within this unit is the same paper; across units whoever asks has looked under a lock.
        """
        ...

    @property
    def papers(self) -> list[Unnumbered]:
        """What this unit will issue, so far."""
        ...

    @property
    def began_at(self) -> datetime:
        """The business's time at which this transaction began, whatever the times of its events."""
        ...

    @property
    def kept(self) -> dict[str, Any]:
        """What verbs have read for this unit and need not read again, by names of their own. Gone when an event is undone."""
        ...

    @property
    def answers(self) -> dict[str, Any]:
        """What is committed, as this unit was told once and asks no more (`ask_once`); it stays when an event is undone."""
        ...

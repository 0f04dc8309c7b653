"""What the payments queue's runs do with trials: tell before they end, and end them (TRIAL-1, TRIAL-4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from billing.operations.end_trials import end_trials, tell_of_trials
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from models.subscription import Subscription
from workers.paging import Paged
from workers.unit import Reference


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.subscriber_ref
    yield Subscription.NAME, OWN_SOURCE, row.item


def _end(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    end_trials(unit, [one.item for one in rows])


def _tell(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    tell_of_trials(unit, [one.item for one in rows])


END = Paged(
    job="end_trials",
    due="""SELECT s.trial_end_at AS due_at, s.id, s.external_id AS item, s.subscriber_ref
        FROM bursar.subscription s JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        WHERE s.trial_end_at <= %(now)s AND s.source = 'bursar' AND s.status = 'trialing'
          AND (s.trial_end_at, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.trial_end_at, s.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_references,
    work=_end,
)
"""TRIAL-1; those in their plan's grace are found each day and left."""

TELL = Paged(
    job="tell_of_trials",
    due="""SELECT s.trial_notice_at AS due_at, s.id, s.external_id AS item, s.subscriber_ref
        FROM bursar.subscription s JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = s.subscriber_ref
        WHERE s.trial_notice_at <= %(now)s AND s.source = 'bursar'
          AND (s.trial_notice_at, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.trial_notice_at, s.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_references,
    work=_tell,
)
"""TRIAL-4."""

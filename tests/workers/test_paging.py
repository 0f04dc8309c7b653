"""Runs work page by page: everything due once, nothing that another has in hand, and one bad item stops no other (promise 7)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cli.simulate.runs import paged_runs
from core.clock import FixedClock
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from tests.factories.subscribers import subscriber, unit_of
from tests.harness.cluster import Database
from workers import paging
from workers.context import Context
from workers.paging import Paged, work_pages
from workers.unit import Reference, Unit

_DUE = """SELECT b.created_at AS due_at, b.id, b.external_id AS item FROM bursar.subscriber b
          WHERE b.status = 'trial' AND b.created_at <= %(now)s AND (b.created_at, b.id) > (%(after_at)s, %(after_id)s)
          ORDER BY b.created_at, b.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED"""


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.item


def _paged(seen: Counter[str], bad: frozenset[str] = frozenset()) -> Paged:
    def work(unit: Unit, rows: Sequence[Row[Any]]) -> None:
        for one in rows:
            row = unit.row(Subscriber, OWN_SOURCE, one.item)
            if row.external_id in bad:
                raise ValueError(f"{row.external_id} is odd")
            row.status = "active"
        seen.update(one.item for one in rows)

    return Paged(job="test_run", due=_DUE, references=_references, work=work)


def _trials(context: Context, count: int) -> None:
    with unit_of(context) as unit:
        for number in range(count):
            subscriber(unit, f"s{number:03}", status="trial")


def _left(database: Database) -> list[str]:
    with database.connect() as connection:
        return [row[0] for row in connection.execute("SELECT external_id FROM bursar.subscriber WHERE status = 'trial' ORDER BY 1")]


def test_all_that_is_due_is_done_once_in_pages(context: Context, database: Database) -> None:
    _trials(context, 23)
    seen: Counter[str] = Counter()

    result = work_pages(context, _paged(seen), context.clock.now(), page=5)

    assert result == {"items": 23, "failed": 0, "left": 0, "more": False}
    assert set(seen.values()) == {1}
    assert _left(database) == []
    assert work_pages(context, _paged(seen), context.clock.now())["items"] == 0


def test_what_the_budget_leaves_the_next_turn_does(context: Context, database: Database) -> None:
    _trials(context, 12)
    seen: Counter[str] = Counter()

    turns = [work_pages(context, _paged(seen), context.clock.now(), page=5, budget_s=0) for _ in range(3)]

    assert [(turn["items"], turn["left"], turn["more"]) for turn in turns] == [(5, 7, True), (5, 2, True), (2, 0, False)]
    assert len(seen) == 12


def test_one_bad_item_waits_alone_and_is_tried_again_when_its_time_has_come(
    context: Context, database: Database, clock: FixedClock
) -> None:
    _trials(context, 9)
    seen: Counter[str] = Counter()

    result = work_pages(context, _paged(seen, frozenset({"s004"})), clock.now(), page=4)

    assert (result["items"], result["failed"]) == (8, 1)
    assert _left(database) == ["s004"]
    again = work_pages(context, _paged(seen), clock.now(), page=4)
    assert again["items"] == 0, "it waits five minutes"
    clock.move_to(clock.now() + timedelta(minutes=5))
    assert work_pages(context, _paged(seen), clock.now())["items"] == 1
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM bursar.run_failure").fetchone() == (0,)


def test_whom_another_transaction_has_in_hand_is_passed_over(context: Context, database: Database) -> None:
    _trials(context, 6)
    seen: Counter[str] = Counter()
    with database.connect(autocommit=False) as other:
        other.execute("SELECT FROM bursar.subscriber WHERE external_id = 's002' FOR UPDATE")
        assert work_pages(context, _paged(seen), context.clock.now(), page=4)["items"] == 5
        other.rollback()
    assert work_pages(context, _paged(seen), context.clock.now(), page=4)["items"] == 1
    assert _left(database) == []


def test_what_lies_ahead_of_each_run_can_be_counted(context: Context) -> None:
    first = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))
    known = {"now", "after_at", "after_id", "page"}
    runs = [one for one in paged_runs().values() if set(re.findall(r"%\((\w+)\)s", one.due)) <= known | set(one.bound)]
    assert len(runs) > 15
    assert [paging._left(context, paged, context.clock.now(), first) for paged in runs] == [0] * len(runs)

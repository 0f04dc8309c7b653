"""Lines of PayPal's report and our payouts: which are one, whose time decides, and which words are the same thing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from billing.operations.compare_objects import compare_objects
from billing.operations.keep_findings import Scope
from billing.rules.recon_row import ReconRow
from billing.rules.reported_payout import CAME_BACK, REFUSED, SHOWN_AS, WAITS, WENT_OUT
from billing.rules.states_money_out import PAYOUT
from models.database import connect
from tasks.maintenance.recon.stage import clear, stage
from tests.harness.cluster import Database

AT = datetime(2027, 1, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)
_RUNS = itertools.count()
SCOPE = Scope(source="paypal", run="RUN-1", since=AT - DAY, until=AT + DAY, accounts=[], basis_points=500, now=AT + 2 * DAY)
LINE = ReconRow("payout", "T", None, 1000, 25, None, "EUR", WENT_OUT, "T0001", created_at=AT)
BACK = LINE._replace(object="payout_return", external_id="R", status=WENT_OUT, said="T1114", parent_ref="T")
_PUT = """
    INSERT INTO bursar.payout (id, source, external_id, versions, created_at, updated_at, status, amount_minor, currency,
                               balance_transaction_ref, paid_at, failed_at, metadata)
    VALUES (gen_random_uuid(), 'paypal', %(item)s, '{"a": 1}', %(heard_at)s, %(heard_at)s, %(status)s, 1000, 'EUR', %(txn)s,
            %(paid_at)s, %(failed_at)s, %(metadata)s)"""


@pytest.fixture
def session(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection with the rights of the workers."""
    with connect(database.url, "bursar_app", autocommit=True) as connection:
        yield connection


def put(connection: psycopg.Connection[Any], item: str = "I", **other: Any) -> None:
    """A payout as we know it; without a time of its own, as PayPal gives none."""
    row = {"item": item, "status": "paid", "txn": "T", "heard_at": AT, "paid_at": None, "failed_at": None, "metadata": Jsonb({})}
    connection.execute(_PUT, row | other)


def compared(connection: psycopg.Connection[Any], *listed: ReconRow, scope: Scope = SCOPE) -> set[str]:
    """What one comparison finds."""
    with connection.transaction():
        clear(connection)
        stage(connection, listed)
        compare_objects(connection, "payout", replace(scope, run=f"RUN-{next(_RUNS)}"))
    return {row[0] for row in connection.execute("SELECT external_id FROM bursar.finding WHERE status = 'open'")}


def test_each_status_has_its_words() -> None:
    assert set(SHOWN_AS) == set(PAYOUT.order)
    assert {word for words in SHOWN_AS.values() for word in words} == {WAITS, WENT_OUT, CAME_BACK, REFUSED}


@pytest.mark.requirement("RECON-3")
def test_words_for_one_thing_are_no_finding_and_all_others_are(session: psycopg.Connection[Any]) -> None:
    lines, differing = [], set()
    for ours, agreeing in SHOWN_AS.items():
        for theirs in (WAITS, WENT_OUT, CAME_BACK, REFUSED):
            name = f"{ours}.{theirs}"
            put(session, name, txn=f"T.{name}", status=ours)
            lines.append(LINE._replace(external_id=f"T.{name}", status=theirs))
            differing |= {f"status_differs:payout:{name}"} if theirs not in agreeing else set()
    assert compared(session, *lines) == differing
    assert "status_differs:payout:in_transit.paid" not in differing, "unclaimed"
    assert "status_differs:payout:returned.paid" in differing


@pytest.mark.requirement("RECON-3")
@pytest.mark.parametrize("status", ["returned", "failed", "cancelled"])
def test_what_came_back_is_known_by_its_way_back(session: psycopg.Connection[Any], status: str) -> None:
    put(session, status=status, failed_at=AT)
    went = LINE._replace(created_at=AT - 30 * DAY)
    assert compared(session, went, BACK) == set()
    # Its first movement may be older than what was read.
    assert compared(session, BACK) == set()
    assert compared(session, went) == {"status_differs:payout:I"}, "the report knows of no way back"
    session.execute("UPDATE bursar.payout SET status = 'in_transit', failed_at = NULL")
    assert compared(session, went, BACK) == {"status_differs:payout:I"}


@pytest.mark.requirement("RECON-3")
def test_what_changed_after_the_window_may_not_be_reported_yet(session: psycopg.Connection[Any]) -> None:
    put(session, status="returned", paid_at=AT, failed_at=AT + 25 * timedelta(hours=1))
    assert compared(session, LINE) == set()
    assert compared(session, LINE, scope=replace(SCOPE, until=AT + 2 * DAY)) == {"status_differs:payout:I"}


@pytest.mark.requirement("RECON-3")
@pytest.mark.parametrize(
    ("known", "missing"),
    [
        ({"paid_at": AT}, True),
        ({"paid_at": AT, "heard_at": AT + 9 * DAY}, True),
        ({"status": "in_transit"}, True),
        ({"status": "returned", "failed_at": AT}, True),
        ({"paid_at": AT - 3 * DAY}, False),
        ({"paid_at": AT + DAY}, False),
        ({"status": "in_transit", "heard_at": AT + DAY}, False),
        # Not sent yet, or never.
        ({"status": "pending", "txn": None}, False),
        ({"status": "failed", "txn": None, "failed_at": AT}, False),
    ],
)
def test_a_payout_that_the_report_lacks_is_missing_in_its_own_time_only(
    session: psycopg.Connection[Any], known: dict[str, Any], missing: bool
) -> None:
    put(session, **known)
    assert compared(session) == ({"missing_there:payout:I"} if missing else set())


@pytest.mark.requirement("RECON-3")
def test_a_line_is_missing_here_in_its_own_time_only(session: psycopg.Connection[Any]) -> None:
    assert compared(session, LINE._replace(created_at=AT - 2 * DAY)) == set(), "read before the window, to know what came back"
    assert compared(session, LINE) == {"missing_here:payout:T0001:T"}
    put(session, heard_at=AT + 9 * DAY, paid_at=AT + 9 * DAY)
    assert compared(session, LINE) == set(), "heard of much later"


@pytest.mark.requirement("RECON-3")
def test_a_payout_that_does_not_know_its_transaction_is_found_by_its_request(session: psycopg.Connection[Any]) -> None:
    put(session, txn=None, status="in_transit", metadata=Jsonb({"bursar_request": "payout_request:P-1"}))
    assert compared(session, LINE._replace(request="payout_request:P-1")) == set()
    assert compared(session, LINE._replace(request="payout_request:P-1", amount_minor=999)) == {"amount_differs:payout:I"}

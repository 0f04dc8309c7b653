"""The comparison on a real database: what is equal is silent, what differs is named, what is seen again is not doubled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from billing.operations.check_movements import check
from billing.operations.compare_objects import compare_objects
from billing.operations.keep_findings import Scope
from billing.rules.recon_row import ReconRow
from models.database import connect
from tasks.maintenance.recon.stage import clear, stage
from tests.harness.cluster import Database

MADE = datetime(2027, 1, 7, 12, tzinfo=UTC)
SCOPE = Scope(
    source="stripe", run="RUN-1", since=MADE - timedelta(days=1), until=MADE + timedelta(days=1), accounts=["acct_1"],
    basis_points=500, now=MADE + timedelta(days=2),
)  # fmt: skip
CHARGE = ReconRow("charge", "ch_1", None, 1000, None, 0, "EUR", "succeeded", "succeeded", None, "pi_1", "txn_1", "cus_1", "in_1", MADE)
_PUT = """INSERT INTO bursar.charge (id, source, external_id, versions, created_at, updated_at, status, amount_minor, amount_refunded_minor,
                                     currency, provider_created_at, account_ref)
          VALUES (gen_random_uuid(), 'stripe', %(id)s, %(versions)s, %(at)s, %(at)s, %(status)s, %(amount)s, %(back)s, %(currency)s, %(at)s,
                  %(account)s)"""


@pytest.fixture
def session(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection with the rights of the workers."""
    with connect(database.url, "bursar_app", autocommit=True) as connection:
        yield connection


def put(connection: psycopg.Connection[Any], ref: str = "ch_1", **other: Any) -> None:
    """A mirrored charge."""
    row = {"id": ref, "status": "succeeded", "amount": 1000, "back": 0, "currency": "EUR", "at": MADE, "account": None}
    connection.execute(_PUT, {"versions": Jsonb({"a": 1}), **row, **other})


def compared(connection: psycopg.Connection[Any], *listed: ReconRow, scope: Scope = SCOPE) -> dict[str, int]:
    """The counts of one comparison of charges."""
    with connection.transaction():
        clear(connection)
        stage(connection, listed)
        return compare_objects(connection, "charge", scope)


def findings(connection: psycopg.Connection[Any]) -> dict[str, tuple[Any, ...]]:
    """Reference -> status, ours, theirs, currency."""
    rows = connection.execute("SELECT external_id, status, ours_minor, theirs_minor, currency FROM bursar.finding")
    return {row[0]: tuple(row[1:]) for row in rows}


@pytest.mark.requirement("RECON-1")
def test_what_is_equal_is_silent(session: psycopg.Connection[Any]) -> None:
    put(session)

    assert compared(session, CHARGE) == {}
    assert findings(session) == {}


@pytest.mark.requirement("RECON-1")
@pytest.mark.parametrize(
    ("theirs", "kind", "told"),
    [
        (CHARGE._replace(amount_minor=1001), "amount_differs", ("open", 1000, 1001, "EUR")),
        (CHARGE._replace(back_minor=300), "amount_differs", ("open", 0, 300, "EUR")),
        (CHARGE._replace(currency="USD"), "currency_differs", ("open", 1000, 1000, "USD")),
        (CHARGE._replace(status="failed"), "status_differs", ("open", 1000, 1000, "EUR")),
    ],
)
def test_each_difference_has_its_name(session: psycopg.Connection[Any], theirs: ReconRow, kind: str, told: tuple[Any, ...]) -> None:
    put(session)

    assert compared(session, theirs) == {kind: 1}
    assert findings(session) == {f"{kind}:charge:ch_1": told}


@pytest.mark.requirement("RECON-1")
def test_both_ways_and_stubs_count_as_missing(session: psycopg.Connection[Any]) -> None:
    put(session, "ch_ours")
    put(session, "ch_other_account", account="acct_unlisted")
    put(session, "ch_young", at=MADE + timedelta(days=3))
    put(session, "ch_stub", versions=Jsonb({}), status=None, at=MADE)

    theirs = [CHARGE._replace(external_id="ch_theirs"), CHARGE._replace(external_id="ch_stub")]
    assert compared(session, *theirs) == {"missing_here": 2, "missing_there": 1}
    assert findings(session) == {
        "missing_here:charge:ch_theirs": ("open", None, 1000, "EUR"),
        "missing_here:charge:ch_stub": ("open", None, 1000, "EUR"),
        "missing_there:charge:ch_ours": ("open", 1000, None, "EUR"),
    }


@pytest.mark.requirement("RECON-8")
def test_a_second_run_doubles_nothing_and_closes_what_is_mended(session: psycopg.Connection[Any]) -> None:
    put(session)
    wrong = CHARGE._replace(amount_minor=1001)
    compared(session, wrong)
    compared(session, wrong, scope=replace(SCOPE, run="RUN-2"))

    held = session.execute("SELECT first_run, last_run, status FROM bursar.finding").fetchall()
    assert held == [("RUN-1", "RUN-2", "open")]
    compared(session, CHARGE, scope=replace(SCOPE, run="RUN-3"))
    assert findings(session)["amount_differs:charge:ch_1"][0] == "gone"
    session.execute("UPDATE bursar.finding SET status = 'open', repair_asked_at = %s", (MADE,))
    compared(session, CHARGE, scope=replace(SCOPE, run="RUN-4"))
    assert findings(session)["amount_differs:charge:ch_1"][0] == "repaired"
    compared(session, wrong, scope=replace(SCOPE, run="RUN-5"))
    assert findings(session)["amount_differs:charge:ch_1"][0] == "open"


@pytest.mark.requirement("RECON-8")
def test_what_was_accepted_stays_so_until_it_is_something_else(session: psycopg.Connection[Any]) -> None:
    put(session)
    wrong = CHARGE._replace(amount_minor=1001)
    compared(session, wrong)
    session.execute("UPDATE bursar.finding SET status = 'accepted', accepted_reason = 'a cent'")
    compared(session, wrong, scope=replace(SCOPE, run="RUN-2"))
    assert findings(session)["amount_differs:charge:ch_1"][0] == "accepted"
    compared(session, wrong._replace(amount_minor=2000), scope=replace(SCOPE, run="RUN-3"))
    assert findings(session)["amount_differs:charge:ch_1"] == ("open", 1000, 2000, "EUR")


@pytest.mark.requirement("RECON-2")
def test_a_fee_that_was_not_taken_is_a_leak(session: psycopg.Connection[Any]) -> None:
    rows = [
        CHARGE._replace(external_id="ch_paid", kind="acct_1", fee_minor=50),
        CHARGE._replace(external_id="ch_half_up", kind="acct_1", amount_minor=30, fee_minor=2),
        CHARGE._replace(external_id="ch_none", kind="acct_1"),
        CHARGE._replace(external_id="ch_less", account_ref="acct_1", fee_minor=49),
        CHARGE._replace(external_id="ch_own"),
    ]
    with session.transaction():
        stage(session, rows)
        assert check(session, "fees", SCOPE) == {"fee_leak": 2}
    assert findings(session) == {
        "fee_leak:charge:ch_none": ("open", 50, 0, "EUR"), "fee_leak:charge:ch_less": ("open", 50, 49, "EUR"),
    }  # fmt: skip


@pytest.mark.requirement("RECON-1")
def test_money_that_nobody_asked_for_is_named(session: psycopg.Connection[Any]) -> None:
    rows = [
        CHARGE,
        CHARGE._replace(external_id="ch_foreign", request=None),
        ReconRow("transfer", "tr_1", None, 500, currency="EUR", parent_ref="acct_9", created_at=MADE),
        ReconRow("transfer", "tr_2", None, 500, currency="EUR", parent_ref="acct_9", request="ch_1", created_at=MADE),
    ]
    with session.transaction():
        stage(session, rows)
        assert check(session, "unknown_charges", SCOPE) == {"unknown_charge": 1}
        assert check(session, "stray_transfers", SCOPE) == {"stray_transfer": 1}
    assert set(findings(session)) == {"unknown_charge:charge:ch_foreign", "stray_transfer:transfer:tr_1"}


@pytest.mark.requirement("RECON-5")
def test_a_number_that_is_not_the_sum_of_its_rows_is_found(session: psycopg.Connection[Any]) -> None:
    put(session)
    session.execute("UPDATE bursar.charge SET refunded_minor = 300")
    with session.transaction():
        assert check(session, "refunded", SCOPE) == {"count_differs": 1}
    assert findings(session) == {"count_differs:charge:ch_1": ("open", 300, 0, "EUR")}

"""`bursar audit verify` and `show`, as a person meets them."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from billing.operations.seal_audit import seal
from cli.audit import audit
from core.crypto import KeyRing
from tests.cli.operator_command import Bursar, Said
from tests.factories.audit import make_row, store_rows
from tests.harness.cluster import Database

Here = Callable[..., Said]


def _fill(database: Database, rows: int = 5) -> list[int]:
    keys = KeyRing.from_settings(database.settings())
    with database.connect() as connection:
        ids = store_rows(connection, [make_row(number, keys=keys) for number in range(rows)])
        with connection.transaction():
            seal(connection, keys, rows - 1)
    return ids


def _tamper(database: Database, sql: str) -> None:
    with database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql)


@pytest.mark.requirement("AUDIT-3")
def test_verify_says_what_it_checked(database: Database, bursar: Bursar) -> None:
    _fill(database)

    said = bursar("audit", "verify")

    assert said.code == 0, said.err
    assert "rows checked    5" in said.out
    assert "not sealed yet  1" in said.out
    assert "ok: nothing was changed" in said.out


@pytest.mark.requirement("AUDIT-3")
def test_verify_names_the_first_bad_row_and_the_next_step(database: Database, bursar: Bursar) -> None:
    _, second, *_ = _fill(database)
    _tamper(database, f"UPDATE bursar.audit SET actor = 'nobody' WHERE id >= {second}")

    said = bursar("audit", "verify")

    assert said.code == 1
    assert f"first at seal 2, audit row {second}: the row is not what was written" in said.err
    assert "do not verify   4" in said.out
    assert "next: first rule out" in said.err


def test_verify_speaks_json(database: Database, here: Here) -> None:
    _fill(database)

    (report,) = here(audit, "verify", "--json").objects

    assert (report["checked"], report["sealed"], report["unsealed_tail"], report["first_bad"]) == (5, 4, 1, None)


@pytest.mark.requirement("AUDIT-3")
def test_a_head_kept_elsewhere_shows_that_the_end_was_cut_off(database: Database, here: Here) -> None:
    _fill(database)
    (report,) = here(audit, "verify", "--json").objects
    _tamper(database, "DELETE FROM bursar.audit WHERE id IN (SELECT audit_id FROM bursar.audit_seal WHERE seq = 4)")
    _tamper(database, "DELETE FROM bursar.audit_seal WHERE seq = 4")

    assert here(audit, "verify").code == 0
    assert here(audit, "verify", "--head", report["head"]).code == 1
    said = here(audit, "verify", "--head", "nonsense")
    assert said.code == 2
    assert "is not a head" in said.err


@pytest.mark.requirement("AUDIT-3")
def test_the_daily_verification_s_head_is_remembered(database: Database, here: Here) -> None:
    _fill(database)
    (report,) = here(audit, "verify", "--json").objects
    _note(database, report["head"])
    _tamper(database, "DELETE FROM bursar.audit_seal WHERE seq = 4")

    said = here(audit, "verify")

    assert said.code == 1
    assert "its end was cut off" in said.err


def _note(database: Database, head: str) -> None:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, done_at, result) "
            "VALUES ('verify_audit', '2026-03-01Z', 'done', 'maintenance', '2026-03-01Z', "
            "jsonb_build_object('head', %s::text))",
            [head],
        )


@pytest.mark.requirement("AUDIT-1", "AUDIT-2")
def test_show_tells_an_object_s_story(database: Database, bursar: Bursar, here: Here) -> None:
    _fill(database)

    said = bursar("audit", "show", "sub_3")

    assert said.code == 0
    for part in (
        "subscription.status",
        "provider:stripe",
        "past_due",
        "customer.subscription.updated",
        "bursar inbox show 4",
    ):
        assert part in said.out
    (row,) = here(audit, "show", "sub_3", "--json").objects
    assert (row["object_id"], row["seq"], row["inbox_id"]) == ("sub_3", 4, 4)
    assert here(audit, "show", "sub_99").code == 3


@pytest.mark.parametrize("keys", ["", "a:short"])
def test_without_keys_nothing_is_claimed(bursar: Bursar, keys: str) -> None:
    said = bursar("audit", "verify", BURSAR_AUDIT_KEYS=keys)

    assert said.code == 2
    assert "nothing was verified" in said.err


def test_the_connection_can_only_read(database: Database) -> None:
    with database.connect(autocommit=False) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            store_rows(connection, [make_row()])

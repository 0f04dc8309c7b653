"""Whoever changes the audit behind the program's back is found out, even with the rights of a superuser (AUDIT-3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.operations import seal_audit
from billing.operations.seal_audit import seal
from billing.operations.verify_audit import Head, Report, verify
from core.crypto import KeyRing
from models.audit import GENESIS
from models.database import connect
from tests.factories.audit import KEYS, make_row, store_rows
from tests.harness.cluster import Database

Connection = psycopg.Connection[Any]
_ROWS = 12


@pytest.fixture
def owner(database: Database) -> Iterator[Connection]:
    """Somebody who may do everything, and has switched the triggers off; 12 sealed rows and 3 that are not."""
    with database.connect(autocommit=False) as connection:
        store_rows(connection, [make_row(number) for number in range(_ROWS)])
        assert seal(connection, KEYS, 100) == _ROWS
        store_rows(connection, [make_row(number) for number in range(_ROWS, _ROWS + 3)])
        connection.execute("SET session_replication_role = replica")
        connection.commit()
        yield connection


def _found(report: Report) -> str:
    assert report.first_bad is not None
    return str(report.first_bad)


def test_an_untouched_audit_verifies(owner: Connection) -> None:
    report = verify(owner, KEYS)

    assert (report.checked, report.sealed, report.unsealed_tail, report.bad) == (15, 12, 3, 0)
    assert report.first_bad is None
    assert report.head.seq == 12
    assert Head.parse(str(report.head)) == report.head


def test_an_empty_audit_verifies(database: Database) -> None:
    with database.connect(autocommit=False) as connection:
        assert verify(connection, KEYS) == Report()


_CHANGES = (
    "actor = 'nobody'",
    "reason = 'x'",
    "action = 'x'",
    "object_type = 'x'",
    "object_id = 'x'",
    "before = NULL",
    "before = 'null'",
    'before = \'{"status": "paused"}\'',
    "after = after || '{\"amount_minor\": 1}'",
    "after = after || '{\"amount_minor\": 4.0}'",
    "after = jsonb_build_object('x', repeat('9', 5000)::numeric)",
    "inbox_id = NULL",
    "inbox_id = inbox_id + 1",
    "at = at + interval '1 microsecond'",
    "at = 'infinity'",
    "at = '20000-01-01'",
    "uid = '00000000-0000-7000-8000-000000000000'",
    "mac = decode(repeat('00', 32), 'hex')",
    "mac = ''",
    "key_id = 'k2'",
)


@pytest.mark.requirement("AUDIT-3")
def test_every_change_of_a_row_is_found(owner: Connection) -> None:
    owner.execute("ALTER TABLE bursar.audit DROP CONSTRAINT audit_mac_check")
    for change in _CHANGES:
        for number in (1, 5, _ROWS, _ROWS + 2):
            with owner.transaction(force_rollback=True):
                owner.execute("UPDATE bursar.audit SET " + change + " WHERE id = %s", [number])
                report = verify(owner, KEYS)

            assert report.bad == 1, change
            assert report.first_bad is not None
            assert report.first_bad.audit_id == number
            assert report.first_bad.seq == (number if number <= _ROWS else None)
            assert "Next: " in _found(report)


_TAMPERINGS = (
    (("DELETE FROM bursar.audit WHERE id = 1",), 1, "is gone"),
    (("DELETE FROM bursar.audit WHERE id = 7",), 7, "is gone"),
    (("DELETE FROM bursar.audit WHERE id = 12",), 12, "is gone"),
    (("DELETE FROM bursar.audit_seal WHERE seq = 1",), 2, "seals 1 to 1 are missing"),
    (
        ("DELETE FROM bursar.audit WHERE id IN (5, 6)", "DELETE FROM bursar.audit_seal WHERE seq IN (5, 6)"),
        7,
        "seals 5 to 6",
    ),
    (
        (
            "DELETE FROM bursar.audit WHERE id = 5",
            "DELETE FROM bursar.audit_seal WHERE seq = 5",
            "UPDATE bursar.audit_seal SET seq = -seq WHERE seq > 5",
            "UPDATE bursar.audit_seal SET seq = -seq - 1 WHERE seq < 0",
        ),
        5,
        "does not follow",
    ),
    (
        ("UPDATE bursar.audit_seal SET audit_id = CASE audit_id WHEN 3 THEN 4 ELSE 3 END WHERE audit_id IN (3, 4)",),
        3,
        "not of this row",
    ),
    (
        (
            "UPDATE bursar.audit_seal SET seq = -seq WHERE seq IN (3, 4)",
            "UPDATE bursar.audit_seal SET seq = 7 + seq WHERE seq < 0",
        ),
        3,
        "does not follow",
    ),
    (("UPDATE bursar.audit_seal SET hash = sha256('x') WHERE seq = 4",), 4, "not of this row"),
    (("UPDATE bursar.audit_seal SET prev = sha256('x') WHERE seq = 4",), 4, "does not follow"),
    (("UPDATE bursar.audit_seal SET audit_id = 13 WHERE seq = 4",), 4, "not of this row"),
)


@pytest.mark.requirement("AUDIT-3")
def test_what_is_removed_or_reordered_is_found(owner: Connection) -> None:
    owner.execute(
        "ALTER TABLE bursar.audit_seal DROP CONSTRAINT audit_seal_seq_check, DROP CONSTRAINT audit_seal_audit_id_key"
    )
    for tampering, seq, words in _TAMPERINGS:
        with owner.transaction(force_rollback=True):
            for statement in tampering:
                owner.execute(statement)
            report = verify(owner, KEYS)

        assert report.first_bad is not None, tampering
        assert (report.first_bad.seq, words in _found(report)) == (seq, True), f"{tampering}: {_found(report)}"


@pytest.mark.requirement("AUDIT-3")
def test_a_chain_rebuilt_without_the_key_is_found(owner: Connection) -> None:
    owner.execute("DELETE FROM bursar.audit WHERE id = 2")
    owner.execute("DELETE FROM bursar.audit_seal")
    prev = GENESIS
    for seq, (row_id, uid, mac) in enumerate(
        owner.execute("SELECT id, uid, mac FROM bursar.audit ORDER BY id").fetchall(), 1
    ):
        digest = hashlib.sha256(prev + uid.bytes + mac).digest()
        owner.execute("INSERT INTO bursar.audit_seal VALUES (%s, %s, %s, %s)", [seq, row_id, prev, digest])
        prev = digest

    assert "not of this row" in _found(verify(owner, KEYS))


@pytest.mark.requirement("AUDIT-3")
def test_a_cut_tail_is_found_by_a_head_that_was_written_down(owner: Connection) -> None:
    head = verify(owner, KEYS).head
    owner.execute("DELETE FROM bursar.audit WHERE id > 9")
    owner.execute("DELETE FROM bursar.audit_seal WHERE seq > 9")

    assert verify(owner, KEYS).first_bad is None
    assert "chain ends at seal 9, but seal 12 was written down" in _found(verify(owner, KEYS, heads=[head]))

    # The attacker lets the sealer go on over new rows: the noted hash does not come back.
    store_rows(owner, [make_row(number) for number in range(20, 30)])
    seal(owner, KEYS, 100)
    assert "another hash was written down" in _found(verify(owner, KEYS, heads=[head]))


def test_the_statement_of_a_head_is_checked() -> None:
    for text in ("", "12", "x:00", "-1:" + "00" * 32, "3:00"):
        with pytest.raises(ValueError, match="not a head"):
            Head.parse(text)


@pytest.mark.requirement("SEC-3")
def test_rows_of_a_retired_key_verify_as_long_as_it_is_in_the_ring(owner: Connection) -> None:
    rotated = KeyRing({"k2": b"another key of the tests", "k1": b"0123456789abcdef0123456789abcdef"})
    store_rows(owner, [make_row(50, keys=rotated)])

    assert "which is not in BURSAR_AUDIT_KEYS" in _found(verify(owner, KEYS))
    seal(owner, rotated, 100)
    assert verify(owner, rotated).first_bad is None
    assert "rule out a wrong or missing secret" in _found(verify(owner, KEYS))


def test_a_large_audit_is_verified_in_turns(owner: Connection) -> None:
    seal(owner, KEYS, 100)
    first = verify(owner, KEYS, limit=10)
    rest = verify(owner, KEYS, after=first.head, limit=10)

    assert (first.sealed, first.unsealed_tail, rest.sealed) == (10, 0, 5)
    assert verify(owner, KEYS, after=first.head, heads=[first.head, rest.head]).bad == 0
    owner.execute("UPDATE bursar.audit_seal SET prev = sha256('x') WHERE seq = 11")
    assert "does not follow" in _found(verify(owner, KEYS, after=first.head))


def test_late_committers_with_smaller_ids_are_sealed_too(database: Database) -> None:
    with (
        database.connect(autocommit=False) as slow,
        database.connect(autocommit=False) as sealer,
        database.connect() as quick,
    ):
        store_rows(slow, [make_row(0)])
        store_rows(quick, [make_row(1)])
        assert seal(sealer, KEYS, 100) == 1
        sealer.commit()
        slow.commit()
        assert seal(sealer, KEYS, 100) == 1
        assert seal(sealer, KEYS, 100, whole=True) == 0
        assert verify(sealer, KEYS).bad == 0
        assert sealer.execute("SELECT array_agg(audit_id ORDER BY seq) FROM bursar.audit_seal").fetchone() == ([2, 1],)


def test_one_holder_seals_and_the_others_go_home(owner: Connection, database: Database) -> None:
    with database.connect(autocommit=False) as other:
        assert seal(owner, KEYS, 2) == 2
        assert seal(other, KEYS, 2) == 0
        owner.commit()
        assert seal(other, KEYS, 2) == 1


@pytest.mark.requirement("AUDIT-3")
def test_the_application_may_add_and_nothing_else(owner: Connection, database: Database) -> None:
    with connect(database.url, "bursar_app", autocommit=True) as connection:
        for statement in (
            "UPDATE bursar.audit SET actor = 'x'",
            "DELETE FROM bursar.audit_seal",
            "TRUNCATE bursar.audit",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    with database.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        connection.execute("DELETE FROM bursar.audit")


@pytest.mark.requirement("AUDIT-3")
def test_any_flipped_bit_of_any_digest_is_found(owner: Connection) -> None:
    columns = (("audit", "mac", "id"), ("audit_seal", "hash", "seq"), ("audit_seal", "prev", "seq"))

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(column=st.sampled_from(columns), place=st.integers(1, _ROWS), bit=st.integers(0, 255))
    def check(column: tuple[str, str, str], place: int, bit: int) -> None:
        table, name, key = column
        with owner.transaction(force_rollback=True):
            owner.execute(
                "UPDATE bursar."
                + table
                + " SET "
                + name
                + " = set_bit("
                + name
                + ", %s, 1 - get_bit("
                + name
                + ", %s)) WHERE "
                + key
                + " = %s",
                [bit, bit, place],
            )
            report = verify(owner, KEYS)
            assert report.first_bad is not None
            assert report.first_bad.seq == place

    check()


def test_forgotten_rows_are_sealed_as_a_large_audit_is_walked_through(
    owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_audit, "LATE_IDS", 1)
    monkeypatch.setattr(seal_audit, "WINDOW_IDS", 4)
    owner.execute("SET session_replication_role = replica")  # the trigger lets nobody forget
    seal(owner, KEYS, 100)
    owner.execute("DELETE FROM bursar.audit_seal WHERE audit_id IN (2, 6, 13)")
    assert seal(owner, KEYS, 100) == 0

    looked_to = [0]
    for _ in range(4):
        looked_to.append(seal_audit.seal_forgotten(owner, KEYS, 100, looked_to[-1]))

    assert looked_to[1:] == [4, 8, 11, 4]
    assert owner.execute("SELECT count(*) FROM bursar.audit_seal").fetchone() == (15,)

"""`inbox replay` and `groups`: dry runs leave nothing, replays happen once, are audited, and work without a broker."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.inbox.replay import replay as replay_command
from core.clock import FixedClock
from tests.cli.operator_command import Bursar, Here
from tests.factories.inbox import NOW, inbox_row, states, store_event
from tests.harness.cluster import Database
from tests.harness.probe import MENDED, probe
from workers import inbox
from workers.context import Context, make_context
from workers.replay import replay

_WHY = ("--reason", "handler mended")


@pytest.fixture
def context(database: Database, plugged_in: None) -> Any:
    """Workers inside this process; a first failure is the last."""
    made = make_context(database.settings(retry_ladder_s=[]), clock=FixedClock(NOW))
    yield made
    made.engine.dispose()


@pytest.fixture
def dead(context: Context, database: Database) -> list[int]:
    """Three dead events of one cause."""
    with database.connect() as connection:
        ids = [
            store_event(
                connection, probe(f"cus_{n}", "raise"), event_id=f"evt_dead_{n}", now=NOW - timedelta(hours=n)
            )
            for n in range(3)
        ]
    inbox.drain(context, "payments")
    return ids


def everything(connection: psycopg.Connection[Any]) -> list[Any]:
    """All rows that a replay or its handler could touch."""
    return [
        connection.execute(f"SELECT t::text FROM bursar.{table} t ORDER BY 1").fetchall()
        for table in ("inbox", "customer", "audit", "outbox")
    ]


@pytest.mark.requirement("INBOX-5", "AUDIT-1")
def test_a_replayed_event_gets_a_fresh_budget_and_an_audit_row(
    bursar: Bursar, dead: list[int], database: Database
) -> None:
    said = bursar("inbox", "replay", str(dead[0]), "evt_dead_1", *_WHY, BURSAR_ROLE="admin")
    assert said.code == 0, said.err
    assert said.out.split()[:5] == ["replayed", "2", "on", "payments", "2"]
    with database.connect() as connection:
        row = inbox_row(connection, dead[0])
        assert (row["state"], row["attempts"], row["crashes"], row["solo_crashes"]) == ("received", 0, 0, 0)
        assert "bug met by cus_0" in row["error"]
        assert inbox_row(connection, dead[2])["state"] == "dead"
        audited = connection.execute(
            "SELECT actor, reason, object_type, object_id, before->>'state', before->>'attempts', after->>'state', inbox_id "
            "FROM bursar.audit WHERE action = 'inbox.replay' ORDER BY id"
        ).fetchall()
    assert audited == [
        ("person:anna (admin)", "handler mended", "inbox", str(row_id), "dead", "1", "received", row_id)
        for row_id in dead[:2]
    ]


def test_the_error_goes_when_the_event_succeeds(
    here: Here, dead: list[int], context: Context, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here(replay_command, "--state", "dead", *_WHY)
    (tmp_path / "mended").touch()
    monkeypatch.setenv(MENDED, str(tmp_path / "mended"))
    assert inbox.drain(context, "payments").done == 3
    with database.connect() as connection:
        assert inbox_row(connection, dead[0])["error"] is None
        assert states(connection) == {"done": 3}


@pytest.mark.requirement("INBOX-5")
def test_a_dry_run_shows_what_would_be_written_and_leaves_nothing(
    bursar: Bursar, dead: list[int], database: Database, tmp_path: Path
) -> None:
    (tmp_path / "mended").touch()
    with database.connect() as connection:
        before = everything(connection)
        said = bursar("inbox", "replay", str(dead[0]), "--dry-run", **{MENDED: str(tmp_path / "mended")})
        assert said.code == 0, said.err
        assert everything(connection) == before
    assert "payments.probe.thing.happened" in said.out
    assert "insert customer " in said.out
    assert '"balance_minor": 1' in said.out
    assert "insert audit " in said.out
    assert "1 would write, 0 would fail" in said.out


def test_a_dry_run_shows_changed_columns_of_rows_that_are_there(
    here: Here, context: Context, database: Database
) -> None:
    with database.connect() as connection:
        first = store_event(connection, probe("cus_1"))
        inbox.drain(context, "payments")
    said = here(replay_command, str(first), "--state", "done", "--dry-run")
    assert "update customer " in said.out
    assert '"balance_minor": {\n' in said.out
    assert '"before": 1' in said.out
    assert '"after": 2' in said.out


def test_a_dry_run_shows_the_error_that_a_replay_would_meet(here: Here, dead: list[int]) -> None:
    said = here(replay_command, "--state", "dead", "--dry-run")
    assert said.code == 1
    assert said.out.count("would fail: ProbeBugError: bug met by cus_") == 3
    assert "next:" in said.out


@pytest.mark.requirement("INBOX-5")
def test_a_reason_and_a_choice_are_mandatory(here: Here, dead: list[int], database: Database) -> None:
    assert here(replay_command, str(dead[0])).code == 2
    assert here(replay_command, str(dead[0]), "--reason", " ").code == 2
    assert here(replay_command, *_WHY).code == 2
    with database.connect() as connection:
        assert states(connection) == {"dead": 3}


@pytest.mark.requirement("INBOX-2", "INBOX-5")
def test_fifty_replays_at_once_have_one_effect(
    dead: list[int], context: Context, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mended").touch()
    monkeypatch.setenv(MENDED, str(tmp_path / "mended"))
    with ThreadPoolExecutor(16) as pool:
        opened = [
            result.count
            for result in pool.map(
                lambda _: replay(context, [dead[0]], actor="person:anna (operator)", reason="race"), range(50)
            )
        ]
    assert sum(opened) == 1
    inbox.drain(context, "payments")
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM bursar.audit WHERE action = 'probe.ran'").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM bursar.audit WHERE action = 'inbox.replay'").fetchone() == (
            1,
        )


def test_processes_at_once_and_a_worker_among_them(
    bursar: Bursar,
    dead: list[int],
    context: Context,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "mended").touch()
    monkeypatch.setenv(MENDED, str(tmp_path / "mended"))
    running = [bursar.start("inbox", "replay", str(dead[0]), *_WHY) for _ in range(4)]
    while any(process.poll() is None for process in running):
        inbox.drain(context, "payments")
    for process in running:
        out, err = process.communicate()
        assert process.returncode in (0, 1), out + err
    inbox.drain(context, "payments")
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM bursar.audit WHERE action = 'probe.ran'").fetchone() == (1,)


def test_what_is_under_way_done_or_not_ours_is_left_alone(here: Here, context: Context, database: Database) -> None:
    with database.connect() as connection:
        done = store_event(connection, probe("cus_1"))
        inbox.drain(context, "payments")
        received = store_event(connection, probe("cus_2"))
        unknown = store_event(
            connection, probe("cus_3"), event_type="thing.unheard", state="ignored", reason="no_handler"
        )
        other_mode = store_event(connection, probe("cus_4"), state="ignored", reason="livemode")
        bare = store_event(connection, probe("cus_5"), state="ignored", reason="no_handler")
        connection.execute("DELETE FROM bursar.inbox_payload WHERE inbox_id = %s", [bare])
        said = here(replay_command, *(str(row_id) for row_id in (done, received, unknown, other_mode, bare)), *_WHY)
        assert said.code == 1
        for text in (
            "--state done",
            "under way already",
            "no handler in this version",
            "of the other mode",
            "removed by retention",
        ):
            assert text in said.out
        assert states(connection) == {"done": 1, "received": 1, "ignored": 3}
        again = here(replay_command, str(done), "--state", "done", *_WHY)
        assert again.code == 0, again.err
        assert inbox_row(connection, done)["state"] == "received"


@pytest.mark.requirement("INBOX-7")
def test_an_ignored_event_is_opened_once_a_handler_exists(here: Here, context: Context, database: Database) -> None:
    with database.connect() as connection:
        row_id = store_event(connection, probe("cus_1"), state="ignored", reason="no_handler", queue="maintenance")
        assert here(replay_command, "--state", "ignored", "--type", "thing.*", *_WHY).code == 0
        assert inbox_row(connection, row_id)["queue"] == "payments"
        inbox.drain(context, "payments")
        assert states(connection) == {"done": 1}


def test_a_call_is_capped_and_says_that_there_is_more(here: Here, dead: list[int], database: Database) -> None:
    said = here(replay_command, "--state", "dead", "--limit", "2", *_WHY)
    assert said.code == 0
    assert "there are more" in said.out
    with database.connect() as connection:
        assert states(connection) == {"dead": 1, "received": 2}


@pytest.mark.requirement("INBOX-15")
def test_it_works_while_the_broker_is_down(bursar: Bursar, dead: list[int], database: Database) -> None:
    said = bursar("inbox", "replay", "--state", "dead", *_WHY, BURSAR_BROKER_URL="redis://127.0.0.1:1/0")
    assert said.code == 0, said.err
    assert "the standby" in said.out
    with database.connect() as connection:
        assert states(connection) == {"received": 3}


@pytest.mark.requirement("SEC-13")
def test_a_viewer_may_look_and_not_replay(bursar: Bursar, dead: list[int], database: Database) -> None:
    said = bursar("inbox", "replay", "--state", "dead", *_WHY, BURSAR_ROLE="viewer")
    assert said.code == 77
    assert "role operator" in said.err
    assert bursar("inbox", "groups", BURSAR_ROLE="viewer").code == 0
    assert bursar("inbox", "groups", BURSAR_ROLE="emperor").code == 2
    with database.connect() as connection:
        assert states(connection) == {"dead": 3}


@pytest.mark.requirement("INBOX-5")
def test_groups_are_causes_and_carry_the_command_that_replays_them(
    bursar: Bursar, dead: list[int], database: Database
) -> None:
    with database.connect() as connection:
        (group,) = bursar("inbox", "groups", "--json").objects
        assert (group["rows"], group["source"], group["types"]) == (3, "probe", ["thing.happened"])
        assert (group["first_at"], group["last_at"]) == ("2026-03-01T10:00:00+00:00", "2026-03-01T12:00:00+00:00")
        command = group["replay"].replace("'...'", "mended").split()
        assert command[:3] == ["bursar", "inbox", "replay"]
        assert bursar(*command[1:]).code == 0
        assert states(connection) == {"received": 3}
    assert bursar("inbox", "groups").code == 3

"""Migrations: safe to repeat, safe at once, clear when the code is too old; payload months made ahead."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from core.clock import FixedClock
from models import versions
from models.migrate import migrate, months
from tests.harness.cluster import Database
from tests.harness.processes import ROOT, Processes


def _partitions(database: Database) -> set[str]:
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'bursar.inbox_payload'::regclass"
        ).fetchall()
    return {name for (name,) in rows}


def test_again_changes_nothing(database: Database) -> None:
    assert migrate(database.url) == []
    assert versions.current(database.url) == versions.head()


def test_two_at_once_take_turns(database: Database, processes: Processes) -> None:
    with database.connect() as connection:
        connection.execute("DROP SCHEMA bursar, bursar_api CASCADE")
    script = "import sys; from models.migrate import migrate; print(len(migrate(sys.argv[1])))"
    both = [processes.python("-c", script, database.url) for _ in range(2)]
    assert [running.wait() for running in both] == [0, 0], [running.output() for running in both]
    assert sorted(int(running.output()) for running in both) == [0, len(versions.files())]


def test_a_newer_database_is_refused_and_left_alone(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("UPDATE bursar.alembic_version SET version_num = '9999'")
    with pytest.raises(versions.MigrationError, match="nothing was changed"):
        migrate(database.url)
    assert versions.current(database.url) == "9999"


def test_payload_months_are_made_ahead(database: Database) -> None:
    migrate(database.url, clock=FixedClock(datetime(2031, 11, 30, 23, 59, tzinfo=UTC)))
    assert _partitions(database) >= {f"inbox_payload_{month}" for month in ("2031_11", "2031_12", "2032_01", "2032_02")}


def test_a_month_with_rows_in_the_default_partition_is_made_of_them(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("INSERT INTO bursar.inbox_payload VALUES (1, '2031-12-05T00:00Z', '{}', 'x')")
    migrate(database.url, clock=FixedClock(datetime(2031, 11, 1, tzinfo=UTC)))
    assert {"inbox_payload_2031_11", "inbox_payload_2031_12", "inbox_payload_2032_01"} <= _partitions(database)
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM bursar.inbox_payload_2031_12").fetchone() == (1,)


def test_months_cross_the_year() -> None:
    assert list(months(date(2026, 11, 21), 4)) == [
        date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1),
    ]


@pytest.mark.parametrize(
    ("names", "word"), [(["0000_a.sql", "0000_b.sql"], "one number"), (["0000_a.sql", "1_b.sql"], "rename it")]
)
def test_names_that_do_not_fit_are_refused(
    names: list[str], word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names:
        (tmp_path / name).touch()
    monkeypatch.setattr(versions, "VERSIONS", tmp_path)
    with pytest.raises(versions.MigrationError, match=word):
        versions.files()


def test_the_command_says_what_ran(database: Database, processes: Processes) -> None:
    running = processes.bursar("migrate", settings=database.settings())
    assert running.wait() == 0
    assert running.output() == f"nothing to do: the schema is at {versions.head()}\n"


def test_the_command_without_a_database_says_what_to_set(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--home", str(tmp_path), "migrate"])
    assert done.exit_code == 1
    assert "BURSAR_DATABASE_URL" in done.output


def test_help_imports_no_command() -> None:
    script = "import sys; from cli.main import main; main(['--help'], standalone_mode=False); print(len(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "migrate" in done.stdout
    assert "sqlalchemy" not in done.stdout
    assert int(done.stdout.split()[-1]) < 400

"""Folders, names and migrations: what the import system, PostgreSQL and the rules must agree on."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest

from tests.tidy.clocks import sql_clock_in
from tests.tidy.source import ROOMS, ROOT, migrations

_OWN_DISTRIBUTION = "bursar"


def test_each_folder_of_tests_is_a_package() -> None:
    # Else `tests/tasks` would shadow the room `tasks`.
    folders = [
        ROOT / "tests",
        *(path for path in (ROOT / "tests").rglob("*") if path.is_dir() and path.name != "__pycache__"),
    ]

    assert [str(folder) for folder in folders if any(folder.iterdir()) and not (folder / "__init__.py").exists()] == []


def test_no_other_distribution_owns_one_of_our_names() -> None:
    owners = importlib.metadata.packages_distributions()

    assert {name: owners[name] for name in (*ROOMS, "tests") if set(owners.get(name, ())) - {_OWN_DISTRIBUTION}} == {}


def test_migrations_are_numbered_once_and_named() -> None:
    names = [path.rsplit("/", 1)[-1] for path, _ in migrations()]

    assert [name for name in names if not re.fullmatch(r"\d{4}_[a-z][a-z0-9_]*\.sql", name)] == []
    numbers = [name[:4] for name in names]
    assert sorted(number for number in set(numbers) if numbers.count(number) > 1) == []


@pytest.mark.requirement("INBOX-19")
def test_no_migration_reads_a_clock_that_stands_still() -> None:
    found = {path: sql_clock_in(sql) for path, sql in migrations()}

    assert {path: clock for path, clock in found.items() if clock} == {}
    assert sql_clock_in("DEFAULT now()") == "now("
    assert sql_clock_in("DEFAULT clock_timestamp()") is None


def test_constraints_are_named() -> None:
    # A name is what an error shows, and what a later migration drops.
    unnamed = re.compile(r"^\s*(?:CHECK|UNIQUE|FOREIGN KEY)\s*\(", re.MULTILINE)

    assert [path for path, sql in migrations() if unnamed.search(sql)] == []
    assert unnamed.search("    CHECK (x > 0),")
    assert not unnamed.search("    CONSTRAINT x_check CHECK (x > 0),")


def test_every_room_has_a_head_docstring() -> None:
    missing = [
        room
        for room in ROOMS
        if (ROOT / room).is_dir() and any((ROOT / room).rglob("*.py")) and not _init(room).exists()
    ]

    assert missing == []


def _init(room: str) -> Path:
    return ROOT / room / "__init__.py"

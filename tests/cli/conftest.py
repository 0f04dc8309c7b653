"""The operator's command line on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tests.cli.operator_command import Bursar, Here, Said
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.probe import SOURCE, plug_in
from workers import routes


@pytest.fixture
def bursar(database: Database) -> Bursar:
    """`bursar ...` on this test's database."""
    return Bursar(database.settings())


@pytest.fixture
def here(database: Database, monkeypatch: pytest.MonkeyPatch) -> Here:
    """A command run inside this process, where many runs must be quick: `here(ls, "--json")`."""
    for name, value in settings_env(database.settings()).items():
        monkeypatch.setenv(name, value)

    def run(command: click.Command, *arguments: Any) -> Said:
        result = CliRunner().invoke(command, [str(part) for part in arguments], catch_exceptions=False)
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def plugged_in() -> Iterator[None]:
    """The probe source, known to this process."""
    plug_in()
    yield
    routes.ROUTES.pop(SOURCE, None)

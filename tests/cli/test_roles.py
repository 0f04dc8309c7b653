"""Every operator action declares a role, and the roles are kept (SEC-13)."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.embedded.processes import clean_environment
from cli.main import main
from cli.roles import MAY, role_of
from tests.cli.operator_command import Bursar
from tests.factories.inbox import store_event
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.probe import probe
from tests.harness.processes import ROOT

PROCESSES = {"up", "migrate", "receiver", "worker", "calls", "beat", "standby", "flower", "generate"}
"""Commands that are parts of the machine or of its making; nobody's action on events or money."""


def commands(group: click.Group, context: click.Context, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """All commands below a group, by their words."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        words = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, context, words)
        else:
            yield words, command


@pytest.mark.requirement("SEC-13")
def test_every_operator_action_declares_its_role() -> None:
    found = dict(commands(main, click.Context(main)))
    assert {"inbox ls", "inbox replay", "doctor", "trigger"} <= found.keys()
    undeclared = {words for words, command in found.items() if role_of(command) is None and words not in PROCESSES}
    assert not undeclared, f"these commands lack @action(role): {undeclared}"


@pytest.mark.requirement("SEC-13")
def test_changes_need_more_than_a_viewer() -> None:
    found = dict(commands(main, click.Context(main)))
    changing = [words for words in found if words.split()[-1] in ("replay", "trigger")]
    assert changing
    for words in changing:
        need = role_of(found[words])
        assert need not in (None, "viewer", "process"), words
        assert need not in MAY["viewer"]


@pytest.mark.requirement("SEC-13")
def test_a_refusal_names_the_role_and_changes_nothing(bursar: Bursar) -> None:
    said = bursar("trigger", "stripe", "invoice.paid", BURSAR_ROLE="finance")
    assert said.code == 77
    assert "the role operator; anna acts as finance" in said.err
    assert "BURSAR_ROLE=operator" in said.err


def test_the_same_commands_are_reachable_under_celery(database: Database, tmp_path: Path) -> None:
    """By the entry point that pyproject declares, as an installation would announce it."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][
        "celery.commands"
    ]
    info = tmp_path / "announced-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: announced\nVersion: 1\n", encoding="utf-8")
    lines = [f"{name} = {target}" for name, target in declared.items()]
    (info / "entry_points.txt").write_text("\n".join(["[celery.commands]", *lines]), encoding="utf-8")
    with database.connect() as connection:
        row_id = store_event(connection, probe("cus_1"))
    environment = (
        clean_environment() | settings_env(database.settings()) | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    )
    said = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "workers.app", "inbox", "ls", "--json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert f'"id": {row_id}' in said.stdout

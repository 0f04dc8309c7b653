"""Runs `bursar ...` as a real process and gives back its exit code and both streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cli.embedded.processes import clean_environment
from core.settings import Settings
from tests.harness.environment import settings_env
from tests.harness.processes import ROOT

MODULE = "tests.cli.probe_bursar"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Its `--json` lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Here = Callable[..., Said]
"""A command run inside the test's process: `here(command, "--option", ...)`."""


class Bursar:
    """`bursar`, with one test's settings as its environment and a known actor."""

    def __init__(self, settings: Settings, **env: str) -> None:
        self._env = {"BURSAR_ACTOR": "anna", **settings_env(settings), **env}

    def __call__(self, *arguments: str, **env: str) -> Said:
        """Run it. No command may ever show a traceback."""
        said = self.start(*arguments, **env)
        out, err = said.communicate(timeout=90)
        assert "Traceback" not in err, err
        return Said(said.returncode, out, err)

    def start(self, *arguments: str, module: str = MODULE, **env: str) -> subprocess.Popen[str]:
        """Start it and do not wait."""
        environment = (
            clean_environment() | {"HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT)} | self._env | env
        )
        program = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(
            program,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

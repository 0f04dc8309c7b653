"""Runs `bursar ...` as a real process and gives back its exit code and both streams."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from cli.embedded.processes import clean_environment
from core.settings import Settings
from tests.harness.environment import settings_env
from tests.harness.processes import ROOT
from tests.harness.zygote import Forked, zygote

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
        return Said(said.wait(), out, err)

    def start(self, *arguments: str, module: str = MODULE, **env: str) -> Forked:
        """Start it and do not wait."""
        environment = clean_environment() | {"HOME": os.environ.get("HOME", "/")} | self._env | env
        out, err = files = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - closed when they were read
        return zygote().start(module, [*arguments], env=environment, cwd=ROOT, out=out.fileno(), err=err.fileno(), files=files)

"""A process's own command line: replaced, cut where there is no room, and nothing else touched."""

from __future__ import annotations

import pytest

from tests.harness.processes import Processes

CODE = """
import os, pathlib, sys
from cli.supervisor.title import set_title
set_title(os.environ["TITLE"])
print(pathlib.Path("/proc/self/cmdline").read_text().rstrip(chr(0)))
print(sys.argv[1:], os.environ["AFTER"])
"""


@pytest.mark.parametrize("title", ["bursar up: worker-payments", "x" * 5000])
def test_the_title_is_shown_and_nothing_else_changes(title: str, processes: Processes) -> None:
    running = processes.python("-c", CODE, "an argument", env={"TITLE": title, "AFTER": "stays"})
    assert running.wait() == 0, running.output()
    shown, rest = running.output().splitlines()
    assert title.startswith(shown)
    assert len(shown) >= min(len(title), 100)
    assert rest == "['an argument'] stays"

"""What each process runs: the same function under `bursar up`, in a container and by hand."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from core.settings import Settings

ENTRIES: dict[str, str] = {
    "receiver": "webhooks_ingest.serve:main",
    "worker": "workers.start:run_worker",
    "calls": "workers.start:run_calls",
    "beat": "workers.start:run_beat",
    "standby": "cli.standby:run_standby",
    "sandbox": "cli.sandbox_process:run_sandbox",
    "mails": "cli.mail_catcher:run_catcher",
    "flower": "cli.flower:run_flower",
}
"""Process -> function of (settings, arguments...), which returns when it was told to stop."""


def entry(name: str) -> Callable[..., Any]:
    """Import and return a process's function."""
    module, _, attribute = ENTRIES[name].partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return function


def run(name: str, settings: Settings, *arguments: str) -> None:
    """Run a process until it is told to stop.

    Raises:
        ValueError: a setting that it needs is missing; the message says which.
    """
    entry(name)(settings, *arguments)

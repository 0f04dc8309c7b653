"""Flower, started with the only options that are safe: loopback, read-only, a bounded memory."""

from __future__ import annotations

from core.logs import configure
from core.settings import Settings
from workers.app import app


def run_flower(settings: Settings) -> None:
    """Run Flower until SIGTERM. A login comes from FLOWER_BASIC_AUTH in the environment, never from argv."""
    configure(settings, "flower")
    app.start(
        ["flower", "--address=127.0.0.1", f"--port={settings.flower_port}", "--read_only=True", "--max_tasks=5000",
         "--logging=warning"]
    )

"""A real receiver, worker, standby or beat with the probe source plugged in: `python -m tests.harness.probe_process ROLE [QUEUE]`."""

from __future__ import annotations

import sys

from cli.standby import run_standby
from core.settings import current
from tests.harness.probe import plug_in
from webhooks_ingest.serve import main as receive
from workers import start


def main(role: str, queue: str = "payments") -> None:
    """Run one role until it is stopped."""
    plug_in()
    settings = current()
    if role == "worker":
        start.run_worker(settings, queue)
    elif role == "calls":
        start.run_calls(settings)
    elif role == "receiver":
        receive(settings)
    elif role == "beat":
        start.run_beat(settings)
    elif role == "standby":
        run_standby(settings)
    else:
        raise SystemExit(f"no role {role!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])

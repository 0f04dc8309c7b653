"""The `bursar` command with the probe source plugged in, as a process: `python -m tests.cli.probe_bursar inbox ls`."""

from __future__ import annotations

from cli.main import main
from tests.harness.probe import plug_in

if __name__ == "__main__":
    plug_in()
    main(prog_name="bursar")

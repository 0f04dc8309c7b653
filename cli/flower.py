"""Flower, started with the only options that are safe: loopback, a login, read-only, a bounded memory, no own file.

Without a login its API answers nobody, and whoever reaches the port could read every event's id; so there is one.
"""

from __future__ import annotations

import os

from cli.embedded.secret_files import kept_secret
from core.logs import configure
from core.settings import Settings
from workers.app import app
from workers.needs import require_broker

PASSWORD_FILE = "flower.password"  # noqa: S105 - a file's name
USER = "bursar"


def login(settings: Settings) -> str:
    """`user:password`, made and kept in the home when none is set."""
    given = settings.flower_basic_auth.get_secret_value()
    if given:
        return given
    settings.home.mkdir(parents=True, exist_ok=True)
    return f"{USER}:{kept_secret(settings.home / PASSWORD_FILE)}"


def run_flower(settings: Settings) -> None:
    """Run Flower until SIGTERM.

    The login and the broker's URL come by environment and settings, never by arguments, which everybody on the machine
    can read. `--conf` names an empty file, so that no flowerconfig.py of the present folder is executed.

    Raises:
        ValueError: the broker's URL is missing.
    """
    require_broker(settings, "flower")
    configure(settings, "flower")
    # Flower takes any FLOWER_* variable for an option: only ours may count, and none that opens the API to all.
    for name in [name for name in os.environ if name.startswith("FLOWER_")]:
        del os.environ[name]
    os.environ["FLOWER_BASIC_AUTH"] = login(settings)
    app.start(
        [
            "flower",
            f"--address={settings.flower_host}",
            f"--port={settings.flower_port}",
            "--read_only=True",
            "--max_tasks=5000",
            "--xheaders",
            f"--conf={os.devnull}",
            "--purge_offline_workers=600",
            "--logging=warning",
        ]
    )

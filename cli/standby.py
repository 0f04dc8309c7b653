"""The standby as a process: here the schedules' tick meets the machine, which may not know of it."""

from __future__ import annotations

from core.logs import configure
from core.settings import Settings
from schedules.slots import watched_tick
from workers import standby
from workers.context import make_context
from workers.needs import require_all
from workers.observe.begin import begin


def run_standby(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        ValueError: the broker's or the database's URL or the audit keys are missing; the message says what to set.
    """
    require_all(settings, "standby")
    configure(settings, "standby")
    begin(settings, "standby")
    standby.main(make_context(settings, application="bursar-standby"), watched_tick)

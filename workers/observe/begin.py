"""The first thing that each process does about being seen."""

from __future__ import annotations

from core.settings import Settings
from workers.observe import sentry
from workers.observe.shared_values import share


def begin(settings: Settings, process: str) -> None:
    """Share this process's counters and start Sentry, if it has a DSN. Call it before a pool forks.

    Raises:
        sentry_sdk.utils.BadDsn: `BURSAR_SENTRY_DSN` is no DSN.
    """
    share(settings)
    sentry.configure(settings, process)

"""What a process must be told before it starts: without it Celery would look for a broker on this machine for ever.

Said once, at the start and by name, instead of a line in the log for each try or message.
"""

from __future__ import annotations

from core.crypto import KeyRing
from core.settings import Settings

_EFFECTS = {
    "worker": "no event of its queue would be processed",
    "calls": "no provider would be called and no mail sent",
    "beat": "no scheduled run would start",
    "standby": "nobody would find the rows whose hints were lost",
    "flower": "there is nothing to look at",
}


def require_broker(settings: Settings, process: str) -> None:
    """A broker is named.

    Raises:
        ValueError: none is; the message names the setting, the effect and the next step.
    """
    if not settings.broker_url.get_secret_value():
        raise ValueError(
            f"BURSAR_BROKER_URL is not set: {_EFFECTS[process]}, so the {process} does not start; set it as the receiver "
            "has it, or run `bursar up`, which brings a Redis"
        )


def require_all(settings: Settings, process: str) -> None:
    """Broker, database and the audit's keys are named; whether they answer shows later, and heals by itself.

    Raises:
        ValueError: one is not; the message names the setting, the effect and the next step.
    """
    require_broker(settings, process)
    if not settings.database_url.get_secret_value():
        raise ValueError(
            f"BURSAR_DATABASE_URL is not set: {_EFFECTS[process]}, so the {process} does not start; set it to the "
            "database of the receiver, or run `bursar up`, which brings one"
        )
    try:
        KeyRing.from_settings(settings)
    except ValueError as error:
        raise ValueError(f"the {process} does not start: {error}") from error

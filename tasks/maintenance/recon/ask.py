"""Makes sure that a day's run is asked for, of each provider that can be asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.operations.ask_recon import ask_recon
from core.settings import Settings
from tasks.maintenance.recon.lists import LISTS, YOUNG
from workers.context import Context
from workers.unit import Unit

_HOUR = 4
"""Of the day, UTC: by then the day before is quiet, and PayPal shows it."""
_DAYS = 8
"""What a daily run looks back: a week, so that what was late or mended since is seen again."""


def providers(settings: Settings) -> list[str]:
    """Providers that we have keys for."""
    keys = {"stripe": settings.stripe_api_key.get_secret_value(), "paypal": settings.paypal_client_secret.get_secret_value()}
    return [source for source in LISTS if keys[source]]


def ask_daily(context: Context, slot_at: datetime) -> list[str]:
    """Ask for the run of the slot's day, once; whatever the time at which the slot itself is taken up."""
    begins = slot_at.replace(hour=_HOUR, minute=0, second=0, microsecond=0)
    if slot_at < begins:
        return []
    asked = []
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=context.clock.now(), reason="daily reconciliation")
        for source in providers(context.settings):
            reference = f"daily-{begins:%Y-%m-%d}"
            ask_recon(
                unit, source, reference, since=begins - timedelta(days=_DAYS), until=begins - YOUNG[source], objects=list(LISTS[source]),
                actor=unit.actor, reason="daily",
            )  # fmt: skip
            asked.append(f"{source}:{reference}")
        unit.flush()
    return asked

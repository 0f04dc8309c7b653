"""How long tokens live, as the settings say (SEC-4)."""

from __future__ import annotations

from datetime import timedelta

from billing.rules.access import Lives
from core.settings import Settings


def lives(settings: Settings) -> Lives:
    """Read when a wish is written, and again when its mail goes out."""
    return Lives(
        reset=timedelta(seconds=settings.reset_token_s),
        verification=timedelta(seconds=settings.verification_token_s),
        per_hour=settings.tokens_per_hour,
    )

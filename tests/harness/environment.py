"""Settings for tests, and the same settings as the environment of a real process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from core.settings import Settings
from tests.harness.ports import free_range

STRIPE_SECRET = "whsec_test_0123456789abcdef0123456789abcdef"
ZOOM_SECRET = "zoom-test-secret-token-01"
PAYPAL_WEBHOOK_ID = "WH-TEST-0001"
AUDIT_KEY = "test:0123456789abcdef0123456789abcdef"
APP = "shop"
APP_SECRET = "app-test-secret-0123456789abcdef-0123456789"

_PREFIX = "BURSAR_"


def make_settings(database_url: str, broker_url: str, home: Path, **overrides: Any) -> Settings:
    """A full Settings object of one test: its own database, free ports, known secrets; `overrides` win.

    Not out of the environment: to look there for each of its fields takes a hundred times as long as all the rest.
    """
    values: dict[str, Any] = {
        "home": home,
        "database_url": database_url,
        "broker_url": broker_url,
        "receiver_port": free_range(),
        "flower_port": free_range(),
        "metrics_port": free_range(),
        "stripe_webhook_secrets": STRIPE_SECRET,
        "zoom_webhook_secrets": ZOOM_SECRET,
        "paypal_webhook_id": PAYPAL_WEBHOOK_ID,
        "audit_keys": AUDIT_KEY,
        "app_keys": f"{APP}:{APP_SECRET}",
        "workers_per_queue": 1,
    }
    made = Settings.__new__(Settings)
    BaseModel.__init__(made, **(values | overrides))
    return made


def settings_env(settings: Settings) -> dict[str, str]:
    """What to set in a process's environment so that `core.settings.load()` gives these settings there."""
    texts = {}
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if value != field.get_default(call_default_factory=True):
            texts[f"{_PREFIX}{name.upper()}"] = _text(value)
    return texts


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, (list, tuple)):
        return ",".join(_text(part) for part in value)
    return "" if value is None else str(value)

"""The secrets that a copy on one machine needs and nobody gave: made once, kept in the home."""

from __future__ import annotations

import os
from pathlib import Path

from cli.embedded.secret_files import kept_secret

APP, APP_KEY_FILE = "dev", "app.key"
"""The main app's name on one machine, and where its key for signed commands lies."""

_KEPT = {
    "BURSAR_STRIPE_WEBHOOK_SECRETS": ("stripe.secret", "whsec_"),
    "BURSAR_ZOOM_WEBHOOK_SECRETS": ("zoom.secret", ""),
    "BURSAR_PAYPAL_WEBHOOK_ID": ("paypal.webhook-id", "WH-"),
    "BURSAR_AUDIT_KEYS": ("audit.key", "local:"),
    "BURSAR_SEAL_KEYS": ("seal.key", "local:"),
    "BURSAR_APP_KEYS": (APP_KEY_FILE, f"{APP}:"),
}


def is_given(variable: str) -> bool:
    """Whether a variable, or the file that its `_FILE` variant names, gives that setting."""
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def missing_secrets(home: Path) -> dict[str, str]:
    """Variables that are not given, with their kept values."""
    return {
        variable: kept_secret(home / name, prefix)
        for variable, (name, prefix) in _KEPT.items()
        if not is_given(variable)
    }

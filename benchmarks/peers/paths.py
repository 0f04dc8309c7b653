"""Where the peers listen and store: for those who measure them and have none of their packages."""

from __future__ import annotations

DJSTRIPE_ENDPOINT = "6f3c1f5e-52a1-4ae5-9c29-6d2f0b5a7a10"
DJSTRIPE_PATH = f"/stripe/webhook/{DJSTRIPE_ENDPOINT}/"
DJSTRIPE_TABLE = "djstripe_webhookeventtrigger"
TUTORIAL_TABLE = "peer_event"

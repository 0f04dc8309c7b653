"""The stand-ins of providers as a process: where `bursar up` has no real keys, and by `bursar sandbox run`."""

from __future__ import annotations

import signal
import sys
from urllib.parse import urlsplit

from cli.embedded.ports import LOOPBACK
from core.settings import Settings
from providers.sandbox.stripe.standin import StripeSandbox

_STATE = "sandbox-stripe.json"


def run_sandbox(settings: Settings) -> None:
    """Serve where BURSAR_STRIPE_API_BASE says until SIGTERM or SIGINT; the state is kept in the home.

    What happens there is posted to the receiver, signed with its own secret.

    Raises:
        ValueError: the base address is not one of this machine's loopback.
    """
    base = urlsplit(settings.stripe_api_base)
    if base.hostname != LOOPBACK or not base.port:
        raise ValueError(f"the sandbox listens on {LOOPBACK} only, and BURSAR_STRIPE_API_BASE is {settings.stripe_api_base}")
    standin = StripeSandbox(port=base.port)
    settings.home.mkdir(parents=True, exist_ok=True)
    standin.keep_in(settings.home / _STATE)
    secrets = settings.stripe_webhook_secrets
    if secrets:
        url = f"http://{LOOPBACK}:{settings.receiver_port}/webhooks/stripe"
        standin.send_to({"url": url, "secret": secrets[0].get_secret_value()})
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        standin.serve()
    finally:
        standin.stop()

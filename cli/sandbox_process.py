"""The stand-ins of providers as a process: where `bursar up` has no real keys, and by `bursar sandbox run`."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from cli.embedded.ports import LOOPBACK
from core.clock import SystemClock
from core.settings import Settings
from providers.sandbox.anaf.server import AnafSandbox
from providers.sandbox.fx.standin import FxSandbox
from providers.sandbox.paypal.server import PayPalSandbox
from providers.sandbox.paypal.signing import KEPT, Signer
from providers.sandbox.stripe.standin import StripeSandbox
from providers.sandbox.vies.standin import ViesSandbox

_STATE, _PAYPAL_STATE, _ANAF_STATE = "sandbox-stripe.json", "sandbox-paypal.json", "sandbox-anaf.json"


def run_sandbox(settings: Settings) -> None:
    """Serve where the settings of the APIs of Stripe, PayPal, VIES, banks and ANAF say until SIGTERM or SIGINT; the home keeps the state.

    What happens there is posted to the receiver, signed as it expects.

    Raises:
        ValueError: no base address is one of this machine's loopback.
    """
    bases = {
        "stripe": settings.stripe_api_base, "paypal": settings.paypal_api_base, "vies": settings.vies_api_base,
        "anaf": settings.anaf_api_base, "fx": settings.fx_api_base,
    }  # fmt: skip
    ports = {name: _port(base) for name, base in bases.items()}
    if not any(ports.values()):
        raise ValueError(f"the sandbox listens on {LOOPBACK} only, and BURSAR_STRIPE_API_BASE is {settings.stripe_api_base}")
    settings.home.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with ExitStack() as running:
        if ports["paypal"]:
            running.enter_context(_paypal(settings, ports["paypal"]))
        if ports["vies"]:
            running.enter_context(ViesSandbox(port=ports["vies"]))
        if ports["fx"]:
            running.enter_context(FxSandbox(port=ports["fx"]))
        if ports["anaf"]:
            ministry = AnafSandbox(port=ports["anaf"])
            ministry.keep_in(settings.home / _ANAF_STATE)
            running.enter_context(ministry)
        if ports["stripe"]:
            standin = _stripe(settings, ports["stripe"])
            running.callback(standin.stop)
            standin.serve()
        else:
            signal.pause()


def lay_certificate(home: Path) -> None:
    """Let the receiver of this home verify what the stand-in of PayPal will post to it."""
    Signer.kept(home / KEPT, SystemClock().now()).lay(home)


def _port(base: str) -> int | None:
    """The port of an address on the loopback, else None."""
    parts = urlsplit(base)
    return parts.port if parts.hostname == LOOPBACK else None


def _stripe(settings: Settings, port: int) -> StripeSandbox:
    standin = StripeSandbox(port=port)
    standin.keep_in(settings.home / _STATE)
    secrets = settings.stripe_webhook_secrets
    if secrets:
        url = f"http://{LOOPBACK}:{settings.receiver_port}/webhooks/stripe"
        standin.send_to({"url": url, "secret": secrets[0].get_secret_value()})
    return standin


def _paypal(settings: Settings, port: int) -> PayPalSandbox:
    standin = PayPalSandbox(port=port, signer=Signer.kept(settings.home / KEPT, SystemClock().now()))
    standin.keep_in(settings.home / _PAYPAL_STATE)
    webhook_id = settings.paypal_webhook_id.partition(",")[0].strip()
    if webhook_id:
        url = f"http://{LOOPBACK}:{settings.receiver_port}/webhooks/paypal"
        standin.deliveries.aim({"url": url, "webhook_id": webhook_id})
    return standin

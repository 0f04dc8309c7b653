"""Where stand-ins of providers and authorities are reached; apart from it, for `bursar up` knows this before anything heavy is imported."""

from __future__ import annotations

from pathlib import Path

from cli.embedded.ports import LOOPBACK

API_KEY = "sk_test_sandbox"
"""Any key that begins like one is taken; this is the one that we use."""


def environment(port: int) -> dict[str, str]:
    """What points a copy of Bursar at the stand-in on that port."""
    return {"BURSAR_STRIPE_API_BASE": f"http://{LOOPBACK}:{port}", "BURSAR_STRIPE_API_KEY": API_KEY}


def vies_environment(port: int) -> dict[str, str]:
    """What points a copy of Bursar at the stand-in of VIES on that port."""
    return {"BURSAR_VIES_API_BASE": f"http://{LOOPBACK}:{port}/taxation_customs/vies/rest-api"}


def fx_environment(port: int) -> dict[str, str]:
    """What points a copy of Bursar at the stand-ins of BNR and the ECB on that port."""
    return {"BURSAR_FX_API_BASE": f"http://{LOOPBACK}:{port}"}


def anaf_environment(port: int) -> dict[str, str]:
    """What points a copy of Bursar at the stand-in of ANAF on that port; the login there is still to be made."""
    return {
        "BURSAR_ANAF_API_BASE": f"http://{LOOPBACK}:{port}/test/FCTEL/rest",
        "BURSAR_ANAF_LOGIN_BASE": f"http://{LOOPBACK}:{port}/anaf-oauth2/v1",
        "BURSAR_ANAF_CLIENT_ID": "sandbox-client",
        "BURSAR_ANAF_CLIENT_SECRET": "sandbox-secret",
    }


PAYPAL_ANCHOR = "paypal-sandbox-anchor.pem"
"""In the home: what the receiver is told to trust beside the system's certificates."""


def paypal_environment(port: int, home: Path) -> dict[str, str]:
    """What points a copy of Bursar at the stand-in of PayPal on that port, and its receiver at that stand-in's certificates."""
    return {
        "BURSAR_PAYPAL_API_BASE": f"http://{LOOPBACK}:{port}",
        "BURSAR_PAYPAL_CLIENT_ID": "sandbox-client",
        "BURSAR_PAYPAL_CLIENT_SECRET": "sandbox-secret",
        "BURSAR_PAYPAL_TRUST_ANCHORS": str(home / PAYPAL_ANCHOR),
    }

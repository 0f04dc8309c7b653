"""Where a stand-in of Stripe is reached; apart from it, because `bursar up` must know this before anything heavy is imported."""

from __future__ import annotations

from cli.embedded.ports import LOOPBACK

API_KEY = "sk_test_sandbox"
"""Any key that begins like one is taken; this is the one that we use."""


def environment(port: int) -> dict[str, str]:
    """What points a copy of Bursar at the stand-in on that port."""
    return {"BURSAR_STRIPE_API_BASE": f"http://{LOOPBACK}:{port}", "BURSAR_STRIPE_API_KEY": API_KEY}

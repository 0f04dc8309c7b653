"""`bursar up` uses the stand-in of Stripe only where nobody gave a key or an address: real money is never mistaken for play."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import up


@pytest.mark.parametrize(
    ("given", "plays"),
    [
        ({}, True),
        ({"BURSAR_STRIPE_API_KEY": ""}, True),
        ({"BURSAR_STRIPE_API_KEY": "sk_live_x"}, False),
        ({"BURSAR_STRIPE_API_KEY_FILE": "/run/secrets/stripe"}, False),
        ({"BURSAR_MODE": "live"}, False),
        ({"BURSAR_STRIPE_API_BASE": "http://127.0.0.1:1"}, False),
    ],
)
def test_a_given_key_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], plays: bool) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    made = {name: value for name, value in up._sandbox(tmp_path).items() if "STRIPE" in name}
    assert bool(made) == plays
    if plays:
        assert made["BURSAR_STRIPE_API_KEY"] == "sk_test_sandbox"
        assert up._sandbox(tmp_path)["BURSAR_STRIPE_API_BASE"] == made["BURSAR_STRIPE_API_BASE"], "the same address at each start"

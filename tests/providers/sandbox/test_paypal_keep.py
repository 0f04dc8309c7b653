"""The stand-in of PayPal goes on where it was: state and certificates outlive its process."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from core.clock import SystemClock
from providers.sandbox.paypal.signing import Signer
from tests.harness.paypal import PayPal


def test_a_stand_in_that_is_started_again_knows_its_objects(tmp_path: Path) -> None:
    state, first = tmp_path / "state.json", PayPal()
    first.standin.keep_in(state)
    sale = first.control.tell("sale", amount_minor=900, currency="EUR")
    first.control.tell("clock", advance_s=3600)
    first.stop()
    second = PayPal()
    try:
        second.standin.keep_in(state)
        assert second.control.tell("object", kind="sale", id=sale["id"]) == sale
        assert [one["amount"] for one in second.control.effects("sale")] == [900]
        assert second.control.tell("deliveries")["waiting"] == 0, "what was told before is not told again"
        later = second.standin.world.now() - SystemClock().now()
        assert timedelta(minutes=59) < later < timedelta(minutes=61)
        assert second.control.tell("sale", amount_minor=1, currency="EUR")["id"] != sale["id"]
    finally:
        second.stop()


def test_a_home_keeps_its_certificate_while_it_holds(tmp_path: Path) -> None:
    path, now = tmp_path / "signer.pem", SystemClock().now()
    made = Signer.kept(path, now)
    assert path.stat().st_mode & 0o077 == 0
    assert Signer.kept(path, now).certificate == made.certificate
    assert Signer.kept(path, now).cert_url == made.cert_url
    assert Signer.kept(path, now + timedelta(days=290)).certificate != made.certificate

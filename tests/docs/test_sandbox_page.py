"""docs/sandbox.md names what the stand-in can be told, so that nobody has to read its code."""

from __future__ import annotations

from providers.sandbox.http.faults import KINDS
from providers.sandbox.stripe.commands import COMMANDS, DELIVERIES
from providers.sandbox.stripe.methods import BEHAVIOURS
from tests.harness.processes import ROOT

PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_command_and_fault_is_named() -> None:
    assert [name for name in (*COMMANDS, *DELIVERIES, *KINDS) if f"`{name}`" not in PAGE] == []


def test_every_test_method_is_named() -> None:
    declined = "chargeDeclined"
    names = {name.replace("pm_card_visa_", "pm_card_") for name in BEHAVIOURS}
    missing = [
        name for name in names
        if f"`{name}`" not in PAGE and not (declined in name and f"`...{name.partition(declined)[2]}`" in PAGE)
    ]  # fmt: skip
    assert missing == []

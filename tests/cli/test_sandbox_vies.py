"""`bursar sandbox vies`, and where `bursar up` plays VIES."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import up
from cli.sandbox_vies import vies as command
from providers.sandbox.vies.standin import ViesSandbox
from tests.cli.operator_command import Here
from tests.harness.cluster import Database


def test_a_person_decides_what_vies_says(here: Here, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(command, "DE136695976", "INVALID").code == 2  # no sandbox
    with ViesSandbox() as vies:
        monkeypatch.setenv("BURSAR_VIES_API_BASE", vies.base)
        assert here(command, "de 136695976", "INVALID").code == 0
        assert here(command, "EL094259216", "MS_UNAVAILABLE").out.startswith("EL094259216 says MS_UNAVAILABLE now, one of 2")
        assert vies.answers == {"DE136695976": "INVALID", "EL094259216": "MS_UNAVAILABLE"}
        assert here(command, "DE1", "INVALID").code == 2
    assert here(command, "DE136695976", "VALID").code == 69


def test_an_address_that_was_given_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BURSAR_VIES_API_BASE", "BURSAR_FX_API_BASE"):
        assert up._sandbox(tmp_path)[name].startswith("http://127.0.0.1:")
        monkeypatch.setenv(name, "https://offices.example")
        assert name not in up._sandbox(tmp_path)
        monkeypatch.delenv(name)
    monkeypatch.setenv("BURSAR_MODE", "live")
    assert up._sandbox(tmp_path) == {}

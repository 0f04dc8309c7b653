"""PayPal's reports: read to the end, in windows that it takes, late as they are, with ids that are not unique."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from core.settings import Settings
from providers.errors import UnparsableBody
from providers.paypal import reports
from providers.sandbox.paypal.client import PayPalControl
from providers.sandbox.paypal.server import PayPalSandbox

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[PayPalSandbox]:
    with PayPalSandbox() as found:
        found.control.world.frozen_at = START
        yield found


def settings(sandbox: PayPalSandbox) -> Settings:
    values: dict[str, Any] = {"paypal_client_id": "c", "paypal_client_secret": SecretStr("s"), "paypal_api_base": sandbox.base}
    return Settings(**values)


def token_lives(control: PayPalControl) -> None:
    control.tell("config", token_life_s=10**9)


@pytest.mark.requirement("RECON-1")
def test_three_months_are_read_in_windows_and_pages_to_the_end(sandbox: PayPalSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_PAGE", 10)
    control = PayPalControl(sandbox.base)
    token_lives(control)
    made = []
    for _ in range(45):
        made.append(control.tell("sale", amount_minor=1000, currency="EUR", subscription="I-1", custom="bursar_purpose=subscription")["id"])
        control.tell("clock", advance_s=2 * 86400)
    rows = list(reports.reported(settings(sandbox), START, START + timedelta(days=90)))
    assert [row.id for row in rows] == made, "none twice, though one lies on the edge of two windows"
    first = rows[0]
    assert (first.kind, first.amount_minor, first.currency, first.fee_minor, first.net_minor) == ("payment", 1000, "EUR", 84, 916)
    assert (first.status, first.at, first.parent_ref, first.parent_kind) == ("succeeded", START, "I-1", "SUB")
    assert first.metadata["bursar_purpose"] == "subscription"
    asked = [call for call in control.tell("calls") if call["path"] == "/v1/reporting/transactions"]
    assert len(asked) == 6, "each window has 14 to 16 rows: two pages"


@pytest.mark.requirement("RECON-1")
def test_a_window_with_too_many_rows_is_asked_for_in_parts(sandbox: PayPalSandbox) -> None:
    control = PayPalControl(sandbox.base)
    control.tell("config", reports_most=7, token_life_s=10**9)
    made = []
    for _ in range(40):
        made.append(control.tell("sale", amount_minor=1000, currency="EUR")["id"])
        control.tell("clock", advance_s=3600)
    assert [row.id for row in reports.reported(settings(sandbox), START, START + timedelta(days=31))] == made


@pytest.mark.requirement("RECON-1")
def test_rows_come_late_and_one_id_may_stand_on_several(sandbox: PayPalSandbox) -> None:
    control, mine = PayPalControl(sandbox.base), settings(sandbox)
    control.tell("config", reports_late_s=int(reports.LATE.total_seconds()), token_life_s=10**9)
    sale = control.tell("sale", amount_minor=500, currency="JPY")["id"]
    end = START + timedelta(days=1)
    assert list(reports.reported(mine, START, end)) == []
    control.tell("clock", advance_s=3 * 3600)
    [row] = reports.reported(mine, START, end)
    assert (row.id, row.amount_minor, row.currency) == (sale, 500, "JPY")
    world = sandbox.world
    with world.lock:
        world.move("T0006", sale, 500, "JPY", status="P")
        world.move("T0006", sale, 500, "JPY", fee=20)
    control.tell("clock", advance_s=3 * 3600)
    rows = list(reports.reported(mine, START, end))
    assert [row.id for row in rows] == [sale] * 3
    assert len({row.key for row in rows}) == 3


def test_an_unknown_code_is_shown_and_a_row_without_money_is_an_error() -> None:
    row = {
        "transaction_id": "T1", "transaction_event_code": "T9999", "transaction_amount": {"currency_code": "EUR", "value": "-3.10"},
        "transaction_initiation_date": "2026-03-01T10:00:00+0000", "transaction_status": "S",
        "fee_amount": {"currency_code": "EUR", "value": "-0.20"},
    }  # fmt: skip
    found = reports.read(row)
    assert (found.kind, found.amount_minor, found.fee_minor, found.net_minor) == ("other", -310, 20, -330)
    with pytest.raises(UnparsableBody, match="no amount"):
        reports.read({"transaction_id": "T1"})

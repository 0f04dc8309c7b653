"""What PayPal reports and lists, as rows for comparison."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from billing.rules.recon_row import ReconRow
from core.settings import Settings
from providers.paypal import dispute_list, recon_rows
from providers.sandbox.paypal.client import PayPalControl
from providers.sandbox.paypal.server import PayPalSandbox

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def sandbox() -> Iterator[PayPalSandbox]:
    with PayPalSandbox() as found:
        found.control.world.frozen_at = START
        found.control.world.config.token_life_s = 10**9
        yield found


def listed(of: str, sandbox: PayPalSandbox, since: datetime = START, until: datetime = START + DAY) -> list[ReconRow]:
    """All rows of a kind."""
    values: dict[str, Any] = {"paypal_client_id": "c", "paypal_client_secret": SecretStr("s"), "paypal_api_base": sandbox.base}
    return [row for _, rows in recon_rows.pages(of, Settings(**values), since, until, sandbox.world.now(), None) for row in rows]


@pytest.mark.requirement("RECON-1", "RECON-7")
def test_what_went_back_in_full_had_come_and_a_hold_is_no_payment(sandbox: PayPalSandbox) -> None:
    world = sandbox.world
    with world.lock:
        world.move("T0006", "REVERSED", 500, "EUR", fee=20, status="V")
        world.move("T0006", "DENIED", 500, "EUR", status="D")
        world.move("T1503", "HOLD", -500, "EUR")
        world.move("T1105", "HOLD", 500, "EUR")
    assert [(row.external_id, row.status) for row in listed("charge", sandbox)] == [("REVERSED", "succeeded"), ("DENIED", "failed")]
    assert [(row.external_id, row.kind, row.fee_minor) for row in listed("movement", sandbox)] == [
        ("REVERSED", "payment", 20), ("HOLD", "hold", 0), ("HOLD", "hold_release", 0)
    ]  # fmt: skip


@pytest.mark.requirement("RECON-3")
@pytest.mark.parametrize(("word", "status"), [("S", "paid"), ("P", "in_transit"), ("D", "failed"), ("V", "returned")])
def test_a_payout_names_its_request_and_what_came_back_names_the_payout(sandbox: PayPalSandbox, word: str, status: str) -> None:
    world = sandbox.world
    with world.lock:
        world.move("T0001", "OUT", -500, "EUR", fee=25, status=word, custom="payout_request:P-1")
        world.move("T1114", "IN", 500, "EUR", fee=-25, parent="OUT")
    # Read from well before the window: unclaimed money comes back after 30 days.
    out, back = listed("payout", sandbox, START + 30 * DAY, START + 40 * DAY)
    assert (out.object, out.external_id, out.amount_minor, out.status, out.request) == ("payout", "OUT", 500, status, "payout_request:P-1")
    assert (back.object, back.parent_ref, back.amount_minor, back.fee_minor) == ("payout_return", "OUT", 500, -25)


@pytest.mark.requirement("RECON-7")
def test_disputes_are_listed_to_the_end_and_decided_ones_read_by_themselves(
    sandbox: PayPalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispute_list, "_PAGE", 2)
    control = PayPalControl(sandbox.base)
    opened = []
    for number in range(5):
        sale = control.tell("sale", amount_minor=1000 + number, currency="EUR")["id"]
        opened.append(control.tell("dispute", transaction=sale, stage="INQUIRY" if number % 2 else "CHARGEBACK")["dispute_id"])
        control.tell("clock", advance_s=3600)
    control.tell("resolve", dispute=opened[0], outcome="RESOLVED_SELLER_FAVOUR")
    rows = listed("dispute", sandbox)
    assert [row.external_id for row in rows] == opened
    assert [row.status for row in rows] == ["won", "warning_needs_response", "needs_response", "warning_needs_response", "needs_response"]
    assert [row.amount_minor for row in rows] == [1000, 1001, 1002, 1003, 1004]
    # By when they were opened, though the first one changed later.
    assert [row.external_id for row in listed("dispute", sandbox, START + timedelta(hours=1), START + timedelta(hours=3))] == opened[1:3]
    # PayPal refuses to list what is older than 180 days.
    control.tell("clock", advance_s=200 * 86400)
    assert listed("dispute", sandbox) == []


@pytest.mark.requirement("RECON-1")
def test_each_line_is_on_one_page_and_a_later_turn_goes_on_behind_it(sandbox: PayPalSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recon_rows, "_MOST", 3)
    world = sandbox.world
    with world.lock:
        for hours in range(0, 72, 12):
            world.move("T0006", f"AT-{hours}", 500, "EUR", at=START + timedelta(hours=hours))
        world.frozen_at = START + 3 * DAY
    values: dict[str, Any] = {"paypal_client_id": "c", "paypal_client_secret": SecretStr("s"), "paypal_api_base": sandbox.base}
    until = START + timedelta(hours=60)

    def read(after: str | None) -> list[tuple[str | None, list[str]]]:
        pages = recon_rows.pages("movement", Settings(**values), START, until, world.now(), after)
        return [(cursor, [row.external_id for row in rows]) for cursor, rows in pages]

    pages = read(None)
    names = [name for _, found in pages for name in found]
    assert names == ["AT-0", "AT-12", "AT-24", "AT-36", "AT-48"], "none twice, though some lie on the edges of spans"
    assert all(len(found) <= 3 for _, found in pages)
    for number, (cursor, _) in enumerate(pages, 1):
        assert [name for _, found in read(cursor) for name in found] == [name for _, found in pages[number:] for name in found]

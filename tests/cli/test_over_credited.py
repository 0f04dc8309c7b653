"""A refund that fails after its credit note was issued is told to people, and closed when it has gone out after all (INV-9, RECON-8)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.operations.accept_finding import accept_finding
from billing.operations.credit_document import credit_later
from cli.doctor import findings as doctor
from cli.recon import recon
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber
from tests.cli.operator_command import Here
from tests.factories.documents import invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness.machine import Machine
from workers.unit import Unit

_FINDINGS = "SELECT status, ours_minor, theirs_minor, currency, severity, object_ref FROM bursar.finding"
NAME = "over_credited:invoice:in-1"


@pytest.fixture
def shop(machine: Machine) -> Machine:
    """An invoice of 121.00 with its paper."""
    machine.clock.move_to(datetime(2027, 3, 5, 12, tzinfo=UTC))
    with unit_of(machine.context) as unit:
        seller(unit)
        subscriber(unit, "ann", country="RO")
        invoice(unit, "in-1")
    return machine


def _refunded(shop: Machine, minor: int) -> None:
    """So much of it has gone back by now."""
    def verb(unit: Unit) -> None:
        unit.row(Subscriber, OWN_SOURCE, "ann")
        row = unit.row(Invoice, OWN_SOURCE, "in-1")
        row.refunded_minor = minor
        credit_later(unit, row)

    do(shop.context, verb)


def _notes(shop: Machine) -> list[Any]:
    return [row[0] for row in shop.all("SELECT total_minor FROM bursar.document WHERE kind = 'credit_note' ORDER BY no")]


@pytest.mark.requirement("INV-9", "RECON-8", "AUDIT-1")
def test_it_is_found_by_people_and_closed_by_the_refund_that_goes_out(shop: Machine, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    _refunded(shop, 500)
    assert shop.all(_FINDINGS) == []
    _refunded(shop, 0)
    _refunded(shop, 0)
    assert shop.all(_FINDINGS) == [("open", 500, 0, "EUR", "high", "in-1")]
    monkeypatch.setenv("BURSAR_ROLE", "viewer")
    told = here(recon, "findings")
    assert NAME in told.out
    assert "over_credited: a credit note says" in told.out
    [paper] = [one for one in doctor(shop.context.settings) if one.check == "credit notes"]
    assert (paper.level, "1 invoice" in paper.said) == ("warn", True)

    _refunded(shop, 300)
    assert shop.all(_FINDINGS)[0][:3] == ("open", 500, 300)
    _refunded(shop, 500)
    assert (shop.all(_FINDINGS)[0][0], _notes(shop)) == ("gone", [500])
    moves = shop.all("SELECT after ->> 'status' FROM bursar.audit WHERE action = 'finding.status' ORDER BY id")
    assert moves == [("open",), ("gone",)]
    _refunded(shop, 0)
    assert shop.all(_FINDINGS)[0][0] == "open"


@pytest.mark.requirement("RECON-8")
def test_what_a_person_accepted_stays_so_while_it_is_that(shop: Machine, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    _refunded(shop, 500)
    _refunded(shop, 0)
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    assert here(recon, "accept", NAME, "--source", "bursar", "--reason", "billed again by hand").code == 0
    _refunded(shop, 0)
    assert shop.all(_FINDINGS)[0][0] == "accepted"
    _refunded(shop, 100)
    assert shop.all(_FINDINGS)[0][:3] == ("open", 500, 100)
    do(shop.context, lambda unit: accept_finding(unit, OWN_SOURCE, NAME, reason="once more"))

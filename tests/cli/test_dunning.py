"""`bursar dunning`: cases as they stand, and the model that compares ladders, the same bytes twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.operations.close_dunning import close_case
from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.move_dunning import end_attempt_row, move_dunning
from billing.operations.open_dunning import dun_failed_payment
from billing.operations.own_row import own_row
from cli.dunning import dunning as command
from models.base import OWN_SOURCE
from models.dunning_attempt import DunningAttempt
from models.dunning_case import DunningCase
from models.payment_request import PaymentRequest
from tests.cli.operator_command import Here
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine
from workers.unit import Unit


def _failed(machine: Machine, ref: str, *, decline: str = "insufficient_funds", tried: tuple[str, ...] = ()) -> None:
    """An invoice of 20.00 whose payment failed, and what came of its first steps."""

    def make(unit: Unit) -> None:
        subscriber(unit)
        invoice = issue_invoice(unit, Draft(
            reference=ref, invoice_type="custom", subscriber_ref="alice", currency="EUR", billing_reason="manual", due_at=unit.now,
            lines=[Line(amount_minor=2_000, description="Pro")],
        ))  # fmt: skip
        request, _ = own_row(unit, PaymentRequest, "stripe", f"inv:{ref}")
        request.decline_code, request.attempt, request.payment_method_ref = decline, 1, "pm_1"
        dun_failed_payment(unit, invoice, request)
        case = unit.row(DunningCase, OWN_SOURCE, ref)
        for number, status in enumerate(tried, 1):
            row = unit.row(DunningAttempt, OWN_SOURCE, f"{ref}:{number}")
            row.started_at = unit.now
            move_dunning(unit, row, "processing")
            end_attempt_row(unit, row, status)
        if "success" in tried:
            close_case(unit, case, "recovered", "paid")

    do(machine.context, make)


@pytest.mark.requirement("DUN-1", "DUN-4")
def test_cases_are_listed_and_shown_and_ladders_compared(here: Here, machine: Machine) -> None:
    assert here(command, "ls").code == 3
    assert here(command, "simulate", "--policy", "1,3").code == 3, "nothing is recorded"
    _failed(machine, "in-1", tried=("success",))
    for number in range(2, 5):
        _failed(machine, f"in-{number}", tried=("failed", "failed"))
        machine.clock.move_to(machine.clock.now() + timedelta(seconds=1))
    _failed(machine, "in-9", decline="stolen_card")

    assert [row["invoice"] for row in here(command, "ls", "--json").objects] == ["in-2", "in-3", "in-4", "in-9"]
    shown = here(command, "show", "in-2").out
    assert all(word in shown for word in ("20.00 EUR", "ladder 1", "insufficient_funds", "standard"))
    assert here(command, "show", "none").code == 3

    said = [here(command, "simulate", "--policy", "1,3,7,14,30", "--against", "2,5,7,7").out for _ in range(2)]
    assert said[0] == said[1]
    assert "MODEL" in said[0]
    assert "days 2, 7, 14, 21 from the failure" in said[0]
    assert "from 7 recorded tries; 1 hard declines are left out" in said[0]
    first, second = here(command, "simulate", "--policy", "1,3,7", "--against", "+1,+2", "--json").objects
    assert (first["recovered"], first["cases"], first["share_percent"], first["recovered_minor"]) == (1, 4, "25.0", {"EUR": 2000})
    assert second["days"] == [1, 3]


def test_a_stated_curve_needs_no_history_and_nonsense_is_refused(here: Here) -> None:
    (told,) = here(command, "simulate", "--policy", "1,7", "--curve", "1:20,7:45,30:60", "--json").objects
    assert (told["recovered"], told["cases"], told["tries"], told["days_to_money"]) == (450, 1000, "1.8", "4.3")
    assert here(command, "simulate", "--policy", "1,x").code == 2
    assert here(command, "simulate", "--policy", "1", "--curve", "7:50,1:20").code == 2

"""VAT numbers from a bill-to row to VIES and back: asked once, kept, asked again, and never taken for invalid when VIES is away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from billing.rules.tax.proof import PROOF_HOLDS, RECHECK_AFTER
from providers.sandbox.vies.standin import ViesSandbox
from tasks.payments.runs import recheck_vat_numbers
from tests.harness.cluster import Database
from tests.harness.machine import Machine

_DE, _EL = "DE136695976", "EL094259216"
_SELLER = {
    "legal_name": "Seller SRL", "street": "Str. Lunga 1", "city": "SECTOR1", "country": "RO", "county": "RO-B", "vat_id": "RO18547290",
    "vat_registered": True, "currency": "RON", "zone": "Europe/Bucharest",
    "invoice_series": "BRS", "credit_note_series": "BRC",
}  # fmt: skip


@pytest.fixture
def vies() -> Iterator[ViesSandbox]:
    """A VIES of its own."""
    with ViesSandbox() as made:
        yield made


@pytest.fixture
def machine(database: Database, vies: ViesSandbox) -> Iterator[Machine]:
    """The machine with that VIES, and a business called alice."""
    made = Machine(database, vies_api_base=vies.base)
    made.run("billing.subscribers.define.v1", {"subscriber_ref": "alice", "email": "a@example.com"})
    yield made
    made.close()


def _bill_to(machine: Machine, vat_id: str | None, ref: str = "alice", **said: Any) -> dict[str, Any]:
    about = {
        "subscriber_ref": ref, "kind": "business", "full_name": "ACME GmbH", "street": "Weg 1", "city": "Berlin", "country": "DE",
        "vat_id": vat_id,
    }  # fmt: skip
    return machine.run("billing.subscribers.bill_to.v1", about | said)


def _profile(machine: Machine, ref: str = "alice") -> tuple[Any, ...]:
    return machine.all(
        "SELECT kind, vat_id, vat_id_valid, vies_consultation IS NOT NULL FROM bursar.bill_to WHERE external_id = %s", ref
    )[0]


def _later(machine: Machine, after: timedelta) -> None:
    machine.clock.move_to(machine.clock.now() + after)
    recheck_vat_numbers(machine.context, machine.clock.now())
    machine.settle()


@pytest.mark.requirement("TAX-1", "TAX-5")
def test_a_number_is_proven_and_kept(machine: Machine, vies: ViesSandbox) -> None:
    assert machine.run("billing.sellers.define.v1", _SELLER)["state"] == "succeeded"
    _bill_to(machine, "de 136 695 976")
    assert _profile(machine) == ("business", _DE, True, True)

    _bill_to(machine, _DE, full_name="ACME Holding GmbH")  # the same number: its proof holds
    machine.run("billing.subscribers.define.v1", {"subscriber_ref": "bob", "email": "b@example.com"})
    _bill_to(machine, _DE, "bob")
    assert _profile(machine, "bob") == ("business", _DE, True, True)
    assert [asked["requesterNumber"] for asked in vies.asked] == ["18547290"]
    assert machine.one("SELECT count(*) FROM bursar.audit WHERE action = 'vat_number.checked'") == 1

    _bill_to(machine, "DE136695977")  # its check digits are wrong: known without asking
    assert _profile(machine) == ("business", "DE136695977", False, False)
    _bill_to(machine, "CHE-123.456.788", country="CH")  # not VIES's
    assert _profile(machine) == ("business", "CHE-123.456.788", None, False)
    _bill_to(machine, None)
    assert _profile(machine) == ("business", None, None, False)
    assert len(vies.asked) == 1


@pytest.mark.requirement("TAX-1")
def test_a_proof_is_renewed_and_a_number_can_end(machine: Machine, vies: ViesSandbox) -> None:
    _bill_to(machine, _EL)
    assert _profile(machine)[2:] == (True, False)  # no seller, no evidence
    _later(machine, RECHECK_AFTER - timedelta(hours=1))
    assert len(vies.asked) == 1
    _later(machine, timedelta(hours=2))
    assert len(vies.asked) == 2
    vies.answers[_EL] = "INVALID"
    _later(machine, RECHECK_AFTER + timedelta(hours=1))
    assert _profile(machine)[2] is False
    told = "SELECT after ->> 'valid' FROM bursar.audit WHERE action = 'bill_to.vat_id_checked' ORDER BY id"
    assert [valid for (valid,) in machine.all(told)] == ["true", "false"]
    _bill_to(machine, None)  # nobody's number is not asked for again
    _later(machine, RECHECK_AFTER * 2)
    assert len(vies.asked) == 3


@pytest.mark.requirement("TAX-1")
def test_the_app_reads_how_a_number_stands(machine: Machine, vies: ViesSandbox) -> None:
    vies.answers[_DE] = "TIMEOUT"
    assert machine.one("SELECT bursar_api.vat_number('alice')") is None
    _bill_to(machine, _DE)
    told = machine.one("SELECT bursar_api.vat_number('alice')")
    assert (told["kind"], told["vat_id"], told["proven"], told["asked"]) == ("business", _DE, None, False)
    vies.answers.clear()
    _later(machine, timedelta(minutes=16))
    assert machine.one("SELECT bursar_api.vat_number('alice')")["proven"] is True
    old = machine.clock.now() + PROOF_HOLDS + timedelta(seconds=1)  # as `proven` says
    assert machine.one("SELECT bursar_api.vat_number('alice', %s)", old)["proven"] is None


@pytest.mark.requirement("TAX-1")
def test_a_question_that_waits_for_a_setting_is_one(database: Database) -> None:
    machine = Machine(database)  # no VIES
    machine.run("billing.subscribers.define.v1", {"subscriber_ref": "alice", "email": "a@example.com"})
    _bill_to(machine, _DE)
    for _ in range(3):
        _later(machine, timedelta(days=2))
    assert machine.all("SELECT key, state, error_class FROM bursar.outbox WHERE kind = 'vies.fetch'") == [
        (f"{_DE}:1", "waiting", "NotConfigured")
    ]
    machine.close()


@pytest.mark.requirement("TAX-1")
def test_unavailable_is_not_invalid(machine: Machine, vies: ViesSandbox) -> None:
    vies.answers[_DE] = "MS_UNAVAILABLE"
    _bill_to(machine, _DE)
    assert _profile(machine)[2] is None
    _later(machine, timedelta(minutes=16))
    _later(machine, timedelta(minutes=16))  # the second wait is longer
    assert len(vies.asked) == 2
    assert machine.all("SELECT failures, error, valid FROM bursar.vies_check") == [(2, "MS_UNAVAILABLE", None)]
    vies.answers[_DE] = "VALID"
    _later(machine, timedelta(hours=1))
    assert _profile(machine)[2] is True

    vies.answers[_DE] = "closed"  # away at the renewal: the proof stays until it is too old
    _later(machine, RECHECK_AFTER + timedelta(hours=1))
    assert _profile(machine)[2] is True
    assert machine.failures() == []


@pytest.mark.requirement("TAX-1")
def test_once_blocked_nothing_is_asked_until_a_person_says_so(machine: Machine, vies: ViesSandbox) -> None:
    vies.answers[_DE] = "IP_BLOCKED"
    _bill_to(machine, _DE)
    assert [row[:3] for row in machine.failures()] == [("outbox", f"vies.fetch {_DE}:1", "dead")]
    _bill_to(machine, _EL)
    _later(machine, timedelta(days=2))
    assert len(vies.asked) == 1

    vies.answers.clear()
    with machine.connect() as connection:  # as `bursar outbox replay` does
        connection.execute("UPDATE bursar.outbox SET state = 'received', ready_at = clock_timestamp() WHERE state = 'dead'")
    machine.settle()
    _later(machine, timedelta(minutes=15))
    assert _profile(machine)[:3] == ("business", _EL, True)
    assert machine.failures() == []


@pytest.mark.requirement("TAX-1")
def test_a_person_asks(machine: Machine, vies: ViesSandbox) -> None:
    status = machine.run("billing.vat_numbers.check.v1", {"vat_id": "GR 094259216"})
    assert status["result"] == {"vat_id": _EL, "valid": None, "checked_at": None, "asked": True}
    assert machine.run("billing.vat_numbers.check.v1", {"vat_id": _EL})["result"]["valid"] is True
    assert len(vies.asked) == 2
    assert machine.run("billing.vat_numbers.check.v1", {"vat_id": "DE1"})["code"] == "no_vat_number"


def _tax_id(number: int, event: str, tax_id: str, value: str, **said: Any) -> dict[str, Any]:
    made = {
        "id": tax_id, "object": "tax_id", "created": 1_770_000_000 + number, "customer": "cus_alice", "type": "eu_vat", "value": value,
        "country": value[:2], "verification": {"status": "pending"}, "livemode": False,
    }  # fmt: skip
    return {
        "id": f"evt_tax_{number}", "object": "event", "type": f"customer.tax_id.{event}", "created": 1_780_000_000 + number,
        "api_version": "2026-10-28.endive", "livemode": False, "data": {"object": made | said},
    }  # fmt: skip


@pytest.mark.requirement("TAX-4")
def test_a_tax_id_at_stripe_updates_the_profile(machine: Machine, vies: ViesSandbox) -> None:
    _bill_to(machine, None, kind="consumer")
    machine.deliver(_tax_id(1, "created", "txi_1", _DE))  # before the app links the customer
    machine.settle()
    assert _profile(machine)[:2] == ("consumer", None)
    machine.run("billing.customer.link.v1", {"source": "stripe", "customer_ref": "cus_alice", "external_ref": "alice"})
    assert _profile(machine)[:3] == ("business", _DE, True)

    machine.deliver(_tax_id(2, "updated", "txi_1", _DE, verification={"status": "verified"}))
    machine.settle()
    assert len(vies.asked) == 2  # told again, asked again
    machine.deliver(_tax_id(3, "created", "txi_2", _EL))
    machine.settle()
    assert _profile(machine)[:3] == ("business", _EL, True)
    machine.deliver(_tax_id(4, "deleted", "txi_2", _EL))
    machine.settle()
    assert _profile(machine)[:3] == ("business", _DE, True)
    machine.deliver(_tax_id(5, "deleted", "txi_1", _DE))
    machine.settle()
    assert _profile(machine)[:3] == ("business", None, None)

    _bill_to(machine, "ATU13585627", country="AT")  # the app's own word stays
    machine.deliver(_tax_id(6, "created", "txi_3", _DE))
    machine.settle()
    assert _profile(machine)[:3] == ("business", "ATU13585627", True)
    assert machine.failures() == []

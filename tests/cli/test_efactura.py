"""`bursar efactura` and the doctor's line: what an operator sees of documents on their way to ANAF, and the login there (TAX-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cli.doctor import doctor
from cli.efactura import efactura as command
from core.clock import SystemClock
from tests.cli.operator_command import Here
from tests.factories.paper import a_document
from tests.harness.anaf import Anaf
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.machine import Machine
from tests.tasks.maintenance.anaf.ministry import Office


@pytest.fixture
def office(database: Database, here: Here, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Nobody has logged in."""
    anaf = Anaf()
    machine = Machine(database, **anaf.settings())
    for name, value in settings_env(machine.context.settings).items():
        monkeypatch.setenv(name, value)
    yield Office(machine, anaf)
    machine.close()
    anaf.stop()


def _doctor(here: Here) -> str:
    return "\n".join(line for line in here(doctor).out.splitlines() if "anaf" in line or "e-Facturas" in line)


@pytest.mark.requirement("TAX-3")
def test_a_person_logs_in_sees_what_was_refused_and_sends_it_again(
    office: Office, here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert here(command, "ls").code == here(command, "show", "x").code == here(command, "token", "show").code == 3
    assert _doctor(here) == "", "nobody here owes e-Facturas"
    seller = a_document().seller
    bad = office.issue("invoice:1", a_document(seller=replace(seller, address=replace(seller.address, city="București"))))
    assert "nobody has logged in" in _doctor(here)
    assert "/authorize?response_type=code&client_id=anaf-client" in here(command, "token", "url").out
    code = office.control.tell("login")
    assert here(command, "token", "take", code, "--reason", "Ana").code == 77
    monkeypatch.setenv("BURSAR_ROLE", "admin")
    assert here(command, "token", "take", "wrong", "--reason", "Ana").code == 1
    assert here(command, "token", "take", code, "--reason", "Ana logged in").code == 0
    assert "token until" in _doctor(here)

    office.control.tell("next_errors", errors=["BR-CO-15: suma"])
    rejected = office.issue("invoice:2")
    office.run()
    office.clock.move_to(SystemClock().now() + timedelta(minutes=2))
    office.run()
    office.wait(minutes=1)
    listed = here(command, "ls", "--open").out
    assert bad in listed
    assert "refused_locally" in listed
    assert "BR-RO-1" in listed
    assert "2 were refused" in _doctor(here)
    shown = here(command, "show", rejected).out
    for wanted in ("BR-CO-15: suma", "rejected", "kept   ubl of attempt 1", "kept   signature", "settled", "bursar efactura retry"):
        assert wanted in shown
    path = tmp_path / "answer.xml"
    assert here(command, "save", rejected, "--to", path).code == 0
    assert path.read_bytes() == office.paper("invoice:2", "answer")
    assert here(command, "save", bad, "--kind", "ubl", "--to", tmp_path / "x").code == 3

    assert here(command, "retry", rejected, "--reason", "mended").code == 0
    assert here(command, "retry", rejected, "--reason", "again").code == 1
    office.run()
    assert here(command, "ls", "--status", "processing", "--json").objects[0]["attempt"] == 2
    office.wait(minutes=1)
    office.wait(minutes=1)
    assert here(command, "show", "invoice:2", "--json").objects[0]["status"] == "accepted"

    assert here(command, "token", "refresh", "--reason", "test").code == 0
    office.control.tell("end_login")
    assert here(command, "token", "refresh", "--reason", "test").code == 1
    assert "the login has ended" in _doctor(here)
    actions = {row[0] for row in office.machine.all("SELECT action FROM bursar.audit")}
    assert {"anaf.logged_in", "anaf.refreshed", "efactura.status"} <= actions

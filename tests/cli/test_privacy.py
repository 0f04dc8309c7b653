"""`bursar privacy`: a customer's data in a folder, and a customer who is forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.privacy import privacy as command
from core.clock import SystemClock
from providers.sandbox import samples
from tasks.maintenance.erasures import erase_due
from tests.cli.operator_command import Here
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """The lines of one file."""
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.requirement("SEC-6", "SEC-13")
def test_one_customers_data_is_exported_and_then_forgotten(
    here: Here, machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    do(machine.context, lambda unit: (
        subscriber(unit, "ann", name="Zoltana", email="z@example.com"), subscriber(unit, "bob", name="Robert"),
    ))  # fmt: skip
    for ref, name in (("ann", "Zoltana"), ("bob", "Robert")):
        row = machine.deliver(samples.event("stripe", "customer.created", machine.clock.now(), {"id": f"cus_{ref}", "name": name}))
        with machine.connect() as connection:  # as the door does
            connection.execute("UPDATE bursar.inbox SET lane = %s WHERE id = %s", [f"stripe:cus_{ref}", row])
        machine.run("billing.customer.link.v1", {"source": "stripe", "customer_ref": f"cus_{ref}", "external_ref": ref})
    session = {"session_sha256": "7" * 64, "user_ref": "ann", "device": "Firefox"}
    machine.run("billing.sessions.opened.v1", session)

    folder = tmp_path / "out"
    assert here(command, "export", "nobody", "--to", str(folder), "--reason", "ticket 1").code == 3
    said = here(command, "export", "ann", "--to", str(folder), "--reason", "ticket 1")
    assert said.code == 0, said.err
    assert "it is personal data" in said.out
    assert here(command, "export", "ann", "--to", str(folder), "--reason", "ticket 1").code == 2
    assert [row["name"] for row in read(folder, "subscriber")] == ["Zoltana"]
    assert [row["external_id"] for row in read(folder, "customer")] == ["cus_ann"]
    assert [("external_id" in row, row["device"]) for row in read(folder, "user_session")] == [(False, "Firefox")]
    events = read(folder, "events")
    assert {event["event_type"] for event in events} == {"customer.created", "billing.customer.link.v1", "billing.sessions.opened.v1"}
    whole = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert "Robert" not in whole
    assert "7" * 64 not in whole
    # Her own rows say her name; what a provider sent says only that there was one.
    assert "Zoltana" not in (folder / "events.jsonl").read_text(encoding="utf-8")
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    assert machine.all("SELECT action, object_id, reason FROM bursar.audit ORDER BY id DESC LIMIT 1") == [
        ("customer.exported", "ann", "ticket 1")
    ]

    assert here(command, "erase", "ann", "--reason", "ticket 2", "--yes").code == 77
    monkeypatch.setenv("BURSAR_ROLE", "admin")
    assert here(command, "ls").code == 3
    erased = here(command, "erase", "ann", "--reason", "ticket 2", "--yes")
    assert (erased.code, "stripe cus_ann" in erased.out) == (0, True)
    machine.clock.move_to(SystemClock().now())
    erase_due(machine.context)
    assert here(command, "show", "ann", "--json").objects[0]["status"] == "done"
    assert "erased 1 of subscriber" in here(command, "show", "ann").out
    assert "ann" in here(command, "ls", "--status", "done").out
    assert here(command, "erase", "nobody", "--reason", "x", "--yes").code == 1


def test_people_see_who_failed_to_sign_in(here: Here, machine: Machine) -> None:
    assert here(command, "logins").code == 3
    for number, outcome in enumerate(("failed", "succeeded")):
        told = {"reference": f"l-{number}", "outcome": outcome, "at": machine.clock.now().isoformat(), "user_ref": f"user-{number}"}
        machine.run("billing.logins.record.v1", told)
    assert "user-1" in here(command, "logins").out
    assert [row["user_ref"] for row in here(command, "logins", "--failed", "--json").objects] == ["user-0"]

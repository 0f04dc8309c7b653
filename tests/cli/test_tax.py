"""`bursar tax`: what finance looks up, and what it decides."""

from __future__ import annotations

import pytest

from cli.checks.tax import tax as checked
from cli.tax import tax as command
from tests.cli.operator_command import Here
from tests.factories.documents import seller
from tests.factories.subscribers import unit_of
from tests.harness.cluster import Database
from tests.harness.machine import Machine


@pytest.mark.requirement("TAX-1", "AUDIT-2")
def test_finance_defines_a_rate(here: Here, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "RO    standard        19" in here(command, "rate", "ro", "--on", "2025-07-31").out
    wish = ("define-rate", "RO", "standard", "23.5", "--from", "2027-01-01", "--reason", "OUG 1/2026")
    assert here(command, *wish).code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    assert here(command, *wish).out == "RO:standard:2027-01-01: 23.5 (until now 21)\n"
    assert here(command, *wish[:3], "x", *wish[4:]).code == 2
    [row] = [one for one in here(command, "rate", "RO", "--on", "2027-01-01", "--json").objects if one["kind"] == "standard"]
    assert (row["percent"], row["note"]) == ("23.5", "OUG 1/2026")
    assert here(command, "rate", "ZZ").code == 3
    assert machine.all("SELECT actor FROM bursar.audit WHERE action = 'tax_rate.defined'") == [("person:anna (finance)",)]


@pytest.mark.requirement("TAX-1", "TAX-5")
def test_a_sale_is_explained_and_a_number_asked(here: Here, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(command, "treat", "DE").code == 3  # nobody sells yet
    assert here(command, "treat", "DE", "--seller", "RO", "--on", "2026-11-21", "--json").objects[0]["percent"] == "19"
    with unit_of(machine.context) as unit:
        seller(unit)
    [told] = here(command, "treat", "ES", "--postal-code", "35001", "--json").objects
    assert (told["category"], told["place"]) == ("O", "outside VAT")
    about = ("treat", "DE", "--business", "--vat-id", "DE136695976")
    assert "number proven     -" in here(command, *about).out
    assert here(command, "vies").code == 3
    assert here(command, "vies", "DE1").code == 2

    monkeypatch.setenv("BURSAR_ROLE", "finance")
    assert "unknown so far; asked" in here(command, "ask", "de 136695976").out
    machine.all("UPDATE bursar.vies_check SET valid = true, checked_at = clock_timestamp(), asked_at = NULL RETURNING 1")
    assert here(command, *about, "--json").objects[0]["category"] == "AE"
    assert "valid" in here(command, "vies").out
    assert here(command, "vies", "DE136695976", "--json").objects[0]["subscribers"] == 0
    assert here(command, "treat", "DE", "--kind", "super_reduced").code == 2

    assert here(command, "fx").code == 3
    assert here(command, "record-fx", "BNR", "EUR", "RON", "5.0898", "--valid-on", "2026-11-21").out.endswith(": 5.0898\n")
    assert "EUR/RON" in here(command, "fx").out
    assert here(command, "fx", "--json").objects[0]["rate"] == "5.0898"


@pytest.mark.requirement("TAX-1", "TAX-5")
def test_doctor_says_what_tax_waits_for(database: Database) -> None:
    def told() -> list[tuple[str, str]]:
        with database.connect() as connection:
            return [(finding.check, finding.level) for finding in checked(connection)]

    made = """INSERT INTO bursar.{} (id, source, external_id, versions, created_at, updated_at, {}) VALUES
              (gen_random_uuid(), '{}', '{}', '{{"own": {{}}}}', '2026-03-02', '2026-03-02', {})"""
    assert told() == [("vies", "ok"), ("papers", "ok")]
    with database.connect() as connection:
        connection.execute(made.format("vies_check", "failures", "vies", "DE136695976", "0").encode())
        connection.execute(made.format(
            "bill_to", "vat_id, vat_id_valid, vat_checked_at", "bursar", "ann", "'DE136695976', true, '2020-01-01'"
        ).encode())  # fmt: skip
        connection.execute(made.format("document_wait", "cause, since", "bursar", "invoice:1", "'no_fx_rate', '2026-03-02'").encode())
    assert told() == [("vies", "warn"), ("papers", "warn")]
    with database.connect() as connection:
        connection.execute(
            """INSERT INTO bursar.outbox
                   (kind, key, queue, lane, payload, state, created_at, fair_at, next_at, error_class, error, fingerprint)
               SELECT 'vies.fetch', 'k', 'payments', 'l', '{}', 'dead', at, at, at, 'ViesBlockedError', 'IP_BLOCKED', 'f'
               FROM clock_timestamp() AS at"""
        )
    assert told()[0] == ("vies", "fail")

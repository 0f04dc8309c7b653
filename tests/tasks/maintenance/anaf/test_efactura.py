"""A document's way to the ministry: sent once, asked after patiently, decided, and its papers kept (TAX-3)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from billing.operations.retry_efactura import retry_efactura
from billing.operations.void_invoice import void_invoice
from billing.rules.commands.base import Rejected
from models.base import OWN_SOURCE
from models.efactura import Efactura
from models.invoice import Invoice
from models.subscriber import Subscriber
from providers.anaf import read
from tests.factories.documents import business, invoice, seller
from tests.factories.paper import BUYER_DE, CONSUMER_RO, a_credit_note, a_document
from tests.factories.subscribers import subscriber, unit_of
from tests.tasks.maintenance.anaf.ministry import Office


@pytest.mark.requirement("TAX-3")
def test_accepted_and_the_ministrys_signature_is_kept(office: Office) -> None:
    office.control.tell("config", processing_s=300)
    number = office.issue("invoice:1")
    assert office.row("invoice:1", "status, attempt") == ("queued", 1)

    office.run("send_efacturas")
    assert office.row("invoice:1", "status, number, cif, b2c, abroad") == ("processing", number, "18547290", False, False)
    (upload,) = office.control.uploads()
    sent = office.paper("invoice:1", "ubl")
    assert sent is not None
    assert upload["sha256"] == hashlib.sha256(sent).hexdigest() == office.row("invoice:1", "sha256")
    assert read.number_of(sent) == number
    assert upload["path"].endswith("/upload?standard=UBL&cif=18547290")

    for minutes in (1, 5, 15):
        office.wait(minutes=minutes)
    assert office.row("invoice:1", "status, upload_index") == ("accepted", upload["index"])
    office.wait(minutes=1)
    assert office.row("invoice:1", "papers_at IS NOT NULL, next_poll_at, alarm_at, error") == (True, None, None, None)
    assert office.paper("invoice:1", "answer") == sent
    assert b"Signature" in (office.paper("invoice:1", "signature") or b"")

    office.wait(days=30)
    assert len(office.control.uploads()) == 1
    assert not office.machine.failures()
    statuses = office.machine.all("SELECT after->>'status' FROM bursar.audit WHERE action = 'efactura.status' ORDER BY id")
    assert [row[0] for row in statuses] == ["queued", "uploading", "processing", "accepted"]


@pytest.mark.requirement("TAX-3")
def test_rejected_with_its_errors_and_sent_again_after_they_were_mended(office: Office) -> None:
    office.control.tell("next_errors", errors=["BR-CO-15: suma", "BR-RO-110: judet"])
    office.issue("invoice:1")
    office.run()
    office.wait(minutes=1)
    office.wait(minutes=1)

    assert office.row("invoice:1", "status, error") == ("rejected", "BR-CO-15: suma\nBR-RO-110: judet")
    assert b"mesajEroriFactuta" in (office.paper("invoice:1", "answer") or b"")
    office.wait(days=1)
    assert len(office.control.uploads()) == 1, "what was rejected is not sent again by itself"


@pytest.mark.requirement("TAX-2", "TAX-3")
def test_what_breaks_a_romanian_rule_is_refused_here_and_never_sent(office: Office) -> None:
    seller = a_document().seller
    office.issue("invoice:1", a_document(seller=replace(seller, address=replace(seller.address, city="București"))))
    office.run()

    status, error = office.row("invoice:1", "status, error")
    assert status == "refused_locally"
    assert "BR-RO-1" in error
    assert "sellers.define" in error
    assert office.control.uploads() == []
    assert office.paper("invoice:1", "ubl") is None


@pytest.mark.requirement("TAX-3")
def test_each_kind_goes_where_it_belongs(office: Office) -> None:
    with office.machine.connect() as connection:
        connection.execute("ALTER TABLE bursar.document DISABLE TRIGGER credited_within")
    for reference, document in (
        ("1-consumer", a_document(buyer=CONSUMER_RO)), ("2-note", a_credit_note()), ("3-abroad", a_document(buyer=BUYER_DE)),
    ):  # fmt: skip
        office.issue(reference, document)
        office.run()

    assert [one["path"].partition("/rest")[2] for one in office.control.uploads()] == [
        "/uploadb2c?standard=UBL&cif=18547290", "/upload?standard=CN&cif=18547290", "/upload?standard=UBL&cif=18547290&extern=DA",
    ]  # fmt: skip
    assert office.machine.all("SELECT DISTINCT status FROM bursar.efactura") == [("processing",)]


@pytest.mark.requirement("TAX-3")
def test_a_lost_reply_is_found_in_the_list_and_nothing_is_sent_twice(office: Office) -> None:
    office.control.tell("config", processing_s=3 * 3600, refuse_duplicates=False)
    other = office.issue("invoice:0")
    office.run("send_efacturas")
    office.control.fault("lost_reply", path="upload")
    office.issue("invoice:1")
    office.run()
    assert office.row("invoice:1", "status") == "unknown"
    assert office.row("invoice:0", "status, number") == ("processing", other)

    office.wait(seconds=30)
    office.wait(minutes=5)
    office.wait(hours=1)
    assert office.row("invoice:1", "status") == "unknown", "what is in work there is not listed"
    assert len(office.control.uploads()) == 2

    office.wait(days=1)
    assert office.row("invoice:1", "status, upload_index") == ("processing", office.control.uploads()[1]["index"])
    office.wait(hours=13)
    office.wait(minutes=1)
    assert {office.row(ref, "status") for ref in ("invoice:0", "invoice:1")} == {"accepted"}
    assert len(office.control.uploads()) == 2


@pytest.mark.requirement("TAX-3")
@pytest.mark.parametrize("most_listed", [1, 2])
def test_a_lost_reply_is_found_in_a_list_of_several_pages(office: Office, most_listed: int) -> None:
    office.control.tell("config", refuse_duplicates=False, most_listed=most_listed)
    for number in range(3):
        office.issue(f"invoice:{number}")
    office.run("send_efacturas")
    office.control.fault("lost_reply", path="upload")
    office.issue("invoice:lost")
    office.run()
    office.wait(minutes=2)
    assert office.row("invoice:lost", "status, upload_index") == ("processing", office.control.uploads()[3]["index"])


@pytest.mark.requirement("TAX-3")
def test_what_never_arrived_is_sent_once_more_when_a_day_has_passed_without_it_in_the_list(office: Office) -> None:
    office.control.fault("reset_before", path="upload")
    office.issue("invoice:1")
    office.run()
    assert office.row("invoice:1", "status") == "unknown"

    for time in ({"seconds": 30}, {"minutes": 5}, {"hours": 1}, {"hours": 20}):
        office.wait(**time)
        assert office.control.uploads() == [], time
    office.wait(hours=4)

    (upload,) = office.control.uploads()
    assert office.row("invoice:1", "status, upload_index") == ("processing", upload["index"])
    office.wait(minutes=1)
    assert office.row("invoice:1", "status") == "accepted"


@pytest.mark.requirement("TAX-3")
def test_a_second_upload_after_all_is_followed_as_the_first_one(office: Office) -> None:
    """The list did not show it for a day, and yet it was there: ANAF names the first number, and that one counts."""
    office.control.tell("config", processing_s=40 * 3600)
    office.control.fault("lost_reply", path="upload")
    office.issue("invoice:1")
    office.run()
    for time in ({"minutes": 1}, {"minutes": 5}, {"hours": 1}, {"hours": 25}):
        office.wait(**time)

    (upload,) = office.control.uploads()
    assert office.row("invoice:1", "status, upload_index") == ("processing", upload["index"])
    assert len([one for one in office.control.tell("calls") if one["path"].endswith("/upload")]) == 2
    office.wait(hours=16)
    assert office.row("invoice:1", "status") == "accepted"


@pytest.mark.requirement("TAX-3")
def test_too_many_calls_are_waited_out_and_use_up_nothing(office: Office) -> None:
    faults: tuple[dict[str, Any], ...] = (
        {"kind": "rate_limit", "retry_after_s": 7}, {"kind": "rate_limit", "status": 204}, {"kind": "error_before", "code": "quota"},
    )  # fmt: skip
    for number, fault in enumerate(faults):
        reference = f"invoice:{number}"
        office.control.tell("fault", path="upload", **fault)
        office.issue(reference)
        office.run()
        assert office.row(reference, "status") == "uploading"
        office.wait(seconds=7)
        assert office.row(reference, "status") == ("uploading" if "code" in fault else "processing")

    assert office.machine.all("SELECT state FROM bursar.submission WHERE state <> 'settled'") == [("reserved",)]
    office.wait(days=1)
    assert office.row("invoice:2", "status") == "processing"
    assert office.machine.one("SELECT max(attempts) FROM bursar.outbox WHERE kind = 'anaf.submit'") == 0


@pytest.mark.requirement("TAX-3")
def test_questions_that_are_used_up_for_today_wait_for_tomorrow_and_fail_nothing(office: Office) -> None:
    office.control.tell("config", processing_s=600, status_a_day=1)
    office.issue("invoice:1")
    office.run()
    office.wait(minutes=1)
    office.wait(minutes=5)
    office.wait(hours=10)
    assert office.row("invoice:1", "status, polls") == ("processing", 2)

    office.wait(hours=5)
    office.wait(minutes=1)
    assert office.row("invoice:1", "status, papers_at IS NOT NULL") == ("accepted", True)
    assert not office.machine.failures()


@pytest.mark.requirement("TAX-3")
def test_an_answer_that_is_an_error_decides_nothing(office: Office) -> None:
    office.issue("invoice:1")
    office.run()
    office.control.fault("error_before", path="stareMesaj", method="GET", code="json")
    office.control.fault("error_before", path="descarcare", method="GET")
    office.wait(minutes=1)
    assert office.row("invoice:1", "status") == "processing"
    office.wait(minutes=5)
    assert office.row("invoice:1", "status, papers_at") == ("accepted", None)
    office.wait(hours=1)
    assert office.row("invoice:1", "papers_at IS NOT NULL") is True


@pytest.mark.requirement("TAX-3")
def test_only_what_was_refused_can_be_sent_again_and_its_first_bytes_stay(office: Office) -> None:
    def again() -> None:
        with unit_of(office.machine.context) as unit:
            retry_efactura(unit, unit.row(Efactura, "anaf", "invoice:1"))

    office.control.tell("next_errors", errors=["BR-CO-15"])
    office.issue("invoice:1")
    office.run()
    with pytest.raises(Rejected, match="not_refused"):
        again()
    office.wait(minutes=1)
    office.wait(minutes=1)
    again()
    office.run()
    office.wait(minutes=1)
    office.wait(minutes=1)
    assert office.row("invoice:1", "status, attempt, error") == ("accepted", 2, None)
    assert b"mesajEroriFactuta" in (office.paper("invoice:1", "answer") or b"")
    assert office.paper("invoice:1", "answer", 2) == office.paper("invoice:1", "ubl", 2)
    with pytest.raises(Rejected, match="not_refused"):
        again()


def test_the_kept_bytes_cannot_be_changed(office: Office) -> None:
    office.issue("invoice:1")
    office.run()
    with office.machine.connect() as connection, pytest.raises(psycopg.Error):
        connection.execute("UPDATE bursar.efactura_paper SET content = 'x'")


@pytest.mark.requirement("TAX-3", "INV-9")
def test_an_invoice_of_ours_and_its_credit_note_reach_the_ministry_by_themselves(office: Office) -> None:
    with unit_of(office.machine.context) as unit:
        seller(unit, currency="RON")
        subscriber(unit, "firm", country="RO")
        business(unit, "firm")
    with unit_of(office.machine.context) as unit:
        unit.row(Subscriber, OWN_SOURCE, "firm")
        invoice(unit, "ours-1", "firm", currency="RON")
    office.run()
    with unit_of(office.machine.context) as unit:
        unit.row(Subscriber, OWN_SOURCE, "firm")
        void_invoice(unit, unit.row(Invoice, OWN_SOURCE, "ours-1"), "test order", status="void")
    office.run()
    office.wait(minutes=1)

    found = office.machine.all("SELECT external_id, status, kind, error FROM bursar.efactura ORDER BY kind")
    assert found == [("void:ours-1", "accepted", "credit_note", None), ("invoice:ours-1", "accepted", "invoice", None)]
    paths = [one["path"].partition("/rest")[2] for one in office.control.uploads()]
    assert paths == ["/upload?standard=UBL&cif=18547290", "/upload?standard=CN&cif=18547290"]

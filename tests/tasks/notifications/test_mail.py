"""Mails are really sent, once, their fate is known, and whoever bounced or complained gets nothing more (MAIL-1, 3, 6)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.settings import current
from tasks.notifications.mail import track
from tasks.notifications.mail.leave import token_of
from tests.factories.bounces import complaint, exim, holiday, notice
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.post_office import PostOffice, post_office

_BLOCKS = "SELECT because, scope FROM bursar.mail_block WHERE lifted_at IS NULL ORDER BY id"
_AUDITED = "SELECT action, actor FROM bursar.audit WHERE object_type = 'mail_block' ORDER BY id"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[PostOffice]:
    """A machine whose mails arrive."""
    with post_office(database, tmp_path, mail_unsubscribe_url="https://pay.example.com/mail/unsubscribe/{token}") as made:
        yield made


@pytest.fixture
def process_settings(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's own settings are the machine's, for what reads them by itself."""
    for name, value in settings_env(office.machine.context.settings).items():
        monkeypatch.setenv(name, value)
    current.cache_clear()
    yield
    current.cache_clear()


@pytest.mark.requirement("MAIL-1", "MAIL-3", "SEC-10")
def test_a_mail_goes_out_in_its_reader_s_language_and_its_fate_is_known(office: PostOffice) -> None:
    key = office.write("ann", email=" Ann@Example.com ", language="ro-RO", name="Ana Ionescu")

    (mail,) = office.mails
    message = mail.message
    reference = str(message["Message-ID"]).strip("<>").partition("@")[0]
    assert mail.sender == f"bounces+{reference}@example.com"
    assert message["Subject"] == "Planul Pro este activ"
    assert (message["Content-Language"], message["List-Unsubscribe"]) == ("ro", None)
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().startswith("Bună ziua, Ana Ionescu,")
    assert office.fate(key) == ("sent", "250 queued as 1")
    assert office.machine.all("SELECT reference, name, language, address, subscriber_ref, tries FROM bursar.mail") == [
        (reference, "subscription_activated", "ro", "ann@example.com", "ann", 1)
    ]


@pytest.mark.requirement("MAIL-3", "AUDIT-1")
@pytest.mark.parametrize("shape", [notice, complaint])
def test_whoever_bounced_or_complained_gets_nothing_more(office: PostOffice, shape: object) -> None:
    first = office.write("ann")
    raw = shape(str(office.mails[0].message["Message-ID"]))  # type: ignore[operator]
    because = "complained" if shape is complaint else "bounced"

    assert sum(office.comes_back(raw, raw).values()) == 2
    assert list(office.mailbox.glob("*/*")) == []
    second, other = office.write("ann", "sub-2", email="ANN@example.com"), office.write("bob", "sub-3")

    assert [mail.recipients for mail in office.mails] == [("ann@example.com",), ("bob@example.com",)]
    assert office.fate(first)[0] == because
    assert office.fate(second) == ("suppressed", because)
    assert office.fate(other)[0] == "sent"
    assert office.machine.all(_BLOCKS) == [(because, "*")]
    assert office.machine.all(_AUDITED) == [("mail_address.suppressed", "bursar")]
    assert office.machine.failures() == []


@pytest.mark.requirement("MAIL-3")
def test_an_address_that_the_server_knows_to_be_gone_is_settled_at_once(office: PostOffice) -> None:
    office.server.faults["rcpt"] = "550 5.1.1 no such user"
    first = office.write("ann")
    office.server.faults.clear()
    second = office.write("ann", "sub-2")

    assert (office.fate(first)[0], office.fate(second)[0], office.mails) == ("bounced", "suppressed", [])
    assert office.machine.failures() == []


@pytest.mark.requirement("MAIL-3")
def test_a_full_mailbox_is_no_reason_until_the_third_mail_in_a_row(office: PostOffice) -> None:
    for number in range(5):
        office.write("ann", f"sub-{number}")
        mail_id = str(office.mails[-1].message["Message-ID"])
        if number in (0, 2, 3, 4):  # the second one arrived
            office.comes_back(notice(mail_id, status="5.2.2", said="mailbox full"))
        assert office.machine.all(_BLOCKS) == ([("bounced", "*")] if number == 4 else [])


@pytest.mark.requirement("MAIL-3")
def test_what_is_nobody_s_changes_nothing_and_is_kept_to_be_looked_at(office: PostOffice) -> None:
    office.write("ann")
    mail_id = str(office.mails[0].message["Message-ID"])

    counts = office.comes_back(
        notice("<ffffffffffffffffffffffffffffffff@example.com>"), exim("f" * 32), holiday(mail_id), b"\xff\x00 nonsense",
        notice(mail_id, action="delayed", status="4.4.7"),
    )  # fmt: skip

    assert counts == {"nobodys": 2, "other": 2, "soft_bounce": 1}
    assert office.machine.all(_BLOCKS) == []
    assert office.machine.one("SELECT count(*) FROM bursar.mail_report WHERE raw IS NOT NULL") == 4


@pytest.mark.requirement("MAIL-3")
def test_an_operator_lets_an_address_have_mail_again(office: PostOffice) -> None:
    office.write("ann")
    office.comes_back(complaint(str(office.mails[0].message["Message-ID"])))
    context = office.machine.context
    with context.engine.begin() as connection:
        assert track.lift(context, connection, "Ann@example.com ", actor="person:olga", reason="she asked for it") == 1

    office.write("ann", "sub-2")
    assert len(office.mails) == 2
    assert office.machine.all(_AUDITED)[-1] == ("mail_address.lifted", "person:olga")


@pytest.mark.requirement("MAIL-3")
@pytest.mark.usefixtures("process_settings")
def test_one_click_leaves_what_may_be_left_and_nothing_else(office: PostOffice) -> None:
    office.write("ann", "pool-1", notice=True)
    message = office.mails[0].message
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(message["List-Unsubscribe"]).strip("<>")
    text = message.get_body(("plain",))
    assert text is not None
    assert link in text.get_content()
    token = link.rpartition("/")[2]
    leave, keys = "billing.mails.leave.v1", office.machine.context.keys
    owed = token_of(keys, "subscription_activated", "ann@example.com")
    for wrong in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "x" * 200, "Ä", owed):
        assert office.machine.run(leave, {"token": wrong})["code"] == "unknown_link"

    assert [office.machine.run(leave, {"token": token})["result"] for _ in range(2)] == [{"mail": "credits_low"}] * 2
    office.write("ann", "pool-2", notice=True)
    office.write("ann", "sub-1")
    assert [mail.message["Subject"] for mail in office.mails[1:]] == ["Your plan Pro is active"]
    context = office.machine.context
    with context.engine.begin() as connection:
        assert track.lift(context, connection, " ANN@example.com", actor="person:olga", reason="he wants them again") == 1
    office.write("ann", "pool-3", notice=True)
    assert office.mails[-1].message["Subject"] == "You have 4 credits left"
    assert office.machine.all("SELECT action FROM bursar.audit WHERE action LIKE 'mail_address.%' ORDER BY id") == [
        ("mail_address.suppressed",), ("mail_address.lifted",),
    ]


_WORK = "from core.settings import load; from workers import outbox; from workers.context import make_context; \
outbox.drain(make_context(load()), 'notifications')"


@pytest.mark.requirement("MAIL-6")
def test_a_worker_killed_between_the_server_s_answer_and_ours_repeats_the_same_message_id(office: PostOffice) -> None:
    key = office.ask()
    armed = {"BURSAR_TEST": "1", "BURSAR_FAILPOINT": "mail.sent:1"}
    environment = os.environ | settings_env(office.machine.context.settings) | armed
    died = subprocess.run([sys.executable, "-c", _WORK], env=environment, check=False, capture_output=True, timeout=60)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]
    assert (office.fate(key)[0], len(office.mails)) == ("sending", 1)
    with office.machine.connect() as connection:
        connection.execute("UPDATE bursar.outbox SET lease_until = clock_timestamp()")  # the dead one's claim has run out

    office.machine.settle()

    assert len({str(mail.message["Message-ID"]) for mail in office.mails}) == 1
    assert len(office.mails) == 2, "the documented outcome: one mail, handed over twice under one id"
    assert office.fate(key)[0] == "sent"


@pytest.mark.requirement("MAIL-6")
def test_a_mail_that_is_known_to_be_sent_is_not_sent_again(office: PostOffice) -> None:
    key = office.write("ann")
    with office.machine.connect() as connection:
        connection.execute("UPDATE bursar.outbox SET state = 'received', done_at = NULL, result = NULL, ready_at = clock_timestamp()")
    office.machine.settle()

    assert len(office.mails) == 1
    assert office.machine.all("SELECT result ->> 'not_sent' FROM bursar.outbox WHERE key = %s", key) == [("sent",)]


@pytest.mark.requirement("MAIL-3")
def test_a_server_that_is_busy_leaves_the_mail_deferred(office: PostOffice) -> None:
    office.server.faults["rcpt"] = "450 4.2.0 greylisted"
    key = office.ask()
    office.machine.work()
    assert office.fate(key)[0] == "deferred"

    office.server.faults.clear()
    office.machine.settle()
    assert (office.fate(key)[0], len(office.mails)) == ("sent", 1)


@pytest.mark.requirement("MAIL-2")
def test_the_app_asks_for_a_mail_of_which_only_it_knows(office: PostOffice) -> None:
    asked = {"reference": "reg-7", "mail": "registration_confirmation", "user_ref": "user-7", "link": "https://app.example.com/begin"}
    name = "billing.mails.request.v1"

    assert office.machine.run(name, asked)["code"] == "no_address"
    whole = asked | {"email": " Ann@Example.com", "language": "ro", "full_name": "Ana Ionescu"}
    results = [office.machine.run(name, whole, key)["result"] for key in ("a", "b")]
    assert results[0] == results[1]
    (mail,) = office.mails
    assert (mail.recipients, mail.message["Subject"]) == (("ann@example.com",), "Bine ați venit la Shop")
    assert office.machine.run(name, whole | {"link": "javascript:alert(1)"}, "c")["code"] == "invalid_payload"
    assert office.machine.run(name, whole | {"mail": "password_reset"}, "d")["code"] == "invalid_payload"


_AT = "2027-01-03T09:00:00Z"
_ASKED: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"mail": "zoom_broken", "about": "ana@zoom.example", "at": _AT, "explanation": "invalid_grant", "link": "https://app.example.com/z"},
     "Conexiunea cu Zoom nu mai funcționează", ["ana@zoom.example", "3 ianuarie 2027, 09:00 UTC", "invalid_grant", "https://app.example.com/z"]),
    ({"mail": "zoom_healed", "about": "ana@zoom.example"}, "Conexiunea cu Zoom funcționează din nou", ["ana@zoom.example"]),
    ({"mail": "event_cancelled", "about": "Congres", "at": _AT, "refund": True}, "Anulat: Congres",
     ["3 ianuarie 2027", "Suma plătită se returnează"]),
    ({"mail": "certificate_issued", "about": "Prim ajutor", "number": "C-7"}, "Certificatul dumneavoastră pentru Prim ajutor", ["C-7"]),
    ({"mail": "certificates_nearly_used", "used": 451, "limit": 500}, "Ați folosit 90% din certificate", ["451 din 500 de certificate"]),
    ({"mail": "grade_published", "about": "Prim ajutor", "grade": "9,50"}, "Nota dumneavoastră la Prim ajutor",
     ["Ați primit 9,50 la Prim ajutor."]),
]  # fmt: skip


@pytest.mark.requirement("MAIL-5", "MAIL-6")
def test_the_app_asks_for_mails_about_zoom_events_certificates_and_grades(office: PostOffice) -> None:
    name = "billing.mails.request.v1"
    for number, (asked, _, _) in enumerate(_ASKED):
        whole = asked | {"reference": f"fact-{number}", "user_ref": "user-7", "email": "ann@example.com", "language": "ro"}
        assert {office.machine.run(name, whole, f"{number}/{again}")["state"] for again in (1, 2)} == {"succeeded"}

    bodies = [(str(mail.message["Subject"]), mail.message.get_body(("plain",))) for mail in office.mails]
    read = {subject: str(body.get_content()) for subject, body in bodies if body is not None}
    assert len(office.mails) == len(_ASKED), "one fact is one mail, however often it is asked for"
    assert set(read) == {subject for _, subject, _ in _ASKED}
    for _, subject, words in _ASKED:
        assert [word for word in words if word not in read[subject]] == [], read[subject]
    [leavable] = [mail for mail in office.mails if mail.message["List-Unsubscribe"]]
    assert leavable.message["Subject"] == "Ați folosit 90% din certificate"

"""`bursar mail`: what became of each, read one, send one again, who gets none, and how all of them look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.mail.ls import ls
from cli.mail.preview import preview
from cli.mail.reports import report
from cli.mail.resend import resend
from cli.mail.show import read, show
from cli.mail.suppressions import suppressions
from emails.catalogue import CATALOGUE
from tests.cli.operator_command import Here
from tests.factories.bounces import complaint
from tests.harness.cluster import Database
from tests.harness.post_office import PostOffice, post_office

_REASON = ("--reason", "the customer asked")


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[PostOffice]:
    """A machine that has sent one mail, and has another one waiting."""
    with post_office(database, tmp_path / "maildir") as made:
        made.write("ann", language="ro", name="Ana Ionescu")
        made.ask("bob", "sub-2")
        yield made


@pytest.mark.requirement("MAIL-3", "SEC-6")
def test_mails_are_listed_shown_and_read(here: Here, office: PostOffice) -> None:
    second, first = here(ls, "--json").objects
    assert [(row["mail"], row["fate"], row["address"]) for row in (first, second)] == [
        ("subscription_activated", "sent", "a***@example.com"), ("subscription_activated", "queued", "b***@example.com"),
    ]  # fmt: skip
    number = str(first["id"])
    assert [row["id"] for row in here(ls, "--to", " ANN@example.com", "--fate", "sent", "--json").objects] == [first["id"]]
    assert [row["id"] for row in here(ls, "--fate", "queued", "--json").objects] == [second["id"]]
    assert here(ls, "--fate", "complained").code == 3
    shown = here(show, number)
    assert "250 queued as 1" in shown.out
    assert "ann@example.com" not in shown.out + here(ls).out
    words = here(read, number).out
    assert words.startswith("Subject: Planul Pro este activ\n\nBună ziua, Ana Ionescu,")
    assert here(read, number, "--html").out.startswith("<!DOCTYPE html>")
    assert here(show, "999").code == here(read, "999").code == here(resend, "999", *_REASON).code == 3
    assert len(office.mails) == 1


@pytest.mark.requirement("MAIL-3", "AUDIT-1", "SEC-13")
def test_a_complaint_stops_mail_until_an_operator_lifts_it(
    here: Here, office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = str(here(ls, "--fate", "sent", "--json").objects[0]["id"])
    assert here(resend, number, *_REASON).code == 0
    office.machine.settle()
    assert [mail.recipients for mail in office.mails].count(("ann@example.com",)) == 2
    assert len({str(mail.message["Message-ID"]) for mail in office.mails}) == len(office.mails) == 3

    assert here(suppressions, "ls").code == 3
    file = tmp_path / "report.eml"
    file.write_bytes(complaint(str(office.mails[0].message["Message-ID"])))
    assert "is a complaint" in here(report, str(file)).out
    assert "taken in before" in here(report, str(file)).out
    [row] = here(suppressions, "ls", "--json").objects
    assert (row["address"], row["scope"], row["because"]) == ("a***@example.com", "everything", "complained")
    assert "suppressed: everything, complained" in here(show, number).out
    refused = here(resend, number, *_REASON)
    assert (refused.code, "gets no mail" in refused.err) == (1, True)

    assert here(suppressions, "lift", "ann@example.com", "--reason", " ").code == 2
    monkeypatch.setenv("BURSAR_ROLE", "viewer")
    assert here(suppressions, "lift", "ann@example.com", *_REASON).code == 77
    monkeypatch.setenv("BURSAR_ROLE", "operator")
    assert here(suppressions, "lift", "Ann@example.com", *_REASON).code == 0
    assert here(suppressions, "lift", "ann@example.com", *_REASON).code == 3
    assert here(suppressions, "add", "eve@example.com", *_REASON).code == 0
    assert [row["because"] for row in here(suppressions, "ls", "--lifted", "--json").objects] == ["operator", "complained"]
    actions = [action for (action,) in office.machine.all("SELECT action FROM bursar.audit WHERE action LIKE 'mail%' ORDER BY id")]
    assert actions == ["mail.resend", "mail_address.suppressed", "mail_address.lifted", "mail_address.suppressed"]


@pytest.mark.requirement("MAIL-5", "SEC-13")
def test_an_erased_mail_is_not_sent_again(here: Here, office: PostOffice) -> None:
    number = str(here(ls, "--fate", "sent", "--json").objects[0]["id"])
    with office.machine.connect() as connection:
        erase = "UPDATE bursar.outbox SET payload = jsonb_build_object('mail', payload -> 'mail', 'erased', true) WHERE id = %s"
        connection.execute(erase, (int(number),))

    for more in ((), ("--to", "eve@example.com")):
        refused = here(resend, number, *_REASON, *more)
        assert (refused.code, "erased with its customer" in refused.err, "nothing was sent" in refused.err) == (1, True, True)
    refused = here(read, number)
    assert (refused.code, "erased with its customer" in refused.err) == (1, True)
    assert here(show, number).code == 0
    assert len(here(ls, "--json").objects) == 2


def test_the_preview_has_every_mail_in_every_language(here: Here, tmp_path: Path) -> None:
    page = tmp_path / "mails.html"
    assert here(preview, "--to", str(page), "--name", "<b>x</b>").code == 0
    text = page.read_text(encoding="utf-8")
    for name, mail in CATALOGUE.items():
        part = text.partition(f'<h2 id="{name}">')[2].partition("<h2")[0]
        assert ("<h3>en:" in part, "<h3>ro:" in part) == (True, not mail.operators), name
    assert "<b>x</b>" not in text

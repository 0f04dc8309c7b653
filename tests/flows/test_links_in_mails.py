"""From the app's wish to the reader's click, through a real mail server (SEC-4)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.factories import commands
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.smtp import DROP, SmtpServer

WISH = {"reference": "wish-1", "user_ref": "user-7", "email": "ann@example.com", "language": "ro"}


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    """A mail server."""
    with SmtpServer() as server:
        yield server


@pytest.fixture
def mailing(database: Database, smtp: SmtpServer) -> Iterator[Machine]:
    """Workers that can send."""
    links = {"reset_link": "https://app.example.com/reset#{token}", "verification_link": "https://app.example.com/verify#{token}"}
    made = Machine(database, smtp_url=smtp.url, mail_from="App <app@example.com>", **links)
    yield made
    made.close()


def tokens(smtp: SmtpServer) -> list[str]:
    """What stands in the mails, in the order in which they came."""
    found = []
    for mail in smtp.mails:
        part = mail.message.get_body(("plain",))
        assert part is not None
        found += re.findall(r"https://app\.example\.com/\w+#([\w-]{43})\b", part.get_content())
    return found


@pytest.mark.requirement("SEC-4", "MAIL-2")
@pytest.mark.parametrize("purpose", ["password_reset", "email_verification", "registration"])
def test_the_link_in_the_mail_works_once(mailing: Machine, smtp: SmtpServer, purpose: str) -> None:
    assert mailing.run("billing.tokens.request.v1", WISH | {"purpose": purpose})["state"] == "succeeded"
    (token,) = tokens(smtp)
    assert mailing.one("SELECT count(*) FROM bursar.outbox WHERE payload::text || coalesce(result::text, '') LIKE %s", f"%{token}%") == 0
    with commands.client(mailing.database) as app:
        said = [app.execute("SELECT bursar_api.redeem_token(%s, %s) ->> 'ok'", [token, purpose]).fetchone() for _ in range(2)]
    assert said == [("true",), ("false",)]


@pytest.mark.requirement("SEC-4", "MAIL-6")
def test_a_mail_that_may_have_gone_out_comes_again_under_its_id_with_a_link_that_works(mailing: Machine, smtp: SmtpServer) -> None:
    smtp.faults["end"] = DROP
    mailing.submit("billing.tokens.request.v1", WISH | {"purpose": "email_verification"})
    while mailing.work():
        pass
    lost = len(smtp.mails)
    smtp.faults.clear()
    mailing.settle()
    sent = tokens(smtp)
    assert len(set(sent)) == len(sent) == lost + 1
    assert len({mail.message["Message-ID"] for mail in smtp.mails}) == 1
    assert mailing.one("SELECT count(*) FROM bursar.token_secret") == 2
    with commands.client(mailing.database) as app:
        ask = "SELECT bursar_api.redeem_token(%s, 'email_verification') ->> 'why'"
        said = [app.execute(ask, [one]).fetchone() for one in reversed(sent)]
    assert said == [(None,), ("used",)][: len(sent)]

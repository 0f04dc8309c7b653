"""Mail that cannot go out is noticed before the first one is due (MAIL-4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.settings import load
from providers.mail.self_check import problems, report_problems
from tests.harness.smtp import DROP, SmtpServer


def _problems(*, talk: bool = False, **settings: Any) -> list[str]:
    return problems(
        load(**({"smtp_url": "smtp://127.0.0.1:1", "mail_from": "Bursar <b@example.com>"} | settings)), talk=talk
    )


@pytest.mark.requirement("MAIL-4")
def test_good_settings_have_no_problems_and_send_nothing() -> None:
    with SmtpServer() as server:
        assert _problems(talk=True, smtp_url=server.url, operator_emails="a@example.com, b@example.com") == []

    assert server.sessions == 1
    assert server.mails == []


@pytest.mark.requirement("MAIL-4")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"smtp_url": ""}, "BURSAR_SMTP_URL is not set"),
        ({"smtp_url": "mail.example"}, "BURSAR_SMTP_URL is not of the form"),
        ({"mail_from": "nobody"}, "BURSAR_MAIL_FROM"),
        ({"mail_bounces_to": "bounces"}, "BURSAR_MAIL_BOUNCES_TO is not one"),
        ({"mail_bounces_to": "b@other.example"}, "DMARC"),
        ({"mail_unsubscribe_url": "https://app.example.com/leave"}, "BURSAR_MAIL_UNSUBSCRIBE_URL"),
        ({"mail_unsubscribe_url": "http://app.example.com/{token}"}, "BURSAR_MAIL_UNSUBSCRIBE_URL"),
        ({"smtp_url": "smtp://mail.example", "mail_from": "bursar@localhost"}, "is at localhost"),
        ({"operator_emails": "a@example.com, Anna <b@example.com>"}, "BURSAR_OPERATOR_EMAILS"),
    ],
)
def test_each_bad_setting_is_named(settings: dict[str, Any], words: str) -> None:
    (problem,) = _problems(**settings)

    assert words in problem


@pytest.mark.requirement("MAIL-4")
@pytest.mark.parametrize("faults", [{"connect": "554 no"}, {"ehlo": DROP}, {"auth": "535 no"}])
def test_a_server_that_does_not_let_us_in_is_a_problem(faults: dict[str, str]) -> None:
    with SmtpServer(faults=faults) as server:
        (problem,) = _problems(talk=True, smtp_url=f"smtp://user:the-password@127.0.0.1:{server.port}")

    assert "nothing was sent" in problem
    assert "the-password" not in problem


@pytest.mark.requirement("MAIL-4")
def test_a_mailbox_for_bounces_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    def wrong(url: str) -> list[str]:
        return report_problems(load(mail_reports_url=url, smtp_timeout_s=0.5), talk=True)

    (tmp_path / "new").mkdir()
    assert wrong("") == wrong(f"maildir://{tmp_path}") == []
    for url in ("https://user:the-password@h/", f"maildir://{tmp_path}/none", "imap://user:the-password@127.0.0.1:1/INBOX"):
        (problem,) = wrong(url)
        assert "the-password" not in problem

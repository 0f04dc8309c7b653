"""Mail that cannot go out is noticed before the first one is due (MAIL-4)."""

from __future__ import annotations

from typing import Any

import pytest

from core.settings import load
from providers.mail.self_check import problems
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

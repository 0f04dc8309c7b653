"""Where there is no mail server, `bursar up` brings one that keeps mails as files; a real server is never replaced."""

from __future__ import annotations

import os
import subprocess
import sys
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from billing.operations.send_mail import addressee, send_mail
from cli import up
from cli.mail.ls import ls
from cli.mail.show import show
from emails.told import SubscriptionTold
from providers.mail.self_check import problems
from tests.cli.conftest import here
from tests.cli.operator_command import Here
from tests.factories.subscribers import do, subscriber
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.machine import Machine
from tests.harness.ports import free_range
from tests.harness.waiting import wait_until

__all__ = ["here"]


@pytest.mark.parametrize(
    ("given", "catches"),
    [
        ({}, True),
        ({"BURSAR_SMTP_URL": ""}, True),
        ({"BURSAR_SMTP_URL": "smtp://mail.example.com"}, False),
        ({"BURSAR_SMTP_URL_FILE": "/run/secrets/smtp"}, False),
        ({"BURSAR_MODE": "live"}, False),
    ],
)
def test_a_given_server_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], catches: bool) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert bool(up._mails(tmp_path)) == catches
    assert up._mails(tmp_path) == up._mails(tmp_path), "the same address at each start"


@pytest.mark.requirement("MAIL-1")
def test_mails_are_kept_as_files_and_found(here: Here, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_range()
    settings = database.settings(smtp_url=f"smtp://127.0.0.1:{port}", smtp_timeout_s=3.0)
    monkeypatch.setenv("BURSAR_HOME", str(settings.home))
    code = "from cli.entries import run; from core.settings import load; run('mails', load())"
    environment = os.environ | settings_env(settings)
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as catcher:
        wait_until(lambda: problems(settings, talk=True) == [], what="the mail server greets")
        machine = Machine(database, smtp_url=f"smtp://127.0.0.1:{port}")
        to = do(machine.context, lambda unit: addressee(subscriber(unit, "ann", email="zoë@exämple.com", language="ro")))
        told = SubscriptionTold("Pro", 2, None)
        do(machine.context, lambda unit: send_mail(unit, "subscription_activated", to, told, "sub-1", lane="mail"))
        machine.settle()
        assert machine.failures() == []
        machine.close()
        catcher.terminate()
        assert catcher.wait(30) == 0

    [row] = here(ls, "--json").objects
    [file] = (settings.home / "mails").glob("*.eml")
    assert (row["fate"], row["answer"]) == ("sent", f"250 kept as {file.name}")
    assert str(file) in here(show, row["id"]).out
    message = message_from_bytes(file.read_bytes(), policy=SMTP)
    assert message["Subject"] == "Planul Pro este activ"
    assert "Planul Pro pentru 2 locuri este activ." in str(message.get_body(("plain",)).get_content())  # type: ignore[union-attr]

"""Links that prove something once (SEC-4): what is stored, what is sent, and who may use them how often."""

from __future__ import annotations

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from core.clock import SystemClock
from providers.errors import NotConfigured
from tasks.maintenance.runs import clean_tokens
from tasks.notifications.mail.tokens import with_link
from tests.factories import commands
from tests.harness.machine import Machine
from workers import inbox

LINKS = {"reset_link": "https://app.example.com/reset#{token}", "verification_link": "https://app.example.com/verify#{token}"}
_TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'bursar'::regnamespace AND relkind IN ('r', 'p')"
WISH = {"reference": "wish-1", "user_ref": "user-7", "purpose": "password_reset", "email": " Ann@Example.com "}


def ask(machine: Machine, **changes: Any) -> dict[str, Any]:
    """`tokens.request`; the mail is still to be sent."""
    key = machine.submit("billing.tokens.request.v1", WISH | changes)
    inbox.drain(machine.context, "notifications")
    return machine.status(key)


def sent(machine: Machine, reference: str = "wish-1", *, later: timedelta = timedelta()) -> str:
    """What the mail of a wish brings: its token."""
    payload = machine.one("SELECT payload FROM bursar.outbox WHERE payload ->> 'token' = %s", reference)
    made = with_link(payload, settings=machine.database.settings(**LINKS), now=machine.clock.now() + later)
    assert made is not None
    return str(made["context"]["link"]).rpartition("#")[2]


def redeem(machine: Machine, token: str, purpose: str = "password_reset") -> dict[str, Any]:
    """What the app is told."""
    with commands.client(machine.database) as connection:
        row = connection.execute("SELECT bursar_api.redeem_token(%s, %s)", [token, purpose]).fetchone()
    assert row is not None
    return dict(row[0])


@pytest.mark.requirement("SEC-4", "SEC-10")
def test_only_the_mail_has_the_token(machine: Machine) -> None:
    told = ask(machine)
    token = sent(machine)
    assert told["state"] == "succeeded"
    assert token not in json.dumps(told)
    with machine.connect() as connection:
        for (table,) in connection.execute(_TABLES).fetchall():
            found = connection.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{token}%"]).fetchone()
            assert found == (0,), table
    assert machine.one("SELECT sha256 FROM bursar.token_secret") == hashlib.sha256(token.encode()).digest()
    answer = redeem(machine, token)
    assert (answer["ok"], answer["user"], answer["email"]) == (True, "user-7", "ann@example.com")
    assert redeem(machine, token) == {"ok": False, "why": "used"}


@pytest.mark.requirement("SEC-4")
def test_a_mail_that_is_tried_again_brings_a_link_that_works_and_one_of_all_is_used(machine: Machine) -> None:
    ask(machine)
    tokens = [sent(machine) for _ in range(4)]
    assert len(set(tokens)) == 4
    start = threading.Barrier(8)

    def use(token: str) -> bool:
        start.wait()
        return bool(redeem(machine, token)["ok"])

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, tokens * 2)) == 1


def test_a_token_that_the_app_rolled_back_is_good_again(machine: Machine) -> None:
    ask(machine)
    token = sent(machine)
    with commands.client(machine.database, autocommit=False) as connection:
        assert connection.execute("SELECT bursar_api.redeem_token(%s, 'password_reset') ->> 'ok'", [token]).fetchone() == ("true",)
        connection.rollback()
    assert redeem(machine, token)["ok"]


@pytest.mark.requirement("SEC-4")
def test_tokens_are_for_one_purpose_and_a_short_time_and_the_newest_counts(machine: Machine) -> None:
    ask(machine)
    token = sent(machine)
    assert redeem(machine, token, "email_verification") == {"ok": False, "why": "unknown"}
    assert redeem(machine, token + "x") == {"ok": False, "why": "unknown"}
    assert redeem(machine, sent(machine, later=-timedelta(hours=2))) == {"ok": False, "why": "expired"}

    ask(machine, reference="wish-2")
    assert redeem(machine, token) == {"ok": False, "why": "replaced"}
    payload = machine.one("SELECT payload FROM bursar.outbox WHERE payload ->> 'token' = 'wish-1'")
    settings = machine.database.settings(**LINKS)
    assert with_link(payload, settings=settings, now=machine.clock.now()) is None
    late = machine.one("SELECT payload FROM bursar.outbox WHERE payload ->> 'token' = 'wish-2'")
    assert with_link(late, settings=settings, now=machine.clock.now() + timedelta(hours=2)) is None
    with pytest.raises(NotConfigured, match="BURSAR_RESET_LINK is not set"):
        with_link(late, settings=machine.database.settings(), now=machine.clock.now())
    assert redeem(machine, sent(machine, "wish-2"))["ok"]


@pytest.mark.requirement("SEC-5", "SEC-9")
def test_five_links_an_hour_and_one_mail_per_wish(machine: Machine) -> None:
    for number in range(5):
        assert ask(machine, reference=f"wish-{number}")["state"] == "succeeded"
    assert ask(machine, reference="wish-4")["state"] == "succeeded"
    refused = ask(machine, reference="wish-5")
    assert (refused["state"], refused["code"], refused["details"]) == ("rejected", "too_many", {"current": 5, "limit": 5})
    assert ask(machine, reference="wish-6", purpose="email_verification")["state"] == "succeeded"
    assert machine.one("SELECT count(*) FROM bursar.outbox WHERE kind = 'mail.send'") == 6
    assert ask(machine, reference="wish-7", user_ref="user-8", email=None)["code"] == "no_address"


@pytest.mark.requirement("CLEAN-1")
def test_tokens_go_a_day_after_their_end_and_not_before(machine: Machine) -> None:
    ask(machine)
    sent(machine)
    with machine.connect() as connection:
        connection.execute("SELECT bursar.take('login:user-7', 5, 60, %s)", [machine.clock.now()])
    now = SystemClock().now()
    assert clean_tokens(machine.context, now + timedelta(hours=24))["tokens"] == 0
    gone = clean_tokens(machine.context, now + timedelta(hours=26))
    assert (gone["tokens"], gone["limits"], gone["more"]) == (1, 1, False)
    assert machine.one("SELECT count(*) FROM bursar.token_secret") == 0

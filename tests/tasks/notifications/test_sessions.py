"""Sessions begin, are used, and end (SEC-7); logins are recorded; takes of the limiter are counted once for all (SEC-5)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tasks.maintenance.runs import clean_sessions
from tests.factories import commands
from tests.harness.machine import Machine

ONE, TWO = "1" * 64, "2" * 64


def opened(machine: Machine, digest: str, user: str = "user-7", **changes: Any) -> dict[str, Any]:
    """By command."""
    return machine.run("billing.sessions.opened.v1", {"session_sha256": digest, "user_ref": user, "device": "Firefox"} | changes)


def check(machine: Machine, digest: str, at: datetime | None = None) -> str | None:
    """Whose session it is at an instant, which counts as use."""
    said = machine.one("SELECT bursar.check_session(%s, %s)", digest, at or machine.clock.now())
    return None if said is None else str(said["user"])


@pytest.mark.requirement("SEC-7")
def test_a_session_ends_when_it_is_not_used_and_in_any_case(machine: Machine) -> None:
    opened(machine, ONE, idle_s=600, absolute_s=1500)
    begun = machine.clock.now()
    assert check(machine, ONE, begun + timedelta(seconds=500)) == "user-7"
    assert check(machine, ONE, begun + timedelta(seconds=1000)) == "user-7"
    assert check(machine, ONE, begun + timedelta(seconds=1499)) == "user-7"
    assert check(machine, ONE, begun + timedelta(seconds=1501)) is None
    opened(machine, TWO, idle_s=600)
    assert check(machine, TWO, machine.clock.now() + timedelta(seconds=601)) is None
    assert check(machine, "3" * 64) is None


@pytest.mark.requirement("SEC-7")
def test_all_sessions_of_a_user_end_but_the_one_that_asks_and_those_that_come_later(machine: Machine) -> None:
    opened(machine, ONE)
    opened(machine, TWO)
    opened(machine, "4" * 64, user="user-8")
    told = machine.run("billing.sessions.revoke_all.v1", {"user_ref": "user-7", "except_sha256": TWO}, actor="user-7")
    assert told["state"] == "succeeded"
    assert [check(machine, digest) for digest in (ONE, TWO, "4" * 64)] == [None, "user-7", "user-8"]
    listed = machine.one("SELECT bursar.sessions('user-7', %s)", machine.clock.now())
    assert [one["session_sha256"] for one in listed] == [TWO]

    opened(machine, "5" * 64)
    assert check(machine, "5" * 64) == "user-7"
    assert machine.run("billing.sessions.revoke.v1", {"session_sha256": "5" * 64, "user_ref": "user-8"})["code"] == "unknown_session"
    assert machine.run("billing.sessions.revoke.v1", {"session_sha256": "5" * 64, "user_ref": "user-7"})["state"] == "succeeded"
    assert check(machine, "5" * 64) is None
    assert opened(machine, TWO, user="user-8")["code"] == "session_taken"
    actions = [row[0] for row in machine.all("SELECT action FROM bursar.audit ORDER BY id")]
    assert actions == ["session.opened"] * 3 + ["sessions.revoked", "session.opened", "session.revoked"]


@pytest.mark.requirement("SEC-7")
def test_the_app_opens_checks_and_closes_in_its_own_transaction(machine: Machine) -> None:
    with commands.client(machine.database) as app:
        assert app.execute("SELECT bursar_api.check_session(%s)", [ONE]).fetchone() == (None,)
        app.execute("SELECT bursar_api.open_session(%s, 'user-7', device => 'Safari')", [ONE])
        app.execute("SELECT bursar_api.open_session(%s, 'user-7')", [ONE])
        assert app.execute("SELECT bursar_api.check_session(%s) ->> 'user'", [ONE]).fetchone() == ("user-7",)
        assert app.execute("SELECT bursar_api.sessions('user-7') -> 0 ->> 'device'").fetchone() == ("Safari",)
        with pytest.raises(psycopg.DatabaseError, match="another user"):
            app.execute("SELECT bursar_api.open_session(%s, 'user-8')", [ONE])
        with pytest.raises(psycopg.DatabaseError, match="invalid_session"):
            app.execute("SELECT bursar_api.open_session('a session id', 'user-7')")
        assert app.execute("SELECT bursar_api.close_session(%s)", [ONE]).fetchone() == (True,)
        assert app.execute("SELECT bursar_api.check_session(%s)", [ONE]).fetchone() == (None,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT * FROM bursar.user_session")


@pytest.mark.requirement("SEC-7", "CLEAN-3")
def test_logins_are_audited_without_where_from_and_go_with_their_age(machine: Machine) -> None:
    try_ = {"reference": "l-1", "outcome": "failed", "at": machine.clock.now().isoformat(), "user_ref": "user-7", "address": "192.0.2.1"}
    for _ in range(2):
        assert machine.run("billing.logins.record.v1", try_)["result"]["outcome"] == "failed"
    said = machine.all("SELECT after FROM bursar.audit WHERE action = 'login.recorded'")
    assert [(row[0]["user"], row[0]["outcome"], "192.0.2.1" in str(row)) for row in said] == [("user-7", "failed", False)]

    opened(machine, ONE, absolute_s=3600)
    end = machine.clock.now() + timedelta(seconds=3600)
    assert clean_sessions(machine.context, end + timedelta(hours=23)) == {"sessions": 0, "logins": 0, "more": False}
    assert clean_sessions(machine.context, end + timedelta(hours=25)) == {"sessions": 1, "logins": 0, "more": False}
    assert clean_sessions(machine.context, end + timedelta(days=200)) == {"sessions": 0, "logins": 1, "more": False}


@pytest.mark.requirement("CLEAN-3")
def test_a_session_that_nobody_used_any_more_goes_a_day_after_that(machine: Machine) -> None:
    year = 365 * 24 * 3600
    for digest, idle_s in ((ONE, 600), (TWO, year), ("3" * 64, year)):
        opened(machine, digest, idle_s=idle_s, absolute_s=year)
    machine.run("billing.sessions.revoke.v1", {"session_sha256": TWO, "user_ref": "user-7"})
    now = machine.clock.now()
    assert clean_sessions(machine.context, now + timedelta(hours=23))["sessions"] == 0
    assert clean_sessions(machine.context, now + timedelta(hours=25))["sessions"] == 2
    assert machine.all("SELECT external_id FROM bursar.user_session") == [("3" * 64,)]


@pytest.mark.requirement("SEC-5")
def test_of_many_takes_at_once_exactly_the_allowed_ones_pass(machine: Machine) -> None:
    def take(_: int) -> bool:
        with commands.client(machine.database) as app:
            row = app.execute("SELECT bursar_api.take('login_address:192.0.2.1', 5, 3600)").fetchone()
        assert row is not None
        return bool(row[0]["allowed"])

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(24))) == 5
    assert machine.all("SELECT scope, refused FROM bursar.rate_limit") == [("login_address", 19)]


@pytest.mark.requirement("SEC-5")
def test_takes_come_back_one_by_one(machine: Machine) -> None:
    now = machine.clock.now()

    def take(at: datetime) -> dict[str, Any]:
        return dict(machine.one("SELECT bursar.take('login:user-7', 3, 60, %s)", at))

    assert [take(now)["left"] for _ in range(3)] == [2, 1, 0]
    assert take(now) == {"allowed": False, "left": 0, "retry_after_s": 20}
    assert take(now + timedelta(seconds=20))["allowed"]
    assert not take(now + timedelta(seconds=20))["allowed"]
    assert take(now + timedelta(hours=1))["left"] == 2

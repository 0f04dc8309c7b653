"""The token for ANAF: refreshed in time and once, sealed at rest, its loss costs time and never a document (TAX-3, promise 9)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from core.sealed import SealError, SealRing
from providers.errors import Final, NotConfigured, Retryable
from tasks.maintenance.anaf_token import access, authorised, refresh
from tests.harness.machine import Machine
from tests.tasks.maintenance.anaf.ministry import Office


def _token(office: Office, columns: str) -> Any:
    with office.machine.connect() as connection:
        return connection.execute("SELECT " + columns + " FROM bursar.anaf_token").fetchone()


@pytest.mark.requirement("TAX-3")
def test_a_token_that_ends_in_the_middle_is_refreshed_and_the_upload_goes_on(office: Office) -> None:
    office.clock.move_to(office.clock.now() + timedelta(hours=2))
    office.control.tell("expire_tokens")
    office.issue("invoice:1")
    office.run()
    assert office.row("invoice:1", "status") == "processing"
    assert len(office.control.uploads()) == 1
    assert _token(office, "refreshes, error") == (1, None)


@pytest.mark.requirement("TAX-3")
def test_without_a_login_documents_wait_uncounted_and_go_out_when_there_is_one(machine: Machine, anaf: Any) -> None:
    office = Office(machine, anaf)
    office.issue("invoice:1")
    office.run()
    assert office.row("invoice:1", "status") == "uploading"
    state, attempts, error = machine.all("SELECT state, attempts, error FROM bursar.outbox WHERE kind = 'anaf.submit'")[0]
    assert (state, attempts) == ("waiting", 0)
    assert "bursar efactura token url" in error

    office.log_in()
    office.wait(hours=1)
    assert office.row("invoice:1", "status") == "processing"


@pytest.mark.requirement("TAX-3")
def test_a_login_that_has_ended_needs_a_person_and_asks_the_ministry_once(office: Office) -> None:
    office.control.tell("end_login")
    office.clock.move_to(office.clock.now() + timedelta(days=91))
    office.issue("invoice:1")
    office.run()
    assert office.row("invoice:1", "status") == "uploading"
    assert "log in again" in _token(office, "error")[0]
    before = len(office.control.tell("calls"))
    office.wait(hours=2)
    assert len(office.control.tell("calls")) == before
    assert office.mails()[-1] == ("login", "has ended")

    office.log_in()
    office.wait(hours=1)
    assert office.row("invoice:1", "status") == "processing"


@pytest.mark.requirement("TAX-3")
def test_whoever_has_no_right_for_the_number_burns_no_refresh_tokens(office: Office) -> None:
    office.control.tell("config", no_right_for=["18547290"])
    office.issue("invoice:1")
    office.run()
    for _ in range(3):
        office.wait(minutes=5)
    assert _token(office, "refreshes") == (0,)
    assert "no right" in office.machine.one("SELECT error FROM bursar.outbox WHERE kind = 'anaf.submit'")
    office.control.tell("config", no_right_for=[])
    office.wait(hours=1)
    assert office.row("invoice:1", "status") == "processing"


@pytest.mark.requirement("TAX-3")
def test_many_at_once_refresh_once(office: Office) -> None:
    office.clock.move_to(office.clock.now() + timedelta(days=89, hours=23, minutes=58))
    now, found, lock = office.clock.now(), set(), threading.Lock()

    def ask() -> None:
        token = access(office.settings, now)
        with lock:
            found.add(token)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert _token(office, "refreshes") == (1,)
    assert len([one for one in office.control.tell("calls") if one["path"].endswith("/token")]) == 2


@pytest.mark.requirement("TAX-3")
def test_the_daily_run_refreshes_two_weeks_before_the_end(office: Office) -> None:
    office.run("renew_anaf_token")
    assert _token(office, "refreshes") == (0,)
    office.clock.move_to(office.clock.now() + timedelta(days=77))
    office.run("renew_anaf_token")
    office.run("renew_anaf_token")
    assert _token(office, "refreshes") == (1,)
    assert _token(office, "access_ends_at")[0] == office.clock.now() + timedelta(days=90)


@pytest.mark.requirement("TAX-3")
def test_a_lost_reply_of_a_refresh_is_tried_again_and_said(office: Office) -> None:
    office.control.fault("lost_reply", path="/token")
    with pytest.raises(Retryable):
        refresh(office.settings, office.clock.now())
    assert "lost" in _token(office, "error")[0]
    with pytest.raises(NotConfigured, match="log in again"):
        refresh(office.settings, office.clock.now())  # the ministry had rotated it
    assert access(office.settings, office.clock.now()), "the access token is good for as long as it was"


def test_a_wrong_code_changes_nothing(office: Office) -> None:
    held = _token(office, "access_sealed, refresh_sealed, access_ends_at")
    with pytest.raises(Final):
        authorised("wrong", office.settings, office.clock.now())
    assert _token(office, "access_sealed, refresh_sealed, access_ends_at") == held


@pytest.mark.requirement("SEC-6")
def test_tokens_lie_sealed_and_open_with_an_older_key_in_their_own_place_only(office: Office) -> None:
    world = office.anaf.standin.world
    (token,) = world.access
    sealed, refresh_sealed = _token(office, "access_sealed, refresh_sealed")
    assert token not in sealed
    assert not any(one in refresh_sealed for one in world.refresh)

    def ring(*keys: str) -> SealRing:
        return SealRing.from_settings(office.settings.model_copy(update={"seal_keys": [SecretStr(key) for key in keys]}))

    old = office.settings.seal_keys[0].get_secret_value()
    newer = ring("new:another-secret-of-enough", old)
    assert newer.open(sealed, "anaf_token.access:anaf-client") == token
    assert newer.seal(token, "x").startswith("new.")
    for keys, what in ((("new:another-secret-of-enough",), "anaf_token.access:anaf-client"), ((old,), "anaf_token.refresh:anaf-client")):
        with pytest.raises(SealError):
            ring(*keys).open(sealed, what)
    with pytest.raises(SealError):
        ring(old).open(sealed[:-4] + "AAA=", "anaf_token.access:anaf-client")
    for wrong in ((), ("short:x",), ("noid",), (old, old)):
        with pytest.raises(SealError):
            ring(*wrong)


@pytest.mark.requirement("TAX-3")
def test_questions_of_days_without_a_login_are_one_question(office: Office) -> None:
    office.control.tell("config", processing_s=30 * 24 * 3600)
    office.issue("invoice:1")
    office.run()
    office.control.tell("end_login")
    for _ in range(5):
        office.wait(hours=12, minutes=1)
    assert _token(office, "error")[0].count("has ended") == 1, "and the ministry's own word stays"
    assert "invalid_grant" in _token(office, "error")[0]
    office.log_in()
    before = len(office.control.tell("calls"))
    office.wait(hours=1)
    asked = [one for one in office.control.tell("calls")[before:] if one["path"].endswith("/stareMesaj")]
    assert len(asked) <= 2, "the ministry takes ten a day for one document"

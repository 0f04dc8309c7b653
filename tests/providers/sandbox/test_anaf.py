"""The stand-in of ANAF, asked by our own client: its answers are read as the ministry's are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from core.settings import Settings
from providers.anaf import client, read, tokens
from providers.anaf.ubl.compose import compose
from providers.errors import Final, RateLimited, Retryable, Unknown, UnparsableBody
from providers.sandbox.anaf.server import AnafSandbox
from tests.factories.paper import a_credit_note, a_document
from tests.harness.anaf import Anaf
from tests.harness.environment import make_settings

CIF = "18547290"
PATH = f"upload?standard=UBL&cif={CIF}"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
UBL = compose(a_document())


@pytest.fixture(scope="module")
def standing() -> Iterator[Anaf]:
    made = Anaf()
    yield made
    made.stop()


@pytest.fixture
def anaf(standing: Anaf) -> Iterator[Anaf]:
    yield standing
    standing.control.tell("faults", clear=True)
    world = standing.standin.world
    world.uploads.clear()
    world.asked.clear()
    world.next_errors.clear()
    world.config = type(world.config)()
    standing.control.tell("clock", run=True)


@pytest.fixture
def settings(anaf: Anaf, tmp_path: Path) -> Settings:
    return make_settings("", "", tmp_path, **anaf.settings())


@pytest.fixture
def token(anaf: Anaf, settings: Settings) -> str:
    return tokens.exchange(anaf.control.tell("login"), settings, NOW).access


def test_taken_in_worked_on_accepted_and_given_back_with_a_signature(anaf: Anaf, settings: Settings, token: str) -> None:
    anaf.control.tell("config", processing_s=60)
    outcome, said = client.upload(PATH, UBL, settings, token)
    assert outcome == "accepted"
    assert client.status(said["index"], settings, token).state == "processing"
    assert client.messages(CIF, 1, "T", settings, token, NOW) == []

    anaf.control.tell("clock", advance_s=61)
    status = client.status(said["index"], settings, token)
    assert status.state == "accepted"
    papers = read.papers(client.download(status.download_id or "", settings, token))
    assert papers.answer == UBL
    assert papers.signature is not None
    assert papers.errors is None
    (line,) = client.messages(CIF, 1, "T", settings, token, NOW)
    assert (line.upload_index, line.id) == (said["index"], status.download_id)
    assert read.number_of(papers.answer) == a_document().number


def test_what_the_ministry_finds_wrong_is_read_from_its_answer(anaf: Anaf, settings: Settings, token: str) -> None:
    anaf.control.tell("next_errors", errors=["BR-RO-111: judetul", 'BR-16: "linii" & <altele>'])
    _, said = client.upload(PATH, UBL, settings, token)
    status = client.status(said["index"], settings, token)
    assert status.state == "rejected"
    papers = read.papers(client.download(status.download_id or "", settings, token))
    assert papers.errors == 'BR-RO-111: judetul\nBR-16: "linii" & <altele>'
    assert client.messages(CIF, 1, "T", settings, token, NOW) == []
    assert [one.kind for one in client.messages(CIF, 1, "E", settings, token, NOW)] == ["ERORI FACTURA"]


def test_the_same_bytes_again_name_the_first_upload(anaf: Anaf, settings: Settings, token: str) -> None:
    _, first = client.upload(PATH, UBL, settings, token)
    outcome, second = client.upload(PATH, UBL, settings, token)
    assert outcome == "accepted"
    assert second["index"] == first["index"]
    assert "a mai fost transmis" in second["duplicate"]
    assert len(anaf.control.uploads()) == 1


def test_no_xml_is_not_taken_in(anaf: Anaf, settings: Settings, token: str) -> None:
    _, said = client.upload(PATH, b"no xml", settings, token)
    status = client.status(said["index"], settings, token)
    assert (status.state, status.download_id) == ("unreadable", None)
    assert "nu este valid" in (status.errors or "")
    assert client.upload("upload?standard=UBL&cif=x", UBL, settings, token)[0] == "refused"


@pytest.mark.parametrize(
    ("fault", "error", "taken"),
    [
        ({"kind": "lost_reply"}, Unknown, 1),
        ({"kind": "error_after"}, Unknown, 1),
        ({"kind": "error_before"}, Unknown, 0),
        ({"kind": "reset_before"}, Unknown, 0),
        ({"kind": "rate_limit", "retry_after_s": 7}, RateLimited, 0),
        ({"kind": "rate_limit", "status": 204}, RateLimited, 0),
        ({"kind": "error_before", "code": "json"}, Unknown, 0),
        ({"kind": "error_before", "code": "quota"}, client.QuotaUsedUp, 0),
    ],
)  # fmt: skip
def test_after_each_failure_of_an_upload_it_is_known_what_is_not_known(
    anaf: Anaf, settings: Settings, token: str, fault: dict[str, Any], error: type[Exception], taken: int
) -> None:
    anaf.control.fault(fault.pop("kind"), path="upload", **fault)
    with pytest.raises(error):
        client.upload(PATH, UBL, settings, token)
    assert len(anaf.control.uploads()) == taken


@pytest.mark.parametrize("fault", [{"kind": "lost_reply"}, {"kind": "error_before"}, {"kind": "error_before", "code": "json"}])
def test_a_question_that_fails_is_asked_again(anaf: Anaf, settings: Settings, token: str, fault: dict[str, Any]) -> None:
    _, said = client.upload(PATH, UBL, settings, token)
    anaf.control.fault(fault.pop("kind"), path="FCTEL", method="GET", times=3, **fault)
    for ask in (
        lambda: client.status(said["index"], settings, token),
        lambda: client.download("1", settings, token),
        lambda: client.messages(CIF, 1, "T", settings, token, NOW),
    ):
        with pytest.raises(Retryable):
            ask()
    with pytest.raises(Retryable, match="Nu exista factura"):
        client.status("12", settings, token)


def test_quotas_are_known_by_their_text(anaf: Anaf, settings: Settings, token: str) -> None:
    anaf.control.tell("config", status_a_day=1, downloads_a_day=1)
    _, said = client.upload(PATH, UBL, settings, token)
    found = client.status(said["index"], settings, token)
    with pytest.raises(client.QuotaUsedUp, match="S-au facut deja 1"):
        client.status(said["index"], settings, token)
    client.download(found.download_id or "", settings, token)
    with pytest.raises(client.QuotaUsedUp):
        client.download(found.download_id or "", settings, token)


def test_tokens_end_rotate_and_are_spent(anaf: Anaf, settings: Settings) -> None:
    code = anaf.control.tell("login")
    first = tokens.exchange(code, settings, NOW)
    with pytest.raises(Final, match="log in again"):
        tokens.exchange(code, settings, NOW)
    second = tokens.refresh(first.refresh, settings, NOW)
    assert second.access_ends_at - NOW == timedelta(days=90)
    assert second.refresh_ends_at is not None
    with pytest.raises(Final):
        tokens.refresh(first.refresh, settings, NOW)
    anaf.control.tell("expire_tokens")
    with pytest.raises(client.TokenRefused):
        client.status("1", settings, second.access)


def test_the_browser_is_sent_back_with_a_code(anaf: Anaf, settings: Settings) -> None:
    answer = requests.get(tokens.authorise_url(settings), allow_redirects=False, timeout=5)
    where, _, code = answer.headers["location"].partition("?code=")
    assert where == settings.anaf_redirect_uri
    assert tokens.exchange(code, settings, NOW).access


def test_a_started_again_stand_in_knows_what_it_took(anaf: Anaf, settings: Settings, token: str, tmp_path: Any) -> None:
    first = AnafSandbox()
    first.keep_in(tmp_path / "anaf.json")
    with first:
        here = settings.model_copy(update={"anaf_api_base": first.api_base, "anaf_login_base": first.login_base})
        held = tokens.exchange(first.control._orders["login"]({}), here, NOW).access
        _, said = client.upload(PATH, compose(a_credit_note()), here, held)
    again = AnafSandbox()
    again.keep_in(tmp_path / "anaf.json")
    with again:
        here = here.model_copy(update={"anaf_api_base": again.api_base})
        assert client.status(said["index"], here, held).state == "accepted"


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<a", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b'{"eroare": "x"}', b"PK\x03\x04 broken", b"\xff\xfe"]
)
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    for reader in (read.uploaded, read.status, read.papers, read.messages):
        with pytest.raises(UnparsableBody):
            reader(body)


def test_no_messages_is_an_empty_list() -> None:
    assert read.messages(b'{"eroare": "Nu exista mesaje in ultimele 5 zile", "titlu": "Lista Mesaje"}') == []
    assert replace(read.Message("1", "2", "T", "3")).id == "1"

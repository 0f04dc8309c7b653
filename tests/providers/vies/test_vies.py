"""VIES: check digits without a network, and every answer of its test service read for what it is (TAX-1, PROTOCOLS 5.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import NotConfigured, UnparsableBody
from providers.sandbox.vies.standin import CLOSED, GARBAGE, TEST_SERVICE, ViesSandbox
from providers.vies.client import ViesBlockedError, _read, base, check
from providers.vies.envelope import checked, parse
from providers.vies.number import NoVatNumberError, VatNumber, vat_number
from providers.vies.shapes.number import number as shape
from tests.harness.cluster import Database
from tests.tasks.mirror import RECEIVED

_SELLER = vat_number("RO18547290")
_NUMBER = "DE136695976"


@pytest.fixture
def vies() -> Iterator[ViesSandbox]:
    """A VIES of its own."""
    with ViesSandbox() as made:
        yield made


@pytest.mark.requirement("TAX-1")
@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("DE136695976", "DE136695976"),
        ("de 136.695.976", "DE136695976"),
        ("GR094259216", "EL094259216"),
        ("EL 094 259 216", "EL094259216"),
        ("RO 18547290", "RO18547290"),
        ("XI980780684", "XI980780684"),
        ("BE428759497", "BE0428759497"),
        ("NL004495445B01", "NL004495445B01"),
        ("ATU13585627", "ATU13585627"),
        ("ESB64717838", "ESB64717838"),
    ],
)
def test_a_number_has_one_form(said: str, known: str) -> None:
    assert str(vat_number(said)) == known


@pytest.mark.requirement("TAX-1")
@pytest.mark.parametrize("said", ["DE136695977", "RO18547291", "GB980780684", "CHE123456788", "US12", "", "DE", "DE13669597€"])
def test_what_cannot_be_a_number_is_not_asked(said: str) -> None:
    with pytest.raises(NoVatNumberError):
        vat_number(said)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_refused(said: str) -> None:
    try:
        read = vat_number(said)
    except NoVatNumberError:
        return
    assert vat_number(str(read)) == read


@pytest.mark.requirement("TAX-1")
def test_a_valid_number_brings_its_evidence(vies: ViesSandbox, database: Database) -> None:
    settings = database.settings(vies_api_base=vies.base)
    reply = check(vat_number(_NUMBER), _SELLER, settings)

    assert (reply.outcome, reply.requester, reply.code) == ("valid", "RO18547290", None)
    assert reply.consultation
    assert reply.request_date
    assert vies.asked == [
        {"countryCode": "DE", "vatNumber": "136695976", "requesterMemberStateCode": "RO", "requesterNumber": "18547290"}
    ]
    assert check(vat_number(_NUMBER), None, settings).consultation is None
    vies.answers[_NUMBER] = "INVALID"
    assert check(vat_number(_NUMBER), _SELLER, settings).outcome == "invalid"


@pytest.mark.requirement("TAX-1")
def test_each_code_of_the_test_service(vies: ViesSandbox, database: Database) -> None:
    settings = database.settings(vies_api_base=vies.base)
    for digits, code in TEST_SERVICE.items():
        asked = VatNumber(prefix="DE", digits=digits)
        if code in ("VAT_BLOCKED", "IP_BLOCKED"):
            with pytest.raises(ViesBlockedError, match=code):
                check(asked, None, settings)
            continue
        reply = check(asked, None, settings)
        expected = {"VALID": "valid", "INVALID": "invalid", "INVALID_INPUT": "invalid"}.get(code, "unavailable")
        assert (code, reply.outcome) == (code, expected)
        assert reply.code == (None if code in ("VALID", "INVALID") else code)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=5), inner, max_size=2)),
    max_leaves=6,
)
_NAMES = st.sampled_from(["valid", "vatNumber", "requestDate", "requestIdentifier", "errorWrappers", "actionSucceed", "error"])


@pytest.mark.requirement("TAX-1")
@given(st.dictionaries(_NAMES, _JSON, max_size=6))
def test_whatever_comes_back_only_a_plain_word_is_an_answer(said: dict[str, Any]) -> None:
    reply = _read(said, vat_number(_NUMBER), None, 200)
    assert (reply.outcome != "valid") or (said["valid"] is True and not said.get("errorWrappers"))
    assert (reply.outcome != "invalid") or said["valid"] is False


@pytest.mark.requirement("TAX-1")
def test_no_answer_is_never_invalid(vies: ViesSandbox, database: Database) -> None:
    settings = database.settings(vies_api_base=vies.base)
    for code in (CLOSED, GARBAGE, "SOMETHING_NEW"):
        vies.answers[_NUMBER] = code
        assert check(vat_number(_NUMBER), None, settings).outcome == "unavailable"
    gone = database.settings(vies_api_base="http://127.0.0.1:9/vies")
    assert (check(vat_number(_NUMBER), None, gone).code or "").startswith("UNREACHABLE")


def test_a_seller_that_vies_refuses_is_left_out(vies: ViesSandbox, database: Database) -> None:
    vies.refused_requesters.add(str(_SELLER))
    reply = check(vat_number(_NUMBER), _SELLER, database.settings(vies_api_base=vies.base))

    assert (reply.outcome, reply.code, reply.consultation) == ("valid", "INVALID_REQUESTER_INFO", None)


def test_a_test_database_asks_nobody(database: Database) -> None:
    with pytest.raises(NotConfigured, match="BURSAR_VIES_API_BASE"):
        base(database.settings())
    assert base(database.settings(mode="live")).startswith("https://ec.europa.eu/")


def test_an_answer_is_read_back(vies: ViesSandbox, database: Database) -> None:
    reply = check(vat_number(_NUMBER), _SELLER, database.settings(vies_api_base=vies.base))
    answer = checked(_NUMBER, reply, "key", RECEIVED)
    fact = shape(parse(answer.body, inbox_id=1, received_at=RECEIVED, headers={}))

    assert (fact.external_id, fact.outcome, fact.at, fact.consultation) == (_NUMBER, "valid", RECEIVED, reply.consultation)
    assert list(fact.references()) == []
    with pytest.raises(UnparsableBody, match="came through the door"):
        parse(answer.body, inbox_id=1, received_at=RECEIVED, headers={"Content-Type": "application/json"})
    with pytest.raises(UnparsableBody, match="which is none"):
        shape(parse(answer.body.replace(b'"valid"', b'"maybe"', 1), inbox_id=1, received_at=RECEIVED, headers={}))

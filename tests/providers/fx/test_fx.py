"""Central banks' files: read for what they say, refused when they are anything else, never read past a bound (TAX-5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.tax.central_bank import BankName
from billing.rules.tax.exchange import quotient
from core.clock import FixedClock
from providers.errors import NotConfigured, UnparsableBody
from providers.fx.client import PATHS, Reply, ask, asks, base
from providers.fx.envelope import parse, told
from providers.fx.read import days_of
from providers.fx.shapes.rates import rates
from providers.sandbox.fx.standin import FxSandbox
from tests.harness.cluster import Database
from tests.tasks.mirror import RECEIVED

_NOW = datetime(2027, 3, 5, 18, tzinfo=UTC)
_FRIDAY = date(2027, 3, 5)
_BNR = b"""<?xml version="1.0" encoding="utf-8"?>
<DataSet xmlns="https://www.bnr.ro/xsd"><Header><PublishingDate>2027-03-05</PublishingDate></Header><Body>
<Subject>Reference rates</Subject><OrigCurrency>RON</OrigCurrency>
<Cube date="2027-03-05"><Rate currency="EUR">5.2447</Rate><Rate currency="HUF" multiplier="100">1.3071</Rate>
<Rate currency="XDR"> 6.1 </Rate><Rate currency="RUB">-</Rate></Cube>
<Cube date="2027-03-04"><Rate currency="EUR">5.2440</Rate></Cube></Body></DataSet>"""
_ECB = b"""<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject><Cube><Cube time='2027-03-05'><Cube currency='USD' rate='1.0512'/>
<Cube currency='IDR' rate='17298.72'/><Cube currency='ISK' rate='N/A'/></Cube></Cube></gesmes:Envelope>"""


@pytest.fixture
def banks() -> Iterator[FxSandbox]:
    """Banks on a Friday evening."""
    with FxSandbox(clock=FixedClock(_NOW)) as made:
        yield made


@pytest.mark.requirement("TAX-5")
def test_files_are_read_per_unit_and_day() -> None:
    assert days_of("BNR", _BNR) == {_FRIDAY: {"EUR": "5.2447", "HUF": "0.013071", "XDR": "6.1"}, date(2027, 3, 4): {"EUR": "5.2440"}}
    assert days_of("ECB", _ECB) == {_FRIDAY: {"USD": "1.0512", "IDR": "17298.72"}}
    assert days_of("BNR", _BNR.replace(b' xmlns="https://www.bnr.ro/xsd"', b"")) == days_of("BNR", _BNR)
    assert days_of("BNR", _BNR.decode().replace("utf-8", "utf-16").encode("utf-16")) == days_of("BNR", _BNR)


@pytest.mark.requirement("TAX-5")
@pytest.mark.parametrize(
    ("bank", "body", "said"),
    [
        ("BNR", b"", "not XML"),
        ("BNR", _BNR[:-20], "not XML"),
        ("BNR", b"<html><body/></html>", "it is a html"),
        ("BNR", b'<!DOCTYPE html SYSTEM "about:legacy"><html/>', "document type"),
        ("BNR", '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE d [<!ENTITY a "b">]><DataSet/>'.encode("utf-16"), "document type"),
        ("BNR", _BNR.replace(b"RON", b"EUR"), "is in EUR"),
        ("BNR", _BNR.replace(b"<OrigCurrency>RON</OrigCurrency>", b""), "in no currency"),
        ("BNR", _BNR.replace(b'date="2027-03-04"', b'date="04.03.2027"'), "a day in the file"),
        ("BNR", _ECB, "it is a Envelope"),
        ("BNR", b"<DataSet><Body><OrigCurrency>RON</OrigCurrency></Body></DataSet>", "no rate of any day"),
        ("BNR", b"<DataSet>" + b"<a>" * 20 + b"</a>" * 20 + b"</DataSet>", "nested deeper"),
        ("ECB", _BNR, "it is a DataSet"),
        ("ECB", _ECB.replace(b"2027-03-05", b"2027-02-30"), "a day in the file"),
    ],
)
def test_what_is_no_such_file_is_refused(bank: BankName, body: bytes, said: str) -> None:
    with pytest.raises(UnparsableBody, match=said):
        days_of(bank, body)


@given(st.sampled_from(["BNR", "ECB"]), st.binary(max_size=80), st.integers(0, 400), st.integers(0, 400))
def test_whatever_comes_back_is_a_file_or_refused(bank: BankName, junk: bytes, begin: int, end: int) -> None:
    whole = _BNR if bank == "BNR" else _ECB
    try:
        found = days_of(bank, whole[:begin] + junk + whole[end:])
    except UnparsableBody:
        return
    assert all(found.values())


@pytest.mark.requirement("TAX-5")
def test_the_banks_are_asked(banks: FxSandbox, database: Database) -> None:
    settings = database.settings(fx_api_base=f"{banks.base}/")
    for (bank, several), path in PATHS.items():
        reply = ask(bank, settings, several=several, at=_NOW)
        assert (reply.outcome, reply.code, banks.asked[-1]) == ("told", None, path)
        assert len(reply.days) == ({"BNR": 10, "ECB": 11}[bank] if several else 1)  # of two weeks at most
        in_file = banks.told(bank, _FRIDAY)["HUF"]
        assert reply.days[_FRIDAY]["HUF"] == (quotient(in_file, "100") if bank == "BNR" else in_file)
    gone = database.settings(fx_api_base="http://127.0.0.1:9")
    assert (ask("BNR", gone, several=False, at=_NOW).code or "").startswith("UNREACHABLE")
    elsewhere = database.settings(fx_api_base=f"{banks.base}/nowhere")
    assert ask("ECB", elsewhere, several=False, at=_NOW) == Reply(outcome="unavailable", code="UNREADABLE 404")
    old = ask("ECB", settings, several=False, at=datetime(2027, 3, 14, tzinfo=UTC))
    assert (old.outcome, old.code) == ("unavailable", "OTHER_DAY 2027-03-05")


def test_a_test_database_asks_nobody(database: Database) -> None:
    assert not asks(database.settings())
    with pytest.raises(NotConfigured, match="BURSAR_FX_API_BASE"):
        base("BNR", database.settings())
    assert base("BNR", database.settings(mode="live")) == "https://curs.bnr.ro"
    assert base("ECB", database.settings(mode="live")) == "https://www.ecb.europa.eu"


@pytest.mark.requirement("TAX-5")
def test_an_answer_is_read_back() -> None:
    reply = Reply(outcome="told", days={_FRIDAY: {"USD": "1.0512", "GBP": "0.85"}})
    answer = told("ECB", ["USD"], "EUR", reply, "ECB:1", RECEIVED)
    fact = rates(parse(answer.body, inbox_id=1, received_at=RECEIVED, headers={}))
    assert (fact.external_id, fact.outcome, fact.bases, fact.quote, fact.at) == ("ECB", "told", ("USD",), "EUR", RECEIVED)
    assert fact.days == {_FRIDAY: {"USD": "1.0512"}}  # what nobody asked for is not kept
    assert list(fact.references()) == [("fx_feed", "ECB")]
    with pytest.raises(UnparsableBody, match="came through the door"):
        parse(answer.body, inbox_id=1, received_at=RECEIVED, headers={"Content-Type": "application/json"})
    for was, instead in ((b'"told"', b'"maybe"'), (b'"ECB"', b'"FED"'), (b"2027-03-05", b"2027-03-50"), (b'{"2027-03-05"', b'{"x"')):
        with pytest.raises(UnparsableBody):
            rates(parse(answer.body.replace(was, instead), inbox_id=1, received_at=RECEIVED, headers={}))
    empty = told("ECB", ["USD"], "EUR", Reply(outcome="told"), "ECB:2", RECEIVED)
    with pytest.raises(UnparsableBody, match="tells of no day"):
        rates(parse(empty.body, inbox_id=1, received_at=RECEIVED, headers={}))

"""Rates of exchange from a paper that waits to the bank and back: asked for when due, recorded once, and never a wrong paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from billing.operations.ask_fx_rates import ask_fx_rates
from billing.operations.record_fx_rate import record_fx_rate
from billing.operations.take_fx_answer import take_fx_answer
from billing.rules.commands.tax import RecordFxRate
from providers.fx.client import ask
from providers.fx.envelope import parse, told
from providers.fx.shapes.rates import rates
from providers.sandbox.fx.standin import FxSandbox
from tasks.notifications.runs import alert_fx_rates
from tasks.payments.runs import fetch_fx_rates, issue_waiting_documents
from tests.factories.documents import invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from workers.unit import Unit

_FRIDAY = datetime(2027, 3, 5, 10, tzinfo=UTC)
"""Noon in Bucharest: the day's rates are not told yet."""
_TEN_DAYS, _NEWEST = "/nbrfxrates10days.xml", "/nbrfxrates.xml"


def _set(machine: Machine, **settings: Any) -> None:
    machine.context = replace(machine.context, settings=machine.context.settings.model_copy(update=settings))


@pytest.fixture
def machine(database: Database) -> Iterator[Machine]:
    """A seller who reckons in lei and bills in euros, and no bank yet."""
    made = Machine(database)
    made.clock.move_to(_FRIDAY)
    with unit_of(made.context) as unit:
        seller(unit, currency="RON")
        subscriber(unit, "ann", country="RO")
    made.settle()
    yield made
    made.close()


@pytest.fixture
def banks(machine: Machine) -> Iterator[FxSandbox]:
    """Banks by the machine's clock."""
    with FxSandbox(clock=machine.clock) as made:
        _set(machine, fx_api_base=made.base)
        yield made


def _bill(machine: Machine, reference: str, currency: str = "EUR") -> None:
    do(machine.context, lambda unit: invoice(unit, reference, currency=currency))


def _fetch(machine: Machine, after: timedelta = timedelta(0)) -> None:
    machine.clock.move_to(machine.clock.now() + after)
    fetch_fx_rates(machine.context, machine.clock.now())
    machine.settle(timedelta(0))


def _record(machine: Machine, valid_on: str, rate: str) -> None:
    command = RecordFxRate(rate_source="BNR", base="EUR", quote="RON", valid_on=valid_on, rate=rate)
    do(machine.context, lambda unit: record_fx_rate(unit, command))


def _rates(machine: Machine, base: str = "EUR", quote: str = "RON") -> list[tuple[Any, ...]]:
    sql = "SELECT valid_on, rate, actor FROM bursar.fx_rate WHERE base = %s AND quote = %s ORDER BY valid_on"
    return machine.all(sql, base, quote)


def _feed(machine: Machine) -> tuple[Any, ...]:
    return machine.all("SELECT tries, error, told_on FROM bursar.fx_feed")[0]


def _waiting(machine: Machine) -> int:
    issue_waiting_documents(machine.context, machine.clock.now())
    return int(machine.one("SELECT count(*) FROM bursar.document_wait WHERE ended_at IS NULL"))


@pytest.mark.requirement("TAX-5")
def test_a_paper_that_waits_gets_its_rate_from_the_bank(machine: Machine, banks: FxSandbox) -> None:
    _fetch(machine)
    assert banks.asked == []  # nothing is billed in another currency
    _bill(machine, "in-1")
    assert _waiting(machine) == 1
    _fetch(machine)
    assert banks.asked == [_TEN_DAYS]
    assert _waiting(machine) == 0
    told = banks.told("BNR", date(2027, 3, 4))["EUR"]
    assert _rates(machine)[-1] == (date(2027, 3, 5), told, "provider:fx")  # Thursday's holds on Friday
    frozen = "SELECT content -> 'foreign_tax' ->> 'rate' FROM bursar.document WHERE external_id = 'invoice:in-1'"
    assert machine.one(frozen) == told
    assert machine.one("SELECT count(*) FROM bursar.fx_rate WHERE base <> 'EUR'") == 0
    audited = "SELECT count(*) FROM bursar.audit WHERE action = 'fx_rate.recorded' AND actor = 'provider:fx'"
    assert machine.one(audited) == len(_rates(machine))
    assert machine.failures() == []


@pytest.mark.requirement("TAX-5")
def test_a_bank_is_asked_once_a_working_day_when_it_has_told(machine: Machine, banks: FxSandbox) -> None:
    _bill(machine, "in-1")
    _fetch(machine)
    for _ in range(5 * 6):  # to Wednesday
        _fetch(machine, timedelta(hours=4))
    assert banks.asked == [_TEN_DAYS, _NEWEST, _NEWEST, _NEWEST]  # Friday, Monday, Tuesday: and nobody on Saturday and Sunday
    assert [valid_on.isoformat() for valid_on, _, _ in _rates(machine)][-3:] == ["2027-03-06", "2027-03-09", "2027-03-10"]

    banks.say("BNR", "yesterday")  # Wednesday is a holiday
    for _ in range(24):
        _fetch(machine, timedelta(hours=1))
    assert len(banks.asked) == 4 + 7  # ever more seldom
    assert _feed(machine)[1:] == ("NOT_YET", date(2027, 3, 9))
    _bill(machine, "in-2")
    assert _waiting(machine) == 0  # Tuesday's goes on to hold


@pytest.mark.requirement("TAX-5")
def test_what_goes_wrong_is_said_and_asked_again(machine: Machine, banks: FxSandbox) -> None:
    wrong = {
        "down": "UNREACHABLE ConnectionError", "broken": "UNREADABLE 500", "garbage": "UNREADABLE the file of BNR is not XML",
        "doctype": "UNREADABLE the file of BNR has a document type", "huge": "TOO_LARGE", "tomorrow": "OTHER_DAY 2027-03-08",
    }  # fmt: skip
    _bill(machine, "in-1")
    for number, (says, code) in enumerate(wrong.items(), 1):
        banks.say("BNR", says)
        _fetch(machine, timedelta(hours=6))
        tries, error, _ = _feed(machine)
        assert (tries, error[: len(code)], len(banks.asked)) == (number, code, number)
    _fetch(machine, timedelta(minutes=1))
    assert len(banks.asked) == len(wrong)
    assert (_rates(machine), _waiting(machine)) == ([], 1)

    banks.say("BNR", "well")
    _fetch(machine, timedelta(hours=6))
    assert (_feed(machine)[:2], _waiting(machine)) == ((0, None), 0)
    assert machine.failures() == []


@pytest.mark.requirement("TAX-5")
def test_a_misprint_is_kept_back_until_a_rate_is_there(machine: Machine, banks: FxSandbox) -> None:
    _bill(machine, "in-1")
    _fetch(machine)
    known = _rates(machine)
    banks.say("BNR", "misprint")
    _fetch(machine, timedelta(hours=2))
    _fetch(machine, timedelta(hours=1))  # asked again: banks mend such things
    held = "SELECT external_id, last_rate, ended_at IS NULL FROM bursar.fx_held"
    assert machine.all(held) == [("BNR:EUR:RON:2027-03-06", known[-1][1], True)]
    assert (_rates(machine), _feed(machine)[1], len(banks.asked)) == (known, "HELD_BACK", 3)
    assert machine.one("SELECT count(*) FROM bursar.audit WHERE action = 'fx_rate.held_back'") == 1

    banks.say("BNR", "well")
    _fetch(machine, timedelta(hours=2))
    assert _rates(machine)[-1][:2] == (date(2027, 3, 6), banks.told("BNR", date(2027, 3, 5))["EUR"])
    assert machine.all(held)[0][2] is False


@pytest.mark.requirement("TAX-5", "MAIL-6")
def test_operators_are_told_once_of_each_rate_that_is_kept_back(machine: Machine, banks: FxSandbox) -> None:
    def mails() -> list[tuple[Any, ...]]:
        alert_fx_rates(machine.context, machine.clock.now())
        sql = "SELECT payload -> 'context' ->> 'pair', payload -> 'context' ->> 'rate' FROM bursar.outbox WHERE kind = 'mail.send'"
        return machine.all(f"{sql} AND payload ->> 'mail' = 'fx_rate_alert' ORDER BY id")

    _bill(machine, "in-1")
    _fetch(machine)
    banks.rates["BNR", date(2027, 3, 5)] = {"EUR": "50.9"}
    _fetch(machine, timedelta(hours=2))
    assert mails() == []  # nobody is named
    _set(machine, operator_emails=["ops@example.com"])
    assert mails() == mails() == [("EUR/RON", "50.9")]
    banks.rates["BNR", date(2027, 3, 5)] = {"EUR": "60.9"}
    _fetch(machine, timedelta(hours=2))
    assert mails() == [("EUR/RON", "50.9"), ("EUR/RON", "60.9")]


@pytest.mark.requirement("TAX-5", "AUDIT-2")
def test_what_a_person_recorded_stays(machine: Machine, banks: FxSandbox) -> None:
    _bill(machine, "in-1")
    _fetch(machine)
    banks.say("BNR", "misprint")
    _fetch(machine, timedelta(hours=2))
    _record(machine, "2027-03-06", "7.5")  # it had really moved so far
    assert machine.one("SELECT ended_at IS NOT NULL FROM bursar.fx_held") is True
    banks.say("BNR", "well")
    banks.rates["BNR", date(2027, 3, 8)] = {"EUR": "7.6"}
    _fetch(machine, timedelta(days=3))  # Monday; the file of several days is not asked for
    assert [row[1] for row in _rates(machine)[-2:]] == ["7.5", "7.6"]
    assert machine.one("SELECT count(*) FROM bursar.fx_held") == 1

    _fetch(machine, timedelta(days=2))  # now it is, and says of Friday what it always did
    assert banks.asked[-1] == _TEN_DAYS
    assert [row[1:] for row in _rates(machine) if row[0] == date(2027, 3, 6)] == [("7.5", "app:test")]


@pytest.mark.requirement("TAX-5")
def test_a_corrected_rate_is_corrected_and_an_odd_old_one_left_out(machine: Machine, banks: FxSandbox) -> None:
    _bill(machine, "in-1")
    banks.rates["BNR", date(2027, 3, 2)] = {"EUR": "0.5"}
    _fetch(machine)
    assert date(2027, 3, 3) not in {row[0] for row in _rates(machine)}
    was = _rates(machine)[-1][1]
    banks.rates["BNR", date(2027, 3, 4)] = {"EUR": "5.3"}
    do(machine.context, lambda unit: subscriber(unit, "bob", country="RO"))
    _bill(machine, "in-2", "USD")  # a currency that is new: the bank is asked again, for several days
    _fetch(machine)
    assert banks.asked == [_TEN_DAYS] * 2
    assert (_rates(machine)[-1][1], _rates(machine, "USD")[-1][0]) == (was, date(2027, 3, 5))  # of euros nothing was asked

    _fetch(machine, timedelta(days=4))  # Tuesday: Friday and Monday are missing, so several days are told
    assert [row[1] for row in _rates(machine) if row[0] == date(2027, 3, 5)] == ["5.3"]
    corrected = "SELECT before ->> 'rate', after ->> 'rate' FROM bursar.audit WHERE action = 'fx_rate.recorded' AND before IS NOT NULL"
    assert machine.all(corrected) == [(was, "5.3")]


@pytest.mark.requirement("TAX-5")
def test_a_currency_that_the_bank_does_not_tell_is_not_asked_for_all_day(machine: Machine, banks: FxSandbox) -> None:
    _bill(machine, "in-1", "MXN")
    for _ in range(3):
        _fetch(machine, timedelta(minutes=20))
    assert machine.all("SELECT unlisted, error FROM bursar.fx_feed") == [(["MXN"], None)]
    assert (len(banks.asked), _waiting(machine)) == (1, 1)


@pytest.mark.requirement("TAX-5")
@pytest.mark.parametrize(
    ("currency", "quote", "expected"), [("USD", "EUR", "0.861697544"), ("USD", "CZK", "20.947867299"), ("EUR", "CZK", "24.31")]
)
def test_elsewhere_the_ecb_is_asked(machine: Machine, banks: FxSandbox, currency: str, quote: str, expected: str) -> None:
    do(machine.context, lambda unit: seller(unit, currency=quote))
    machine.clock.move_to(_FRIDAY + timedelta(hours=6))
    banks.rates["ECB", date(2027, 3, 5)] = {"USD": "1.1605", "CZK": "24.31"}
    _bill(machine, "in-1", currency)
    _fetch(machine)
    assert banks.asked == ["/stats/eurofxref/eurofxref-hist-90d.xml"]
    assert _rates(machine, currency, quote)[-1] == (date(2027, 3, 5), expected, "provider:fx")  # it holds at once
    assert _waiting(machine) == 0
    _fetch(machine, timedelta(days=3))
    assert banks.asked[1:] == ["/stats/eurofxref/eurofxref-daily.xml"]


@pytest.mark.requirement("TAX-5")
def test_a_rate_that_is_there_is_not_asked_for(machine: Machine, banks: FxSandbox) -> None:
    _bill(machine, "in-1")
    for valid_on in ("2027-03-05", "2027-12-31"):  # the app was first; the other one is a slip
        _record(machine, valid_on, "5.25")
    _fetch(machine)
    assert (banks.asked, _waiting(machine)) == ([], 0)
    _fetch(machine, timedelta(hours=2))
    assert banks.asked == [_NEWEST]
    assert _rates(machine)[0][1] == "5.25"
    assert machine.failures() == []


@pytest.mark.requirement("TAX-5")
def test_the_workers_role_asks_records_and_keeps_back(machine: Machine, banks: FxSandbox) -> None:
    _bill(machine, "in-1")
    reply = ask("BNR", machine.context.settings, several=True, at=machine.clock.now())
    reply.days[date(2027, 3, 5)] = {"EUR": "50.9"}
    answer = told("BNR", ["EUR"], "RON", reply, "BNR:1", machine.clock.now())
    fact = rates(parse(answer.body, inbox_id=1, received_at=machine.clock.now(), headers={}))
    with machine.context.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE bursar_app")
        unit = Unit(connection, machine.context.keys, now=machine.clock.now(), actor="provider:fx")
        assert ask_fx_rates(unit) == "BNR"
        take_fx_answer(unit, fact)
        unit.flush()
    assert machine.one("SELECT count(*) FROM bursar.fx_held") == 1
    before = _rates(machine)
    do(machine.context, lambda unit: take_fx_answer(unit, fact))  # told twice
    assert (_rates(machine), machine.one("SELECT count(*) FROM bursar.audit WHERE action = 'fx_rate.held_back'")) == (before, 1)


def test_in_mode_test_nobody_is_asked_without_a_stand_in(machine: Machine) -> None:
    _bill(machine, "in-1")
    assert fetch_fx_rates(machine.context, machine.clock.now())["items"] == 0
    assert machine.one("SELECT count(*) FROM bursar.outbox WHERE kind = 'fx.fetch'") == 0

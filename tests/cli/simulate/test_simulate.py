"""Two plays of one seed print the same; what breaks a rule ends the play and is named; 31 January, 29 February and DST are played."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.simulate.actors.table import ACTORS
from cli.simulate.bridge import GapError, bridge
from cli.simulate.buyers import SELLER
from cli.simulate.ground import NotEmptyError, prepare
from cli.simulate.year import RuleBrokenError, Wanted, Year
from core.ids import seed_ids
from tests.cli.simulate.telling import played
from tests.harness import einvoices
from tests.harness.cluster import Database, copy_template, drop

Playing = Callable[..., Year]
_ROOT = Path(__file__).parents[3]


@pytest.fixture
def playing(database: Database) -> Iterator[Playing]:
    """A play on this test's database."""
    made: list[Year] = []

    def play(**wanted: object) -> Year:
        said = {"customers": 3, "days": 10, "seed": 1, "faults": False, "begins": datetime(2027, 1, 1, tzinfo=UTC)} | wanted
        made.append(Year(database.url, Wanted(**said)))  # type: ignore[arg-type]
        return made[-1]

    yield play
    for year in made:
        year.play.close()
    seed_ids(None)


def _told_elsewhere(url: str) -> list[str]:
    """By another process, whose sets have another order."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.simulate.telling", url], env={**os.environ, "PYTHONHASHSEED": "7"}, cwd=_ROOT, check=True,
        stdout=subprocess.PIPE, text=True, timeout=300,
    )  # fmt: skip
    return done.stdout.splitlines()


@pytest.mark.requirement("SUB-3", "INV-8", "TAX-2")
def test_one_seed_with_all_its_faults_prints_the_same_bytes_and_breaks_no_rule(
    database: Database, cluster_url: str, redis_url: str, tmp_path: Path
) -> None:
    first = played(database.url)
    second = Database(copy_template(cluster_url, f"{database.url.rsplit('/', 1)[1]}_again"), redis_url, tmp_path)
    assert first == _told_elsewhere(second.url)
    drop(cluster_url, second.url.rsplit("/", 1)[1])
    money = next(line.split() for line in first if line.startswith("= money in"))
    assert float(money[3]) > 0
    assert next(line.split()[-1] for line in first if line.startswith("e-Facturas accepted")) != "0"
    with database.connect() as connection:
        assert einvoices.gather(connection, "bursar simulate --papers") > 0  # judged by schema and Schematron at the end of all tests


def test_damage_ends_the_play_and_is_named_with_its_seed(playing: Playing) -> None:
    year = playing(days=4)
    year.play.connection.execute(
        """CREATE FUNCTION bursar.damage() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN NEW.total_minor := NEW.total_minor + 1; RETURN NEW; END $$;
           CREATE TRIGGER damage BEFORE INSERT ON bursar.invoice FOR EACH ROW EXECUTE FUNCTION bursar.damage()"""
    )
    one = next(iter(year.script.people.values()))
    one.arrives, one.pays, one.product = year.wanted.begins, "manual", "pro"
    year.script.only(one)
    with pytest.raises(RuleBrokenError, match=r"(?s)day 1 .*--seed 1.*invoices_add_up.*invoice c0"):
        year.run()


@pytest.mark.requirement("SUB-13")
def test_31_january_29_february_and_both_changes_of_the_clock_are_billed_once_each(playing: Playing) -> None:
    """One play, three customers: the month's end of a leap year, a zone whose summer begins, one whose summer ends."""
    begins = datetime(2028, 1, 30, tzinfo=UTC)
    year = playing(customers=3, days=72, begins=begins)
    people = list(year.script.people.values())
    for one, (zone, day) in zip(people, [("UTC", 1), ("Europe/Berlin", 29), ("Australia/Sydney", 11)], strict=True):
        one.zone, one.arrives, one.card = zone, begins + timedelta(days=day, hours=12), "pm_card_visa"
        one.pays, one.product, one.cycle, one.anchor_day, one.promo, one.seats = "card", "pro", ("month", 1), None, None, 1
    year.script.only(*people)
    year.run()
    told = year.play.all(
        """SELECT p.subscription_ref, to_char(p.period_start AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), i.status
           FROM bursar.subscription_period p JOIN bursar.invoice i ON i.external_id = p.invoice_ref ORDER BY 1, 2"""
    )
    expected = [
        ["01-31 12:00", "02-29 12:00", "03-31 12:00"], ["02-28 12:00", "03-28 11:00"], ["02-10 12:00", "03-10 12:00", "04-10 13:00"],
    ]  # fmt: skip
    assert told == [(one.subscription, at, "paid") for one, days in zip(people, expected, strict=True) for at in days]
    _no_cent_is_unexplained(year)


def _no_cent_is_unexplained(year: Year) -> None:
    """The bridge reaches the other side, and misses one cent on either."""
    lines = {line.name: line for line in bridge(year.play)}
    assert lines["= money in"].amount == lines["= kept"].amount == 8 * 2_000
    for damage, said in (
        ("UPDATE bursar.payment SET received_minor = received_minor + 1", "160.08 came in, and 160.00 is explained"),
        ("UPDATE bursar.charge SET amount_captured_minor = 1 WHERE status = 'succeeded'", "took 20.00, we know of 0.01"),
        ("DELETE FROM bursar.charge", "took 20.00, we know of 0.00"),
    ):
        with year.play.connection.transaction(force_rollback=True):
            year.play.connection.execute(damage)
            with pytest.raises(GapError, match=said):
                bridge(year.play)


class _Short:
    """A chance by which each customer hands in a transfer at once, of which a euro is missing."""

    def random(self) -> float:
        return 0.01

    def choice(self, options: Sequence[int]) -> int:
        return options[0]

    def choices(self, options: Sequence[str], _weights: Sequence[int]) -> list[str]:
        return [options[0]]


@pytest.mark.requirement("INV-13")
def test_what_was_paid_of_an_invoice_that_ended_unpaid_is_counted_once(playing: Playing) -> None:
    year = playing(days=21)
    one = next(iter(year.script.people.values()))
    one.arrives, one.pays, one.product, one.cycle, one.seats = year.wanted.begins, "manual", "pro", ("month", 1), 1
    one.promo, one.trial, one.organisation = None, False, False
    year.script.only(one)
    year.script.chance = _Short()  # type: ignore[assignment]
    year.run()
    assert year.play.all("SELECT DISTINCT status, amount_paid_minor FROM bursar.invoice WHERE status <> 'pending'") == [("void", 1_900)]
    lines = {line.name: line.amount for line in bridge(year.play)}
    assert (lines["more than was owed, now credit"], lines["= money in"]) == (1_900, 1_900)


@pytest.mark.requirement("TAX-2")
def test_a_paper_that_the_ministry_would_refuse_ends_the_play(playing: Playing) -> None:
    year = playing(days=2, papers=True)
    year.play.submit("billing.sellers.define.v1", SELLER | {"city": "București"})  # no sector
    one = next(iter(year.script.people.values()))
    one.arrives, one.pays, one.product, one.promo = year.wanted.begins, "manual", "pro", None
    year.script.only(one)
    with pytest.raises(RuleBrokenError, match=r"(?s)--papers.*papers_fit.*paper SIM-2027-000001: BR-RO-100"):
        year.run()


def test_each_actor_says_what_it_does_and_has_a_line_of_its_own() -> None:
    assert len({actor.name for actor in ACTORS}) == len(ACTORS)
    assert [actor.name for actor in ACTORS if not (actor.does.__doc__ or "").strip() or actor.a_month <= 0] == []


def test_a_database_that_holds_something_is_left_alone(database: Database) -> None:
    with pytest.raises(NotEmptyError, match="nothing was changed"):
        prepare(database.url, datetime(2027, 1, 1, tzinfo=UTC))

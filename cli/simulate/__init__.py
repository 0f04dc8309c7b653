"""`bursar simulate`: months of billing in minutes, with the real handlers, schedules and database, and proofs that no rule broke."""

from __future__ import annotations

import cProfile
import pstats
import resource
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import click
import structlog

from cli.embedded.errors import EmbeddedError
from cli.roles import action
from cli.simulate.found import Pace, found_in_all, pace_of_all
from cli.simulate.ground import NotEmptyError, prepare, rarely_collected, throw_away_cluster
from cli.simulate.shops import CUSTOMERS, Played, ShopFailedError, of_shop, play_shops, usual_shops, write
from cli.simulate.tell import found, told
from cli.simulate.year import RuleBrokenError, Wanted, Year
from core.clock import monotonic_s

_BEGINS = "2027-01-01"
_MOST_TOLD = 20


@click.command()
@click.option("--customers", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many customers come.")
@click.option("--days", type=click.IntRange(1, 4_000), default=90, show_default=True, help="How many days are played.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed prints the same bytes.")
@click.option("--faults", is_flag=True, help="Calls fail, replies and webhooks get lost, doubled and late, workers die.")
@click.option("--papers", is_flag=True, help="A Romanian seller: numbered papers, VAT, e-Factura.")
@click.option("--begins", default=_BEGINS, show_default=True, help="The first day, UTC.")
@click.option("--shops", type=click.IntRange(1, 1_000), help=f"Shops, side by side. Default: one per {CUSTOMERS} customers.")
@click.option("--shop", type=click.IntRange(1), help="Play only this one of the shops.")
@click.option("--database", default="", help="URL of an empty database. Default: a cluster of its own, which is thrown away.")
@click.option("--tell", type=click.Path(path_type=Path), hidden=True)
@click.option("--profile", is_flag=True, hidden=True)
@click.option("--verbose", is_flag=True, help="The log, on standard error.")
@action("process")
def simulate(
    customers: int, days: int, seed: int, faults: bool, papers: bool, begins: str, shops: int | None, shop: int | None, database: str,
    tell: Path | None, profile: bool, verbose: bool,
) -> None:  # fmt: skip
    """Play months of billing under a virtual clock, and check that no rule breaks.

    Customers of several kinds subscribe, pay, fail to pay, change, refund, dispute and leave. What is printed on standard output
    depends on the options alone; how quick it was is told on standard error. Many customers are played as several shops, as many
    at a time as there are processors; what is printed is the sum of all.
    """
    if not verbose:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    wanted = Wanted(
        customers=customers, days=days, seed=seed, faults=faults, papers=papers, begins=datetime.fromisoformat(begins).replace(tzinfo=UTC),
        shops=_shops(customers, shops, shop, database),
    )  # fmt: skip
    options = [f"--customers={customers}", f"--days={days}", f"--seed={seed}", f"--begins={begins}", f"--shops={wanted.shops}"]
    flags = {"--faults": faults, "--papers": papers, "--verbose": verbose}
    with _ended_as_by_ctrl_c():
        if shop is not None or wanted.shops == 1:
            played = [_one(of_shop(wanted, shop or 1), database, profile=profile)]
        else:
            played = _all(wanted, [*options, *(name for name, given in flags.items() if given)])
    if tell is not None:
        write(tell, played[0])
        return
    for line in told(found_in_all([one.found for one in played])):
        click.echo(line)
    _rate(pace_of_all([one.pace for one in played]), len(played))


def _shops(customers: int, shops: int | None, shop: int | None, database: str) -> int:
    """How many there are.

    Raises:
        click.UsageError: it cannot be so.
    """
    if database and shop is None:
        if shops not in (None, 1):
            raise click.UsageError("each shop needs a database of its own: leave out --database, or play one of them with --shop")
        return 1
    count = shops or usual_shops(customers)
    if count > customers:
        raise click.UsageError(f"{count} shops for {customers} customers: each needs one")
    if shop is not None and shop > count:
        raise click.UsageError(f"there are {count} shops: no number {shop}")
    return count


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Whoever ends the play, its database is thrown away."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _all(wanted: Wanted, options: list[str]) -> list[Played]:
    try:
        return play_shops(wanted, options)
    except ShopFailedError as error:
        raise click.ClickException(str(error)) from error


def _one(wanted: Wanted, database: str, *, profile: bool) -> Played:
    """Play one shop in this process."""
    try:
        with ExitStack() as stack:
            url = database or stack.enter_context(throw_away_cluster())
            prepare(url, wanted.begins)
            return _played(url, wanted, profile=profile)
    except (EmbeddedError, NotEmptyError, RuleBrokenError) as error:
        raise click.ClickException(str(error)) from error


def _played(url: str, wanted: Wanted, *, profile: bool) -> Played:
    began_s, cpu_s = monotonic_s(), _cpu_s()
    year = Year(url, wanted)
    profiler = cProfile.Profile() if profile else None
    try:
        with profiler or nullcontext(), rarely_collected():
            year.run()
        return Played(found(year), _pace(year, began_s, cpu_s))
    except RuleBrokenError:
        _rate(_pace(year, began_s, cpu_s), 1)
        raise
    finally:
        if profiler is not None:
            pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(45)
        year.play.close()


def _pace(year: Year, began_s: float, cpu_s: float) -> Pace:
    play = year.play
    return Pace(
        began_s=began_s, ended_s=monotonic_s(), cpu_s=_cpu_s() - cpu_s, subscription_days=year.subscription_days, instants=year.instants,
        runs=dict(year.runs.counts), failed=dict(year.runs.failed), deaths=dict(play.deaths), webhooks=dict(play.post.counts),
        spent_us=dict(play.spent),
    )  # fmt: skip


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _rate(pace: Pace, shops: int) -> None:
    wall_s = pace.ended_s - pace.began_s
    click.echo(
        f"{pace.subscription_days} subscription-days in {wall_s:.1f} s: {pace.subscription_days / wall_s:.0f} a second; "
        f"{pace.cpu_s:.1f} s of processor in Python; {shops} shop{'s' if shops > 1 else ''}, {pace.instants} instants, "
        f"{sum(pace.runs.values())} runs, {sum(pace.deaths.values())} deaths, webhooks {pace.webhooks}",
        err=True,
    )  # fmt: skip
    for what, micros in Counter(pace.spent_us).most_common(_MOST_TOLD):
        click.echo(f"  {micros / 1_000_000:8.1f} s  {what}", err=True)
    click.echo(f"  runs: {dict(Counter(pace.runs).most_common())}", err=True)
    if pace.failed:
        click.echo(f"  failed runs: {pace.failed}", err=True)

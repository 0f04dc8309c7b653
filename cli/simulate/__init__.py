"""`bursar simulate`: months of billing in minutes, with the real handlers, schedules and database, and proofs that no rule broke."""

from __future__ import annotations

import cProfile
import pstats
import resource
import sys
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime

import click
import structlog

from cli.embedded.errors import EmbeddedError
from cli.roles import action
from cli.simulate.ground import NotEmptyError, prepare, rarely_collected, throw_away_cluster
from cli.simulate.tell import told
from cli.simulate.year import RuleBrokenError, Wanted, Year
from core.clock import monotonic_s

_BEGINS = "2027-01-01"


@click.command()
@click.option("--customers", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many customers come.")
@click.option("--days", type=click.IntRange(1, 4_000), default=90, show_default=True, help="How many days are played.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed prints the same bytes.")
@click.option("--faults", is_flag=True, help="Calls fail, replies and webhooks get lost, doubled and late, workers die.")
@click.option("--papers", is_flag=True, help="A Romanian seller: numbered papers, VAT, e-Factura.")
@click.option("--begins", default=_BEGINS, show_default=True, help="The first day, UTC.")
@click.option("--database", default="", help="URL of an empty database. Default: a cluster of its own, which is thrown away.")
@click.option("--profile", is_flag=True, hidden=True)
@click.option("--verbose", is_flag=True, help="The log, on standard error.")
@action("process")
def simulate(
    customers: int, days: int, seed: int, faults: bool, papers: bool, begins: str, database: str, profile: bool, verbose: bool
) -> None:  # fmt: skip
    """Play months of billing under a virtual clock, and check that no rule breaks.

    Customers of several kinds subscribe, pay, fail to pay, change, refund, dispute and leave. What is printed on standard output
    depends on the options alone; how quick it was is told on standard error.
    """
    if not verbose:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    first = datetime.fromisoformat(begins).replace(tzinfo=UTC)
    wanted = Wanted(customers=customers, days=days, seed=seed, faults=faults, papers=papers, begins=first)
    try:
        with ExitStack() as stack:
            url = database or stack.enter_context(throw_away_cluster())
            prepare(url, wanted.begins)
            _played(url, wanted, profile=profile)
    except (EmbeddedError, NotEmptyError, RuleBrokenError) as error:
        raise click.ClickException(str(error)) from error


def _played(url: str, wanted: Wanted, *, profile: bool) -> None:
    began_s, cpu_s = monotonic_s(), _cpu_s()
    year = Year(url, wanted)
    profiler = cProfile.Profile() if profile else None
    with profiler or nullcontext(), rarely_collected():
        try:
            year.run()
        finally:
            _rate(year, monotonic_s() - began_s, _cpu_s() - cpu_s)
    if profiler is not None:
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(45)
    for line in told(year):
        click.echo(line)
    year.play.close()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _rate(year: Year, wall_s: float, cpu_s: float) -> None:
    rate = year.subscription_days / wall_s
    click.echo(
        f"{year.subscription_days} subscription-days in {wall_s:.1f} s: {rate:.0f} a second; {cpu_s:.1f} s of processor in Python; "
        f"{year.instants} instants, {year.runs.count} runs, {year.play.deaths.total()} deaths, webhooks {dict(year.play.post.counts)}",
        err=True,
    )  # fmt: skip
    for what, micros in year.play.spent.most_common(20):
        click.echo(f"  {micros / 1_000_000:8.1f} s  {what}", err=True)
    click.echo(f"  runs: {dict(year.runs.counts.most_common())}", err=True)
    if year.runs.failed:
        click.echo(f"  failed runs: {dict(year.runs.failed)}", err=True)

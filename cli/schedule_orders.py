"""`bursar schedule run|pause|resume|stop|consent`: what people order about scheduled runs. Each order says why, and is audited."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from cli.reason import reason_said
from cli.roles import action, actor
from cli.surroundings import acting
from cli.trouble import PROBLEMS, USAGE, TroubleError, nothing
from core.settings import Settings
from schedules.table import TABLE
from workers import slot_orders
from workers.slot_orders import Order, Slot

_JOBS = click.Choice([run.job for run in TABLE])
_INSTANT = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"])
_why = click.option("--reason", metavar="TEXT", required=True, help="Why; goes into the audit.")


@click.command("run")
@click.argument("job", type=_JOBS)
@click.option("--at", "at", type=_INSTANT, metavar="SLOT", help="As history shows it; UTC where no zone is said. Default: now.")
@_why
@action("operator")
def run(job: str, at: datetime | None, reason: str) -> None:
    """Run JOB now, once, though it be paused; with --at, a slot that was missed, skipped, held, stopped or has failed."""
    order, (chosen,) = _order(reason), [run for run in TABLE if run.job == job]
    with acting() as context:
        now = context.clock.now()
        slot_at = _utc(at) or now
        if slot_at > now:
            raise TroubleError(USAGE, f"{slot_at.isoformat()} has not come yet", effect="nothing was made", then="name a slot of the past")
        was = slot_orders.run_by_hand(context, chosen.queue, job, slot_at, order, money=chosen.money)
        if was == "done":
            raise TroubleError(
                PROBLEMS, f"the slot {slot_at.isoformat()} of {job} is done", effect="nothing was made: a slot runs once",
                then=f"what is due by now is taken up by a new slot: bursar schedule run {job} --reason '...'",
            )  # fmt: skip
        _hint(context.settings, [(chosen.queue, job, slot_at)])
    said = "is already on its way" if was in ("due", "running") else "is due" if was == "new" else f"was {was} and is due again"
    click.echo(f"{job}: the slot {slot_at.isoformat()} {said}; next: bursar schedule history {job}")
    if chosen.money:
        click.echo("it waits while a jump of the clock is not consented to: bursar doctor says so")


@click.command()
@click.argument("job", type=_JOBS)
@click.option("--until", type=_INSTANT, metavar="INSTANT", help="Ends by itself then; UTC where no zone is said.")
@_why
@action("operator")
def pause(job: str, until: datetime | None, reason: str) -> None:
    """Hold the slots of JOB until `resume`. A turn in hand ends after its page. Nothing is lost: what is due waits in its rows."""
    with acting() as context:
        end = _utc(until)
        if end is not None and end <= context.clock.now():
            raise TroubleError(USAGE, f"{end.isoformat()} is past", effect="nothing was paused", then="name an instant to come")
        slot_orders.pause(context, job, end, _order(reason))
    click.echo(f"{job}: paused{f' until {end.isoformat()}' if end else ''}; next: bursar schedule resume {job} --reason '...'")


@click.command()
@click.argument("job", type=_JOBS)
@_why
@action("operator")
def resume(job: str, reason: str) -> None:
    """End the pause of JOB, and let slots that were stopped go on where they were."""
    with acting() as context:
        paused, slots = slot_orders.resume(context, job, _order(reason))
        _hint(context.settings, slots)
    if not paused and not slots:
        raise nothing(f"{job} is neither paused nor stopped", "bursar schedule ls shows how every run stands")
    click.echo(f"{job}: {'no longer paused' if paused else 'goes on'}; slots that go on: {len(slots)}")


@click.command()
@click.argument("job", type=_JOBS)
@_why
@action("operator")
def stop(job: str, reason: str) -> None:
    """Stop the present slot of JOB after the page in hand. Its next slot comes as usual: `pause` holds that back."""
    with acting() as context:
        slots = slot_orders.stop(context, job, _order(reason))
    if not slots:
        raise nothing(f"no slot of {job} is due or running", f"to hold back the next one: bursar schedule pause {job} --reason '...'")
    click.echo(f"{job}: stops after its page, slots: {len(slots)}; next: bursar schedule resume {job} --reason '...'")


@click.command()
@_why
@action("operator")
def consent(reason: str) -> None:
    """Say that the clock is right after it jumped: runs that move money go on, by the time that it shows now."""
    with acting() as context:
        jumps, slots = slot_orders.consent(context, _order(reason))
        _hint(context.settings, slots)
        now = context.clock.now()
    if not jumps:
        raise nothing("no jump of the clock waits for consent", "bursar schedule ls shows what is held, and bursar doctor why")
    for jump in jumps:
        really = "nothing can tell how much time" if jump["passed_s"] is None else f"{jump['passed_s']} s"
        click.echo(f"consented: from {jump['from_at'].isoformat()} to {jump['to_at'].isoformat()}, while {really} passed")
    click.echo(f"the time is {now.isoformat()}; slots that go on: {len(slots)}")


ORDERS = (run, pause, resume, stop, consent)


def _order(reason: str) -> Order:
    return Order(str(actor()), reason_said(reason))


def _utc(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def _hint(settings: Settings, slots: Sequence[Slot]) -> None:
    """A courtesy: without it the sweep finds them in a second or two."""
    if slots:
        # By name: importing it makes the Celery app, which commands that only read can do without.
        hinter: Any = importlib.import_module("workers.hints").Hinter(settings.broker_url.get_secret_value())
        for queue, job, slot_at in slots:
            hinter.hint_slot(queue, job, slot_at.isoformat())
        hinter.close()

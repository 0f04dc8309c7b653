"""`bursar receiver`, `worker QUEUE`, ...: one process each, for containers and service managers."""

from __future__ import annotations

import click

from cli.entries import run
from core.settings import QUEUES, current


def _run(name: str, *arguments: str) -> None:
    try:
        run(name, current(), *arguments)
    except ValueError as error:
        # Settings that are missing or do not fit; their texts say what to do. Anything else shows its traceback.
        raise click.ClickException(str(error)) from error


@click.command()
def receiver() -> None:
    """Run the webhook receiver until SIGTERM."""
    _run("receiver")


@click.command()
@click.argument("queue", type=click.Choice(QUEUES))
def worker(queue: str) -> None:
    """Run the worker group of QUEUE until SIGTERM, which lets it finish what it has in hand."""
    _run("worker", queue)


@click.command()
def calls() -> None:
    """Run the workers that call providers and send mail, for all queues."""
    _run("calls")


@click.command()
def beat() -> None:
    """Run the clock that opens the schedules' slots. A second one does no harm."""
    _run("beat")


@click.command()
def standby() -> None:
    """Run the sweeps that find what was missed, and the work itself while the broker is away."""
    _run("standby")


@click.command()
def flower() -> None:
    """Run Flower on the loopback, read-only. Put a proxy with a login in front of it before others may see it."""
    _run("flower")

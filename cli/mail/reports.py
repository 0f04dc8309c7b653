"""`bursar mail report`: for mail servers that hand bounces to a command, and for trying one by hand."""

from __future__ import annotations

from typing import BinaryIO

import click

from cli.roles import action
from cli.surroundings import acting
from tasks.notifications.mail.reports import take


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
@action("operator")
def report(file: BinaryIO) -> None:
    """Take in a bounce or a complaint: FILE is the whole message; without it, what comes in is read. Known ones change nothing."""
    raw = file.read()
    with acting() as context, context.engine.begin() as connection:
        kind = take(context, connection, raw)
    meaning = {
        "known": "was taken in before", "other": "is neither a bounce nor a complaint",
        "nobodys": "names no mail of ours: nothing was changed",
        "soft_bounce": "is a delay: the other server goes on trying", "bounce": "is a bounce: its mail says so now",
        "complaint": "is a complaint: its address gets nothing more",
    }  # fmt: skip
    click.echo(f"it {meaning[kind]}")

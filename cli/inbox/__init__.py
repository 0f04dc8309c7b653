"""`bursar inbox ...`, also reachable as `celery -A workers.app inbox ...`: look at events and send them through again (INBOX-5)."""

from __future__ import annotations

import click

from cli.inbox.groups import groups
from cli.inbox.ls import ls
from cli.inbox.replay import replay
from cli.inbox.show import show


@click.group()
def inbox() -> None:
    """Events: list them, look at one, send them through again."""


for _command in (ls, show, replay, groups):
    inbox.add_command(_command)

"""`bursar inbox ...`, also reachable as `celery -A workers.app inbox ...`: look at events, send them through again."""

from __future__ import annotations

import click

from cli import runtime
from cli.lazy import Lazy

_COMMANDS = {
    "ls": ("cli.inbox.ls:ls", "List events, newest first."),
    "show": ("cli.inbox.show:show", "Show one event: how it stands, what it caused, what it said."),
    "replay": ("cli.inbox.replay:replay", "Send events through again, or try what that would do."),
    "backfill": ("cli.inbox.backfill:backfill", "Take in events that a provider produced and that never came."),
    "groups": ("cli.inbox.groups:groups", "Failed events by cause, with the command that replays each group."),
}


@click.group(cls=Lazy, commands_at=_COMMANDS)
def inbox() -> None:
    """Events: list them, look at one, send them through again."""
    # Under `celery` nobody has looked for a running copy yet; twice does no harm.
    runtime.adopt(runtime.home())

"""The filters that `inbox ls` and `inbox replay` share, as click options and as bound SQL conditions (SEC-12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from core.clock import SystemClock
from core.settings import QUEUES

STATES = ("received", "processing", "done", "ignored", "waiting", "dead")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_RELATIVE = re.compile(r"(\d{1,6})([smhdw])")

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are meant. `None` and `()` do not restrict."""

    states: tuple[str, ...] = ()
    source: str | None = None
    type: str | None = None
    object: str | None = None
    error: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    queue: str | None = None

    @property
    def empty(self) -> bool:
        """Whether it means every row."""
        return self == Filter()

    def conditions(self) -> tuple[list[str], dict[str, Any]]:
        """Fixed SQL conditions and the values bound to them; the states are left to the query, which has an index for each."""
        wanted = [
            ("source = %(source)s", "source", self.source),
            (
                "event_type LIKE %(type)s" if "*" in (self.type or "") else "event_type = %(type)s",
                "type",
                _pattern(self.type),
            ),
            ("object_id = %(object)s", "object", self.object),
            (_SAYS, "error", self.error),
            ("received_at >= %(since)s", "since", self.since),
            ("received_at < %(until)s", "until", self.until),
            ("queue = %(queue)s", "queue", self.queue),
        ]
        known = [(sql, name, value) for sql, name, value in wanted if value is not None]
        return [sql for sql, _, _ in known], {name: value for _, name, value in known}


_SAYS = "strpos(lower(concat_ws(E'\\n', error, error_class, fingerprint)), lower(%(error)s)) > 0"


def _pattern(text: str | None) -> str | None:
    """`customer.*` as a LIKE pattern in which only our `*` is special."""
    if text is None or "*" not in text:
        return text
    return re.sub(r"([\\%_])", r"\\\1", text).replace("*", "%")


class Instant(click.ParamType[datetime]):
    """A time: ISO 8601 (UTC unless it says otherwise), or back from now: `90s`, `30m`, `2h`, `3d`, `1w`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Text -> aware instant."""
        if isinstance(value, datetime):
            return value
        try:
            if relative := _RELATIVE.fullmatch(value.strip()):
                return SystemClock().now() - timedelta(**{_UNITS[relative[2]]: int(relative[1])})
            at = datetime.fromisoformat(value.strip())
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write 2026-03-01, 2026-03-01T12:00Z, 30m, 2h or 3d", param, ctx)


_OPTIONS = (
    click.option(
        "--state", "states", multiple=True, type=click.Choice(STATES), help="In this state. May be repeated."
    ),
    click.option("--source", help="From this source: stripe, paypal, zoom, ..."),
    click.option("--type", "type_", metavar="TYPE", help="Of this event type; `*` stands for anything: `invoice.*`."),
    click.option("--object", "object_", metavar="ID", help="About this object, by the provider's id."),
    click.option("--error", metavar="TEXT", help="Whose error, error class or fingerprint contains this text."),
    click.option(
        "--since",
        type=Instant(),
        metavar="TIME",
        help="Received at or after this time: ISO 8601, or 2h, 3d back from now.",
    ),
    click.option("--until", type=Instant(), metavar="TIME", help="Received before this time."),
    click.option("--queue", type=click.Choice(QUEUES), help="On this queue."),
)


def filter_options(command: F) -> F:
    """Add the filter's options to a command; `chosen` makes the Filter of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(options: dict[str, Any]) -> Filter:
    """The Filter that a command's options say. An empty text is refused, because it would silently mean everything."""
    for name in ("source", "type_", "object_", "error"):
        if options[name] == "":
            raise click.UsageError(f"--{name.rstrip('_')} is empty; leave it out to mean any")
    return Filter(
        states=tuple(dict.fromkeys(options["states"])),
        source=options["source"],
        type=options["type_"],
        object=options["object_"],
        error=options["error"],
        since=options["since"],
        until=options["until"],
        queue=options["queue"],
    )

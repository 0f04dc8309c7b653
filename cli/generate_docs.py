"""Renders the documents that are made from code: docs/configuration.md from the settings class, docs/events.md from the routes.

Made, because a table of settings or of events that is kept by hand is wrong after the first change that forgets it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Protocol, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from core.settings import Settings
from workers.routing import Route, fold

_MADE = "<!-- Made by `bursar generate`. Do not edit; a test compares it. -->"
_PLAIN = {str: "text", int: "integer", float: "number", bool: "`true` or `false`", Path: "path", SecretStr: "secret"}
_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}

_CONFIGURATION = f"""{_MADE}
# Configuration

Every setting is an environment variable, read once when a process starts; a changed one needs a restart. A setting can
also come from a file, which suits mounted secrets: `BURSAR_<NAME>_FILE` names the file, and it wins over the variable.
Lists are separated by commas. A value that does not fit stops the process with a message that names the setting.

`python3 dev.py up` makes what is missing for one machine: the two URLs, the webhook secrets, the PayPal webhook id, the
audit key and Flower's password. They are kept in its home. An example for a server is in [.env.example](../.env.example).

Two more variables are read by the command line only: `BURSAR_ROLE` (`viewer`, `operator`, `finance` or `admin`; default
`operator`) and `BURSAR_ACTOR` (who you are; default: your login). See [the command line](runbook/command-line.md).
"""

_EVENTS = f"""{_MADE}
# Events

Every event type that Bursar knows: its queue, its handler, and what the handler does. The queue is the folder. A handler's
place follows from the event's name alone: split at the dots, lower case, `-` becomes `_`; the last part is the function,
the rest is the module. `customer.subscription.updated` is `updated` in `customer_subscription.py`.

An event of a type that stands nowhere on this page is stored as `ignored` with the reason `no_handler`. A run opens it
again once a version has a handler for it. Signed bytes that are no event at all are stored under the type `unparsable`,
fail on the ladder and wait as dead.

What the main app sends is on [a page of its own](commands.md).

Types that end in `.fetched` or `.FETCHED` are not sent by a provider: they are what a look-up of ours brought back.
"""


class Tables(Protocol):
    """What `cli.generate.scan` found, as far as it is shown here."""

    routes: dict[str, dict[str, str]]
    prefixes: dict[str, dict[str, str]]
    ignored: dict[str, dict[str, str]]


def render_configuration() -> str:
    """The text of docs/configuration.md."""
    lines = [_CONFIGURATION]
    for section, names in _sections().items():
        lines += [f"## {section}", "", "| setting | kind | default | meaning |", "|---|---|---|---|"]
        for name in names:
            field = Settings.model_fields[name]
            lines.append(
                f"| `BURSAR_{name.upper()}` | {_kind(field)} | {_default(field)} | {_cell(field.description or '')} |"
            )
        lines.append("")
    return "\n".join(lines)


def _sections() -> dict[str, list[str]]:
    """Field names by the first sentence of the class that declares them, in the order of reading."""
    parts = [
        one for one in reversed(Settings.__mro__) if issubclass(one, BaseSettings) and inspect.get_annotations(one)
    ]
    return {
        _first_line(one).rstrip("."): [name for name in inspect.get_annotations(one) if name in Settings.model_fields]
        for one in parts
        if any(name in Settings.model_fields for name in inspect.get_annotations(one))
    }


def _kind(field: FieldInfo) -> str:
    """A setting's type and bounds in words."""
    kind = _type(field.annotation)
    bounds = [
        f"{words} {getattr(rule, attribute):g}"
        for rule in field.metadata
        for attribute, words in _BOUNDS.items()
        if getattr(rule, attribute, None) is not None
    ]
    return ", ".join([kind, *bounds])


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin is list:
        return f"list of {_type(arguments[0])}s"
    if origin is UnionType:
        return _type(next(one for one in arguments if one is not type(None)))
    return _PLAIN[annotation]


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, list):
        value = ",".join(f"{part:g}" if isinstance(part, float | int) else str(part) for part in value)
    if isinstance(value, bool):
        value = str(value).lower()
    return "empty" if value in ("", None) else f"`{value}`"


def render_events(found: Tables) -> str:
    """The text of docs/events.md."""
    lines = [_EVENTS]
    for source in sorted(set(found.routes) - {"app"}):
        lines += [f"## {source}", "", "| event | queue | handler | effect |", "|---|---|---|---|"]
        lines += _handled(source, found.routes[source], found.prefixes.get(source, {}))
        reasons = found.ignored.get(source, {})
        if reasons:
            lines += ["", f"### Stored and not processed: {source}", "", "| event | why |", "|---|---|"]
            lines += [f"| `{event_type}` | {_cell(reason)} |" for event_type, reason in sorted(reasons.items())]
        lines.append("")
    return "\n".join(lines)


def _handled(source: str, routes: Mapping[str, str], prefixes: Mapping[str, str]) -> Iterator[str]:
    for event_type, queue in sorted(routes.items()):
        yield _row(event_type, Route(queue, source, *fold(event_type)))
    for prefix, target in sorted(prefixes.items()):
        folder, function = target.split(":")
        queue, module = folder.split("/")
        yield _row(f"{prefix}*", Route(queue, source, module, function))


def _row(event_type: str, found: Route) -> str:
    path = f"tasks/{found.queue}/{found.source}/{found.module}.py"
    return f"| `{event_type}` | {found.queue} | [`{path}`](../{path}) `{found.function}` | {_cell(_effect(found))} |"


def _effect(found: Route) -> str:
    """The handler's own first sentence, after that of its module unless both say the same."""
    module = importlib.import_module(found.path)
    said = [_first_line(module), _first_line(getattr(module, found.function))]
    return " ".join(dict.fromkeys(text for text in said if text))


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").split("\n", 1)[0].strip()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

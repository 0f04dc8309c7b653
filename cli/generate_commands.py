"""Renders docs/commands.md: what the main app may ask for, from the contracts that its programs read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from billing.rules.commands.base import COMMANDS
from cli.contracts import contract
from workers.routing import Route, fold

_HEAD = """<!-- Made by `bursar generate`. Do not edit; a test compares it. -->
# Commands

Everything that the main app may ask for. A command's name carries its version; a version only ever gains optional fields.
The same is in [contracts/](../contracts) as JSON Schema. How to send one is in [Commands from your app](main-app.md).

A command that succeeds has the result shown; one that is refused has a `code`, a `message` for people and `details`. Besides
the codes listed, each command may be refused as `invalid_payload`, with the field's name in `details.field`. A refusal is
final and leaves no effect; the same key gives the same refusal again.
"""


def render_commands(queues: Mapping[str, str]) -> str:
    """The text of docs/commands.md; `queues` has each command's queue."""
    lines = [_HEAD]
    for name, queue in sorted(queues.items()):
        lines += _command(name, queue)
    return "\n".join(lines)


def _command(name: str, queue: str) -> Iterator[str]:
    told = contract(COMMANDS[name], queue)
    module, function = fold(name)
    path = Route(queue, "app", module, function).path.replace(".", "/") + ".py"
    yield f"## `{name}`\n"
    yield f"{told['description']}\n"
    yield f"Queue `{queue}`, handler [`{path}`](../{path}) `{function}`.\n"
    yield "| field | kind | | meaning |\n|---|---|---|---|"
    for field, schema in told["properties"].items():
        needed = "required" if field in told["required"] else f"default `{_value(schema.get('default'))}`"
        yield f"| `{field}` | {_kind(schema)} | {needed} | {schema['description']} |"
    if told["x-result"]:
        yield f"\nResult: {told['x-result']['description']}\n"
        yield "| field | kind | meaning |\n|---|---|---|"
        for field, schema in told["x-result"]["properties"].items():
            yield f"| `{field}` | {_kind(schema)} | {schema['description']} |"
    own = {code: when for code, when in told["x-refusals"].items() if code != "invalid_payload"}
    if own:
        yield "\n| refused as | when |\n|---|---|"
        yield from (f"| `{code}` | {when} |" for code, when in own.items())
    yield ""


def _kind(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}s"
    return str(schema.get("type", "any"))


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

"""The contracts of the main app's commands: contracts/<name>.schema.json, made from the dataclasses, and what may change in them.

An app is written and rolled out apart from Bursar. So a contract that was published only ever gains optional fields;
whatever would break an app is a new version under a new name, beside the old one.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from billing.rules.commands.base import COMMANDS, Command
from providers.app.event_types import EVENT_TYPES

FOLDER = Path(__file__).resolve().parent.parent / "contracts"
SUFFIX = ".schema.json"

Schema = Mapping[str, Any]


def render_contracts(queues: Mapping[str, str]) -> dict[Path, str]:
    """Every contract's file and its text; `queues` has each command's queue."""
    return {
        FOLDER / f"{name}{SUFFIX}": json.dumps(contract(COMMANDS[name], queues[name]), indent=2, ensure_ascii=False) + "\n"
        for name in EVENT_TYPES
    }


def contract(command: type[Command], queue: str) -> dict[str, Any]:
    """A JSON Schema of the payload; what else an app must know stands in the `x-` fields."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": command.NAME,
        **schema_of(command),
        "additionalProperties": False,
        "x-queue": queue,
        "x-result": schema_of(command.RESULT) if command.RESULT else None,
        "x-refusals": {
            "invalid_payload": "the payload does not fit this schema; `details.field` names the field",
            **command.REFUSALS,
        },
    }


def schema_of(kind: type) -> dict[str, Any]:
    """msgspec's schema of a dataclass, with the docstrings of class and fields as descriptions."""
    (made,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    root = components.pop(made["$ref"].rsplit("/", 1)[1])
    if components:
        raise ValueError(f"{kind.__name__}: fields of commands and results are plain values or lists of these, so far")
    said = field_docs(kind)
    if missing := [name for name in root["properties"] if name not in said]:
        raise ValueError(f"{kind.__name__}: fields without a docstring: {', '.join(missing)}")
    return {
        "description": " ".join(inspect.getdoc(kind).split()),  # type: ignore[union-attr]  # a tidy test demands it
        "type": "object",
        "properties": {name: {**schema, "description": said[name]} for name, schema in root["properties"].items()},
        "required": root.get("required", []),
    }


def field_docs(kind: type) -> dict[str, str]:
    """The docstring below each field, from the source: Python keeps none."""
    body = _classes(kind.__module__)[kind.__name__].body
    said = {}
    for field, below in itertools.pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                said[name] = " ".join(text.split())
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: text for name, text in said.items() if name in names}


@cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    """A module's classes, parsed once; asked for each class's source, Python would read the whole module as often."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def breaking_changes(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> Iterator[str]:
    """What would break an app that was written for `old` (name -> contract), each as a sentence that says what to do.

    Not breaking: a new optional field, a wider type, a new field in a result, a new refusal (apps take codes that they do not
    know for what they are: a refusal).
    """
    for name, before in sorted(old.items()):
        if name not in new:
            yield f"{name}: the command is gone; keep it as long as an app may send it"
            continue
        found = [*_payload(before, new[name]), *_result(before.get("x-result"), new[name].get("x-result"))]
        yield from (f"{name}: {what}; make a new version of it beside this one" for what in found)


def _payload(before: Schema, after: Schema) -> Iterator[str]:
    """An app sends what `before` allowed: all of that must still fit."""
    for field, schema in before["properties"].items():
        if field not in after["properties"]:
            yield f"the field {field} is gone"
        elif not _takes(after["properties"][field], schema):
            yield f"the field {field} takes less than it did"
        elif schema.get("default") != after["properties"][field].get("default"):
            yield f"the field {field} means something else when it is left out"
    for field in after["required"]:
        if field not in before["required"]:
            yield f"the field {field} has become required"


def _result(before: Schema | None, after: Schema | None) -> Iterator[str]:
    """An app reads what `before` promised: all of that must still come, and be no more than it was."""
    if before is None:
        return
    if after is None:
        yield "the result is gone"
        return
    for field, schema in before["properties"].items():
        if field not in after["properties"]:
            yield f"the result's field {field} is gone"
        elif not _takes(schema, after["properties"][field]):
            yield f"the result's field {field} may be what it never was"


def _takes(wide: Schema, narrow: Schema) -> bool:
    """Whether every value of `narrow` fits `wide`."""
    if "anyOf" in narrow:
        return all(_takes(wide, one) for one in narrow["anyOf"])
    if "anyOf" in wide:
        return any(_takes(one, narrow) for one in wide["anyOf"])
    if "enum" in wide:
        return set(narrow.get("enum", [None, "no enum"])) <= set(wide["enum"])
    if "enum" in narrow:
        return wide.get("type") in (None, "string" if all(isinstance(value, str) for value in narrow["enum"]) else "integer")
    if wide.get("type") == narrow.get("type") == "array":
        return _takes(wide.get("items", {}), narrow.get("items", {}))
    return not wide.get("type") or wide.get("type") == narrow.get("type")


def published(folder: Path = FOLDER) -> dict[str, Schema]:
    """The contracts in a folder, by name."""
    return {
        path.name.removesuffix(SUFFIX): json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"*{SUFFIX}"))
    }

"""Form-encoded parameters as the SDK writes them (`a[b]=c`, `a[0][b]=c`, `a[]=c`) -> nested dicts and lists of text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_PARTS = re.compile(r"\[([^\]]*)\]")


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The parameters. What is indexed by numbers, or by nothing, becomes a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        first, _, rest = name.partition("[")
        way = [first, *_PARTS.findall(f"[{rest}" if rest else "")]
        here = found
        for step in way[:-1]:
            here = here.setdefault(_step(here, step), {})
        here[_step(here, way[-1])] = value
    return {name: _listed(value) for name, value in found.items()}


def _step(here: dict[str, Any], step: str) -> str:
    return step or str(len(here))


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(item) for name, item in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner

"""docker-compose.yml as its reader sees it: anchors resolved, `${...}` filled in from an environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.harness.processes import ROOT

COMPOSE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def raw() -> str:
    """The file's text."""
    return COMPOSE.read_text(encoding="utf-8")


def variables() -> set[str]:
    """Every variable that the file asks for."""
    return {match[1] for match in _VARIABLE.finditer(raw())}


def example() -> dict[str, str]:
    """What .env.example sets."""
    lines = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def filled(environment: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables replaced as Compose replaces them.

    Raises:
        AssertionError: a variable that must be set (`:?`) is not.
    """
    yaml = pytest.importorskip("yaml", reason="PyYAML reads docker-compose.yml; it is not installed")
    loaded: dict[str, Any] = _fill(yaml.safe_load(raw()), environment)
    return loaded


def _fill(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _value(match, environment), value)
    if isinstance(value, dict):
        return {name: _fill(part, environment) for name, part in value.items()}
    return [_fill(part, environment) for part in value] if isinstance(value, list) else value


def _value(match: re.Match[str], environment: Mapping[str, str]) -> str:
    given = environment.get(match[1], "")
    assert given or match[2] == "-", f"{match[1]} must be set"
    return given or match[3]


def files_of(folder: Path) -> set[str]:
    """Names of a folder's entries."""
    return {path.name for path in folder.iterdir()}

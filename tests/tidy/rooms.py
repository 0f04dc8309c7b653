"""Which room may import what from outside. The rooms among themselves are import-linter's work (see pyproject.toml)."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.tidy.source import ROOMS, Module, imports

ALLOWED: dict[str, frozenset[str]] = {
    "core": frozenset({"pydantic", "pydantic_settings", "structlog", "cryptography"}),
    "billing/rules": frozenset(),
    # holidays: periods in working days.
    "billing/operations": frozenset({"sqlalchemy", "psycopg", "structlog", "holidays"}),
    "models": frozenset({"sqlalchemy", "alembic", "psycopg", "msgspec"}),
    # msgspec reads payloads, cryptography checks PayPal's signatures, stdnum check digits; the rest are the clients.
    "providers": frozenset({"stripe", "requests", "msgspec", "cryptography", "starlette", "structlog", "stdnum"}),
    "emails": frozenset({"jinja2", "css_inline", "babel", "typst"}),
    "workers": frozenset(
        {
            "celery",
            "kombu",
            "billiard",
            "redis",
            "sqlalchemy",
            "psycopg",
            "msgspec",
            "structlog",
            "sentry_sdk",
            "prometheus_client",
        }
    ),
    "tasks": frozenset({"sqlalchemy", "psycopg", "structlog", "msgspec"}),
    "schedules": frozenset({"celery", "sqlalchemy", "psycopg", "structlog"}),
    "webhooks_ingest": frozenset(
        {
            "starlette",
            "pydantic",
            "msgspec",
            "psycopg",
            "structlog",
            "uvicorn",
            "uvloop",
            "httptools",
            "prometheus_client",
            "cryptography",
        }
    ),
    "console": frozenset({"starlette", "jinja2", "psycopg", "structlog"}),
}
"""Folder -> distributions' import names. `cli` may use everything. To widen a room is a decision."""

_OURS = frozenset((*ROOMS, "tests", "benchmarks", "clients"))


def allowed_imports(module: Module) -> Iterator[str]:
    """A room uses only the libraries that it is for."""
    folders = [folder for folder in ALLOWED if module.path.startswith(f"{folder}/")]
    if not folders:
        return
    folder = max(folders, key=len)
    for node, name in imports(module):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in _OURS and top not in ALLOWED[folder]:
            yield module.at(node, f"{folder} imports {top}, which this room is not for (tests/tidy/rooms.py)")


def no_tests(module: Module) -> Iterator[str]:
    """What is shipped does not need the tests."""
    for node, name in imports(module):
        if name.partition(".")[0] in ("tests", "benchmarks"):
            yield module.at(node, f"imports {name}: tests are not shipped")

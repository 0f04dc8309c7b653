"""Imports every aggregate, so that `AGGREGATES` is complete wherever references are resolved."""

from __future__ import annotations

import importlib
import pkgutil

import models

_NOT_ROWS = frozenset(
    {"aggregates", "base", "booked", "bulk", "database", "disputable", "migrate", "migrations", "plain", "refundable", "versions"}
)

for _module in pkgutil.iter_modules(models.__path__):
    if _module.name not in _NOT_ROWS:
        importlib.import_module(f"models.{_module.name}")

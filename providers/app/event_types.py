"""The commands of the main app as event types: one for each class in billing/rules/commands."""

from __future__ import annotations

import importlib
import pkgutil

import billing.rules.commands
from billing.rules.commands.base import COMMANDS

for _module in pkgutil.iter_modules(billing.rules.commands.__path__):
    importlib.import_module(f"{billing.rules.commands.__name__}.{_module.name}")

EVENT_TYPES: tuple[str, ...] = tuple(sorted(COMMANDS))

IGNORED: dict[str, str] = {}
"""A command that nobody handles would be a promise that nobody keeps."""

"""Every setting of Bursar, in one class of a few sections: unit, default and its reason, and the trap.

Each is read from the environment as `BURSAR_<NAME>`, or from a file named by `BURSAR_<NAME>_FILE` (a mounted secret).
docs/configuration.md is generated from this class.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from core.settings.access import Access
from core.settings.door import Door
from core.settings.machine import Machine
from core.settings.mail import Mail
from core.settings.money import Money
from core.settings.outside import Outside
from core.settings.people import Operator, Proof
from core.settings.places import Places
from core.settings.section import PREFIX

__all__ = ["QUEUES", "Settings", "current", "load"]

QUEUES = ("payments", "payouts", "notifications", "maintenance")
"""The four queues. A queue is a folder under `tasks/`."""


class Settings(Outside, Money, Access, Mail, Operator, Proof, Machine, Door, Places):
    """One object, made once at start (`load`); a process that changes its environment later changes nothing."""


def load(**overrides: Any) -> Settings:
    """Read the settings from the environment and from `BURSAR_<NAME>_FILE` files.

    Raises:
        pydantic.ValidationError: a value does not fit; the message names the setting.
        OSError: a named secret file cannot be read.
    """
    from_files: dict[str, Any] = {}
    for name in Settings.model_fields:
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if path:
            from_files[name] = Path(path).read_text(encoding="utf-8").strip()
    return Settings(**(from_files | overrides))


@cache
def current() -> Settings:
    """The settings of this process, read once."""
    return load()

"""Makes our packages win over folders of the same name where a command happens to be started.

`models/`, `tasks/` and `workers/` are common names, and both `python -m` and Celery look into the present folder first:
a foreign `models` would be run with our passwords. What is imported once stays, so all are imported here, from beside
this package, before anybody else asks for them.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

PACKAGES = (
    "billing",
    "cli",
    "core",
    "emails",
    "models",
    "providers",
    "schedules",
    "tasks",
    "webhooks_ingest",
    "workers",
)
_ROOT = Path(__file__).resolve().parents[1]


def claim() -> None:
    """Import each of our packages from beside this one.

    Raises:
        ImportError: another package of that name was imported before; nothing of Bursar has run.
    """
    sys.path.insert(0, str(_ROOT))
    try:
        for name in PACKAGES:
            found = Path(importlib.import_module(name).__file__ or "").resolve()
            if found.parent != _ROOT / name:
                raise ImportError(
                    f"the package {name!r} was taken from {found.parent}, but Bursar's is {_ROOT / name}: nothing was "
                    f"started. Start the command in another folder, or take {found.parent.parent} out of PYTHONPATH"
                )
    finally:
        sys.path.remove(str(_ROOT))

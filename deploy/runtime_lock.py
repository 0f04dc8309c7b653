"""Prints the part of requirements.lock that the program needs to run: no tests' tools, no embedded servers.

Run by the Dockerfile in an environment that has everything of the lock installed, whose metadata say what needs what.
Standard library and `packaging` (which the lock has) only.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

_ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==[^\\\n]*(?:\\\n +--hash=\S+ ?)+", re.MULTILINE)


def closure(wanted: Iterable[str]) -> set[NormalizedName]:
    """Names of the requirements and of all that they need in turn, on this Python and machine."""
    seen: set[tuple[NormalizedName, str]] = set()
    open_ends = [(Requirement(text), "") for text in wanted]
    while open_ends:
        requirement, parents_extra = open_ends.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": parents_extra}):
            continue
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                open_ends += [(Requirement(text), extra) for text in _needs(name)]
    return {name for name, _ in seen}


def _needs(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        sys.exit(f"{name} is needed and not installed: is it in requirements.lock?")


def runtime_lock(project: str, lock: str) -> str:
    """The lock's entries, hashes and all, of what the project itself depends on.

    Raises:
        SystemExit: something needed has no entry in the lock.
    """
    names = closure(tomllib.loads(project)["project"]["dependencies"])
    entries = {canonicalize_name(entry[1]): entry[0] for entry in _ENTRY.finditer(lock)}
    missing = names - entries.keys()
    if missing:
        sys.exit(f"not in requirements.lock: {', '.join(sorted(missing))}")
    return "\n".join(entries[name] for name in sorted(names)) + "\n"


if __name__ == "__main__":
    sys.stdout.write(runtime_lock(*(Path(name).read_text(encoding="utf-8") for name in sys.argv[1:3])))

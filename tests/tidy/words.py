"""Nothing in the project tells where it was written, names a package index, or is somebody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.tidy.source import ROOT

_SKIPPED = frozenset(
    {
        ".git",
        ".venv",
        ".bursar",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".import_linter_cache",
        "dist",
        "build",
        "node_modules",
    }
)
_BINARY = frozenset({".png", ".jpg", ".jpeg", ".gif", ".ico", ".pdf", ".pyc", ".der", ".woff2", ".bin", ".rdb"})
_RULES_OF_THIS = frozenset({"tests/tidy/words.py", "tests/tidy/test_words.py"})
_HERE = re.compile(r"(?<![\w.$}/-])/(?:work|workspace|root|home/[a-z]\w*|Users/\w+|mnt)/[\w.-]+")
_INDEX = re.compile(
    r"(?:--(?:extra-)?index-url|--find-links|--trusted-host|PIP_(?:EXTRA_)?INDEX_URL=|index-url *=)\s*\S+",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"(?:Copyright (?:\(c\)|\u00a9|[12]\d{3})|SPDX-License|Licensed under the|All rights reserved)", re.IGNORECASE
)
_LICENCE_FILES = frozenset({"LICENSE", "LICENCE", "LICENSE.md", "NOTICE"})


@cache
def text_files() -> tuple[tuple[str, str], ...]:
    """(path inside the project, text) of every file that is not made by a tool."""
    files = ((path.relative_to(ROOT).as_posix(), path) for path in _walk(ROOT))
    return tuple(
        (name, path.read_text(encoding="utf-8", errors="replace")) for name, path in files if name not in _RULES_OF_THIS
    )


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in _SKIPPED and not path.name.endswith(".egg-info"):
            yield from _walk(path)
        elif path.is_file() and path.suffix not in _BINARY:
            yield path


def no_place(path: str, text: str) -> Iterator[str]:
    """No absolute path of the machine on which it was written."""
    yield from (f"{path}: names the place {found[0]}" for found in _HERE.finditer(text))


def no_package_index(path: str, text: str) -> Iterator[str]:
    """No package index of one workplace: whoever installs uses their own."""
    yield from (f"{path}: names a package index: {found[0]}" for found in _INDEX.finditer(text))


def nothing_foreign(path: str, text: str) -> Iterator[str]:
    """No file of somebody else's: what is not ours comes as a declared dependency."""
    if path.rsplit("/", 1)[-1] not in _LICENCE_FILES:
        yield from (f"{path}: looks like a third party's file: {found[0]}" for found in _FOREIGN.finditer(text))

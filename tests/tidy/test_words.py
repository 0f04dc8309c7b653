"""The project's files, of whatever kind: no place, no package index, nothing of somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.tidy import words

Check = Callable[[str, str], Iterator[str]]
_COPY = "Copyright (c) 2020 Somebody"
_CASES = (
    (words.no_place, "see /home/someone/notes", "see ../shared/data, /webhooks/stripe or $HOME/x"),
    (words.no_package_index, "pip install --index-url https://packages.example/simple", "pip install --no-index x"),
    (words.nothing_foreign, _COPY, "The licence is in LICENSE"),
)


@pytest.mark.parametrize("check", [case[0] for case in _CASES], ids=lambda check: check.__name__)
def test_the_project_keeps_the_rule(check: Check) -> None:
    found = [finding for path, text in words.text_files() for finding in check(path, text)]

    assert not found, f"{check.__doc__}\n" + "\n".join(found)


@pytest.mark.parametrize(("check", "bad", "good"), _CASES)
def test_the_rule_catches_and_lets_pass(check: Check, bad: str, good: str) -> None:
    assert list(check("docs/x.md", bad))
    assert not list(check("docs/x.md", good))

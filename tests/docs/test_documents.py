"""What the documents say about the project is so, as far as a program can tell."""

from __future__ import annotations

import re

import pytest

from cli.generate import generated, scan
from core.settings import Settings
from tests.docs.pages import ROOT, Page, anchor, dead_links, pages, wrong_command

_README = (ROOT / "README.md").read_text(encoding="utf-8")
_SETTING = re.compile(r"\bBURSAR_[A-Z][A-Z0-9_]*[A-Z0-9]\b")
_NO_FIELD = frozenset({"BURSAR_ROLE", "BURSAR_ACTOR", "BURSAR_PG_BIN", "BURSAR_VERSION"})
"""Read by the command line, the tests and the compose file; no process has them as a setting."""


def test_generated_files_are_up_to_date() -> None:
    """All in one test: they are made together, in more than a second."""
    made = generated()

    assert [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text] == [], "run `bursar generate`"
    assert len(made) > 90


@pytest.mark.requirement("INBOX-9")
def test_each_event_is_on_its_page() -> None:
    text = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    found = scan()  # not workers.routes, into which other tests plug sources of their own
    commands = found.routes.pop("app")
    known = {event_type for table in (found.routes, found.ignored) for types in table.values() for event_type in types}

    assert [event_type for event_type in sorted(known) if f"| `{event_type}` |" not in text] == []
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [name for name in sorted(commands) if f"## `{name}`" not in text] == []


def test_each_setting_is_on_its_page() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

    assert [name for name in Settings.model_fields if f"| `BURSAR_{name.upper()}` |" not in text] == []


def test_settings_that_pages_name_exist() -> None:
    known = {f"BURSAR_{name.upper()}" for name in Settings.model_fields}
    files = {f"{name}_FILE" for name in known}
    named = {(page.name, name) for page in pages() for name in _SETTING.findall(page.text)}

    assert sorted((page, name) for page, name in named if name not in known | files | _NO_FIELD) == []


def test_links_lead_somewhere() -> None:
    assert [finding for page in pages() for finding in dead_links(page)] == []


def test_commands_that_pages_name_exist() -> None:
    named = [(page.name, command) for page in pages() for command in page.commands()]
    wrong = [(page, found) for page, command in named if (found := wrong_command(command))]

    assert wrong == []
    assert len(named) > 50


def test_the_two_commands_of_the_readme_exist() -> None:
    usage = (ROOT / "dev.py").read_text(encoding="utf-8")

    assert {"python3 dev.py up", "python3 dev.py test"} <= set(re.findall(r"python3 dev\.py \w+", _README))
    assert all(re.search(rf"^  {name}\b", usage, re.MULTILINE) for name in re.findall(r"dev\.py (\w+)", _README))


def test_folders_and_tests_that_the_readme_names_exist() -> None:
    named = re.findall(r"`((?:[a-z_]+/)+(?:[a-z_0-9]+\.py)?)`", _README)

    assert [path for path in named if not any((place / path).exists() for place in (ROOT, ROOT / "tests"))] == []


def test_decisions_are_numbered_once_and_have_their_three_parts() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in records]

    assert [path.name for path in records if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)] == []
    assert sorted({number for number in numbers if numbers.count(number) > 1}) == []
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert [part for part in ("## Context\n", "## Decision", "## Consequences\n") if part not in text] == [], (
            path.name
        )
        assert re.match(rf"# 0*{int(path.name[:4])}[. ]", text), path.name


def test_the_checks_catch_and_let_pass() -> None:
    page = Page(ROOT / "docs" / "x.md", "see [a](missing.md), [b](metrics.md#nothing) and [c](metrics.md#metrics)")

    assert [finding.split(": ")[1] for finding in dead_links(page)] == [
        "missing.md does not exist",
        "metrics.md#nothing has no such heading",
    ]
    assert anchor("Who may do `what`?") == "who-may-do-what"
    assert wrong_command("bursar inbox lost") == "bursar inbox lost: no command lost"
    assert wrong_command("bursar inbox ls --colour") == "bursar inbox ls --colour: no option --colour"
    assert wrong_command("bursar --home DIR inbox replay ID --reason '...'") is None

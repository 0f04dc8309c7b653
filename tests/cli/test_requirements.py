"""`requirements`: marks are read from every place where they may stand, without importing a test."""

from __future__ import annotations

from pathlib import Path

from cli.requirements import collect, requirements
from tests.cli.operator_command import Here

_SOURCE = """
import nothing_that_exists
import pytest
pytestmark = [pytest.mark.requirement("ALL-1")]

@pytest.mark.requirement("ONE-1", "ONE-2")
@pytest.mark.parametrize("x", [1])
def test_one(x): ...

@pytest.mark.requirement("CLASS-1")
class TestMany:
    async def test_two(self): ...

def helper(): ...
"""


def test_marks_of_functions_classes_and_modules(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(_SOURCE, encoding="utf-8")
    one, two = "tests/test_it.py::test_one", "tests/test_it.py::TestMany::test_two"
    assert collect(tmp_path / "tests") == {"ALL-1": [two, one], "ONE-1": [one], "ONE-2": [one], "CLASS-1": [two]}


def test_rules_without_a_test_are_named(here: Here, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.md"
    catalogue.write_text("- INBOX-5 is proven; NEVER-9999 is not.", encoding="utf-8")
    said = here(requirements, "--missing", f"@{catalogue}")
    assert (said.code, said.out) == (1, "NEVER-9999\n")
    assert here(requirements, "--missing", "INBOX-5,SEC-13").code == 0
    assert here(requirements, "--missing", "nonsense").code == 2


def test_a_rule_and_its_tests_are_printed(here: Here) -> None:
    (rule,) = here(requirements, "INBOX-5", "--json").objects
    assert any("test_inbox_replay.py" in test["test"] for test in rule["tests"])
    assert here(requirements, "NEVER-9999").code == 3

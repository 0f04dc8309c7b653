"""`bursar requirements`: which tests prove which rule, read from the tests' marks, and how they went when last run.

The tests are parsed, not imported. The catalogue of rules is not part of the project; `--missing` takes ids from it.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click

from cli.printing import json_line, table
from cli.roles import action
from cli.trouble import PROBLEMS, USAGE, TroubleError, nothing

ROOT = Path(__file__).resolve().parent.parent
_LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
_NODES = Path(".pytest_cache/v/cache/nodeids")


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--missing",
    metavar="IDS",
    help="Ids, by commas or blanks, or `@FILE` to find them in a text: print those that no test proves; exit 1 if there are any.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def requirements(ids: tuple[str, ...], missing: str | None, as_json: bool) -> None:
    """Rules and the tests that prove them; all of them, or IDs."""
    tests = ROOT / "tests"
    if not tests.is_dir():
        raise TroubleError(
            USAGE,
            "the tests are not installed with this copy",
            effect="nothing was read",
            then="run this in a checkout of the project",
        )
    proven = collect(tests)
    if missing is not None:
        _print_missing(_wanted(missing), proven)
        return
    chosen = {rule: proven[rule] for rule in sorted(proven, key=_order) if not ids or rule in ids}
    if not chosen:
        raise nothing("no test proves any of these", "`bursar requirements` lists all rules that tests prove")
    results = Results(ROOT)
    for rule, names in chosen.items():
        if as_json:
            json_line({"id": rule, "tests": [{"test": name, "result": results.of(name)} for name in names]})
    if not as_json:
        table(
            ("RULE", "RESULT", "TEST"),
            ((rule, results.of(name), name) for rule, names in chosen.items() for name in names),
        )


def collect(tests: Path) -> dict[str, list[str]]:
    """Rule id -> tests, as `path::[Class::]function`, sorted."""
    proven: dict[str, set[str]] = defaultdict(set)
    for path in sorted(tests.rglob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for rule, name in _in_body(module.body, _module_marks(module), f"{path.relative_to(tests.parent)}"):
            proven[rule].add(name)
    return {rule: sorted(names) for rule, names in proven.items()}


def _in_body(body: list[ast.stmt], inherited: list[str], prefix: str) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _in_body(node.body, [*inherited, *_marks(node.decorator_list)], f"{prefix}::{node.name}")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            for rule in [*inherited, *_marks(node.decorator_list)]:
                yield rule, f"{prefix}::{node.name}"


def _module_marks(module: ast.Module) -> list[str]:
    """The ids of `pytestmark = ...`."""
    found = []
    for node in module.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            found += _marks(node.value.elts if isinstance(node.value, (ast.List, ast.Tuple)) else [node.value])
    return found


def _marks(decorators: list[ast.expr]) -> list[str]:
    return [
        argument.value
        for mark in decorators
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == "requirement"
        for argument in mark.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


class Results:
    """How tests went when pytest last ran here, as far as its cache tells."""

    def __init__(self, root: Path) -> None:
        self._failed = {_bare(node) for node in _cache(root / _LAST_FAILED)}
        self._ran = {_bare(node) for node in _cache(root / _NODES)}

    def of(self, test: str) -> str:
        """`failed`, `passed`, or `unknown`."""
        if test in self._failed:
            return "failed"
        return "passed" if test in self._ran else "unknown"


def _cache(path: Path) -> list[str]:
    try:
        return list(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


def _bare(node: str) -> str:
    """A node id without its parameters."""
    return node.partition("[")[0]


def _wanted(text: str) -> list[str]:
    """Ids in a list, or all that stand in a file."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except OSError as error:
            raise TroubleError(
                USAGE,
                f"cannot read {text[1:]}: {error.strerror}",
                effect="nothing was read",
                then="name a text that holds ids",
            ) from error
    found = dict.fromkeys(re.findall(r"\b[A-Z][A-Z0-9]*-\d+\b", text))
    if not found:
        raise click.BadParameter("there is no id such as INBOX-5 in it", param_hint="--missing")
    return sorted(found, key=_order)


def _print_missing(wanted: list[str], proven: dict[str, list[str]]) -> None:
    bare = [rule for rule in wanted if rule not in proven]
    for rule in bare:
        click.echo(rule)
    click.echo(f"{len(wanted) - len(bare)} of {len(wanted)} rules are proven by a test", err=True)
    if bare:
        raise click.exceptions.Exit(PROBLEMS)


def _order(rule: str) -> tuple[str, int]:
    name, _, number = rule.rpartition("-")
    return (name, int(number)) if number.isdigit() else (rule, 0)

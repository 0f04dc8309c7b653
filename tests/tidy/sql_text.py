"""SQL values are always bound; identifiers come from constants or through psycopg.sql (SEC-12).

Text that is put together while the module loads (a statement per table, from a constant list) can hold no value of a
request, so it is free; what a function puts together may hold module constants in CAPITALS only. Where more is needed
(a search with any of several fixed conditions), the line says `# noqa: S608` and why no value gets in, or the file
stands in pyproject.toml, under the linter's same rule, with the reason.
"""

from __future__ import annotations

import ast
import fnmatch
import re
import tomllib
from collections.abc import Iterator
from functools import cache

from tests.tidy.source import ROOT, Module, dotted

_SQL = re.compile(
    r"\s*(?:SELECT\s|INSERT\s+INTO\s|UPDATE\s+(?:\S+\s+)?(?:\w+\s+)?(?:SET\s)?|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s|MERGE\s+INTO\s|TRUNCATE\s|"
    r"(?:CREATE|ALTER|DROP)\s+(?:DATABASE|TABLE|ROLE|INDEX|SCHEMA)\s|GRANT\s|REVOKE\s|SET\s+(?:LOCAL|ROLE|SESSION)\s|COPY\s|NOTIFY\s)"
)
_REASONED = re.compile(r"# noqa: S608\W+\w.{5,}")
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
_RUNS_SQL = frozenset({"execute", "executemany", "exec_driver_sql", "text", "scalar", "scalars", "SQL"})


def bound_values(module: Module) -> Iterator[str]:
    """No SQL is put together from values, be it by f-string, format, % or +."""
    if any(fnmatch.fnmatch(module.path, pattern) for pattern in _reasoned_files()):
        return
    inside = {part for outer in module.nodes if _is_function(outer) for part in ast.walk(outer)}
    joined = {part for node in module.nodes if isinstance(node, ast.BinOp) for part in (node.left, node.right)}
    lines = module.text.splitlines()
    for node in module.nodes:
        if node not in inside or node in joined or _reasoned(node, lines):
            continue
        if isinstance(node, ast.JoinedStr) and _looks_like_sql(node) and not _constant(node):
            yield module.at(node, "SQL put together by an f-string: bind the value, or use psycopg.sql.Identifier")
        elif _glued(node) or (isinstance(node, ast.Call) and _runs_glued(node)):
            yield module.at(node, "SQL put together from parts: bind the value, or use psycopg.sql")


@cache
def _reasoned_files() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ignored = config["tool"]["ruff"]["lint"]["per-file-ignores"]
    found = []
    for pattern, rules in ignored.items():
        head, brace, rest = pattern.partition("{")
        names, _, tail = rest.partition("}")
        if "S608" in rules:
            found += [f"{head}{name}{tail}" for name in names.split(",")] if brace else [pattern]
    return found


def _reasoned(node: ast.AST, lines: list[str]) -> bool:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    return any(_REASONED.search(line) for line in lines[first - 1 : last])


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def _runs_glued(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    first = call.args[0] if call.args else None
    return (
        name in _RUNS_SQL and isinstance(first, ast.JoinedStr) and not _constant(first) and not _looks_like_sql(first)
    )


def _glued(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        return _looks_like_sql(node.left) and not _constant(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _looks_like_sql(node.func.value) and not all(_constant(part) for part in node.args)
    return False


def _looks_like_sql(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return bool(node.values) and _looks_like_sql(node.values[0])
    if isinstance(node, ast.BinOp):
        return _looks_like_sql(node.left)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_SQL.match(node.value))


def _constant(node: ast.AST) -> bool:
    """Whether this can only be what the source says: literals, module constants, and what is made of these."""
    if isinstance(node, ast.JoinedStr):
        return all(_constant(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _constant(node.value)
    if isinstance(node, ast.Subscript):
        return _constant(node.value)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return bool(_CONSTANT.fullmatch((dotted(node) or "").rsplit(".", 1)[-1]))
    if isinstance(node, ast.BinOp):
        return _constant(node.left) and _constant(node.right)
    return isinstance(node, ast.Constant)

"""Rules of size, place and name: what a reader has to hold in mind stays small, and says why it is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.tidy.source import Module, imports

MAX_FILE, MAX_FUNCTION, MAX_CLASS = 300, 50, 150
_SHORTEST_DOCSTRING = 15
_VAGUE_FILE = re.compile(r"(?:.*_)?(?:services?|utils?|helpers?|managers?|common|misc|stuff)")
_VAGUE_CLASS = re.compile(r".*(?:Services?|Utils?|Helpers?|Managers?)")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def file_length(module: Module) -> Iterator[str]:
    """A file has at most 300 lines, unless a program writes it."""
    lines = module.text.count("\n")
    if lines > MAX_FILE and not module.generated:
        yield module.at(MAX_FILE, f"{lines} lines, {MAX_FILE} are allowed: split it by what it is about")


def function_length(module: Module) -> Iterator[str]:
    """A function has at most 50 lines, its docstring among them."""
    for node in module.nodes:
        if isinstance(node, _FUNCTIONS):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION:
                yield module.at(node, f"{node.name} has {lines} lines, {MAX_FUNCTION} are allowed")


def class_length(module: Module) -> Iterator[str]:
    """A class has at most 150 lines."""
    for node in module.nodes:
        if isinstance(node, ast.ClassDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_CLASS:
                yield module.at(node, f"{node.name} has {lines} lines, {MAX_CLASS} are allowed")


def head_docstring(module: Module) -> Iterator[str]:
    """A module says in its first line why it exists; an empty `__init__.py` of a folder of tests has nothing to say."""
    marker = module.room == "tests" and module.path.endswith("/__init__.py") and not module.text.strip()
    if not marker and len(ast.get_docstring(module.tree) or "") < _SHORTEST_DOCSTRING:
        yield module.at(1, "no docstring that says why this module exists")


def public_docstrings(module: Module) -> Iterator[str]:
    """What other modules may call says what it does. A method with its class's or protocol's meaning needs none."""
    for node in module.tree.body:
        named = isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_")
        if named and not ast.get_docstring(node):  # type: ignore[arg-type]  # `named` says which nodes these are
            yield module.at(node, f"{node.name} is public and has no docstring")  # type: ignore[attr-defined]  # as above


def top_imports(module: Module) -> Iterator[str]:
    """Imports stand at the top: what is missing fails at start, not in the middle of a payment."""
    for outer in module.nodes:
        if isinstance(outer, _FUNCTIONS):
            for node in ast.walk(outer):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    yield module.at(node, f"import inside {outer.name}")


def relative_imports(module: Module) -> Iterator[str]:
    """Imports are absolute: the room can be read off them."""
    for node, _ in imports(module):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield module.at(node, "relative import: name the room")


def speaking_names(module: Module) -> Iterator[str]:
    """No drawer for everything: neither `service.py` and `utils.py`, nor a `...Manager`."""
    for part in module.path.removesuffix(".py").split("/"):
        if _VAGUE_FILE.fullmatch(part):
            yield module.at(1, f"`{part}` says nothing: one verb per file, named by it")
    for node in module.nodes:
        if isinstance(node, ast.ClassDef) and _VAGUE_CLASS.fullmatch(node.name):
            yield module.at(node, f"{node.name} says nothing: name what it holds or does")

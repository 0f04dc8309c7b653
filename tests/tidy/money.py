"""Money is (integer minor units, currency) and never passes through a float or a fixed hundred (PAY-5)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.tidy.source import Module

_HUNDRED = 100
_SCALES = {"100", "0.01", "1e2", "1e-2"}


def no_float(module: Module) -> Iterator[str]:
    """In `billing/`: no float, no `round` (it rounds half to even, and floats first), no `/` (it makes floats)."""
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield module.at(node, f"the float {node.value}: use integer minor units, or a Fraction")
        elif isinstance(node, ast.Name) and node.id in ("float", "round"):
            yield module.at(node, f"`{node.id}`: round by the rules' own half-up function")
        elif isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
            yield module.at(node, "`/` makes a float: use divmod or a Fraction")


def no_hundred(module: Module) -> Iterator[str]:
    """No literal 100 where money is handled: yen has no hundredths and the dinar has thousandths."""
    for node in module.nodes:
        if isinstance(node, ast.Constant) and not isinstance(node.value, bool) and _is_hundred(node):
            yield module.at(node, "a literal 100: take the currency's exponent, or name the number")


def no_hundred_in_arithmetic(module: Module) -> Iterator[str]:
    """Where no money is meant to be, 100 may be a limit or a status, but nothing is multiplied or divided by it."""
    for node in module.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)):
            for side in (node.left, node.right):
                if isinstance(side, ast.Constant) and _is_hundred(side):
                    yield module.at(side, "arithmetic with a literal 100: is this money?")


def _is_hundred(node: ast.Constant) -> bool:
    if isinstance(node.value, str):
        return node.value in _SCALES
    return isinstance(node.value, (int, float)) and node.value in (_HUNDRED, 1 / _HUNDRED)

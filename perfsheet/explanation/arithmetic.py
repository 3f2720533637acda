"""What a formula with numbers comes to."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

_UNITS = re.compile(r"\b(?:ns|bytes|FLOP)\b(?:/ns)?|%")
_OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_FUNCTIONS = {"min": min, "max": max}


def value_of(text: str) -> float | None:
    """The value of `34,858 ns × (1 − 12 / 64)`; None for what is no arithmetic."""
    plain = _UNITS.sub("", re.sub(r"(?<=\d),(?=\d{3})", "", text))
    try:
        return _value(ast.parse(plain.replace("×", "*").replace("−", "-").strip(), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
        return None


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        return float(_FUNCTIONS[node.func.id](map(_value, node.args)))
    raise ValueError("no arithmetic")

"""Whether Python does nothing but build an op: it is run, and its parts come from a capture, which may be anybody's."""

from __future__ import annotations

import ast
from collections.abc import Collection

_VALUES = (ast.Constant, ast.List, ast.Tuple, ast.Load, ast.Store, ast.keyword, ast.UnaryOp, ast.USub)


def is_plain(text: str, tensors: Collection[str]) -> bool:
    """Whether a text only assigns what functions of ttnn give to `tensors` and `output`; `device` is there, too."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = {"ttnn", "device", "output", *tensors}
    return all(_is_assignment(statement) for statement in tree.body) and all(
        _is_plain(node, names) for statement in tree.body for node in ast.walk(statement) if node is not statement
    )


def _is_assignment(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in statement.targets)


def _is_plain(node: ast.AST, names: Collection[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Attribute):
        return not node.attr.startswith("_") and _is_of_ttnn(node)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute)
    return isinstance(node, _VALUES)


def _is_of_ttnn(node: ast.expr) -> bool:
    """`ttnn.bfloat16`, `ttnn.MathFidelity.HiFi4`: names inside of ttnn, and nothing of a value."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "ttnn"

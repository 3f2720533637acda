"""Whether Python does nothing but build an op: it is run, and its parts come from a capture, which may be anybody's."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from perfsheet.trials.chain_code import ChainCode
from perfsheet.trials.code import Code
from perfsheet.trials.registry import bundled

_MAKER = re.compile(
    r"CoreGrid|CoreCoord|CoreRange|CoreRangeSet|ShardSpec|MemoryConfig|create_sharded_memory_config|UnaryWithParam|"
    r"Conv2dConfig|MinimalMatmulConfig|WormholeComputeKernelConfig|[A-Z][A-Za-z0-9]*ProgramConfig"
)
"""What makes an argument: nothing of it does more."""
_NAMED = re.compile(r"[A-Z]\w*(?:\.\w+)?|b?float\d+(?:_b)?|u?int\d+")
"""What an argument may be named: a data type, a constant, a member of an enumeration."""


_FILES = ("load_tensor", "dump_tensor", "as_tensor", "from_buffer", "generic_op")
"""Operations of the registry that reach beyond tensors."""


def is_plain_code(code: Code | ChainCode) -> bool:
    """Whether this code builds an op and does nothing else."""
    return is_plain(code.text, code.names)


def is_plain(text: str, tensors: Collection[str]) -> bool:
    """Whether a text only assigns to `tensors` and `output` what operations of ttnn give, of what is above them.

    An operation is one of TTNN's registry; what an argument calls makes a config. `device` is there, too.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = {"ttnn", "device", "output", *tensors}
    return all(_is_statement(statement, names) for statement in tree.body)


def _is_statement(statement: ast.stmt, names: Collection[str]) -> bool:
    """Whether it assigns an operation, or a config, to names."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return False
    call = statement.value
    function = _of_ttnn(call.func)
    known = bundled()
    if not _MAKER.fullmatch(function) and (known.named(function) is None or function in _FILES):
        return False
    targets = all(isinstance(target, ast.Name) and target.id in names for target in statement.targets)
    return targets and _are_arguments(call, names)


def _are_arguments(call: ast.Call, names: Collection[str]) -> bool:
    named = all(given.arg is not None for given in call.keywords)
    return named and all(_is_argument(one, names) for one in [*call.args, *(given.value for given in call.keywords)])


def _is_argument(node: ast.expr, names: Collection[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names and node.id != "ttnn"
    if isinstance(node, ast.Attribute):
        return _NAMED.fullmatch(_of_ttnn(node)) is not None
    if isinstance(node, ast.Call):
        return _MAKER.fullmatch(_of_ttnn(node.func)) is not None and _are_arguments(node, names)
    if isinstance(node, ast.List | ast.Tuple):
        return all(_is_argument(one, names) for one in node.elts)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant)


def _of_ttnn(node: ast.expr) -> str:
    """`MathFidelity.HiFi4` of `ttnn.MathFidelity.HiFi4`; blank for anything that is not a name inside of ttnn."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    inside = isinstance(node, ast.Name) and node.id == "ttnn" and not any(part.startswith("_") for part in parts)
    return ".".join(parts) if inside else ""

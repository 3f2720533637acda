"""ATTRIBUTES of a planned op, as the profiler would write them, from what a graph capture says of it.

A capture has the values of an op's parameters in the order of its C++ struct, without names. What says its own type
(`ComputeKernelConfig(…)`) is named by it; a few further ones by their place. A program config that was given is an
argument of the Python call. What TTNN chose itself is not in a capture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from perfsheet.graph_report.model import DeviceOp

_STRUCT = re.compile(r"([A-Za-z_][\w:]*)\((.*)\)", re.DOTALL)
_BY_TYPE = {
    "MemoryConfig": "output_mem_config",
    "DataType": "output_dtype",
    "ComputeKernelConfig": "compute_kernel_config",
    "BinaryOpType": "binary_op_type",
    "SlidingWindowConfig": "sliding_window_config",
    "Conv2dParallelizationConfig": "parallelization_config",
    "Conv2dBlockConfig": "block_config",
}
"""Names of values by the type that they begin with: the first of each."""
_BY_PLACE: dict[str, dict[int, str]] = {
    "MatmulParams": {9: "transpose_a", 10: "transpose_b"},
    "Conv2dParams": {1: "output_channels", 2: "groups", 10: "input_tensor_shape"},
    "SDPAParams": {3: "is_causal"},
}
"""Names of values by their place in the struct of an op (seen in ttnn 0.81)."""
_WINDOW = {0: "batch_size", 2: "input_hw", 3: "window_hw", 4: "stride_hw", 7: "dilation_hw"}
_UNARY_CALLS = re.compile(r"ttnn\.(\w+)")
_GIVEN = ("program_config", "activation", "num_links", "topology")
"""Arguments of the Python call that are the op's own."""
FIDELITY = re.compile(r"math_fidelity=(?:MathFidelity::)?(\w+)")


def attributes(op: DeviceOp, call: str, given: Mapping[str, str]) -> str:
    """The attributes of a device op in a Python call with these arguments, as one cell of the ops CSV."""
    named: dict[str, str] = {}
    for text in op.arguments[:1]:
        struct = _STRUCT.fullmatch(text.strip())
        if struct is not None:
            named |= _named(struct[1].rpartition("::")[2], list(_values(struct[2])))
    if op.factory:
        named["program_factory"] = op.factory.rpartition("::")[2]
    named |= {name: given[name] for name in _GIVEN if name in given and name not in named}
    if op.name.startswith("Unary") and (found := _UNARY_CALLS.fullmatch(call)):
        named["op_chain"] = f"{{UnaryOpType::{found[1].upper()}}}"
    # A comma would end the cell: the profiler writes semicolons, too.
    entries = (f"'{name}': '{_cell(value)}'" for name, value in sorted(named.items()))
    return f"{{{'; '.join(entries)}}}"


def _cell(value: str) -> str:
    return re.sub(r",\s*", ";", value).replace("'", "")


def _named(struct: str, values: Sequence[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for value in values:
        kind = re.split(r"\(|::", value, maxsplit=1)[0]
        if kind in _BY_TYPE:
            named.setdefault(_BY_TYPE[kind], _window(value) if kind == "SlidingWindowConfig" else value)
    named |= {name: _plain(values[at]) for at, name in _BY_PLACE.get(struct, {}).items() if at < len(values)}
    return named


def _plain(value: str) -> str:
    """`{1, 32, 32, 16}` of `array(1, 32, 32, 16)`."""
    return re.sub(r"^array\((.*)\)$", r"{\1}", value)


def _window(value: str) -> str:
    """A sliding window with the names of its members, as the profiler writes it: `window_hw=(3;3)`."""
    struct = _STRUCT.fullmatch(value)
    members = list(_values(struct[2])) if struct else []
    named = (
        f"{name}={'(' + members[at].strip('{}') + ')' if '{' in members[at] else members[at]}"
        for at, name in _WINDOW.items()
        if at < len(members)
    )
    return f"SlidingWindowConfig({', '.join(named)})"


def _values(body: str) -> Iterator[str]:
    """The values of a struct: its text split at each comma outside of brackets.

    TTNN leaves out a brace of a shard spec's grid (`[{"start":{…},"end":{…}]`), so a bracket closes all within it.
    """
    opened, start = "", 0
    for index, letter in enumerate(body):
        if letter in "([{":
            opened += letter
        elif letter in ")]}":
            opened = opened.rpartition("([{"[")]}".index(letter)])[0]
        elif letter == "," and not opened:
            yield body[start:index].strip()
            start = index + 1
    yield body[start:].strip()

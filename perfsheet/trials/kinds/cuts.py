"""Reshapes and slices that move data."""

from __future__ import annotations

from perfsheet.analysis.ops.attributes import list_numbers
from perfsheet.trials.code import Code
from perfsheet.trials.kinds.base import Kind
from perfsheet.trials.recorded import Recorded


def reshape(op: Recorded) -> Code | None:
    """ttnn.reshape to the logical shape of the output."""
    shape = list_numbers(op.get("logical_output_shape")) or (op.output.shape if op.outputs else ())
    if not op.inputs or not shape:
        return None
    return Code({"x": op.inputs[0]}, "ttnn.reshape", ("x", str([*shape])), {"memory_config": op.memory_code})


def cut(op: Recorded) -> Code | None:
    """ttnn.slice."""
    start, end, step = (list_numbers(op.get(name)) for name in ("slice_start", "slice_end", "step"))
    if not op.inputs or not start or len(start) != len(end) or len(start) != len(op.inputs[0].shape):
        return None
    operands = ("x", str([*start]), str([*end]), *([str([*step])] if step else []))
    return Code({"x": op.inputs[0]}, "ttnn.slice", operands, {"memory_config": op.memory_code})


KINDS = (
    Kind("reshape", r"Reshape(?:View)?(?:DeviceOperation)?", reshape),
    Kind("slice", r"Slice(?:DeviceOperation)?", cut),
)

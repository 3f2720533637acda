"""Reductions of rows, of columns, and of both."""

from __future__ import annotations

from perfsheet.trials.code import Code
from perfsheet.trials.configs import compute_kernel_config
from perfsheet.trials.kinds.base import Kind
from perfsheet.trials.recorded import Recorded

_FUNCTIONS = {"SUM": "sum", "MAX": "max", "MIN": "min", "AVG": "mean"}
_DIMS = {"H": "-2", "W": "-1", "HW": "[-2, -1]"}


def build(op: Recorded) -> Code | None:
    """ttnn.sum, ttnn.max, ttnn.min or ttnn.mean along the dimension that it is reduced along."""
    function = _FUNCTIONS.get(op.get("math_op").rpartition("::")[2])
    dim = _DIMS.get(op.get("dim").rpartition("::")[2])
    if function is None or dim is None or not op.inputs:
        return None
    options = {
        "dim": dim,
        "keepdim": "True",
        "memory_config": op.memory_code,
        "compute_kernel_config": compute_kernel_config(op.attributes),
    }
    return Code({"x": op.inputs[0]}, f"ttnn.{function}", ("x",), options)


KIND = Kind("reduction", r"Reduce(?:DeviceOperation)?", build)

"""Softmax."""

from __future__ import annotations

from perfsheet.trials.code import Code
from perfsheet.trials.configs import compute_kernel_config
from perfsheet.trials.kinds.base import Kind
from perfsheet.trials.recorded import Recorded


def build(op: Recorded) -> Code | None:
    """ttnn.softmax; masked and scaled ones are functions of their own."""
    if len(op.inputs) != 1 or op.get("scale"):
        return None
    options = {
        "dim": op.get("dim") or "-1",
        "memory_config": op.memory_code,
        "compute_kernel_config": compute_kernel_config(op.attributes),
        "numeric_stable": op.get("numeric_stable").capitalize(),
    }
    return Code({"x": op.inputs[0]}, "ttnn.softmax", ("x",), options)


KIND = Kind("softmax", r"Softmax(?:DeviceOperation)?", build)

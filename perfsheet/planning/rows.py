"""A planned op as a row of the ops CSV, without anything that only a device knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from perfsheet.graph_report.model import Call, DeviceOp, GraphReport, Tensor
from perfsheet.hardware.data_types import round_up_to_tile
from perfsheet.planning.attributes import FIDELITY, attributes

_INPUTS, _OUTPUTS = 8, 4
"""As many tensors as the profiler writes."""
_HEAD = (
    *("OP CODE", "OP TYPE", "DEVICE ID", "DEVICE ARCH", "ATTRIBUTES", "MATH FIDELITY", "CORE COUNT"),
    *("AVAILABLE WORKER CORE COUNT", "DEVICE KERNEL DURATION [ns]"),
)
_FIELDS = (*(f"{axis}_PAD[LOGICAL]" for axis in "WZYX"), "LAYOUT", "DATATYPE", "MEMORY")
_SIDES = (*(f"INPUT_{at}" for at in range(_INPUTS)), *(f"OUTPUT_{at}" for at in range(_OUTPUTS)))
HEADERS: tuple[str, ...] = (*_HEAD, *(f"{side}_{field}" for side in _SIDES for field in _FIELDS))
DEVICE, HOST = "tt_dnn_device", "tt_dnn_cpu"
SIGNPOST = "perfsheet.signpost "
"""What perfsheet_graph calls a signpost in a capture, before its text."""
_TRANSFERS = ("ttnn.to_torch", "ttnn.from_torch", "ttnn.from_device", "ttnn.to_device")
"""Calls of the host, whatever their tensors."""
_MAY_BE_ON_HOST = ("ttnn.to_layout", "ttnn.to_dtype", "ttnn.pad", "ttnn.typecast")
"""Calls that the host carries out for tensors of its own."""

Row = tuple[str, ...]


def rows(report: GraphReport, arch: str, cores: int, devices: Mapping[int, Sequence[int]]) -> Iterator[tuple[Row, int]]:
    """A row for each device op and device, and for each host op; with each the index of its device op, -1 without one.

    `cores` is the worker grid, `devices` has the devices of each tensor by its id.
    """
    for call in report.calls:
        if call.name.startswith(SIGNPOST):
            yield _row(report, call.name[len(SIGNPOST) :], "signpost", "", (), ()), -1
            continue
        if not len(call.device_ops) and _on_host(report, call):
            yield _row(report, call.name, HOST, "", call.inputs, call.outputs), -1
        for index in call.device_ops:
            op = report.device_ops[index]
            if call.error and op.cores is None:
                continue  # TTNN refused it
            made = (report.tensors[tensor].id for tensor in (*op.outputs, *op.inputs))
            on = next((some for one in made if (some := devices.get(one))), (0,))
            for device in on:
                yield _device_row(report, op, call, device, arch, cores), index


def _on_host(report: GraphReport, call: Call) -> bool:
    """Whether the host does it. What is on the device and needs no op there, such as a view, is nobody's work."""
    own = call.inputs and all(report.tensors[tensor].address is None for tensor in call.inputs)
    return call.name in _TRANSFERS or (call.name in _MAY_BE_ON_HOST and bool(own))


def _device_row(report: GraphReport, op: DeviceOp, call: Call, device: int, arch: str, cores: int) -> Row:
    cell = attributes(op, call.name, dict(call.given))
    fidelity = FIDELITY.search(cell)
    head = (str(device), arch, cell, fidelity[1] if fidelity else "", str(op.cores or ""), str(cores or ""), "")
    return _row(report, op.name, DEVICE, head, op.inputs, op.outputs)


def _row(
    report: GraphReport, code: str, kind: str, head: Sequence[str], inputs: Sequence[int], outputs: Sequence[int]
) -> Row:
    cells = [code, kind, *(head or ("",) * (len(_HEAD) - 2))]
    for tensors, most in ((inputs, _INPUTS), (outputs, _OUTPUTS)):
        for at in range(most):
            cells += _tensor(report.tensors[tensors[at]]) if at < len(tensors) else ("",) * len(_FIELDS)
    return tuple(cells)


def _tensor(tensor: Tensor) -> tuple[str, ...]:
    """Its cells: the four extents, padded to whole tiles in TILE layout, and where it lies."""
    outer = 1
    for extent in tensor.shape[:-3]:
        outer *= extent
    logical = (outer, *((1,) * (3 - len(tensor.shape[-3:]))), *tensor.shape[-3:])
    tiled = tensor.layout == "TILE"
    padded = (*logical[:2], *(round_up_to_tile(extent) if tiled else extent for extent in logical[2:]))
    extents = (f"{pad}[{own}]" for pad, own in zip(padded, logical, strict=True))
    memory = f"DEV_0_{tensor.memory}" if tensor.memory else ""
    return (*extents, tensor.layout, tensor.dtype, memory)

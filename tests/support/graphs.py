"""Graph reports made for a capture: calls with Python stacks, memory in use and accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from perfsheet import analyze, read
from perfsheet.analysis import Analysis, Options
from perfsheet.graph_report.model import (
    Accuracy,
    Buffer,
    Call,
    Chip,
    DeviceOp,
    Execution,
    Frame,
    GraphReport,
    MemoryUse,
    Tensor,
)
from support.captures import op, write_csv

KIB = 1024
BANK = 1360 * KIB
FILE = "/src/model/encoder.py"
SOURCE = """\
import ttnn


class Encoder:
    def __call__(self, x):
        for layer in self.layers:
            x = self.block(x)
        return self.norm(x)

    def block(self, x):
        x = self.attention(x)
        return self.mlp(x)

    def attention(self, x):
        scores = ttnn.softmax(x)
        return ttnn.linear(scores, self.weight)

    def mlp(self, x):
        return ttnn.linear(x, self.wide, activation="gelu")

    def norm(self, x):
        return ttnn.layer_norm(x)


def test_encoder(device):
    model = Encoder(device)
    model(x)
"""


class Made(NamedTuple):
    """A device op of a report: where it comes from (outermost function first), memory in bytes per bank, and PCC."""

    op_code: str
    kernel_ns: float
    call: str
    lines: tuple[tuple[str, str], ...]
    l1: int | None = None
    circular: int | None = None
    dram: int | None = None
    pcc: tuple[float, float] | None = None
    cores: int = 64


_IN = (("test_encoder", "model(x)"), ("__call__", "self.block(x)"))
_SCORES = (*_IN, ("block", "self.attention(x)"), ("attention", "ttnn.softmax(x)"))
_OUT = (*_IN, ("block", "self.attention(x)"), ("attention", "ttnn.linear(scores"))
_MLP = (*_IN, ("block", "self.mlp(x)"), ("mlp", "ttnn.linear(x"))
_NORM = (("test_encoder", "model(x)"), ("__call__", "self.norm(x)"), ("norm", "ttnn.layer_norm(x)"))
BLOCK = (
    Made("SoftmaxDeviceOperation", 9_000, "ttnn.softmax", _SCORES, 100 * KIB, 60 * KIB, 2 << 20, (0.9999, 0.9999), 8),
    Made("MatmulDeviceOperation", 40_000, "ttnn.linear", _OUT, 300 * KIB, 200 * KIB, 2 << 20, (0.9971, 0.9969)),
    Made("MatmulDeviceOperation", 50_000.5, "ttnn.linear", _MLP, 700 * KIB, None, 3 << 20, (0.9992, 0.9960)),
)
ENCODER = (
    *BLOCK,
    *BLOCK,
    Made("LayerNormDeviceOperation", 7_000, "ttnn.layer_norm", _NORM, 0, 12 * KIB, 2 << 20, None, 1),
)
"""Two blocks of an encoder, and its norm."""


def line_of(code: str, source: str = SOURCE) -> int:
    """The number of the only line with this code."""
    (number,) = (number for number, line in enumerate(source.splitlines(), 1) if code in line)
    return number


def graph_report(
    made: Sequence[Made] = ENCODER, file: str = FILE, source: str = SOURCE, carried: bool = True
) -> GraphReport:
    """The report of these device ops, one a call, with GLOBAL CALL COUNT 1, 2, … on device 0."""
    tensors = tuple(
        Tensor(number, (1, 1, 384, 768), "BFLOAT16", "TILE", "L1_BLOCK_SHARDED", "", 384 * 768 * 2, 4096 * number)
        for number in range(len(made))
    )
    calls = tuple(
        Call(at, 0, one.call, _frames(one, file, source), (), (at,), range(at, at + 1), 1e5, "")
        for at, one in enumerate(made)
    )
    device_ops = tuple(
        DeviceOp(
            one.op_code, at, (Execution(at + 1, 0),), (), (at,), one.circular is None, None, one.circular, _use(one)
        )
        for at, one in enumerate(made)
    )
    last = len(made) - 1
    held = Buffer(0, 0, "BLOCK_SHARDED", 12 * KIB, 64 * 12 * KIB, 0, last, 0, 0)
    accuracy = {at: Accuracy(*one.pcc, 0.99) for at, one in enumerate(made) if one.pcc is not None}
    chips = (Chip(0, 0, BANK, 64),)
    sources = {file: source} if carried else {}
    return GraphReport("/reports/run/db.sqlite", "", calls, device_ops, tensors, (held,), chips, accuracy, sources, {})


def _frames(made: Made, file: str, source: str) -> tuple[Frame, ...]:
    lines = source.splitlines()
    numbers = [(function, line_of(code, source)) for function, code in reversed(made.lines)]
    return tuple(Frame(file, number, function, lines[number - 1].strip()) for function, number in numbers)


def _use(made: Made) -> MemoryUse | None:
    if made.l1 is None:
        return None
    return MemoryUse(made.l1, 64 * made.l1, made.dram or 0, None if made.dram is None else 12 * made.dram)


def with_graph(folder, made: Sequence[Made] = ENCODER, report: GraphReport | None = None, **options) -> Analysis:
    """A capture of these device ops, analysed beside their graph report."""
    rows = [op(one.op_code, one.kernel_ns, one.cores, call=at) for at, one in enumerate(made, 1)]
    path = write_csv(folder / "graph.csv", rows)
    return analyze(read(path), Options(**options), graph=report or graph_report(made))

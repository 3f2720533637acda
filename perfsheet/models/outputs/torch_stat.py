"""Traced torch modules as the tracer of pytorch2.0_ttnn leaves them: raw JSON, node counts, size distributions.

Its `tools/generate_report.py` reads the raw files, too. docs/stats.md has the formats.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from perfsheet.atomic_write import make_folder, replace, replace_text
from perfsheet.light_dataclass import dataclass
from perfsheet.models.outputs.op_stats import NODE_COUNT, RAW, unique_file_name
from perfsheet.models.torch_graph.model import GraphOp, TensorShape, Value
from perfsheet.text.json_text import json_text
from perfsheet.text.safe import csv_cell

Sizes = Counter[int]
"""How many tensors have a size in bytes."""
_TOTAL = "_TOTAL_"
_BINS = 10
"""Bars of a plot, as `pyplot.hist` has them."""


def has_plots() -> bool:
    """Whether size distributions can be plotted: matplotlib is there."""
    return find_spec("matplotlib") is not None


@dataclass(frozen=True)
class _RawOp:
    """An op as the raw file has it: None for an input that is no tensor."""

    op: str
    inputs: tuple[TensorShape | None, ...]
    outputs: tuple[TensorShape, ...]


def raw_ops(ops: Iterable[GraphOp]) -> list[_RawOp]:
    """The ops of a graph by their positional arguments; a list of tensors has a place for each."""
    return [
        _RawOp(
            op.op,
            tuple(chain.from_iterable(_tensors(one.value) for one in op.arguments if not one.keyword)),
            op.results,
        )
        for op in ops
    ]


def _tensors(value: Value) -> list[TensorShape | None]:
    if isinstance(value, list) and any(isinstance(one, TensorShape) for one in value):
        return [entry for one in value for entry in _tensors(one)]
    return [value if isinstance(value, TensorShape) else None]


def raw_json(ops: Iterable[_RawOp]) -> list[dict[str, Any]]:
    """Type, and shape and data type of each tensor; what is no tensor is `{}`."""
    return [
        {"op_type": op.op, "inputs": list(map(_tensor, op.inputs)), "outputs": list(map(_tensor, op.outputs))}
        for op in ops
    ]


def _tensor(tensor: TensorShape | None) -> dict[str, Any]:
    return {} if tensor is None else {"shape": list(tensor.shape), "dtype": f"torch.{tensor.dtype}"}


def write_stat(folder: Path, graphs: Mapping[str, Sequence[GraphOp]], prefix: str, overwrite: bool) -> list[Path]:
    """Write raw JSON, node counts and size distributions of the ops of each model (`fw_` forward, `bw_` backward).

    Raises PerfsheetError (exit status 7).
    """
    raw = {name: raw_ops(ops) for name, ops in graphs.items()}
    return list(_written(folder, raw, prefix, overwrite))


def _written(folder: Path, raw: Mapping[str, list[_RawOp]], prefix: str, overwrite: bool) -> Iterator[Path]:
    make_folder(folder / RAW)
    for name, ops in raw.items():
        path = folder / RAW / f"{prefix}{name}.json"
        replace_text(path, json_text(raw_json(ops), indent=4), overwrite)
        yield path
    path = folder / f"{prefix}{NODE_COUNT}"
    replace_text(path, node_count(raw), overwrite)
    yield path
    for side in ("input", "output"):
        yield from _write_sizes(folder / f"{prefix}total_{side}_size_dist", raw, side, overwrite)


def node_count(raw: Mapping[str, Sequence[_RawOp]]) -> str:
    """A row per model, a column per op type, and a row with the sums; lines end in CR LF."""
    counts = {name: Counter(op.op for op in ops) for name, ops in raw.items()}
    types = sorted(set(chain.from_iterable(counts.values())))
    rows = [[csv_cell(name), counts[name].total(), *(counts[name][one] for one in types)] for name in sorted(counts)]
    total = [sum(count.total() for count in counts.values()), *(sum(c[one] for c in counts.values()) for one in types)]
    text = io.StringIO()
    csv.writer(text).writerows([["model_name", _TOTAL, *types], *rows, ["TOTAL", *total]])
    return text.getvalue()


def _sizes(raw: Mapping[str, Sequence[_RawOp]], side: str) -> dict[str, Sizes]:
    """The sizes of each tensor of each op, by `aten.addmm.default_0`."""
    found: dict[str, Sizes] = defaultdict(Counter)
    for op in chain.from_iterable(raw.values()):
        for place, tensor in enumerate(op.inputs if side == "input" else op.outputs):
            if tensor is not None:
                found[f"{op.op}_{place}"][tensor.size] += 1
    return dict(sorted(found.items()))


def _write_sizes(folder: Path, raw: Mapping[str, Sequence[_RawOp]], side: str, overwrite: bool) -> Iterator[Path]:
    make_folder(folder)
    names: set[str] = set()
    for title, sizes in _sizes(raw, side).items():
        name = unique_file_name(title, names)
        path = folder / f"{name}.csv"
        lines = [f"{size},{sizes[size]}" for size in sorted(sizes)]
        replace_text(path, "\n".join(["bytes,count", *lines, ""]), overwrite)
        yield path
        if has_plots():
            path = folder / f"{name}.png"
            content = _plot(title, sizes, side)
            replace(path, lambda sink, content=content: _write(sink, content), overwrite)  # type: ignore[misc]
            yield path


def _write(sink: io.FileIO, content: bytes) -> None:
    sink.write(content)


def _plot(title: str, sizes: Sizes, side: str) -> bytes:
    """A histogram of ten bars."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), dpi=100, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.hist(list(sizes), bins=_BINS, weights=list(sizes.values()), color="#0072B2", edgecolor="white")
    axes.set_title(f"{title}: {side} size in all models", fontsize=10)
    axes.set_xlabel("bytes")
    axes.set_ylabel("tensors")
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    axes.tick_params(axis="x", labelrotation=20, labelsize=8)
    image = io.BytesIO()
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()

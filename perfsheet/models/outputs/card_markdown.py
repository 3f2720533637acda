"""Model cards in Markdown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from perfsheet.analysis.results import OpType
from perfsheet.models.outputs import suite_cells
from perfsheet.models.suite.card import Card
from perfsheet.models.suite.columns import COLUMNS
from perfsheet.models.torch_graph import Coverage
from perfsheet.outputs.markdown.table import Column, code, plain, table
from perfsheet.outputs.text import formats

_ROWS = 15
_END_TO_END = (
    "first_run_s",
    "second_run_s",
    "compile_s",
    "inference_s",
    "expected_inference_s",
    "distance",
    "throughput",
    "latency_ms",
    "latency_std_ms",
    "inference_cpu_s",
    "throughput_cpu",
)
_DEVICE = ("kernel_ns", "device_fps", "device_ops", "reshards", "to_from_device", "fallbacks", "low_core_share")


def markdown(name: str, cards: Sequence[Card], results: Path, here: Path) -> str:
    """The page: one section a model. Links lead from the folder `here` to files in the folder `results`."""
    lines = [f"# Model cards of {plain(name)}", ""]
    for card in cards:
        lines += _section(card, results, here)
    return "\n".join(lines).rstrip() + "\n"


def _section(card: Card, results: Path, here: Path) -> Iterator[str]:
    target, result = card.target, card.result
    yield f"## {plain(result.name)}"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| Reference model | {_linked(target.reference)} |"
    yield f"| Inputs | {_inputs(card)} |"
    yield f"| Batch | {'unknown' if result.batch is None else result.batch} |"
    yield f"| Target | {code(target.command)} |"
    yield f"| Status | {suite_cells.badge(result)} {plain(result.problem)} |"
    if target.notes:
        yield f"| Notes | {plain(target.notes)} |"
    yield ""
    yield from _ops(card)
    yield "### Accuracy"
    yield ""
    yield _accuracy(card)
    yield ""
    yield from _figures("End to end", card, _END_TO_END, "no perf file yet")
    yield from _figures("Device", card, _DEVICE, card.no_device or "not collected yet")
    if note := suite_cells.replayed([result]):
        yield plain(note)
        yield ""
    if card.device_ops:
        yield "Kernel time by op:"
        yield ""
        yield from table(_DEVICE_OPS, card.device_ops[:_ROWS])
    yield "### Reports"
    yield ""
    files = [("Perf sheet (Excel)", result.workbook), *(("Ops CSV", capture) for capture in result.captures)]
    files += [("Perf file", result.perf_file), ("Log", result.log)]
    links = [f"- [{title}](<{_relative(results / path, here)}>)" for title, path in files if path]
    yield from links or ["none yet: `perfsheet suite run` writes them"]
    yield ""


def _ops(card: Card) -> Iterator[str]:
    yield "### Ops needed"
    yield ""
    if card.graph is None:
        yield f"Unknown: {plain(card.no_graph)}."
        yield ""
        return
    graph = card.graph
    yield f"{len(graph.forward):,} torch ops of {len(card.covered)} types (traced on the CPU)."
    yield ""
    yield from table(_COVERAGE, card.covered)
    yield "### Ops missing"
    yield ""
    if all(one.status in ("not compared", "layout only", "no op", "no TTNN op known") for one in card.covered):
        yield f"Not compared with a device capture: {plain(card.no_device or 'none of them can be')}."
    for one in card.missing:
        what = f"{one.ttnn} is not in the capture" if one.status == "missing" else "no TTNN op is known for it"
        yield f"- {code(one.op)} ×{one.count}: {plain(what)}"
    if not card.missing:
        yield "None that is known."
    yield ""


def _accuracy(card: Card) -> str:
    pcc, least = card.result.pcc, card.target.pcc
    if pcc is None:
        return "PCC unknown: no test has reported one" + (f" (at least {least:g} is wanted)." if least else ".")
    verdict = "" if least is None else f"; {'✅' if pcc >= least else '❌'} at least {least:g} is wanted"
    return f"PCC {pcc:.6g}{verdict}."


def _figures(title: str, card: Card, names: Sequence[str], nothing: str) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    columns = [column for column in COLUMNS if column.name in names]
    known = [column for column in columns if column.value(card.result) is not None]
    if not known:
        yield f"Unknown: {plain(nothing)}."
        yield ""
        return
    yield "| | |"
    yield "| --- | ---: |"
    for column in known:
        yield f"| {column.header} | {suite_cells.worded(column, card.result)} |"
    yield ""


def _inputs(card: Card) -> str:
    if card.target.inputs:
        return plain(card.target.inputs)
    return plain(", ".join(card.graph.inputs)) if card.graph and card.graph.inputs else "unknown"


def _linked(reference: str) -> str:
    if not reference:
        return "not named"
    safe = reference.replace(">", "%3E").replace("|", "%7C").replace("\n", "")
    return f"<{safe}>" if reference.startswith(("http://", "https://")) else plain(reference)


def _relative(path: Path, here: Path) -> str:
    try:
        return Path(os.path.relpath(path, here)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


_COVERAGE: tuple[Column[Coverage], ...] = (
    Column("Torch op", lambda one: code(one.op), number=False),
    Column("Count", lambda one: f"{one.count:,}"),
    Column("TTNN", lambda one: plain(one.ttnn) or "–", number=False),
    Column("Status", lambda one: one.status, number=False),
    Column(
        "Device ops",
        lambda one: ", ".join(f"{plain(op)} ×{count:,}" for op, count in one.device_ops) or "–",
        number=False,
    ),
)

_DEVICE_OPS: tuple[Column[OpType], ...] = (
    Column("Op", lambda kind: code(kind.op_code), number=False),
    Column("Count", lambda kind: f"{kind.count:,}"),
    Column("Kernel time (ns)", lambda kind: formats.whole(kind.kernel_ns)),
    Column("Share (%)", lambda kind: formats.in_percent(kind.share)),
)

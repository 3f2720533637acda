"""Model cards in Markdown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from perfsheet.accuracy import MARKED
from perfsheet.analysis.rules.base import Stage
from perfsheet.masking import masked_command, masked_text
from perfsheet.models.op_tables import COVERAGE, KERNEL_TIME_BY_OP, CoverageRows
from perfsheet.models.outputs.suite import REPLAYED_TITLE, impossible_notes, replay_note
from perfsheet.models.suite.card import Card
from perfsheet.models.tables import SUITE, badge, is_known, marked_texts
from perfsheet.models.torch_graph.equivalents import running
from perfsheet.outputs.markdown import code, plain, table_of
from perfsheet.tables import In, Rows
from perfsheet.text import causes as text
from perfsheet.text import formats

_MOST_ROWS = 15
_END_TO_END = (
    "first_run_s",
    "second_run_s",
    "compile_s",
    "inference_s",
    "throughput",
    "latency_ms",
    "latency_std_ms",
    "inference_cpu_s",
    "throughput_cpu",
    "expected_inference_s",
    "distance_pct",
)
_DEVICE = ("kernel_ns", "device_fps", "device_ops", "reshards", "to_from_device", "fallbacks", "low_core_share_pct")


def cards_markdown(name: str, cards: Sequence[Card], results: Path, here: Path) -> str:
    """The page, one section per model. Links lead from the folder `here` to files in the folder `results`."""
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
    yield f"| Reference model | {_link(masked_text(target.reference))} |"
    yield f"| Inputs | {_inputs(card)} |"
    yield f"| Batch | {'unknown' if result.batch is None else result.batch} |"
    yield f"| Target | {code(masked_command(target.command))} |"
    of_recorded = " (of the recorded capture)" if card.recorded and card.boards else ""
    yield f"| Board | {plain(card.boards) or 'unknown'}{of_recorded} |"
    yield f"| Run | {_run(card)} |"
    yield f"| Status | {badge(result)} {plain(result.problem)} |"
    for title, sentences in (("Limits missed", result.breaches), ("Warnings", result.warnings)):
        if sentences:
            yield f"| {title} | {'<br>'.join(map(plain, sentences))} |"
    if target.notes:
        yield f"| Notes | {_lines(masked_text(target.notes))} |"
    yield ""
    yield from _ops(card)
    yield "### Accuracy"
    yield ""
    yield _accuracy(card)
    yield ""
    yield from _figures("End to end", card, _END_TO_END, "no perf file" if result.has_run else "no perf file yet")
    replayed = replay_note([result])
    mark = REPLAYED_TITLE if replayed else ""
    yield from _figures(f"Device{mark}", card, _DEVICE, card.no_device or "not collected yet")
    if replayed:
        yield plain(replayed)
        yield ""
    if card.device_ops:
        yield f"Kernel time by op{mark}:"
        yield ""
        yield from table_of(KERNEL_TIME_BY_OP, card.device_ops[:_MOST_ROWS])
    yield from _optimisation(card, mark)
    yield "### Reports"
    yield ""
    files = [(f"Perf sheet (Excel){mark}", result.workbook)]
    files += [(f"Ops CSV{mark}", capture) for capture in result.captures]
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
    ops = running(card.graph.forward)
    kinds = len({op.base for op in ops})
    yield f"{len(ops):,} torch ops of {kinds} types, {card.graph.parameters:,} parameters (traced on the CPU)."
    yield ""
    rows: CoverageRows = Rows({}, card.coverage)
    yield from table_of(COVERAGE, rows, COVERAGE.columns_in(In.MARKDOWN, rows))
    yield "### Ops that TTNN lacks"
    yield ""
    yield from (f"- {code(op.op)} ×{op.count}" for op in card.without_ttnn)
    yield from ["" if card.without_ttnn else "None.\n"]
    yield "### Ops that the port lacks"
    yield ""
    if card.recorded:
        yield f"Compared with a recorded capture, not with a run of this suite: {plain(card.recorded)}."
        yield ""
    if card.compared:
        yield f"{plain(card.compared)}."
        yield ""
    else:
        yield f"Not compared with a device capture: {plain(card.no_device or 'no op can be compared')}."
    for op in card.missing:
        yield f"- {code(op.op)} ×{op.count}: {plain(op.functions)} is not in the capture"
    if not card.missing:
        yield "None known."
    yield ""


_STAGES = {
    Stage.OP: "Stage 1, per op: cores, sharding, data type, math fidelity, program config",
    Stage.MODULE: "Stage 2, per module: what stands before and after an op",
    Stage.MODEL: "Stage 3, the whole model: host, queues, trace, devices",
}


def _optimisation(card: Card, mark: str) -> Iterator[str]:
    """The causes of the capture by stage of optimisation."""
    if not card.causes:
        return
    yield f"### What to optimise{mark}"
    yield ""
    for stage, title in _STAGES.items():
        causes = [cause for cause in card.causes if cause.stage is stage]
        yield f"{title}:"
        yield ""
        for cause in causes:
            saves = cause.expected_saving_ns if cause.expected_saving_ns is not None else cause.bound_ns
            how = "expected to save" if cause.expected_saving_ns is not None else "saves at most"
            figure = "saving unknown" if saves is None else f"{how} {formats.span_of_time(saves)}"
            title_and_op = f"{plain(cause.title)}: {code(cause.subject)} ×{cause.count:,}"
            yield f"- {title_and_op}, {figure}. {plain(text.cures(cause)[0])}"
        if not causes:
            yield "- no finding"
        yield ""


def _accuracy(card: Card) -> str:
    result, pcc, least = card.result, card.result.pcc, card.target.pcc
    if why := result.impossible.get("pcc") or result.refused.get("pcc"):
        figure = "unknown" if pcc is None else f"{pcc:.6g}{MARKED if 'pcc' in result.impossible else ''}"
        need = "" if least is None else f"; ❌ the target needs at least {least:g}"
        return f"PCC {figure}: {plain(why)}{need}."
    if pcc is None:
        return "PCC unknown: no test reported one" + (f" (the target needs at least {least:g})." if least else ".")
    verdict = "" if least is None else f"; {'✅' if pcc >= least else '❌'} the target needs at least {least:g}"
    return f"PCC {pcc:.6g}{verdict}."


def _figures(title: str, card: Card, keys: Sequence[str], why_unknown: str) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    rows = [card.result]
    columns = [column for column in SUITE.pick(*keys) if is_known(column, rows)]
    if not columns:
        yield f"Unknown: {plain(why_unknown)}."
        yield ""
        return
    yield "| | |"
    yield "| --- | ---: |"
    for column in columns:
        yield f"| {column.header(In.MARKDOWN)} | {marked_texts(column, rows)[0]} |"
    yield ""
    if notes := [note for key, note in impossible_notes(card.result).items() if key in keys]:
        yield from (f"- {plain(note)}" for note in notes)
        yield ""


def _run(card: Card) -> str:
    if not card.result.started:
        return "not yet"
    return plain(card.result.started + (f", tt-metal {card.commit}" if card.commit else ", commit unknown"))


def _lines(text: str) -> str:
    """A text of several lines in a cell."""
    return "<br>".join(plain(line.strip()) for line in text.strip().splitlines())


def _inputs(card: Card) -> str:
    if card.target.inputs:
        return _lines(card.target.inputs)
    return plain(", ".join(card.graph.inputs)) if card.graph and card.graph.inputs else "unknown"


def _link(reference: str) -> str:
    if not reference:
        return "not given"
    address = reference.replace(">", "%3E").replace("|", "%7C").replace("\n", "")
    return f"<{address}>" if reference.startswith(("http://", "https://")) else plain(reference)


def _relative(path: Path, here: Path) -> str:
    try:
        return Path(os.path.relpath(path, here)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()

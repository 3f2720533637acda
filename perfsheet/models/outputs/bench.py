"""A bench as JSON, CSV, Markdown and a workbook."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rich.cells import cell_len

from perfsheet._version import __version__
from perfsheet.capture.notes import rows as counted
from perfsheet.models.bench import Bench, Group, Measurement
from perfsheet.models.bench.model import TimedRun
from perfsheet.models.op_tables import RUNS, bench_table, latency_text, runs_of
from perfsheet.models.outputs.results import table_markdown
from perfsheet.models.results_table import ResultsTable
from perfsheet.models.tables import csv_text
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json
from perfsheet.outputs.markdown import plain
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import screen_for
from perfsheet.tables import In, Rows
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from perfsheet.outputs.workbook.tables import Layout

LATENCY = "Latency"
_LATENCIES = [f"latency_{statistic}_ms" for statistic in ("mean", "std", "min", "median", "max")]


STYLES = ("markdown", "myst")
"""Of the page: tables under a caption, or tables with a name as MyST has them."""


def bench_json(bench: Bench, files: Sequence[str]) -> Json:
    """`perfsheet bench --json` (docs/json.md): milliseconds, bytes; null is unknown."""
    records = bench_table(bench.parameters).records(Rows(bench, bench.rows))
    return {
        "schema_version": SCHEMA_VERSION,
        "what": bench.what,
        "hardware": bench.hardware or None,
        "iterations": bench.iterations or None,
        "warmup": bench.warmup if bench.iterations else None,
        "counted_tokens": bench.counted or None,
        "baseline": dict(bench.baseline_row.variant.values),
        "baseline_group": bench.baseline_row.group,
        "groups": [{"name": group.name, "caption": group.caption, "note": group.note} for group in bench.groups],
        "variants": [
            {"parameters": dict(row.variant.values), "group": row.group, **record}
            for row, record in zip(bench.rows, records, strict=True)
        ],
        "files": list(files),
    }


def bench_csv(bench: Bench) -> str:
    """One line per row, figures in full, unknown ones blank."""
    return csv_text(bench_table(bench.parameters, len(bench.groups) > 1), Rows(bench, bench.rows))


def runs_csv(runs: Sequence[TimedRun]) -> str:
    """A header, and one line per run."""
    return csv_text(RUNS, runs)


def bench_markdown(bench: Bench, style: str = STYLES[0]) -> str:
    """The tables, what they measure, and what failed."""
    parts = [f"{_hardware(bench)}\n"] if bench.hardware else []
    for number, group in enumerate(bench.groups):
        if rows := bench.of(number):
            parts.append(_myst(bench, number, group, rows) if style == "myst" else _section(bench, number, group, rows))
            parts += [f"{_own(group.note)}\n"] if group.note else []
    return "\n".join([*parts, *_legend(bench, style == "markdown", plain)]) + "\n"


def print_bench(bench: Bench, out: TextIO) -> None:
    """Print the tables for a person at a terminal, and what they measure."""
    screen = screen_for(out)
    if bench.hardware:
        print_wrapped(screen, _hardware(bench))
    for number, group in enumerate(bench.groups):
        if not (rows := bench.of(number)):
            continue
        screen.print()
        if group.title:
            print_wrapped(screen, _own(group.caption or group.name), "bold")
        print_rows(screen, bench_table(bench.labels(number)), Rows(bench, rows))
        for line in [*_not_of_here(rows, str), *([_own(group.note)] if group.note else [])]:
            print_wrapped(screen, line, "dim")
    screen.print()
    for line in _legend(bench, True, str):
        print_wrapped(screen, clean(line), "dim")


def _hardware(bench: Bench) -> str:
    return f"Benchmarking was done on {_own(bench.hardware)}."


def _legend(bench: Bench, compared: bool, shown: Callable[[str], str]) -> Iterator[str]:
    """What the figures mean, and what failed; `shown` makes names safe."""
    compared = compared and len(bench.rows) > 1
    base = bench.baseline_row
    baseline = f"; speed-up of the mean over {shown(bench.name_of(base))}" if compared else ""
    yield f"{shown(bench.what)}: {_measured(bench, shown)}{baseline}."
    if compared and base.failed:
        yield "- The baseline failed, so there are no speed-ups."
    yield from (f"- {shown(bench.name_of(row))}: {shown(row.failed)}" for row in bench.rows if row.failed)


def _not_of_here(rows: Sequence[Measurement], shown: Callable[[str], str]) -> Iterator[str]:
    """Which rows of a table were measured by somebody else."""
    for kind, what in (("printed", "printed by the command"), ("recorded", "recorded, not of this run")):
        of_kind = [row for row in rows if row.kind == kind]
        names = "; ".join(shown(row.variant.name) for row in of_kind)
        if of_kind:
            yield f"{what.capitalize()}: {'all rows' if len(of_kind) == len(rows) else names}."


def _own(text: str) -> str:
    """A text of whoever wrote the bench: it may have Markdown, on one line."""
    return " ".join(clean(text).split())


def _section(bench: Bench, number: int, group: Group, rows: Sequence[Measurement]) -> str:
    of_group = Rows(bench, rows)
    labels = bench.labels(number)
    columns = bench_table(labels).columns_in(In.MARKDOWN, of_group)
    table = ResultsTable(
        (*map(plain, labels), *(column.header(In.MARKDOWN) for column in columns[len(labels) :])),
        tuple(zip(*(map(plain, column.texts(of_group)) for column in columns), strict=True)),
        tuple("right" if column.number else "left" for column in columns),
    )
    caption = f"**{_own(group.caption or group.name)}**\n\n" if group.title else ""
    beside = "\n".join(_not_of_here(rows, plain))
    return f"{caption}{table_markdown(table)}" + (f"\n{beside}\n" if beside else "")


def _myst(bench: Bench, number: int, group: Group, rows: Sequence[Measurement]) -> str:
    """A table with caption and name, of labels and latency alone; memory and tokens stand below it."""
    labels = bench.labels(number)
    header = [*labels, "latency (ms)"]
    spread = any(row.std_ms is not None for row in rows)
    latencies = [latency_text(row) if spread else latency_text(row).removesuffix(" ± –") for row in rows]
    cells = [[*(row.variant.value(name) for name in labels), text] for row, text in zip(rows, latencies, strict=True)]
    columns = [list(map(plain, column)) for column in zip(header, *cells, strict=True)]
    widths = [max(map(cell_len, column)) for column in columns]
    lines = [
        "| "
        + " | ".join(text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        + " |"
        for line in zip(*columns, strict=True)
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    name = [f":name: {_own(group.name)}"] if group.name else []
    caption = f" **{_own(group.caption)}**" if group.caption else ""
    parts = [f"```{{table}}{caption}", *name, "", *lines, "", "```"]
    return "\n".join([*parts, *_beside(bench, rows)]) + "\n"


def _beside(bench: Bench, rows: Sequence[Measurement]) -> Iterator[str]:
    """What a table of latencies has no column for."""
    yield from _not_of_here(rows, plain)
    if bench.deviations_differ:
        kinds = ["–" if row.std_ms is None else row.deviation or "not said" for row in rows]
        yield f"Kind of deviation of each row: {kinds[0] if len(set(kinds)) == 1 else ', '.join(kinds)}."
    if bench.runs_differ:
        runs = ["–" if row.failed else f"{row.runs:,}" if row.runs else "unknown" for row in rows]
        yield f"Runs of each row: {runs[0] if len(set(runs)) == 1 else ', '.join(runs)}."
    for title, sizes in (
        ("Max memory usage of the host", [row.peak_bytes for row in rows]),
        ("Max memory usage of the device", [row.device_bytes for row in rows]),
    ):
        known = [size / 1e6 for size in sizes if size is not None]
        if known:
            low, high = f"{min(known):,.0f}", f"{max(known):,.0f}"
            yield f"{title} is {low if low == high else f'{low} to {high}'} MB."


def _measured(bench: Bench, shown: Callable[[str], str] = clean) -> str:
    """What the figures of the page mean, each said once."""
    kinds = {row.kind for row in bench.rows if not row.failed} or {row.kind for row in bench.rows}
    timed = kinds & {"function", "command"}
    parts = []
    if timed:
        over = f" over {counted(bench.iterations, 'iteration')} after {counted(bench.warmup, 'warm-up run')}"
        parts.append(f"mean ± {_deviations(bench, timed)}{over if bench.iterations else ''}")
    if "printed" in kinds:
        parts.append(f"latencies that commands print, ± {_deviations(bench, {'printed'})}")
    if "recorded" in kinds:
        parts.append(f"recorded latencies, not of this run, ± {_deviations(bench, {'recorded'})}")
    parts += ["memory of the host"] if any(row.peak_bytes for row in bench.rows) else []
    devices = sorted({row.device_memory for row in bench.rows if row.device_memory})
    parts += [_DEVICE_MEMORY[kind] for kind in devices if kind in _DEVICE_MEMORY]
    if any(row.tokens for row in bench.rows):
        parts.append(f"tokens/s of {shown(bench.counted) or 'the tokens of a run'}")
    return "; ".join(parts)


_DEVICE_MEMORY = {
    "CUDA": "memory of the device: CUDA's own peak",
    "TTNN": "memory of the device: the most that TTNN had allocated after a run, DRAM and L1",
}


def _deviations(bench: Bench, kinds: Collection[str]) -> str:
    """`sample standard deviation (n − 1)`; both if there are both."""
    of_kinds = [row for row in bench.rows if row.kind in kinds]
    found = {row.deviation for row in of_kinds if row.std_ms is not None} or {row.deviation for row in of_kinds}
    return " or ".join(name for one, name in _DEVIATIONS if one in found)


_DEVIATIONS = (
    ("sample", "sample standard deviation (n − 1)"),
    ("population", "population standard deviation (n)"),
    (None, "a standard deviation whose kind was not said"),
)


def write_workbook(bench: Bench, path: Path, overwrite: bool = True) -> None:
    """Write the rows side by side, every run with a chart of them.

    Raises PerfsheetError (exit status 7), and leaves no partial file.
    """
    from perfsheet.atomic_write import replace

    replace(path, lambda sink: _write(bench, sink), overwrite)


def _write(bench: Bench, sink: io.FileIO) -> None:
    from perfsheet.outputs.workbook import opened
    from perfsheet.outputs.workbook.tables import mark_flagged, write_table_sheet
    from perfsheet.outputs.workbook.theme import Styles

    with opened(sink, on_disk=False) as book:
        book.set_properties({"title": f"Latency of {bench.what}"[:255], "author": f"perfsheet {__version__}"})
        sheet, styles = book.add_worksheet(LATENCY), Styles(book)
        rows = Rows(bench, bench.rows)
        grouped = len(bench.groups) > 1
        columns = bench_table(bench.parameters, grouped).columns_in(In.SHEET, rows)
        freeze = columns[max(0, len(bench.parameters) - 1 + grouped)].key
        layout = write_table_sheet(sheet, styles, columns, rows, freeze)
        for place in (layout[key] for key in _LATENCIES):
            mark_flagged(sheet, styles, place, layout["problem"], "impossible:", 1, layout.after - 1)
        baseline = f"; speed-up over {bench.name_of(bench.baseline_row)}" if len(bench.rows) > 1 else ""
        note = f"{bench.what}: {_measured(bench)}{baseline}"
        sheet.write_string(layout.after + 1, 0, note, styles["quiet"])
        if bench.hardware:
            sheet.write_string(layout.after + 2, 0, f"Hardware: {clean(bench.hardware)}", styles["quiet"])
        runs = [run for row in bench.rows for run in runs_of(row, bench.name_of(row))]
        runs_sheet = book.add_worksheet(RUNS.title)
        layout = write_table_sheet(runs_sheet, styles, RUNS.columns_in(In.SHEET), runs, "variant")
        _charts(book, runs_sheet, layout, bench)


_MOST_LINES = 12
_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def _charts(book: Workbook, sheet: Worksheet, layout: Layout, bench: Bench) -> None:
    """Time against iteration, a line per row: of the measured runs, and of the warm-up runs, which may be slower."""
    measured, warmup = _lines(layout, bench, warmup=False), _lines(layout, bench, warmup=True)
    for place, (title, lines) in enumerate((("Measured runs", measured), ("Warm-up runs", warmup))):
        if not lines:
            continue
        chart = book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
        for line in lines:
            chart.add_series(line)
        chart.set_title({"name": f"{title}: time of each", "name_font": {"size": 11}, "overlay": False})
        chart.set_x_axis({"name": "run, warm-up runs first", "major_gridlines": {"visible": False}})
        chart.set_y_axis({"name": "ms", "min": 0, "major_gridlines": {"visible": True, "line": {"color": "#D9DEE3"}}})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 760, "height": 400})
        sheet.insert_chart(1 + 22 * place, layout.width + 1, chart)


def _lines(layout: Layout, bench: Bench, warmup: bool) -> list[dict[str, Any]]:
    """The series of the rows that have runs of this kind, the first few of them."""
    first = 1
    lines: list[dict[str, Any]] = []
    for place, row in enumerate(bench.rows):
        before, count = len(row.warmup_ms), len(row.runs_ms)
        start, number = (first, before) if warmup else (first + before, count)
        if number and len(lines) < _MOST_LINES:
            colour = _PALETTE[place % len(_PALETTE)]
            last = start + number - 1
            lines.append(
                {
                    "name": clean(bench.name_of(row), 100),
                    "categories": [RUNS.title, start, layout["run"], last, layout["run"]],
                    "values": [RUNS.title, start, layout["latency_ms"], last, layout["latency_ms"]],
                    "line": {"color": colour, "width": 1.25, "dash_type": "round_dot" if warmup else "solid"},
                    "marker": {"type": "circle", "size": 4, "fill": {"color": colour}, "border": {"none": True}},
                }
            )
        first += before + count
    return lines

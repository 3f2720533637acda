"""The results of a suite, and merged perf files, as JSON, CSV, Markdown and in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from perfsheet.models.e2e import Breach, DeviceRow, MergeResult
from perfsheet.models.e2e.reading import find_impossible_cells
from perfsheet.models.outputs.results import table_markdown
from perfsheet.models.results_table import ResultsTable
from perfsheet.models.suite.model import ModelResult
from perfsheet.models.tables import (
    DISAGREEMENTS,
    FIGURES,
    REFUSED,
    SUITE,
    Results,
    csv_text,
    device_table,
    figure_title,
    impossible_figures,
    is_known,
    marked_texts,
)
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json
from perfsheet.outputs.markdown import plain
from perfsheet.outputs.terminal import print_rows
from perfsheet.outputs.terminal.screen import line, screen_for
from perfsheet.tables import Column, In

_EXPLAINED = ("first_run_s", "second_run_s", "compile_s", "throughput", "kernel_ns", "device_fps", "low_core_share_pct")


def suite_json(name: str, results: Sequence[ModelResult], files: Sequence[str]) -> Json:
    """`perfsheet suite run --json` (docs/json.md)."""
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": name,
        "models": SUITE.records(results),
        "breaches": [f"{result.name}: {breach}" for result in results for breach in result.breaches],
        "files": list(files),
    }


def merge_json(
    merged: MergeResult, results: Sequence[ModelResult], breaches: Sequence[Breach], files: Sequence[str]
) -> Json:
    """`perfsheet suite merge --json` (docs/json.md)."""
    return {
        "schema_version": SCHEMA_VERSION,
        "models": SUITE.records(results),
        "device_models": [_device_record(row) for row in merged.device_rows],
        "refused": REFUSED.records(merged.refused),
        "disagreements": DISAGREEMENTS.records(merged.disagreements),
        "breaches": [breach.sentence for breach in breaches],
        "files": list(files),
    }


def _device_record(row: DeviceRow) -> Json:
    impossible = find_impossible_cells(row)
    return {**row.cells, "impossible": impossible} if impossible else dict(row.cells)


def suite_csv(results: Sequence[ModelResult]) -> str:
    """One line per model, figures in full, unknown ones blank."""
    return csv_text(SUITE, results)


def shown_columns(output: In, results: Sequence[ModelResult], from_runs: bool = True) -> list[Column[Results]]:
    """The columns that an output shows; results that are not `from_runs` have neither Run Success nor blank columns."""
    columns = SUITE.columns_in(output, results)
    if from_runs:
        return columns
    return [column for column in columns if column.key != "run_success" and is_known(column, results)]


def results_table(results: Sequence[ModelResult], from_runs: bool = True) -> ResultsTable:
    """The results as a Markdown table."""
    return _table(shown_columns(In.MARKDOWN, results, from_runs), results)


def _table(columns: Sequence[Column[Results]], results: Sequence[ModelResult]) -> ResultsTable:
    return ResultsTable(
        tuple(column.header(In.MARKDOWN) for column in columns),
        tuple(zip(*(_markdown_cells(column, results) for column in columns), strict=True)),
        tuple("right" if column.number else "left" for column in columns),
    )


def _markdown_cells(column: Column[Results], results: Sequence[ModelResult]) -> list[str]:
    unknown = "" if column.key == "reason" else "N/A"
    texts = [
        unknown if value in (None, "") else plain(text)
        for value, text in zip(column.listed(results), marked_texts(column, results), strict=True)
    ]
    if column.key == "model":
        return [
            f"[{text}](<{result.workbook}>)" if result.workbook else text
            for text, result in zip(texts, results, strict=True)
        ]
    return texts


def devices_table(merged: MergeResult) -> ResultsTable:
    """The rows of device perf files as a Markdown table, cells as written."""
    rows: Sequence[DeviceRow] = merged.device_rows
    columns = device_table(merged.device_headers).columns_in(In.MARKDOWN)
    cells = [
        ["N/A" if value is None else plain(text) for value, text in zip(column.listed(rows), texts, strict=True)]
        for column in columns
        for texts in [marked_texts(column, rows)]
    ]
    return ResultsTable(
        tuple(plain(column.title) for column in columns),
        tuple(zip(*cells, strict=True)),
        tuple("right" if column.number else "left" for column in columns),
    )


def sort_results(results: Sequence[ModelResult], sort: str | None, descending: bool) -> list[ModelResult]:
    """The results sorted by a column of their table; unchanged without one.

    Raises PerfsheetError (exit status 2) for an unknown column.
    """
    if sort is None:
        return list(results)
    return [results[index] for index in _table(FIGURES, results).order(sort, descending)]


REPLAYED_TITLE = " (replayed)"


def impossible_notes(result: ModelResult) -> dict[str, str]:
    """`Compile Time -0.65 is impossible: …`, by field."""
    return {
        name: f"{figure_title(name)} {SUITE[name].texts([result])[0]} is impossible: {why}"
        for name, why in impossible_figures(result).items()
    }


def replay_note(results: Sequence[ModelResult]) -> str:
    """Which device figures were not measured in this run; blank if all were."""
    names = [result.name for result in results if result.replayed and result.capture]
    return f"Device figures from recorded captures, not from this run: {'; '.join(names)}." if names else ""


def suite_markdown(name: str, results: Sequence[ModelResult]) -> str:
    """The page: the table, the meaning of its columns, and problems."""
    return "".join(f"{text}\n" for text in _page(name, results))


def _page(name: str, results: Sequence[ModelResult]) -> Iterator[str]:
    passed = sum(bool(result.run_success) for result in results)
    yield f"# Results of {plain(name)}"
    yield ""
    yield f"{passed} of {len(results)} models passed."
    yield ""
    yield table_markdown(results_table(results))
    for column in SUITE.pick(*_EXPLAINED, "distance_pct"):
        yield f"**{column.title}**: {column.meaning}.  "
    yield "N/A: unknown, or not collected."
    if note := replay_note(results):
        yield ""
        yield plain(note)
    problems = [
        f"- {plain(result.name)}: {plain(text)}"
        for result in results
        for text in (result.problem, *impossible_notes(result).values(), *result.breaches, *result.warnings)
        if text
    ]
    if problems:
        yield from ("", "## Problems", "", *problems)


def print_results(results: Sequence[ModelResult], out: TextIO, from_runs: bool = True) -> None:
    """Print a line per model, then problems and warnings; perf files are not `from_runs`."""
    screen = screen_for(out)
    left_out = print_rows(screen, SUITE, results, shown_columns(In.TERMINAL, results, from_runs))
    screen.print()
    for result in results:
        if result.problem:
            style = "red" if result.run_success is False else "yellow"
            screen.print(line(f"{result.name}: {result.problem}", style))
        for note in impossible_notes(result).values() if from_runs else ():  # `suite merge` warns of them
            screen.print(line(f"{result.name}: {note}", "red"))
    for warning, names in _warnings(results).items():
        screen.print(line(f"warning: {'; '.join(names)}: {warning}", "yellow"))
    if note := replay_note(results):
        screen.print(line(note, "yellow"))
    if left_out:
        headers = ", ".join(column.header(In.TERMINAL) for column in left_out)
        screen.print(line(f"No room for {headers}.", "dim"))


def _warnings(results: Sequence[ModelResult]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for result in results:
        for warning in result.warnings:
            names.setdefault(warning, []).append(result.name)
    return names


def print_devices(merged: MergeResult, out: TextIO) -> None:
    """Print a line per row of device perf files; the merged file has all columns."""
    screen = screen_for(out)
    rows: Any = merged.device_rows
    print_rows(screen, device_table(merged.device_headers), rows)
    screen.print()

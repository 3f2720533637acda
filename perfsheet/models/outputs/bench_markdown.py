"""The latency table in Markdown: a row a variant, mean ± standard deviation, memory, speed-up."""

from __future__ import annotations

from perfsheet.models.bench import Bench, Measured
from perfsheet.models.outputs import bench_cells, results_markdown
from perfsheet.models.results_table import Align, ResultsTable
from perfsheet.outputs.markdown.table import plain


def markdown(bench: Bench) -> str:
    """The table, and below it what it is of and what failed."""
    headers = (*map(plain, bench.parameters), "latency (ms)", "max memory (MB)", "speed-up")
    rows = [_row(bench, row) for row in bench.rows]
    aligns: list[Align] = ["left"] * (len(bench.parameters) + 1)
    table = ResultsTable(headers, tuple(rows), (*aligns, "right", "right"))
    base = bench.rows[bench.baseline]
    lines = [
        results_markdown.table(table),
        f"{plain(bench.what)}: mean ± standard deviation over {bench.iterations} iterations after {bench.warmup} of "
        f"warm-up; memory of the host; speed-up of the mean against {plain(base.variant.name)}.",
        *(["- The baseline failed: there are no speed-ups."] if base.problem else []),
        *(f"- {plain(row.variant.name)}: {plain(row.problem)}" for row in bench.rows if row.problem),
    ]
    return "\n".join(lines) + "\n"


def _row(bench: Bench, row: Measured) -> tuple[str, ...]:
    values = (plain(row.variant.value(name)) for name in bench.parameters)
    return (*values, bench_cells.latency(row), bench_cells.memory(row), bench_cells.speed_up(bench, row))

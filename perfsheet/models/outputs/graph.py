"""The ops of a torch module as CSV tables, as JSON, and in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from perfsheet.models.op_tables import COVERAGE, MODULES, NEEDED_OPS, CoverageRows
from perfsheet.models.outputs.op_stats import write_csv
from perfsheet.models.torch_graph import Coverage, Graph, NeededOp, Registry, needed_ops
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import line, screen_for


def graph_json(graph: Graph, coverage: CoverageRows, registry: Registry, files: Sequence[str]) -> Json:
    """`perfsheet graph --json` (docs/json.md)."""
    return {
        "schema_version": SCHEMA_VERSION,
        "module": graph.name,
        "inputs": list(graph.inputs),
        "forward_ops": len(graph.forward),
        "backward_ops": len(graph.backward) if graph.backward else None,
        "ops": NEEDED_OPS.records(needed_ops(graph.forward)),
        "registry": {
            "ttnn": registry.version,
            "operations": len(registry.operations),
            "bundled": registry.bundled,
        },
        "coverage": COVERAGE.records(coverage),
        "files": list(files),
    }


def write_tables(folder: Path, graph: Graph, coverage: CoverageRows, overwrite: bool = True) -> list[Path]:
    """Write `ops_needed.csv`, `modules.csv` and `coverage.csv`; the files. Raises PerfsheetError (exit status 7)."""
    return [
        write_csv(folder / "ops_needed.csv", NEEDED_OPS, needed_ops(graph.forward), overwrite),
        write_csv(folder / "modules.csv", MODULES, graph.modules, overwrite),
        write_csv(folder / "coverage.csv", COVERAGE, coverage, overwrite),
    ]


def asked(registry: Registry) -> str:
    """Whose registry it is: `ttnn 0.81.1, 797 operations`."""
    where = "; it came with perfsheet; --python: the interpreter whose ttnn to ask" if registry.bundled else ""
    return f"ttnn {registry.version}, {len(registry.operations)} operations{where}"


def print_graph(graph: Graph, coverage: CoverageRows, registry: Registry, out: TextIO) -> None:
    """Print a line per type of op, missing ones first."""
    screen = screen_for(out)
    parts = [f"{graph.name}: {len(graph.forward):,} forward ops of {len({op.op for op in graph.forward})} types"]
    if graph.backward:
        parts.append(f"{len(graph.backward):,} backward ops of {len({op.op for op in graph.backward})} types")
    parts.append(f"inputs {', '.join(graph.inputs) or 'without tensors'}")
    screen.print(line("; ".join(parts), "bold"))
    screen.print()
    print_rows(screen, COVERAGE, coverage)
    screen.print()
    verdicts = Counter(op.verdict for op in coverage)
    screen.print(line(f"In TTNN (types of ops): {_counted(verdicts)}."))
    statuses = Counter(op.status for op in coverage)
    if statuses["covered"] or statuses["missing"]:
        screen.print(line(f"In the port: {_counted(statuses)}."))
    print_wrapped(screen, f"Registry of {asked(registry)}.", "dim")
    refused = [(one, *pair) for one in coverage for pair in _refused(coverage, one)]
    for one, configuration, reason in refused[:_REFUSED]:
        inputs = ", ".join(configuration.inputs)
        print_wrapped(screen, f"Refused: {one.op} of {inputs}: {reason}", "yellow")
    if len(refused) > _REFUSED:
        screen.print(line(f"{len(refused) - _REFUSED} further refusals.", "dim"))


_REFUSED = 8


def _refused(coverage: CoverageRows, one: Coverage) -> Sequence[tuple[NeededOp, str]]:
    tried = coverage.source.get(one.op)
    return () if tried is None else tried.refused


def _counted(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())

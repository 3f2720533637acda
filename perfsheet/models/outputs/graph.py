"""The ops of a torch module as CSV tables, as JSON, and in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from perfsheet.atomic_write import make_folder, replace_text
from perfsheet.light_dataclass import dataclass
from perfsheet.models.op_tables import COVERAGE, MODULES, NEEDED_OPS, CoverageRows, ModuleRows
from perfsheet.models.outputs.module_picture import module_picture
from perfsheet.models.outputs.op_stats import write_csv
from perfsheet.models.torch_graph import Coverage, Graph, NeededOp, Registry, needed_ops
from perfsheet.models.torch_graph.equivalents import running
from perfsheet.models.torch_graph.modules import ops_inside
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import line, screen_for
from perfsheet.tables import Rows


@dataclass(frozen=True)
class Traced:
    """A traced module: its ops, whether TTNN and the capture have them, and its name among the files."""

    name: str
    graph: Graph
    coverage: CoverageRows


def graph_json(traced: Sequence[Traced], registry: Registry, files: Sequence[str], several: bool = False) -> Json:
    """`perfsheet graph --json` (docs/json.md): of one module its keys, of several a list."""
    common = {
        "registry": {
            "ttnn": registry.version,
            "operations": len(registry.operations),
            "bundled": registry.bundled,
        },
        "files": list(files),
    }
    models = [_model_json(one) for one in traced]
    own = {"models": models} if several else models[0]
    return {"schema_version": SCHEMA_VERSION, **own, **common}


def _model_json(traced: Traced) -> Json:
    graph = traced.graph
    return {
        "module": graph.name,
        "inputs": list(graph.inputs),
        "forward_ops": len(running(graph.forward)),
        "backward_ops": len(running(graph.backward)) if graph.backward else None,
        "parameters": graph.parameters,
        "modules": len(graph.modules),
        "ops": NEEDED_OPS.records(needed_ops(graph.forward)),
        "coverage": COVERAGE.records(traced.coverage),
    }


def write_tables(folder: Path, traced: Traced, overwrite: bool = True) -> list[Path]:
    """Write `ops_needed.csv`, `modules.csv`, `modules.svg` and `coverage.csv`; the files.

    Raises PerfsheetError (exit status 7).
    """
    graph = traced.graph
    make_folder(folder)
    picture = folder / "modules.svg"
    replace_text(picture, module_picture(graph), overwrite)
    modules: ModuleRows = Rows(ops_inside(graph.modules, running(graph.forward)), graph.modules)
    return [
        write_csv(folder / "ops_needed.csv", NEEDED_OPS, needed_ops(graph.forward), overwrite),
        write_csv(folder / "modules.csv", MODULES, modules, overwrite),
        picture,
        write_csv(folder / "coverage.csv", COVERAGE, traced.coverage, overwrite),
    ]


def asked(registry: Registry) -> str:
    """Whose registry it is: `ttnn 0.81.1, 797 operations`."""
    where = "; it came with perfsheet; --python: the interpreter whose ttnn to ask" if registry.bundled else ""
    return f"ttnn {registry.version}, {len(registry.operations)} operations{where}"


def print_graph(traced: Traced, registry: Registry, out: TextIO) -> None:
    """Print what the module consists of, and a line per type of op, missing ones first."""
    screen, graph, coverage = screen_for(out), traced.graph, traced.coverage
    forward, backward = running(graph.forward), running(graph.backward)
    parts = [f"{graph.name}: {len(forward):,} forward ops of {len({op.op for op in forward})} types"]
    if backward:
        parts.append(f"{len(backward):,} backward ops of {len({op.op for op in backward})} types")
    parts.append(f"{graph.parameters:,} parameters")
    parts.append(f"inputs {', '.join(graph.inputs) or 'without tensors'}")
    print_wrapped(screen, "; ".join(parts), "bold")
    print_wrapped(screen, f"{_modules(graph)}.", "dim")
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


def _modules(graph: Graph) -> str:
    """`59 modules: 2 classes of its own (ResNet18 ×1, ResidualBlock ×8), 6 of torch`."""
    own = Counter(module.type for module in graph.modules if not module.of_torch)
    of_torch = {module.type for module in graph.modules if module.of_torch}
    names = [f"{name} ×{count}" for name, count in own.most_common(_NAMED)]
    more = f", and {len(own) - _NAMED} more" if len(own) > _NAMED else ""
    classes = f"{len(own)} {'class' if len(own) == 1 else 'classes'} of its own ({', '.join(names)}{more})"
    return f"{len(graph.modules):,} modules: {classes if own else 'none of its own'}, {len(of_torch)} of torch"


_NAMED = 12
_REFUSED = 8


def _refused(coverage: CoverageRows, one: Coverage) -> Sequence[tuple[NeededOp, str]]:
    tried = coverage.source.get(one.op)
    return () if tried is None else tried.refused


def _counted(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())

"""The tables of a torch graph: ops by configuration, modules, and what a capture covers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perfsheet.models.outputs.op_stats_folder import write_csv
from perfsheet.models.torch_graph import Coverage, ModuleLine, NeededOp


def write(
    folder: Path, needed: Sequence[NeededOp], modules: Sequence[ModuleLine], covered: Sequence[Coverage]
) -> list[Path]:
    """Write `ops_needed.csv`, `modules.csv` and `coverage.csv`; the files. Raises PerfsheetError (exit status 7)."""
    return [
        write_csv(
            folder / "ops_needed.csv",
            ("op_type", "count", "inputs", "outputs", "parameters"),
            ((one.op, one.count, "; ".join(one.inputs), "; ".join(one.outputs), one.parameters) for one in needed),
        ),
        write_csv(
            folder / "modules.csv",
            ("module", "type", "parameters", "settings", "input", "output"),
            ((one.name, one.kind, one.parameters, one.settings, one.input_shape, one.output_shape) for one in modules),
        ),
        write_csv(
            folder / "coverage.csv",
            ("op_type", "count", "ttnn", "status", "device_ops"),
            (
                (one.op, one.count, one.ttnn, one.status, "; ".join(f"{code} ×{n}" for code, n in one.device_ops))
                for one in covered
            ),
        ),
    ]

"""The tables of a torch graph: ops by configuration, modules, and what a capture covers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from perfsheet.torchgraph import Coverage, ModuleLine, NeededOp
from perfsheet.whole_file import replace_text


def write(
    folder: Path, needed: Sequence[NeededOp], modules: Sequence[ModuleLine], covered: Sequence[Coverage]
) -> list[Path]:
    """Write `ops_needed.csv`, `modules.csv` and `coverage.csv`; the files. Raises PerfsheetError (exit status 7)."""
    return [
        _csv(
            folder / "ops_needed.csv",
            ("op_type", "count", "inputs", "outputs", "parameters"),
            ((one.op, one.count, "; ".join(one.inputs), "; ".join(one.outputs), one.parameters) for one in needed),
        ),
        _csv(
            folder / "modules.csv",
            ("module", "type", "parameters", "settings", "input", "output"),
            ((one.name, one.kind, one.parameters, one.settings, one.input_shape, one.output_shape) for one in modules),
        ),
        _csv(
            folder / "coverage.csv",
            ("op_type", "count", "ttnn", "status", "device_ops"),
            (
                (one.op, one.count, one.ttnn, one.status, "; ".join(f"{code} ×{n}" for code, n in one.device_ops))
                for one in covered
            ),
        ),
    ]


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    replace_text(path, text.getvalue())
    return path

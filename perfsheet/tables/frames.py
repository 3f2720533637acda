"""Tables as pandas data frames, for notebooks; pandas is imported when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.tables.column import Column, In, Table
from perfsheet.tables.findings import FINDINGS, findings
from perfsheet.tables.kinds import PERCENT
from perfsheet.tables.op_rows import all_ops
from perfsheet.tables.ops import OPS

if TYPE_CHECKING:
    import pandas as pd

R = TypeVar("R")


def ops_frame(analysis: Analysis) -> pd.DataFrame:
    """Every device op in execution order; NaN = unknown, `rank` NaN = no kernel duration, `flags` joined by `, `."""
    return _frame(OPS, all_ops(analysis))


def findings_frame(analysis: Analysis) -> pd.DataFrame:
    """Every finding, largest saving first; a column `evidence_…` for each figure behind one."""
    import pandas as pd

    frame: pd.DataFrame = _frame(FINDINGS, findings(analysis)).drop(columns="evidence")
    evidence = [
        {f"evidence_{name}": value for name, value in finding.evidence.items()} for finding in analysis.findings
    ]
    joined: pd.DataFrame = frame.join(pd.DataFrame(evidence, index=frame.index))
    return joined


def _frame(table: Table[R], rows: R) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame(
        {column.frame or column.key: _values(column, rows) for column in table.columns_in(In.FRAME)}
    )
    return frame


def _values(column: Column[R], rows: R) -> Any:
    cells = column.values(rows)
    if isinstance(cells, np.ndarray):
        return 100 * cells if column.kind is PERCENT else cells
    convert = column.frame_data or column.data or column.kind.data
    values = [convert(value) for value in column.listed(rows)]
    return values if column.frame_data else [", ".join(value) if isinstance(value, list) else value for value in values]

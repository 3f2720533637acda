"""Tables as pandas data frames, for notebooks; pandas is imported when one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.errors import usage
from perfsheet.tables.breakdown import BREAKDOWNS
from perfsheet.tables.causes import CAUSES
from perfsheet.tables.column import Column, In, Rows, Table
from perfsheet.tables.findings import FINDINGS, findings
from perfsheet.tables.groups import GROUPS, op_groups
from perfsheet.tables.kinds import PERCENT, ROW, ROWS
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


def frame(analysis: Analysis, name: str) -> pd.DataFrame:
    """A table of the analysis by its name: `ops`, `findings`, `causes`, `groups`, or one of `perfsheet table`.

    Its columns are those of docs/columns.md. Raises PerfsheetError (exit status 2) for another name.
    """
    if name in _OWN:
        return _OWN[name](analysis)
    found = next((one for one in BREAKDOWNS if one.name == name), None)
    if found is None:
        known = [*_OWN, *(one.name for one in BREAKDOWNS if one.name not in _OWN)]
        close = get_close_matches(name.replace("_", "-"), known, 1)
        meant = f"{close[0]}, perhaps; " if close else ""
        raise usage(f"there is no table {name!r}", f"{meant}known: {', '.join(known)}")
    return _frame(found.table, found.rows(analysis))


def _frame(table: Table[R], rows: R) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame(
        {column.frame or column.key: _values(column, rows) for column in table.columns_in(In.FRAME)}
    )
    return frame


_OWN: dict[str, Callable[[Analysis], pd.DataFrame]] = {
    "ops": ops_frame,
    "findings": findings_frame,
    "causes": lambda analysis: _frame(CAUSES, Rows(analysis, analysis.causes)),
    "groups": lambda analysis: _frame(GROUPS, op_groups(analysis)),
}


def _values(column: Column[R], rows: R) -> Any:
    cells = column.values(rows)
    if isinstance(cells, np.ndarray):
        return 100 * cells if column.kind is PERCENT else cells
    if column.kind is ROW:
        return [None if ref is None else ref.row for ref in column.listed(rows)]
    if column.kind is ROWS and column.frame_data is None:
        return [[ref.row for ref in refs] for refs in column.listed(rows)]
    convert = column.frame_data or column.data or column.kind.data
    values = [convert(value) for value in column.listed(rows)]
    return values if column.frame_data else list(map(_joined, values))


def _joined(value: Any) -> Any:
    """A list of names or numbers as one text; lists of objects stay lists."""
    is_plain = isinstance(value, list) and not any(isinstance(item, dict) for item in value)
    return ", ".join(map(str, value)) if is_plain else value

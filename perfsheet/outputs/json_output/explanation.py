"""`perfsheet explain --json`."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.explanation import Explanation
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json, head, named
from perfsheet.outputs.json_output.trials import tried_on
from perfsheet.tables import Rows
from perfsheet.tables.explanation import CURES, FORMULAS, OTHERS
from perfsheet.tables.kinds import row_data
from perfsheet.tables.op_rows import OpRows
from perfsheet.tables.ops import OPS


def explanation(found: Explanation, analysis: Analysis | None) -> Json:
    """The explanation; `analysis`: what it is of, None for a rule alone."""
    told: Json = {
        "explained": found.kind.value,
        "id": found.id,
        "title": found.title,
        "why": list(found.why),
        "formulas": FORMULAS.records(Rows(found, found.formulas)),
        "cures": CURES.records(Rows(found, found.cures)),
        "siblings": OTHERS.records(Rows(found, found.others)),
        "related": list(found.related),
        "code": found.code or None,
        "rows": [row_data(ref) for ref in found.rows],
        "page": found.doc,
    }
    if analysis is None:
        return {"schema_version": SCHEMA_VERSION, **told}
    op = None if found.position is None else OPS.records(OpRows(analysis, np.array([found.position])))[0]
    tried = {} if analysis.tried is None else {"tried_on": tried_on(analysis.tried.board)}
    return named(analysis, {**head(analysis), **told, "op": op, **tried})

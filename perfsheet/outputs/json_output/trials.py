"""Ops tried on a mock board, as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.outputs.json_output.parts import Json, head, named
from perfsheet.tables import Rows
from perfsheet.tables.kinds import number, row_data
from perfsheet.tables.trials import VARIANTS
from perfsheet.trials import Session, Trial


def trials(analysis: Analysis, tried: Sequence[Trial], board: Session) -> Json:
    """`perfsheet try --json`: each op as recorded and built again, and every variant with what TTNN says of it."""
    told = {
        **head(analysis),
        "tried_on": {"board": board.board, "grid": list(board.grid), "ttnn": board.ttnn},
        "trials": [_trial(one) for one in tried],
    }
    return named(analysis, told)


def _trial(trial: Trial) -> Json:
    again = trial.again
    return {
        "op_code": trial.op_code,
        "row": row_data(trial.row),
        "count": trial.count,
        "kernel_duration_ns": number(trial.kernel_ns),
        "core_count": trial.op.cores if trial.op else None,
        "working_cores": trial.working,
        "problem": trial.problem or None,
        "again": None
        if again is None
        else {
            "accepted": again.accepted,
            "reason": again.reason or None,
            "core_count": again.cores,
            "l1_bytes": again.l1_bytes,
            "bank_bytes": again.bank_bytes,
            "reproduced": trial.reproduced,
            "code": trial.code.text if trial.code is not None else None,
        },
        "variants": VARIANTS.records(Rows(trial, [*trial.accepted, *trial.refused])),
        "not_tried": trial.kind.not_tried if trial.kind else None,
        "left_out": trial.left_out,
    }

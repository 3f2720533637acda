"""Ops tried on a mock board, as JSON."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.outputs.json_output.parts import Json, head, named
from perfsheet.tables import Rows
from perfsheet.tables.kinds import number, row_data
from perfsheet.tables.trials import CHAINS, TRIED, VARIANTS, Numbered, tried_causes
from perfsheet.trials import Session, Trial
from perfsheet.trials.asked import Asked
from perfsheet.trials.chain import ChainTrial
from perfsheet.trials.ways import TriedCauses


def trials(analysis: Analysis, asked: Asked, board: Session) -> Json:
    """`perfsheet try --json`: each op as recorded and built again, and every variant with what TTNN says of it."""
    told = {
        **head(analysis),
        "tried_on": tried_on(board),
        "chains": [_chain(one) for one in asked.chains],
        "trials": [_trial(one) for one in asked.trials],
    }
    return named(analysis, told)


def tried_on(board: Session) -> Json:
    """The mock board."""
    return {"board": board.board, "grid": list(board.grid), "ttnn": board.ttnn}


def tried_keys(analysis: Analysis, tried: TriedCauses) -> Json:
    """What TTNN says of the causes, and on which board."""
    return {"tried_on": tried_on(tried.board), "tried": TRIED.records(tried_causes(analysis))}


def _chain(chain: ChainTrial) -> Json:
    return {
        "op_codes": chain.title,
        "rows": [row_data(row) for row in chain.rows],
        "count": chain.count,
        "problem": chain.problem or None,
        "ways": CHAINS.records(Rows(Numbered(chain), [*chain.accepted, *chain.refused])),
    }


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
        "variants": VARIANTS.records(Rows(Numbered(trial), [*trial.accepted, *trial.refused])),
        "not_tried": trial.kind.not_tried if trial.kind else None,
        "left_out": trial.left_out,
    }

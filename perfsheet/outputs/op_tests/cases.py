"""The cases of the tests: ops of a capture, each configuration once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from perfsheet.light_dataclass import dataclass
from perfsheet.text import formats
from perfsheet.trials import Trial
from perfsheet.trials.code import Code


@dataclass(frozen=True)
class Case:
    """An op to test: its kind, a `name` in Python, the id of the test, a line about it, its call, and how many ops of
    the capture or graph it stands for."""

    kind: str
    name: str
    id: str
    about: str
    code: Code
    count: int


def of_capture(trials: Sequence[Trial]) -> tuple[list[Case], Mapping[str, int]]:
    """The cases of a capture, and the ops that are not covered, by their code."""
    cases: list[Case] = []
    left_out: dict[str, int] = {}
    for trial in trials:
        if trial.kind is None or trial.code is None:
            left_out[trial.op_code] = left_out.get(trial.op_code, 0) + trial.count
            continue
        row = trial.row.row
        cases.append(Case(trial.kind.title, f"row_{row}", _id(trial), _about(trial), trial.code, trial.count))
    return cases, left_out


def _time(trial: Trial) -> str:
    return "time unknown" if math.isnan(trial.kernel_ns) else formats.span_of_time(trial.kernel_ns)


def _id(trial: Trial) -> str:
    times = f"{trial.count}x-" if trial.count > 1 else ""
    return f"row-{trial.row.row}-{times}{_time(trial).replace(' µ', 'u').replace(' ', '')}"


def _about(trial: Trial) -> str:
    cores = trial.op.cores if trial.op is not None else None
    alike = f"{trial.count} identical ops" if trial.count > 1 else "one op"
    return f"{alike}, {_time(trial)}{f', on {cores} cores' if cores else ''}"

"""Sentences about ops that were tried on a mock board."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from perfsheet.capture.notes import rows
from perfsheet.text import formats
from perfsheet.trials import Session, Trial, Tried
from perfsheet.trials.chain import ChainTrial
from perfsheet.trials.results import BECOMES
from perfsheet.trials.ways import CauseTrial, Way


def ground(board: Session) -> str:
    """What stands behind it: the board, and what is not known there."""
    columns, rows = board.grid
    assumed = " (assumed: the capture names no architecture)" if board.assumed else ""
    return (
        f"TRIED with ttnn {board.ttnn} on a mock {board.board} of {columns} × {rows} cores{assumed}: TTNN accepts or "
        "refuses; how fast an op is, only a device tells."
    )


def subject(trial: Trial) -> str:
    """`Row 54 · LayerNormDeviceOperation · 24 identical ops · 33.8 µs`."""
    alike = f" · {trial.count:,} identical ops" if trial.count > 1 else ""
    time = "" if math.isnan(trial.kernel_ns) else f" · {formats.span_of_time(trial.kernel_ns)}"
    return f"Row {trial.row.row} · {trial.op_code}{alike}{time}"


def again(trial: Trial) -> str:
    """What came of the op as recorded, and what that means for its variants."""
    recorded = trial.op.cores if trial.op is not None else None
    if trial.problem:
        return f"Not tried: {trial.problem}."
    if trial.again is None or trial.op is None:
        return "Not tried."
    if trial.again.reason.startswith(BECOMES):
        return f"As recorded {trial.again.reason}, so nothing is claimed."
    if not trial.again.accepted:
        return f"Refused as recorded, so nothing is claimed: {trial.again.reason}"
    if recorded is None:
        return "Its core count is not in the capture, so nothing is claimed."
    if not trial.reproduced:
        return (
            f"As recorded it comes out on {_cores(trial.again.cores)}, not on {_cores(recorded)}: it was built "
            "otherwise then, so nothing is claimed."
        )
    idle = trial.working is not None and trial.working < recorded
    if trial.again.cores != recorded or idle:
        same = f"{_cores(trial.working)} with work, started on {recorded} then and on {trial.again.cores} here"
        return f"As recorded: {same}."
    used = "" if trial.again.l1_bytes is None else f", {formats.size(trial.again.l1_bytes)} of L1"
    return f"As recorded: {_cores(recorded)}{used}."


def verdict(trial: CauseTrial) -> str:
    """`TTNN accepts block-sharded on 8 × 6 cores (48 cores, 15.1 % of L1, 2 tensors moved); perfsheet try C2 …`.

    Blank where there is nothing to try.
    """
    where = f"perfsheet try {trial.cause_id}"
    if trial.best is not None:
        return f"TTNN accepts {way(trial.best)}; {where} has the code"
    others = sum(len(one.accepted) for one in (trial.op, trial.together) if one is not None)
    if others:
        return f"Of what TTNN accepts nothing is this cure; {where} shows {rows(others, 'other way')}"
    if trial.refused:
        return f"TTNN refuses what was tried ({where} says why)"
    problem = trial.problem
    if not problem:
        return ""
    return f"{again(problem) if isinstance(problem, Trial) else f'Not tried: {problem}'} ({where})"


def way(found: Way) -> str:
    """`block-sharded on 8 × 6 cores (48 cores, 15.1 % of L1, 2 ops fewer, 1 tensor moved, less exact)`."""
    parts = [cores_of(found.cores)]
    if found.of_bank is not None:
        parts.append(f"{formats.percent(found.of_bank)} of L1")
    if found.fewer_ops:
        parts.append(f"{rows(found.fewer_ops, 'op')} fewer")
    if found.moved:
        parts.append(f"{rows(found.moved, 'tensor')} moved")
    if not found.exact:
        parts.append("less exact")
    return f"{found.label} ({', '.join(parts)})"


def cores_of(cores: Sequence[int | None]) -> str:
    """`48 cores`, of a chain `64, 48 and 64 cores`."""
    if len(cores) == 1:
        return _cores(cores[0])
    *first, last = map(_figure, cores)
    return f"{', '.join(first)} and {last} cores"


def arrows(cores: Sequence[int | None]) -> str:
    """`64 → 48 → 64`."""
    return " → ".join(map(_figure, cores))


def _figure(count: int | None) -> str:
    return "?" if count is None else str(count)


def chain_subject(chain: ChainTrial) -> str:
    """`Rows 958, 959, 960, 961 · Matmul → BinaryNg → Softmax → Matmul · 32 times`."""
    numbers = ", ".join(str(row.row) for row in chain.rows[:_NAMED])
    more = f" and {len(chain.rows) - _NAMED} more" if len(chain.rows) > _NAMED else ""
    times = f" · {chain.count:,} times" if chain.count > 1 else ""
    return f"Row{'s' if len(chain.rows) > 1 else ''} {numbers}{more} · {chain.title}{times}, tried as one"


def chain_again(chain: ChainTrial) -> str:
    """Whether its ops come out as recorded."""
    if chain.problem:
        return f"Not tried: {chain.problem}."
    covered = [one for one in chain.ops if one.again is not None]
    if not covered:
        return "None of its ops is covered: what follows is tried by the tensors that they read."
    others = len(chain.ops) - len(covered)
    but = f", but for {rows(others, 'op')} that {'is' if others == 1 else 'are'} not covered" if others else ""
    others_read = "" if chain.readers_known else " What else reads their tensors only a graph report tells (--graph)."
    return f"Its ops come out as recorded{but}.{others_read}"


_NAMED = 8


def _cores(count: int | None) -> str:
    return "an unknown number of cores" if count is None else f"{count} core{'' if count == 1 else 's'}"


def refusals(trial: Trial | ChainTrial) -> list[tuple[str, str]]:
    """Why TTNN refuses variants, and which, most of them first."""
    found = (
        [(one.variant.label, one.built.reason) for one in trial.refused]
        if isinstance(trial, Trial)
        else [(one.proposal.label, one.built.reason) for one in trial.refused]
    )
    by_reason: dict[str, tuple[str, list[str]]] = {}
    for label, reason in found:
        alike = re.sub(r"\d+", "#", reason)  # reasons that differ in sizes alone are one
        by_reason.setdefault(alike, (reason, []))[1].append(label)
    return [
        (reason, "; ".join(dict.fromkeys(labels)))
        for reason, labels in sorted(by_reason.values(), key=lambda pair: -len(pair[1]))
    ]


def not_tried(trial: Trial) -> str:
    """What the search leaves out."""
    more = f"{trial.left_out} further variants, " if trial.left_out else ""
    return f"Not tried: {more}{trial.kind.not_tried if trial.kind is not None else ''}."


def code(trials: Sequence[Trial | ChainTrial], which: int) -> str:
    """The Python of one of all that TTNN accepts, counted from 1; 0 = of the first op as recorded; blank if none."""
    if which == 0:
        found = (one.code for one in trials if isinstance(one, Trial) and one.code is not None)
        return next((one.text for one in found), "")
    texts = [
        one.variant.code.text if isinstance(one, Tried) else one.proposal.code.text
        for trial in trials
        for one in trial.accepted
    ]
    return texts[which - 1] if 0 < which <= len(texts) else ""

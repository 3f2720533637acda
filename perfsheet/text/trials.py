"""Sentences about ops that were tried on a mock board."""

from __future__ import annotations

import math
import re

from perfsheet.text import formats
from perfsheet.trials import Session, Trial
from perfsheet.trials.trial import BECOMES


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
    if trial.again.cores != recorded:
        same = f"{_cores(trial.working)} with work, started on {recorded} then and on {trial.again.cores} here"
        return f"As recorded: {same}."
    used = "" if trial.again.l1_bytes is None else f", {formats.size(trial.again.l1_bytes)} of L1"
    return f"As recorded: {_cores(recorded)}{used}."


def verdict(trial: Trial, subject: str) -> str:
    """`TTNN accepts: block-sharded on 8 × 6 cores (48 cores, 15.1 % of L1, 2 tensors moved); perfsheet try H1 …`.

    Blank where there is nothing to try; `subject` is what to try for more.
    """
    where = f"perfsheet try {subject}"
    if trial.again is not None and not trial.reproduced:
        return f"{again(trial)} ({where})"
    if not trial.tried:
        return ""
    if not trial.accepted:
        return f"TTNN accepts none of {len(trial.tried)} variants ({where} says why)"
    best = trial.accepted[0]
    parts = [_cores(best.cores)]
    if best.built.of_bank is not None:
        parts.append(f"{formats.percent(best.built.of_bank)} of L1")
    if best.moved:
        parts.append(f"{best.moved} tensor{'s' if best.moved > 1 else ''} moved")
    return f"TTNN accepts: {best.variant.label} ({', '.join(parts)}); {where} has the code"


def _cores(count: int | None) -> str:
    return "an unknown number of cores" if count is None else f"{count} core{'' if count == 1 else 's'}"


def refusals(trial: Trial) -> list[tuple[str, str]]:
    """Why TTNN refuses variants, and which, most of them first."""
    by_reason: dict[str, tuple[str, list[str]]] = {}
    for one in trial.refused:
        alike = re.sub(r"\d+", "#", one.built.reason)  # reasons that differ in sizes alone are one
        by_reason.setdefault(alike, (one.built.reason, []))[1].append(one.variant.label)
    return [
        (reason, "; ".join(labels)) for reason, labels in sorted(by_reason.values(), key=lambda pair: -len(pair[1]))
    ]


def not_tried(trial: Trial) -> str:
    """What the search leaves out."""
    more = f"{trial.left_out} further variants, " if trial.left_out else ""
    return f"Not tried: {more}{trial.kind.not_tried if trial.kind is not None else ''}."


def code(trial: Trial, which: int) -> str:
    """The Python of an accepted variant, counted from 1; 0 = of the op as recorded; blank where there is none."""
    if which == 0:
        return "" if trial.code is None else trial.code.text
    return trial.accepted[which - 1].variant.code.text if 0 < which <= len(trial.accepted) else ""

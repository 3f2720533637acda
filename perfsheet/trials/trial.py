"""Ops tried: built as recorded first, then in other ways, each accepted or refused by TTNN on a mock board."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.pieces import pieces
from perfsheet.trials.code import Code
from perfsheet.trials.kinds import Kind, Variant, kind_of
from perfsheet.trials.kinds.base import NOT_FIT
from perfsheet.trials.memory import Memory
from perfsheet.trials.plain import is_plain_code
from perfsheet.trials.recorded import Recorded, recorded
from perfsheet.trials.results import BECOMES, Built, Trial, Tried, l1_peak
from perfsheet.trials.session import Outcome, Session

MOST_VARIANTS = 40
"""Variants of an op that are tried at most."""
_NOT_TOLD = "the capture does not tell enough of it, or what it tells is not covered"
_ODD = "its attributes are not what TTNN writes"


def try_ops(
    analysis: Analysis, positions: Sequence[int], board: Session, most: int | None = None, variants: bool = True
) -> tuple[Trial, ...]:
    """Try the ops at these positions, identical ones once, longest first, `most` of them (None = all).

    `variants`: also in other ways. Raises PerfsheetError when TTNN opens no board.
    """
    trials = [describe(analysis, group, board.grid) for group in identical(analysis, positions)[:most]]
    trials = built_again(trials, board)
    return tuple(in_other_ways(trials, board) if variants else trials)


def texts_of(trials: Sequence[Trial], variants: bool = True) -> Iterator[str]:
    """The Python of ops as recorded, and in other ways, so that all of it can be built in one process."""
    for trial in trials:
        if trial.code is not None:
            yield trial.code.text
            yield from (one.code.text for one in islice(variants_of(trial), MOST_VARIANTS if variants else 0))


def described(analysis: Analysis, grid: tuple[int, int]) -> tuple[Trial, ...]:
    """Every op of an analysis, identical ones once, with the Python that builds it; none of them is tried."""
    return tuple(describe(analysis, group, grid) for group in identical(analysis, range(len(analysis.ops))))


def identical(analysis: Analysis, positions: Sequence[int]) -> list[list[int]]:
    """The positions, those of identical ops together, most kernel time first."""
    ops = analysis.ops
    found: dict[tuple[int, float], list[int]] = {}
    for position in positions:
        cores = float(ops.cores[position])
        found.setdefault((int(ops.variants.of[position]), -1.0 if math.isnan(cores) else cores), []).append(position)
    return sorted(found.values(), key=lambda some: -_time(analysis, some))


def _time(analysis: Analysis, positions: Sequence[int]) -> float:
    """Σ of the known times, NaN without any."""
    known = [time for time in analysis.ops.kernel_ns[list(positions)].tolist() if not math.isnan(time)]
    return float(sum(known)) if known else math.nan


def describe(analysis: Analysis, positions: Sequence[int], grid: tuple[int, int]) -> Trial:
    """The op with the Python that builds it, or why there is none."""
    first = positions[0]
    variant = analysis.facts.variant(first)
    trial = Trial(analysis.row_ref(first), variant.op_code, tuple(positions), _time(analysis, positions))
    kind = kind_of(variant.op_code)
    if kind is None:
        return replace(trial, problem="this kind of op is not covered")
    op = recorded(analysis.facts, first, grid)
    code = _code(kind, op)
    trial = replace(trial, kind=kind, op=op, pieces=_pieces(analysis, first, kind, op))
    if code is None:
        return replace(trial, problem=_NOT_TOLD)
    if not is_plain_code(code):
        return replace(trial, problem=_ODD)
    return replace(trial, code=code, sibling=_sibling(analysis, first, code, grid))


def _pieces(analysis: Analysis, position: int, kind: Kind, op: Recorded) -> int | None:
    """Into how many pieces the work of an op can be cut; None = unknown."""
    if kind.pieces is not None:
        return kind.pieces(op)
    cut = float(pieces(analysis.ops)[position])
    return None if math.isnan(cut) else int(cut)


def _sibling(analysis: Analysis, position: int, code: Code, grid: tuple[int, int]) -> Variant | None:
    """The way of the op that ran faster on the same shapes; None without one in this capture."""
    facts = analysis.facts
    found = None if facts.ops.planned else facts.siblings[int(facts.ops.variants.of[position])]
    if found is None or found.in_reference:
        return None
    op = recorded(facts, found.position, grid)
    kind = kind_of(op.op_code)
    other = None if kind is None else _code(kind, op)
    if kind is None or other is None or _shapes(other) != _shapes(code):
        return None
    return Variant(f"as row {facts.sibling_row(found)}", other, "sibling", makes=kind.makes or kind.ops)


def _shapes(code: Code) -> list[tuple[int, ...]]:
    return [tensor.shape for tensor in code.tensors.values()]


def _code(kind: Kind, op: Recorded) -> Code | None:
    try:
        return kind.build(op)
    except NOT_FIT:
        return None


def built_again(trials: Sequence[Trial], board: Session) -> list[Trial]:
    """The ops built as recorded. Raises PerfsheetError when TTNN opens no board."""
    outcomes = iter(board.build([trial.code.text for trial in trials if trial.code is not None]))
    return [
        trial if trial.code is None or trial.kind is None else replace(trial, again=_built(trial.kind, next(outcomes)))
        for trial in trials
    ]


def in_other_ways(trials: Sequence[Trial], board: Session) -> list[Trial]:
    """The ops that were reproduced, with their variants. Raises PerfsheetError when TTNN opens no board."""
    wanted = [list(variants_of(trial)) if trial.reproduced else [] for trial in trials]
    tried = [some[:MOST_VARIANTS] for some in wanted]
    outcomes = iter(board.build([one.code.text for some in tried for one in some]))
    return [
        replace(
            trial,
            tried=tuple(_tried(trial, variant, next(outcomes)) for variant in some),
            left_out=len(every) - len(some),
        )
        for trial, some, every in zip(trials, tried, wanted, strict=True)
    ]


def variants_of(trial: Trial) -> Iterator[Variant]:
    """Variants whose Python is plain, and another one than that of the op."""
    if trial.kind is not None and trial.op is not None and trial.code is not None:
        with suppress(*NOT_FIT):
            first = () if trial.sibling is None else (trial.sibling,)
            seen = {trial.code.text}
            for variant in chain(first, trial.kind.variants(trial.op, trial.code)):
                if variant.code.text not in seen and is_plain_code(variant.code):
                    seen.add(variant.code.text)
                    yield variant


def _built(kind: Kind, outcome: Outcome, again: Built | None = None, makes: str = "") -> Built:
    """What came of it; further device ops are a reason, unless the op as recorded (`again`) brings them, too.

    `makes`: a pattern of the device op that it must become, if that is not one of its kind.
    """
    if outcome.reason or outcome.report is None:
        return Built(outcome.reason or "TTNN wrote no graph of it")
    report = outcome.report
    own = [op for op in report.device_ops if kind.made(op.name, makes)]
    others = [op.name for op in report.device_ops if not kind.made(op.name, makes)]
    expected = Counter(others if kind.brings_others else () if again is None else again.others)
    if len(own) != 1 or Counter(others) - expected:
        made = Counter(op.name for op in report.device_ops)
        return Built(f"{BECOMES} {', '.join(f'{count} × {name}' for name, count in made.items()) or 'no device op'}")
    return Built("", own[0].cores, tuple(others), l1_peak(report), report.l1_bank_bytes)


def _tried(trial: Trial, variant: Variant, outcome: Outcome) -> Tried:
    assert trial.kind is not None
    built = _built(trial.kind, outcome, trial.again, variant.makes)
    layouts = () if trial.code is None else tuple(_layouts(trial.code, variant.code))
    moved = len(layouts) if variant.moved is None else variant.moved
    return Tried(variant, built, _working(trial, variant, built), moved, layouts)


def _working(trial: Trial, variant: Variant, built: Built) -> int | None:
    """The cores that can have work: of an op on shards those of its first tensor, else as many as there are pieces."""
    memory = next((tensor.memory for tensor in variant.code.tensors.values()), None)
    if built.cores is None:
        return None
    if variant.what == "DRAM-sharded" and trial.op is not None and trial.op.dram_banks:
        return min(built.cores, trial.op.dram_banks)  # a reader to a bank has all of the math
    if trial.kind is not None and trial.kind.on_shards and memory is not None and memory.shard is not None:
        return min(built.cores, memory.shard.cores)
    before = trial.op.inputs[0].memory if trial.op is not None and trial.op.inputs else None
    # The pieces of a sharded op are those of its shards, which bind no other way.
    return built.cores if trial.pieces is None or (before and before.sharded) else min(built.cores, trial.pieces)


def _layouts(before: Code, code: Code) -> Iterator[tuple[str, Memory]]:
    """The tensors that lie elsewhere than recorded, and where: the inputs, and the output."""
    for name, tensor in code.tensors.items():
        if name in before.tensors and tensor.memory not in (None, before.tensors[name].memory):
            assert tensor.memory is not None
            yield name, tensor.memory
    if code.output is not None and code.options.get("memory_config") != before.options.get("memory_config"):
        yield "output", code.output

"""Ops tried: built as recorded first, then in other ways, each accepted or refused by TTNN on a mock board."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.pieces import pieces
from perfsheet.analysis.results import RowRef
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.kinds import Kind, Variant, kind_of
from perfsheet.trials.plain import is_plain
from perfsheet.trials.recorded import Recorded, recorded
from perfsheet.trials.session import Outcome, Session

_NOT_TOLD = "the capture does not tell enough of it"
_ODD = "its attributes are not what TTNN writes"
MOST_VARIANTS = 40
"""Variants of an op that are tried at most."""


@dataclass(frozen=True)
class Built:
    """What came of building an op: `reason` why TTNN refuses it, blank if it accepts it.

    `cores` is that of the device op itself, `others` the device ops that came with it. `l1_bytes` are the tensors and
    circular buffers of a core at its peak, `bank_bytes` what a core has for both; None = unknown.
    """

    reason: str
    cores: int | None = None
    others: tuple[str, ...] = ()
    l1_bytes: int | None = None
    bank_bytes: int | None = None

    @property
    def accepted(self) -> bool:
        """Whether TTNN accepts it."""
        return not self.reason


@dataclass(frozen=True)
class Tried:
    """A variant and what came of it; `reshards`: tensors that lie elsewhere than recorded, which neighbours must bring
    there or take from there."""

    variant: Variant
    built: Built
    reshards: int


@dataclass(frozen=True)
class Trial:
    """An op of a capture that was tried, at `positions` of the analysis.

    `again` is what came of it as recorded, `tried` its variants, in their order. `pieces`: into how many its work can
    be cut; cores beyond that are idle (None = unknown). `left_out`: variants that were not tried for their number.
    `problem` says why nothing was tried, blank if it was.
    """

    row: RowRef
    op_code: str
    positions: tuple[int, ...]
    kernel_ns: float
    kind: Kind | None
    op: Recorded | None
    pieces: int | None
    code: str = ""
    again: Built | None = None
    tried: tuple[Tried, ...] = ()
    left_out: int = 0
    problem: str = ""

    @property
    def count(self) -> int:
        """How many identical ops it stands for."""
        return len(self.positions)

    @property
    def working(self) -> int | None:
        """How many cores can have work at most: as many as there are pieces, or shards; None = unknown."""
        memory = self.op.output_memory if self.op is not None else None
        if self.kind is not None and self.kind.on_shards and memory is not None and memory.shard is not None:
            return memory.shard.cores
        return self.pieces

    @property
    def reproduced(self) -> bool:
        """Whether it came out on as many working cores as recorded.

        A build may start an op on the whole grid, or only where there is work: cores beyond the pieces do not count.
        """
        if self.op is None or self.again is None or self.again.cores is None or self.op.cores is None:
            return False
        most = self.working or max(self.again.cores, self.op.cores)
        return min(self.again.cores, most) == min(self.op.cores, most)

    @cached_property
    def accepted(self) -> tuple[Tried, ...]:
        """The variants that TTNN accepts: most working cores first, then exact ones, then those that move least."""
        most = self.pieces or math.inf
        return tuple(
            sorted(
                (one for one in self.tried if one.built.accepted),
                key=lambda one: (-min(one.built.cores or 0, most), not one.variant.exact, one.reshards),
            )
        )

    @property
    def refused(self) -> tuple[Tried, ...]:
        """The variants that TTNN refuses."""
        return tuple(one for one in self.tried if not one.built.accepted)


def try_ops(
    analysis: Analysis, positions: Sequence[int], board: Session, most: int | None = None, variants: bool = True
) -> tuple[Trial, ...]:
    """Try the ops at these positions, identical ones once, longest first, `most` of them (None = all).

    `variants`: also in other ways. Raises PerfsheetError when TTNN opens no board.
    """
    planned = [_prepared(analysis, group, board.grid) for group in _identical(analysis, positions)[:most]]
    codes = [trial.code for trial in planned if trial.code]
    again = dict(zip((id(trial) for trial in planned if trial.code), board.build(codes) if codes else (), strict=True))
    first = [_with_again(trial, again.get(id(trial))) for trial in planned]
    wanted = [list(_variants(trial)) if variants and trial.reproduced else [] for trial in first]
    built = iter(board.build([one.code.text for some in wanted for one in some[:MOST_VARIANTS]]) if any(wanted) else ())
    return tuple(
        _with_variants(trial, some, [next(built) for _ in some[:MOST_VARIANTS]])
        for trial, some in zip(first, wanted, strict=True)
    )


def described(analysis: Analysis, grid: tuple[int, int]) -> tuple[Trial, ...]:
    """Every op of an analysis, identical ones once, with the Python that builds it; none of them is tried."""
    return tuple(_prepared(analysis, group, grid) for group in _identical(analysis, range(len(analysis.ops))))


def _identical(analysis: Analysis, positions: Sequence[int]) -> list[list[int]]:
    """The positions, identical ops together, most kernel time first."""
    ops = analysis.ops
    found: dict[tuple[int, float], list[int]] = {}
    for position in positions:
        cores = float(ops.cores[position])
        found.setdefault((int(ops.variants.of[position]), -1.0 if math.isnan(cores) else cores), []).append(position)
    return sorted(found.values(), key=lambda some: -_time(analysis, some))


def _time(analysis: Analysis, positions: Sequence[int]) -> float:
    return float(sum(time for time in analysis.ops.kernel_ns[list(positions)].tolist() if not math.isnan(time)))


def _prepared(analysis: Analysis, positions: Sequence[int], grid: tuple[int, int]) -> Trial:
    """The op with the Python that builds it, or why there is none."""
    first = positions[0]
    variant = analysis.facts.variant(first)
    row, time = analysis.row_ref(first), _time(analysis, positions)
    kind = kind_of(variant.op_code)
    if kind is None:
        problem = "this kind of op is not covered"
        return Trial(row, variant.op_code, tuple(positions), time, None, None, None, problem=problem)
    op = recorded(analysis.facts, first, grid)
    code = kind.build(op)
    plain = code is not None and is_plain(code.text, code.tensors)
    cut = float(pieces(analysis.ops)[first])
    return Trial(
        row,
        variant.op_code,
        tuple(positions),
        time,
        kind,
        op,
        None if math.isnan(cut) else int(cut),
        code.text if code is not None and plain else "",
        problem="" if plain else _NOT_TOLD if code is None else _ODD,
    )


def _with_again(trial: Trial, outcome: Outcome | None) -> Trial:
    if outcome is None or trial.kind is None:
        return trial
    return replace(trial, again=_built(trial.kind, outcome))


def _built(kind: Kind, outcome: Outcome) -> Built:
    if outcome.reason or outcome.report is None:
        return Built(outcome.reason or "TTNN wrote no graph of it")
    report = outcome.report
    own = [op for op in report.device_ops if kind.made(op.name)]
    if not own:
        made = ", ".join(op.name for op in report.device_ops) or "no device op"
        return Built(f"it becomes {made}")
    op = own[-1]
    used = None if op.use is None else op.use.l1_bank + (op.circular_bytes or 0)
    others = tuple(other.name for other in report.device_ops if other is not op)
    return Built("", op.cores, others, used, report.l1_bank_bytes)


def _variants(trial: Trial) -> Sequence[Variant]:
    if trial.kind is None or trial.op is None:
        return ()
    code = trial.kind.build(trial.op)
    if code is None:
        return ()
    return [one for one in trial.kind.variants(trial.op, code) if is_plain(one.code.text, one.code.tensors)]


def _with_variants(trial: Trial, variants: Sequence[Variant], outcomes: Sequence[Outcome]) -> Trial:
    if trial.kind is None or trial.op is None:
        return trial
    tried = tuple(
        Tried(variant, _built(trial.kind, outcome), _moved(trial, variant))
        for variant, outcome in zip(variants, outcomes, strict=False)
    )
    return replace(trial, tried=tried, left_out=max(0, len(variants) - MOST_VARIANTS))


def _moved(trial: Trial, variant: Variant) -> int:
    """How many tensors lie elsewhere than recorded: the inputs, and the output."""
    assert trial.kind is not None
    assert trial.op is not None
    code = trial.kind.build(trial.op)
    if code is None:
        return 0
    before = code.tensors
    inputs = [name for name, tensor in variant.code.tensors.items() if tensor.memory != before[name].memory]
    output = variant.code.options.get("memory_config") != code.options.get("memory_config")
    return len(inputs) + output

"""Several runs of one target: their ops aligned, the spread of each op, and which ops are noisy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import Signature, signatures
from perfsheet.analysis.statistics import Spread, Spreads, spread, spreads
from perfsheet.capture.notes import rows
from perfsheet.capture.table import BoolArray, FloatArray, content_key
from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    from perfsheet.analysis.analyze import Analysis

NOISY_PCT = 5.0
"""Coefficient of variation, in percent, above which an op counts as noisy. Identical ops of the real captures that this
project is tested on vary by 1 to 1.5 % (median), the worst by 20 %."""

# What identifies an op across runs: code, device (one for the critical path), signature.
_Key = tuple[str, int, Signature]


@dataclass(frozen=True, eq=False)
class Observation:
    """One run: the sequence of its device ops, their durations and what of these they add to the kernel time (NaN =
    unknown), and the outcome of its tests."""

    label: str
    path: str
    keys: tuple[_Key, ...]
    kernel_ns: FloatArray
    counted_ns: FloatArray
    tests: str = ""
    tests_failed: bool = False

    @property
    def total_ns(self) -> float:
        """Kernel time of the run."""
        return float(np.nansum(self.counted_ns))


@dataclass(frozen=True)
class RepeatedRun:
    """One of several runs; `difference` says where its op sequence differs from that of the others (blank = aligned).

    `tests` is the outcome of its tests on one line; blank = unknown.
    """

    label: str
    path: str
    ops: int
    kernel_ns: float
    difference: str
    shown: bool
    tests: str = ""
    tests_failed: bool = False

    @property
    def aligned(self) -> bool:
        """Whether its ops are the same, in the same order, as those of the other runs."""
        return not self.difference


@dataclass(frozen=True, eq=False)
class Repeats:
    """Runs of one target, their ops aligned.

    `runs` has all of them in order; `shown` is the index of the one whose ops the outputs show, the aligned run of
    median kernel time. `durations` has a row per aligned run and a column per op of the shown run (in ns, NaN =
    unknown), `counted_ns` what of it they add to the kernel time.
    """

    runs: tuple[RepeatedRun, ...]
    shown: int
    total: Spread
    durations: FloatArray
    counted_ns: FloatArray
    noisy_pct: float
    failures: tuple[str, ...] = ()

    @property
    def aligned(self) -> int:
        """The number of runs with the same ops."""
        return len(self.durations)

    def op(self, position: int) -> Spread:
        """The spread of the op at this position of the shown run over all aligned runs."""
        return self.spreads.at(position)

    @cached_property
    def median_ns(self) -> FloatArray:
        """Median kernel duration of every op of the shown run; NaN = unknown."""
        return self.spreads.median_ns

    @cached_property
    def noisy(self) -> BoolArray:
        """The ops whose coefficient of variation exceeds `noisy_pct` percent."""
        return 100 * self.spreads.cv > self.noisy_pct

    @cached_property
    def spreads(self) -> Spreads:
        """What every op of the shown run took in all aligned runs."""
        return spreads(self.durations)


def observe(ops: Ops, label: str, path: str, tests: str = "", tests_failed: bool = False) -> Observation:
    """What `align` needs to know of a run; `tests` is the outcome of its tests on one line."""
    op_signatures = signatures(ops, range(len(ops)))
    keys = tuple(zip(ops.codes, ops.sequence.tolist(), op_signatures, strict=True))
    return Observation(label, path, keys, ops.kernel_ns.copy(), ops.counted_ns.copy(), tests, tests_failed)


def align(observed: Sequence[Observation], noisy_pct: float = NOISY_PCT, failures: Sequence[str] = ()) -> Repeats:
    """Align the runs op by op.

    The op sequence of most runs (of the earliest in a tie) is the reference. A run with another sequence is not
    aligned: it is listed with its first difference, and is in no statistic. `failures`: texts about runs without a
    capture.
    """
    reference = _most_common([run.keys for run in observed])
    differences = [_difference(run.keys, reference) for run in observed]
    aligned = [index for index, difference in enumerate(differences) if not difference]
    by_time = sorted(aligned, key=lambda index: observed[index].total_ns)
    shown = by_time[(len(by_time) - 1) // 2]
    durations = np.vstack([observed[index].kernel_ns for index in aligned])
    return Repeats(
        runs=tuple(
            RepeatedRun(
                run.label,
                run.path,
                len(run.keys),
                run.total_ns,
                differences[index],
                index == shown,
                run.tests,
                run.tests_failed,
            )
            for index, run in enumerate(observed)
        ),
        shown=shown,
        total=spread(np.array([observed[index].total_ns for index in aligned])),
        durations=durations,
        counted_ns=np.vstack([observed[index].counted_ns for index in aligned]),
        noisy_pct=noisy_pct,
        failures=tuple(failures),
    )


def _most_common(sequences: Sequence[tuple[_Key, ...]]) -> tuple[_Key, ...]:
    return Counter(sequences).most_common(1)[0][0]


def _difference(keys: tuple[_Key, ...], reference: tuple[_Key, ...]) -> str:
    """A description of where two op sequences differ; blank if they are the same."""
    if keys == reference:
        return ""
    count = "" if len(keys) == len(reference) else f"{rows(len(keys), 'op')} instead of {len(reference):,}; "
    place, (mine, theirs) = next(
        (place, pair) for place, pair in enumerate(zip_longest(keys, reference), 1) if pair[0] != pair[1]
    )
    return f"{count}first at op {place:,}: {_contrast(mine, theirs)}"


def _contrast(mine: _Key | None, theirs: _Key | None) -> str:
    if mine is None:
        return f"it ends, the others continue with {theirs[0] if theirs else '?'}"
    if theirs is None:
        return f"it continues with {mine[0]}, the others end"
    if mine[0] != theirs[0]:
        return f"{mine[0]} instead of {theirs[0]}"
    if mine[1] != theirs[1]:
        return f"{mine[0]} on device {mine[1]} instead of {theirs[1]}"
    return f"{mine[0]} in another configuration: {mine[2].text} instead of {theirs[2].text}"


def analyze_runs(
    paths: Sequence[str], analyze_path: Callable[[str], Analysis], noisy_pct: float = NOISY_PCT
) -> Analysis:
    """The analysis of one capture, or of several runs of the same ops; `analyze_path` analyses one of them.

    Of several runs the one of median kernel time is analysed, with what the others took in `Analysis.repeats`. Runs
    whose ops differ from the majority are left out, and `Analysis.checks` says so. Only one run is kept in memory, so
    the median one is read twice.
    """
    if len(paths) == 1:
        return analyze_path(paths[0])
    observations: list[Observation] = []
    seen: dict[int, str] = {}
    for number, path in enumerate(paths, 1):
        ops = analyze_path(path).ops
        key = content_key(ops.table.numbers)
        if key is not None and (first := seen.setdefault(hash(key), path)) != path:
            raise usage(f"{path} is the same capture as {first}", "name each run once")
        observations.append(observe(ops, f"run {number}", path))
    repeats = align(observations, noisy_pct)
    return replace(analyze_path(paths[repeats.shown]), repeats=repeats)

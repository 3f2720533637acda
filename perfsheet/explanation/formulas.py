"""The formulas behind the figures of an op, of a finding and of a cause, with their numbers put in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.expectation.expected import best_shares
from perfsheet.analysis.expectation.grounds import GroundKind
from perfsheet.analysis.expectation.records import RECORDS, Record
from perfsheet.analysis.results import Cause, Finding
from perfsheet.analysis.rules.base import Rule
from perfsheet.analysis.rules.math_fidelity import needed_passes
from perfsheet.analysis.rules.weights_dtype import saved_bytes
from perfsheet.analysis.speed_of_light.peaks import passes_of
from perfsheet.analysis.statistics import known
from perfsheet.analysis.windows.idle import LONG_WAIT_NS
from perfsheet.capture.notes import rows
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.explanation.arithmetic import value_of
from perfsheet.explanation.model import Formula
from perfsheet.text.words import planned

# Quantities of an op, by what the formulas call them


def _kernel(analysis: Analysis, at: int) -> float:
    return float(analysis.ops.kernel_ns[at])


def _captured(name: str) -> Callable[[Analysis, int], float]:
    return lambda analysis, at: float(analysis.ops.number(name)[at])


def _step_mean(analysis: Analysis, at: int) -> float:
    return float(analysis.facts.steps.mean_ns[at])


def _weight_bytes(analysis: Analysis, at: int) -> float:
    inputs = analysis.facts.variant(at).inputs
    return float(inputs[1].size or math.nan) if len(inputs) > 1 else math.nan


_NS, _BYTES, _COUNT = "ns", "bytes", ""
_QUANTITIES: dict[str, tuple[Callable[[Analysis, int], float], str]] = {
    "median kernel duration of the fastest sibling": (lambda a, at: float(a.facts.sibling_ns[at]), _NS),
    "time at the speed of light": (lambda a, at: float(a.facts.speed_of_light.min_kernel_ns[at]), _NS),
    "time at the DRAM peak": (lambda a, at: _kernel(a, at) * float(a.facts.speed_of_light.dram[at]), _NS),
    "mean of its step over the devices": (_step_mean, _NS),
    "last core's start − first core's start": (_captured("launch_skew_ns"), _NS),
    "mean of the cores": (_captured("per_core_avg_ns"), _NS),
    "slowest core": (_captured("per_core_max_ns"), _NS),
    "OP TO OP LATENCY": (lambda a, at: float(a.ops.gap_ns[at]), _NS),
    "kernel duration": (_kernel, _NS),
    "their bytes as bfloat8_b": (lambda a, at: _weight_bytes(a, at) - saved_bytes(a.facts.variant(at)), _BYTES),
    "weight bytes": (_weight_bytes, _BYTES),
    "passes needed": (lambda a, at: float(needed_passes(a.facts.variant(at))), _COUNT),
    "passes": (lambda a, at: float(passes_of(a.ops)[at]), _COUNT),
    "core count": (lambda a, at: float(a.ops.cores[at]), _COUNT),
    "worker grid": (lambda a, at: float(a.ops.worker_cores[at]), _COUNT),
    "DRAM bytes": (lambda a, at: float(a.facts.speed_of_light.dram_bytes[at]), _BYTES),
    "input bytes": (lambda a, at: float(a.facts.variant(at).inputs[0].size or math.nan), _BYTES),
}
_NAMES = re.compile("|".join(map(re.escape, _QUANTITIES)))
_LEAST = ", down to what is left of the speed of light"
"""Ends formulas that are cut at what the op takes at the least anyway."""
_IN_WORDS = re.compile(r"[A-Za-z]+")
_UNITS = {"ns", "bytes"}


def figure(value: float) -> str:
    """`1,234` or `12.346`."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}".rstrip("0").rstrip(".")


def with_numbers(words: str, analysis: Analysis, position: int) -> str:
    """A formula with the numbers of an op in place of what it names; blank where it names something else.

    A sum (`Σ …`) becomes that of this op alone; what a formula is cut down to is left out.
    """

    def number(found: re.Match[str]) -> str:
        value, unit = _QUANTITIES[found[0]]
        amount = value(analysis, position)
        return found[0] if math.isnan(amount) else f"{figure(amount)} {unit}".rstrip()

    text = _NAMES.sub(number, words.partition(_LEAST)[0].removeprefix("Σ ").strip())
    if text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1]
    return "" if set(_IN_WORDS.findall(text)) - _UNITS else text


# Formulas


def of_op(analysis: Analysis, position: int) -> Iterator[Formula]:
    """Share, utilizations and speed of light of an op; those that are unknown are left out."""
    ops, light, where = analysis.ops, analysis.facts.speed_of_light, _row(analysis, position)
    kernel, total = _kernel(analysis, position), ops.total_ns
    if math.isfinite(kernel) and total:
        counted = float(ops.counted_ns[position])
        part = "kernel duration" if counted == kernel else "what of the kernel duration is beside no longer op"
        words = f"{part} / kernel time" if analysis.plan is None else "least time / Σ least time"
        numbers = f"{figure(counted)} ns / {figure(total)} ns"
        yield Formula("share", where, words, numbers, 100 * counted / total, "%")
    if analysis.plan is not None:
        return
    yield from _utilizations(analysis, position)
    yield from _peaks(analysis, position)
    gap = float(ops.gap_ns[position])
    if math.isfinite(gap):
        words = "OP TO OP LATENCY where it is plausible"
        if gap >= LONG_WAIT_NS and not analysis.facts.warm[position]:
            words = "OP TO OP LATENCY; so long before an op's first run it contains compiling, and is not counted"
        yield Formula("gap before", where, words, "", gap, "ns")
    if reason := light.reason(position):
        yield Formula("speed of light", where, f"unknown: {reason}", "", None, "%")


def _utilizations(analysis: Analysis, position: int) -> Iterator[Formula]:
    ops, where = analysis.ops, _row(analysis, position)
    ideal, kernel, cores = (float(one[position]) for one in (ops.pm_ideal_ns, ops.kernel_ns, ops.cores))
    if not all(map(math.isfinite, (ideal, kernel, cores))):
        return
    reference = analysis.summary.ref_cores
    grid = float(ops.worker_cores[position])
    choices = [("utilization", "108" if reference == 108 else "ref_cores", reference, ops.utilization)]
    choices.append(("utilization by grid", "worker grid", grid, ops.utilization_grid))
    for name, called, of_cores, values in choices:
        value = known(float(values[position]))
        if value is None or (name == "utilization" and reference == "grid"):
            continue
        words = f"(PM IDEAL / DEVICE KERNEL DURATION) × ({called} / CORE COUNT)"
        numbers = f"({figure(ideal)} ns / {figure(kernel)} ns) × ({figure(float(of_cores))} / {figure(cores)})"
        yield Formula(name, where, words, numbers, 100 * value, "%")


def _peaks(analysis: Analysis, position: int) -> Iterator[Formula]:
    ops, light, where = analysis.ops, analysis.facts.speed_of_light, _row(analysis, position)
    kernel, chip = _kernel(analysis, position), light.peaks
    compute, dram, sol = (known(float(one[position])) for one in (light.compute, light.dram, light.sol))
    if compute:
        passes = float(passes_of(ops)[position])
        of_core = float(chip.core_flops_per_ns[position])
        grid, flops = float(ops.worker_cores[position]), float(light.flops[position])
        of_grid = f"{figure(kernel)} ns × {figure(grid)} × {figure(of_core)} FLOP/ns"
        numbers = f"{figure(flops)} FLOP × {figure(passes)} / ({of_grid})"
        words = "FLOPs × passes of the math fidelity / (kernel duration × worker grid × peak of a core)"
        yield Formula("compute peak", where, words, numbers, 100 * compute, "%")
        if used := known(float(light.compute_used_cores[position])):
            working = float(light.working_cores[position])
            own = numbers.replace(f" ns × {figure(grid)} ×", f" ns × {figure(working)} ×")
            yield Formula("compute peak of its cores", where, words.replace("worker grid", "working cores"), own,
                          100 * used, "%")  # fmt: skip
    if dram is not None:
        moved, peak = float(light.dram_bytes[position]), float(chip.dram_bytes_per_ns[position])
        numbers = f"{figure(moved)} bytes / ({figure(kernel)} ns × {figure(peak)} bytes/ns)"
        yield Formula("DRAM peak", where, "DRAM bytes / (kernel duration × DRAM peak)", numbers, 100 * dram, "%")
    if sol is not None:
        parts = [f"{100 * part:.2f} %" for part in (compute, dram) if part]
        yield Formula("speed of light", where, "the larger of compute and DRAM peak",
                      f"max({', '.join(parts)})" if len(parts) > 1 else "", 100 * sol, "%")  # fmt: skip


def of_finding(analysis: Analysis, finding: Finding, within: IntArray | None = None) -> Iterator[Formula]:
    """The upper bound of a finding: of the op that saves most (`within` these ops, if it has any), and their sum; and
    what is expected."""
    words, every = planned_words(finding.rule.saving_formula, analysis), _every(finding)
    if len(finding.positions) and np.isfinite(finding.savings).any():
        chain = _chain(analysis, finding)
        yield _of_one(analysis, finding, words, within) if chain is None else chain
    if finding.count > 1 or not len(finding.positions):
        yield Formula("saves at most", every, words, "", finding.saving_ns, "ns")
    yield from _expected(analysis, finding, within)


def _of_one(analysis: Analysis, finding: Finding, words: str, within: IntArray | None) -> Formula:
    """The bound of one op, cut at what it takes at the least once it is fixed."""
    at = _largest(finding, finding.savings, within)
    position, saving = int(finding.positions[at]), float(finding.savings[at])
    kernel = _kernel(analysis, position)
    left = kernel - float(finding.floors[at]) if len(finding.floors) == len(finding.savings) else math.nan
    text = with_numbers(finding.rule.saving_formula, analysis, position)
    return _proven("saves at most", _row(analysis, position), words, text, saving, kernel, left)


def _largest(finding: Finding, savings: FloatArray, within: IntArray | None) -> int:
    """The index of the op that saves most, within these if it has any."""
    values = np.nan_to_num(savings, nan=-1.0)
    if within is not None and (inside := np.isin(finding.positions, within)).any():
        values = np.where(inside, values, -2.0)
    return int(np.argmax(values))


def _proven(
    name: str, of: str, words: str, numbers: str, value: float, kernel: float = math.nan, bound: float = math.nan
) -> Formula:
    """A formula in ns with numbers that come to its value: as they are, cut at the kernel duration or at the bound."""
    choices = (numbers, f"{figure(kernel)} ns", f"min({numbers}, {figure(bound)} ns)") if numbers else ()
    shown = next((text for text in choices if _comes_to(text, value)), "")
    return Formula(name, of, words, shown, value, "ns")


def _comes_to(numbers: str, value: float) -> bool:
    found = value_of(numbers)
    return found is not None and math.isclose(found, value, rel_tol=_SAME, abs_tol=_SAME_NS)


_SAME, _SAME_NS = 1e-5, 0.5
"""What rounding may change."""


def _chain(analysis: Analysis, finding: Finding) -> Formula | None:
    """What the ops of its first chain save at most, one by one; None for a rule without chains."""
    if finding.group.chains is None:
        return None
    of_op = dict(zip(finding.positions.tolist(), finding.savings.tolist(), strict=True))
    members = [(position, of_op[position]) for position in finding.group.first_chain]
    known = [(position, saving) for position, saving in members if math.isfinite(saving)]
    if not known:
        return None
    terms = [figure(saving) for _, saving in known[:_TERMS]]
    terms += [figure(sum(saving for _, saving in known[_TERMS:]))] if len(known) > _TERMS else []
    more = f" and {len(members) - 1} more" if len(members) > 1 else ""
    numbers = f"{' + '.join(terms)} ns" if len(terms) > 1 else ""
    words = planned_words(finding.rule.saving_formula, analysis)
    return Formula("saves at most", _row(analysis, known[0][0]) + more, words, numbers,
                   sum(saving for _, saving in known), "ns")  # fmt: skip


def planned_words(words: str, analysis: Analysis) -> str:
    """A formula in words; of a plan it is of least times."""
    return words if analysis.plan is None else planned(words)


def _expected(analysis: Analysis, finding: Finding, within: IntArray | None) -> Iterator[Formula]:
    expected, ground = finding.expected_saving_ns, finding.ground
    if expected is None or ground is None:
        return
    words, numbers = _WORDS[ground.kind], ""
    record = record_of(analysis, finding.rule, finding)
    if ground.kind is GroundKind.RECORD and record is not None and finding.saving_ns is not None:
        numbers = f"{record.factor:g} × {figure(finding.saving_ns)} ns"
        kept = (value_of(numbers) or 0.0) - expected
        numbers += f" − {figure(kept)} ns" if kept > _SAME_NS else ""
        words += f"; {ground.text}"
    elif ground.kind in _OF_ONE and finding.positions.size:
        at = _largest(finding, finding.expectation.savings, within)
        position, saving = int(finding.positions[at]), float(finding.expectation.savings[at])
        of_one = _OF_ONE[ground.kind](analysis, position)
        kernel, bound = _kernel(analysis, position), float(finding.savings[at])
        one = _proven("should save", _row(analysis, position), words, of_one, saving, kernel, bound)
        if one.numbers:
            yield one
    if ground.kind not in (GroundKind.SIBLING, GroundKind.RECORD):
        words += f"; {ground.text}"
    yield _proven("should save", _every(finding), words, numbers, expected)


def _over_sibling(analysis: Analysis, position: int) -> str:
    return with_numbers(_OVER_SIBLING, analysis, position)


def _over_best_seen(analysis: Analysis, position: int) -> str:
    """Down to the time at the share of the speed of light that such ops reach."""
    least, share = analysis.facts.speed_of_light.min_kernel_ns[position], best_shares(analysis.ops)[position]
    if not math.isfinite(least) or not math.isfinite(share):
        return ""
    return f"{figure(_kernel(analysis, position))} ns − {figure(float(least))} ns / {share:.6g}"


_OVER_SIBLING = "kernel duration − median kernel duration of the fastest sibling"
_OF_ONE = {GroundKind.SIBLING: _over_sibling, GroundKind.BEST_SEEN: _over_best_seen}
_WORDS = {
    GroundKind.SIBLING: f"Σ ({_OVER_SIBLING}), at most the bound",
    GroundKind.NO_MORE_PIECES: "nothing: more cores cannot share the work",
    GroundKind.BEST_SEEN: "Σ (kernel duration − time at the speed of light / the share of it that such ops reach), "
    "at most the bound",
    GroundKind.RECORD: "what fixes of the rule saved / what they could save at most × the bound, less what each op "
    "takes at the least: 1.5 µs",
}


def record_of(analysis: Analysis, rule: Rule, finding: Finding) -> Record | None:
    """What fixes of the rule, or of this root of it, have saved before."""
    root = rule.root(analysis.facts, finding.group)
    return RECORDS.get(f"{rule.id}/{root}") or RECORDS.get(rule.id)


def of_cause(analysis: Analysis, cause: Cause) -> Iterator[Formula]:
    """The formulas of its largest finding, the same for all of its ops, and what is left with it and all before it
    fixed."""
    first = cause.members[0]
    yield from of_finding(analysis, first, cause.positions)
    if len(cause.members) > 1 or not np.array_equal(first.positions, cause.positions):
        every = f"all {rows(cause.count, 'op')} of {cause.id}" if cause.count > 1 else f"the op of {cause.id}"
        bound = "Σ over its ops of the largest that one of its findings saves"
        if analysis.plan is not None:
            bound = "Σ over its ops of what its findings save together, at most the least time of each"
        yield Formula("saves at most", every, bound, "", cause.bound_ns, "ns")
        if cause.expected_saving_ns is not None:
            words = "Σ over its ops of the largest that one of its findings should save"
            yield Formula("should save", every, words, "", cause.expected_saving_ns, "ns")
    if analysis.plan is None and analysis.ops.total_ns and not cause.saves_gaps:
        yield _left(analysis, cause)


def _left(analysis: Analysis, cause: Cause) -> Formula:
    before = [one for one in analysis.causes[: int(cause.id[1:])] if not one.saves_gaps]
    savings = [one.expected_saving_ns for one in before if one.expected_saving_ns]
    terms = [figure(analysis.ops.total_ns), *map(figure, savings[:_TERMS])]
    terms += [figure(sum(savings[_TERMS:]))] if len(savings) > _TERMS else []
    words = "kernel time − what this cause and those before it should save"
    return Formula("left", "kernel time", words, f"{' − '.join(terms)} ns", cause.left_ns, "ns")


_TERMS = 6


def _row(analysis: Analysis, position: int) -> str:
    ref = analysis.row_ref(position)
    return f"row {ref.row}" + (f" of {ref.file}" if ref.several_files else "")


def _every(finding: Finding) -> str:
    of = "op" if len(finding.positions) else "host row"
    return f"{f'all {rows(finding.count, of)}' if finding.count > 1 else f'the {of}'} of {finding.id}"

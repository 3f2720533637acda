"""Sentences about findings, passes, devices and the speed of light, the same in every output."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from perfsheet.analysis.results import Finding, WhatIf
from perfsheet.analysis.summary import CaptureSummary, PassSummary
from perfsheet.analysis.time_split import COLLECTIVES, COMPUTE, IDLE, MOVEMENT, UNKNOWN, TimePart
from perfsheet.analysis.windows.passes import usable_of
from perfsheet.capture.notes import rows
from perfsheet.text.formats import REPLAYED, percent, rate, saving, span_of_time

IF_FIXED = "If they were fixed"
NO_MARKS: Mapping[str, str] = MappingProxyType({})


def saving_of(finding: Finding) -> str:
    """`saves at most 1,234 ns`; of an op-to-op gap `… of gaps`."""
    gaps = " of gaps" if finding.rule.saves_gaps and finding.saving_ns is not None else ""
    return f"saves at most {saving(finding.saving_ns)}{gaps}"


_UNITS = {"_ns": " ns", "_pct": " %", "_bytes": " bytes"}


def evidence(finding: Finding) -> str:
    """`core count 12, sol 36.4 %, host 1,800 ns`: the figures behind a finding."""
    return ", ".join(_figure(name, value) for name, value in finding.evidence.items())


def _figure(name: str, value: float | int | str) -> str:
    unit = next((ending for ending in _UNITS if name.endswith(ending)), "")
    what = name.removesuffix(unit).replace("_", " ")
    if isinstance(value, str):
        return f"{what} {value}"
    return f"{what} {value:,.1f} %" if unit == "_pct" else f"{what} {value:,.0f}{_UNITS.get(unit, '')}"


def passes(summary: CaptureSummary) -> str:
    """`2 passes of 936 ops, 31.607 ms and 31.611 ms; the first is cold; figures: pass 2 (--pass all: all)`.

    Blank if the window is a single pass and nothing was left out of it.
    """
    of = summary.passes
    replayed = of.how == "replayed"
    parts = []
    if of.count > 1:
        varies = f" (CV {percent(of.spread.cv)})" if of.spread and of.count > 2 and summary.plan is None else ""
        name = "trace replays" if replayed else "passes"
        devices = f" on {len(summary.devices)} devices" if len(summary.devices) > 1 else ""
        parts.append(f"{of.count:,} {name} of {of.ops_per_pass:,.0f} ops{devices}, {_times(of)}{varies}")
        untimed = of.count - len(usable_of(of.all))
        parts += [f"{untimed:,} of them without all durations"] * bool(untimed)
        parts += ["the first is cold"] if of.all[0].cold else []
        parts += ["equal layers of one pass would look the same"] if of.or_layers else []
    elif replayed:
        parts.append(f"one whole trace replay of {of.ops_per_pass:,.0f} ops")
    if of.incomplete:
        parts.append(f"incomplete, left out: {of.incomplete}")
    if of.unlike:
        parts.append(f"other ops, left out: {of.unlike}")
    if of.elsewhere:
        parts.append(f"{rows(of.elsewhere, 'op')} in no pass")
    if summary.const_eval_rows:
        parts.append(f"{summary.const_eval_rows:,} const-evaluated ops left out")
    if of.chosen is not None:
        which = f"pass {of.chosen}" if of.count > 1 else "the whole one" if of.incomplete or of.unlike else "the others"
        parts.append(f"figures: {which} (--pass all: everything)")
    elif of.count > 1:
        parts.append("figures: all passes together")
    return "; ".join(parts) if of.count > 1 or of.chosen is not None else ""


def _times(passes: PassSummary) -> str:
    """`31.607 ms and 31.611 ms`, `27.1 µs each`, of many `31.607 ms to 31.911 ms`."""
    runs = usable_of(passes.all)
    times = sorted(run.kernel_ns for run in runs)
    first, last = span_of_time(times[0]), span_of_time(times[-1])
    if first == last:
        return f"{first} each"
    in_order = [span_of_time(run.kernel_ns) for run in runs]
    return " and ".join(in_order) if len(times) == 2 else f"{first} to {last}"


def figures_of(summary: CaptureSummary) -> list[str]:
    """What the figures are of, a line each: passes and layers, devices, overlap; none for a plain capture."""
    repeats = " · ".join(filter(None, (passes(summary), layers(summary.passes))))
    return [text for text in (repeats, device_totals(summary), overlap(summary)) if text]


def layers(summary: PassSummary) -> str:
    """`a layer of 29 ops × 32 is 99.5 % of a pass`; blank when nothing repeats."""
    if not summary.layers:
        return ""
    first = summary.layers[0]
    return f"a layer of {len(first.codes):,} ops × {first.count:,} is {percent(first.share)} of a pass"


def speed_of_light(summary: CaptureSummary) -> str:
    """`16.9 % of the speed of light (known for 100.0 % of kernel time; n150 at 1.00 GHz)`."""
    total = summary.speed_of_light
    clock = "" if total.clock_ghz is None else f" at {total.clock_ghz:.2f} GHz"
    if total.sol is None:
        return f"speed of light unknown for all ops{f' (chip{clock})' if clock else ''}"
    return (
        f"{percent(total.sol)} of the speed of light (known for {percent(total.known_share)} of kernel time; "
        f"{total.peaks_of}{clock}{', --board decides' if ' or ' in total.peaks_of else ''})"
    )


def pm_generation(summary: CaptureSummary) -> str:
    """`PM generation B`, `PM generations A, B, C`; blank without evidence."""
    names = summary.pm_generations
    return f"PM generation{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


def device_totals(summary: CaptureSummary) -> str:
    """`8 devices: 8.197 ms (device 3) to 11.647 ms (device 4), …; figures: their critical path (--per-device: …)`.

    Blank for a single one.
    """
    if len(summary.device_totals) < 2:
        return ""
    timed = [total for total in summary.device_totals if not math.isnan(total.kernel_ns)]
    if not timed:
        return f"{len(summary.device_totals)} devices, no op of them timed"
    least, most = (pick(timed, key=lambda total: total.kernel_ns) for pick in (min, max))
    untimed = len(summary.device_totals) - len(timed)
    unknown = f", {rows(untimed, 'device')} without any duration" if untimed else ""
    if summary.per_device:
        figures = "all of them, summed up"
    elif summary.devices_problem:
        figures = f"device {most.device} alone, since {summary.devices_problem}"
    else:
        figures = "their critical path (--per-device: every device)"
    together = f"{span_of_time(summary.kernel_sum_ns)} together{unknown}"
    return (
        f"{len(summary.device_totals)} devices: {span_of_time(least.kernel_ns)} (device {least.device}) to "
        f"{span_of_time(most.kernel_ns)} (device {most.device}), {together}; figures: {figures}"
    )


BLOCKS = {COMPUTE: "█ ", MOVEMENT: "▓ ", COLLECTIVES: "▒ ", UNKNOWN: "? ", IDLE: "░ "}
"""What the groups of the elapsed time are drawn with."""


def time_bar(summary: CaptureSummary, width: int) -> list[tuple[str, str]]:
    """A bar of `width` characters of where the elapsed time goes: groups with their pieces; none if nothing elapsed."""
    split = summary.time_split
    drawn, upto, pieces = 0, 0.0, list[tuple[str, str]]()
    for group, block in BLOCKS.items() if split.elapsed_ns > 0 else ():
        upto += split.group(group) / split.elapsed_ns
        pieces.append((group, block[0] * (round(width * upto) - drawn)))
        drawn = round(width * upto)
    return pieces


def time_split(summary: CaptureSummary, marks: Mapping[str, str] = NO_MARKS) -> str:
    """`34.312 ms elapsed: compute 82.3 % (matmul 65.0, other 17.3) · idle 7.9 % (…)`; blank if nothing elapsed.

    `marks`: what stands before each group, to find it in a bar.
    """
    split = summary.time_split
    if not split.elapsed_ns > 0:
        return ""
    groups: dict[str, list[TimePart]] = {}
    for part in split.shown:
        groups.setdefault(part.group, []).append(part)
    listed = [marks.get(name, "") + _group(name, parts) for name, parts in groups.items()]
    path = " on the critical path" if len(summary.devices) > 1 and not summary.devices_problem else ""
    notes = [f"{span_of_time(split.first_run_ns)} of first-run gaps (compiling) not counted"] * bool(split.first_run_ns)
    untimed = summary.ops - summary.timed_ops
    notes += [f"{rows(untimed, 'op')} without a duration not counted"] * bool(untimed)
    notes += ["idle by firmware cycles"] * split.by_cycles
    notes += [f"{rows(split.unknown_gaps, 'gap')} unknown"] * bool(split.unknown_gaps)
    return "; ".join((f"{span_of_time(split.elapsed_ns)} elapsed{path}: {' · '.join(listed)}", *notes))


def _group(name: str, parts: Sequence[TimePart]) -> str:
    """`compute 77.2 % (attention 58.9, matmul 15.8, other 2.5)`; a single part of the same share has no figure."""
    total = percent(sum(part.share or 0.0 for part in parts))
    if len(parts) == 1:
        return f"{name} {total} ({_short_part(parts[0])})"
    inner = ", ".join(
        f"{_short_part(part)} {percent(part.share).removesuffix(' %')}" for part in sorted(parts, key=lambda p: -p.ns)
    )
    return f"{name} {total} ({inner})"


def _short_part(part: TimePart) -> str:
    return "other" if part.part.startswith("other") else part.part.removeprefix("collective ")


def overlap(summary: CaptureSummary) -> str:
    """`ops overlap: 680 µs of kernels in 400 µs; …`; blank where none do."""
    if not summary.overlapping_ns:
        return ""
    what = "ops of sub-devices or queues overlap"
    if summary.per_device:
        return f"{what}, and such time counts twice here"
    hidden = f", {rows(summary.hidden_ops, 'op')} hidden by longer ones" if summary.hidden_ops else ""
    fps = "; FPS by elapsed time" if len(summary.devices) == 1 else ""
    return (
        f"{what}: {span_of_time(summary.overlapping_ns)} of kernels run in {span_of_time(summary.kernel_ns)}"
        f"{hidden}{fps}"
    )


def fps(summary: CaptureSummary) -> str:
    """`FPS 31.6 (batch 1; matmul + conv alone 45.6, the rest 103)`, `FPS unknown (batch 1): 13 of 20 ops without …`."""
    hint = f"; tensors start with {summary.batch_hint}: --batch {summary.batch_hint}?" if summary.batch_hint else ""
    untimed = summary.ops - summary.timed_ops
    if summary.fps.all is None and untimed:
        return f"FPS unknown (batch {summary.batch:g}): {untimed:,} of {rows(summary.ops, 'op')} without a duration"
    alone = f"matmul + conv alone {rate(summary.fps.matmul_conv)}, the rest {rate(summary.fps.other)}"
    return f"FPS {rate(summary.fps.all)} (batch {summary.batch:g}{hint}; {alone})"


def what_if(estimate: WhatIf, time: str = "kernel time") -> str:
    """`the first 3: at most 12.3 ms (20.1 %) of kernel time, 50.6 ms left, 31.6 FPS`."""
    count = estimate.findings
    which = "the first one" if count == 1 else f"{'all' if estimate.all else 'the first'} {count:,}"
    gaps = f"; and {span_of_time(estimate.gap_saving_ns)} of gaps" if estimate.gap_saving_ns else ""
    frames = "" if estimate.fps is None else f", {rate(estimate.fps)} FPS"
    return (
        f"{which}: at most {span_of_time(estimate.saving_ns)} ({percent(estimate.share)}) of {time}, "
        f"{span_of_time(estimate.left_ns)} left{frames}{gaps}"
    )


def sums(summary: CaptureSummary) -> str:
    """`Savings are sums over 2 passes.`, if figures are of several passes or devices; else blank."""
    over = [
        f"{count:,} {name}"
        for count, name, summed in (
            (summary.passes.count, "passes", summary.passes.chosen is None),
            (len(summary.devices), "devices", summary.per_device),
        )
        if count > 1 and summed
    ]
    return f"Savings are sums over {' and '.join(over)}." if over else ""


def upper_bounds(summary: CaptureSummary) -> str:
    """A note about the savings: what they are, and of how many passes and devices."""
    note = "“At most” is an upper bound: no op saves more than its kernel duration. Expected savings say their ground."
    if summary.plan is not None:
        note = "Savings are those of least times: what a fix saves, only a device tells."
    return f"{note} {sums(summary)}".rstrip()


def plan(summary: CaptureSummary) -> str:
    """`PLANNED on a mock n150 with ttnn 0.81.1: …`: what a plan is and is not; blank for a capture."""
    made = summary.plan
    if made is None:
        return ""
    mesh = f" as {made.mesh}" if made.mesh not in ("", "1x1") else ""
    ttnn = f" by ttnn {made.ttnn}" if made.ttnn else ""
    return f"PLANNED{ttnn} on a mock {made.board}{mesh}: no op ran. Times are the least possible, no prediction."


def banner(summary: CaptureSummary) -> str:
    """What must not be overlooked: that the figures are of a recorded capture, or of a plan; else blank."""
    return REPLAYED if summary.provenance.replayed else plan(summary)


def capture(summary: CaptureSummary) -> str:
    """`Capture: every row used (1,872) · every op timed · clock 1.00 GHz · …`: how far it can be relied on."""
    return f"{'Capture' if summary.plan is None else 'Plan'}: {' · '.join(summary.verdict)}"

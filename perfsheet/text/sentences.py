"""Sentences about findings, passes, devices and the speed of light, the same in every output."""

from __future__ import annotations

from perfsheet.analysis.results import Finding, WhatIf
from perfsheet.analysis.summary import CaptureSummary, PassSummary
from perfsheet.text.formats import percent, rate, saving, span_of_time

IF_FIXED = "If they were fixed"


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


def passes(summary: PassSummary) -> str:
    """`2 passes of 936 ops, 31.607 ms and 31.611 ms; the first is cold`; blank for a single pass."""
    if summary.count < 2:
        return ""
    times = [span_of_time(run.kernel_ns) for run in summary.all]
    listed = " and ".join(times) if len(times) == 2 else f"{times[0]} … {times[-1]}"
    name = "trace replays" if summary.how == "replayed" else "passes"
    cold = "; the first is cold" if summary.all[0].cold else ""
    varies = f" (CV {percent(summary.spread.cv)})" if summary.spread and summary.count > 2 else ""
    return f"{summary.count:,} {name} of {summary.ops_per_pass:,.0f} ops, {listed}{varies}{cold}"


def layers(summary: PassSummary) -> str:
    """`a layer of 29 ops × 32 is 99.5 % of a pass`; blank when nothing repeats."""
    if not summary.layers:
        return ""
    first = summary.layers[0]
    return f"a layer of {len(first.codes):,} ops × {first.count:,} is {percent(first.share)} of a pass"


def speed_of_light(summary: CaptureSummary) -> str:
    """`16.9 % of the speed of light (known for 100.0 % of kernel time; n150 at 1.00 GHz)`."""
    total = summary.speed_of_light
    if total.sol is None:
        return "speed of light unknown for all ops"
    clock = "" if total.clock_ghz is None else f" at {total.clock_ghz:.2f} GHz"
    return (
        f"{percent(total.sol)} of the speed of light (known for {percent(total.known_share)} of kernel time; "
        f"{total.peaks_of}{clock}{', --board decides' if ' or ' in total.peaks_of else ''})"
    )


def pm_generation(summary: CaptureSummary) -> str:
    """`PM generation B`, `PM generations A, B, C`; blank without evidence."""
    names = summary.pm_generations
    return f"PM generation{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


def device_totals(summary: CaptureSummary) -> str:
    """`8 devices: 8.197 ms (3) to 11.647 ms (4); critical path 11.736 ms`; blank for a single one."""
    if len(summary.device_totals) < 2:
        return ""
    ordered = sorted(summary.device_totals, key=lambda total: total.kernel_ns)
    least, most = ordered[0], ordered[-1]
    path = summary.critical_path_ns
    critical = "not alignable" if path is None else f"critical path {span_of_time(path)}"
    return (
        f"{len(ordered)} devices: {span_of_time(least.kernel_ns)} (device {least.device}) to "
        f"{span_of_time(most.kernel_ns)} (device {most.device}); {critical}"
    )


def what_if(estimate: WhatIf, several_passes: bool) -> str:
    """`the first 3: at most 12.3 ms (20.1 %) of kernel time, 50.6 ms left, 31.6 FPS per pass`."""
    count = estimate.findings
    which = "the first one" if count == 1 else f"{'all' if estimate.all else 'the first'} {count:,}"
    gaps = f"; and {span_of_time(estimate.gap_saving_ns)} of gaps" if estimate.gap_saving_ns else ""
    fps = f"{rate(estimate.fps_per_pass)} FPS per pass" if several_passes else f"{rate(estimate.fps)} FPS"
    return (
        f"{which}: at most {span_of_time(estimate.saving_ns)} ({percent(estimate.share)}) of kernel time, "
        f"{span_of_time(estimate.left_ns)} left, {fps}{gaps}"
    )


def upper_bounds(summary: CaptureSummary) -> str:
    """A note about the savings: upper bounds, summed over passes and devices."""
    over = [
        f"{count:,} {name}"
        for count, name in ((summary.passes.count, "passes"), (len(summary.devices), "devices"))
        if count > 1
    ]
    sums = f" They are sums over {' and '.join(over)}." if over else ""
    return f"Savings are upper bounds; no op saves more than its kernel duration.{sums}"


def capture(summary: CaptureSummary) -> str:
    """`Capture: every row used (1,872) · every op timed · clock 1.00 GHz · …`: how far it can be relied on."""
    return f"Capture: {' · '.join(summary.verdict)}"

"""Sentences about one inference: the roofline, what is off the device, and what limits the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.capture.notes import rows
from perfsheet.text.formats import percent, span_of_time

if TYPE_CHECKING:
    from perfsheet.analysis.breakdown.inference import InferenceSummary


def workload(found: InferenceSummary) -> str:
    """`Decode, 32 users: one token each per inference.`"""
    of = found.workload
    batch = f"{of.batch:g}"
    if of.phase is None:
        return f"Batch {batch}."
    users = f"{batch} user{'' if of.batch == 1 else 's'}"
    tokens = of.tokens or 1.0
    each = "one token" if tokens == 1 else f"{tokens:g} tokens"
    return f"{of.phase.value.capitalize()}, {users}: {each} each per inference."


def roofline(found: InferenceSummary) -> str:
    """`Roofline 142.1 µs, bound by DRAM (known for 93.1 % of kernel time; the rest took 9.6 µs).`"""
    if found.roofline_ns is None:
        return "The roofline is unknown: of no op its least time is."
    bound = {"dram": ", bound by DRAM", "compute": ", bound by compute"}.get(found.bound or "", "")
    rest = f"; the rest took {span_of_time(found.unmodelled_ns)}" if found.unmodelled_ns else ""
    token = found.roofline_per_token
    each = "" if token is None else f", {token.ms_per_token:,.3f} ms per token"
    known = percent(found.roofline_share)
    return f"Roofline {span_of_time(found.roofline_ns)}{each}{bound} (known for {known} of kernel time{rest})."


def off_device(found: InferenceSummary) -> str:
    """What of the end-to-end time is not on the device; blank where that is unknown or cannot be."""
    if found.off_device_ns is None or found.off_device_ns < 0:
        return ""
    return f"Off the device: {span_of_time(found.off_device_ns)}, {percent(found.off_device_share)} of end to end."


def limitations(analysis: Analysis, found: InferenceSummary) -> list[str]:
    """What has to be said beside the figures, but for the warnings about the capture."""
    summary = analysis.summary
    said = []
    if summary.provenance.replayed:
        said.append("The capture was replayed: it was recorded before, not measured by this run.")
    if untimed := summary.ops - summary.timed_ops:
        unknown = "" if found.timing("kernel") else ": times of an inference are unknown"
        said.append(f"{untimed:,} of {rows(summary.ops, 'op')} have no usable duration{unknown}.")
    if found.off_device_ns is not None and found.off_device_ns < 0:
        longer = span_of_time(-found.off_device_ns)
        said.append(
            f"The device alone took {longer} longer than end to end: slowed down by the profiler, or another window."
        )
    if found.workload.end_to_end_ns is None:
        said.append("No end-to-end time was given (--e2e): what the host adds is unknown.")
    if found.roofline_share is not None and found.roofline_share < 1:
        said.append(
            f"The roofline is that of {percent(found.roofline_share)} of the kernel time; the rest has no model."
        )
    if summary.passes.count == 1:
        said.append("One pass only: nothing tells a cold one from a warm one.")
    if summary.batch_hint is not None:
        said.append(
            f"Tensors start with {summary.batch_hint}: if that is the batch, give --batch {summary.batch_hint}."
        )
    return [*said, *summary.warnings]

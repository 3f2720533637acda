"""Doubtful figures: the profiler's model, speed of light, chips, passes, devices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.utilization import not_physical
from perfsheet.analysis.quality.rows import row_check
from perfsheet.analysis.results import Check
from perfsheet.analysis.speed_of_light.peaks import names_of
from perfsheet.analysis.speed_of_light.profiler_model import explains_above_one
from perfsheet.analysis.statistics import ratio
from perfsheet.capture.arrays import distinct
from perfsheet.capture.notes import rows
from perfsheet.capture.table import BoolArray
from perfsheet.hardware.boards import board

_HOSTS = 8
"""So many hosts are listed with their devices."""


def model(ops: Ops) -> Iterator[Check]:
    """How many ops the profiler has a model for, and utilizations above 100 %."""
    modelled = ops.timed & np.isfinite(ops.pm_ideal_ns)
    share, count = ratio(float(ops.kernel_ns[modelled].sum()), ops.total_ns), int(modelled.sum())
    covered = f"{share:.1%} of kernel time" if np.isfinite(share) else "no kernel time"
    yield Check(
        "model-coverage",
        "PM IDEAL",
        True,
        int(ops.timed.sum()) - count,
        f"the profiler has a model for {count:,} of {rows(int(ops.timed.sum()), 'timed op')}, {covered}; the rest show "
        "no utilization",
    )
    above = not_physical(ops.utilization, ops.utilization_grid)
    unexplained = int((above & ~explains_above_one(ops)).sum())
    count = unexplained or int(above.sum())
    why = (
        "that no known error of the profiler's model explains: not physical, and marked"
        if unexplained
        else "by known errors of the formula (docs/formulas.md), and marked"
    )
    detail = f"{rows(count, 'device row')} above 100 %, {why}" if count else "none above 100 %"
    yield Check("not-physical", "Utilization", not unexplained, count, detail)


def speed_of_light(facts: Facts) -> Iterator[Check]:
    """How many ops have a known speed of light, and tensors that do not belong to their op."""
    ops, sol = facts.ops, facts.speed_of_light
    with_sol = np.isfinite(sol.sol)
    share = ratio(float(ops.kernel_ns[with_sol].sum()), ops.total_ns)
    covered = f"{share:.1%} of kernel time" if np.isfinite(share) else "no kernel time"
    boards = names_of(sol.peaks.boards) or "no known board"
    guessed = not ops.board and bool(sol.peaks.boards)
    several = any(len(fitting) > 1 for fitting in sol.peaks.boards)
    slower = "which of them is not in the capture, DRAM is the slower one's, " if several else ""
    source = f" ({slower}by arch, grid and clock; set `board` for another one)" if guessed else ""
    yield Check(
        "speed-of-light",
        "Speed of light",
        True,
        int(ops.timed.sum()) - int(with_sol.sum()),
        f"known for {rows(int(with_sol.sum()), 'op')}, {covered}, from the peaks of {boards}{source}",
    )
    yield row_check(
        "stale-tensors",
        "Tensors",
        sol.contradicted,
        "no op is faster than its tensors allow",
        "{rows} whose tensors cannot be their own, since an identical op is faster than they allow: after a "
        "program-cache hit the profiler repeats the tensors of an earlier call; they have no speed of light",
    )


def chips(ops: Ops) -> Iterator[Check]:
    """A board of another architecture than the capture, and hosts of different architectures."""
    arches = _arches(ops, np.ones(len(ops), dtype=np.bool_))
    if ops.options.board:
        stated = board(ops.options.board)
        if arches and arches != {stated.arch}:
            others = ", ".join(sorted(arches - {stated.arch}))
            text = (
                f"`board` {stated.name} is {stated.arch}, but the capture says {others}: its peaks are not used for "
                "those ops"
            )
            yield Check("board", "Board", False, 0, text)
    mixed = sum(len(_arches(ops, ops.device == device)) > 1 for device in distinct(ops.device).tolist())
    if mixed:
        text = f"{rows(mixed, 'device')} with ops of different DEVICE ARCHs: were captures of different chips merged?"
        yield Check("mixed-chips", "Chips", False, mixed, text)
    if len(arches) > 1 and len(ops.table.files) > 1:
        text = f"captures of different architectures ({', '.join(sorted(arches))}): are they hosts of one run?"
        yield Check("hosts", "Hosts", False, 0, text)


def hosts(ops: Ops) -> Iterator[Check]:
    """The hosts of a file with a HOST ID column, and which devices are whose."""
    host = np.nan_to_num(ops.number("host_id"), nan=-1.0)
    if not (host >= 0).any():
        return
    file = ops.table.file[ops.rows]
    found = sorted((at, name) for name in distinct(host).tolist() for at in distinct(file[host == name]).tolist())
    if len(found) < 2:
        return
    whose: list[str] = []
    for of_file, of_host in found[:_HOSTS]:
        devices = distinct(ops.device[(file == of_file) & (host == of_host)]).tolist()
        name = f"host {of_host:.0f}" if of_host >= 0 else "no HOST ID"
        whose.append(f"{_span(devices)} ({name})")
    more = ", …" if len(found) > _HOSTS else ""
    yield Check("host-ids", "Hosts", True, 0, f"{len(found)} hosts, by HOST ID: devices {', '.join(whose)}{more}")


def _span(devices: list[int]) -> str:
    """`0 to 7`, or `0, 2, 5`."""
    if len(devices) > 1 and devices[-1] - devices[0] == len(devices) - 1:
        return f"{devices[0]} to {devices[-1]}"
    return ", ".join(map(str, devices))


def _arches(ops: Ops, these: BoolArray) -> set[str]:
    cells = ops.text("device_arch").take(np.flatnonzero(these))
    return {cell.strip().lower() for cell in cells.present()} - {""}


def passes(facts: Facts) -> Iterator[Check]:
    """A doubtful window, a cold first pass, replays and ops that belong to no pass."""
    window_passes = facts.passes
    if facts.window.doubt:
        yield Check("window", "Window", False, 0, facts.window.doubt)
    if window_passes.note:
        yield Check("passes", "Passes", False, 0, window_passes.note)
    if window_passes.incomplete:
        name = "trace replays" if window_passes.how == "replayed" else "passes"
        text = f"incomplete {name}, in no pass: {window_passes.incomplete}"
        yield Check("incomplete-replays", "Passes", False, len(window_passes.outside), text)
    if window_passes.unlike:
        text = f"its ops are not those of the other passes, so it is in none: {window_passes.unlike}"
        yield Check("other-ops", "Passes", True, len(window_passes.outside), text)
    if count := window_passes.const_eval:
        part = "left out" if facts.scope.chosen else "counted, too"
        text = (
            f"{rows(count, 'device row')} of const-evaluated ops (CONST_EVAL_OP), which do not run in every inference"
        )
        yield Check("const-eval", "Passes", True, count, f"{text}: {part}", brief=f"{count:,} const-eval ops {part}")
    if window_passes.all[0].cold:
        yield Check(
            "cold-pass",
            "Passes",
            True,
            len(window_passes.all[0].positions),
            f"the first of {window_passes.count} passes is cold: {window_passes.all[0].gap_ns / 1e6:,.1f} ms of gaps, "
            f"{window_passes.all[-1].gap_ns / 1e6:,.1f} ms in the last one; no advice is given about its gaps",
            brief="first pass cold" if facts.scope.chosen is None else "",
        )


def devices(facts: Facts) -> Iterator[Check]:
    """Whether the devices run the same ops, and can be aligned."""
    aligned = facts.devices
    if aligned.count < 2:
        return
    fine = f"the ops of {aligned.count} devices are aligned step by step, each op on every device"
    counts = ", ".join(f"device {total.device} {total.ops:,}" for total in aligned.totals[:_DEVICES_NAMED])
    differ = f"the devices run different ops ({counts}{', …' if aligned.count > _DEVICES_NAMED else ''})"
    without = f"{differ}: {rows(aligned.unmatched, 'op')} without a counterpart on another device"
    detail = aligned.problem or (without if aligned.unmatched else fine)
    yield Check("devices", "Devices", detail == fine, aligned.unmatched, detail)


def overlap(ops: Ops) -> Iterator[Check]:
    """Ops that run beside others, on sub-devices or from several queues."""
    count = int(ops.overlaps.sum())
    if count:
        text = (
            f"{rows(count, 'device row')} start while an earlier op runs, on another sub-device or from another queue"
        )
        yield Check("overlap", "Overlap", True, count, f"{text}: such time is counted once", brief="ops overlap")


_DEVICES_NAMED = 8

"""Where the time goes: parts that add up to the elapsed device time."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.agreement import EVERYTHING, analysed
from support.captures import Row, op, write_csv
from support.real import CAPTURES, each
from support.real import CASES as REAL_CASES

from perfsheet.analysis import Analysis
from perfsheet.analysis.time_split import PART_NAMES

CASES = sorted((Path(__file__).parents[1] / "data" / "cases").glob("*.csv"))
CODES = ("Matmul", "Conv2d", "SDPAOperation", "LayerNorm", "Tilize", "Reshard", "Transpose", "AllGatherAsync")


def step(code, duration, gap=0, **cells):
    return op(code, duration, **{"OP TO OP LATENCY [ns]": gap}, **cells)


def parts(analysis: Analysis) -> dict[str, float]:
    return {part.part: part.ns for part in analysis.summary.time_split.shown}


def assert_adds_up(analysis: Analysis) -> None:
    summary, split = analysis.summary, analysis.summary.time_split
    if not analysis.ops.timed.any():
        assert (math.isnan(split.elapsed_ns), split.parts) == (True, ())
        return
    assert tuple(part.part for part in split.parts) == PART_NAMES
    assert all(part.ns >= 0 for part in split.parts)
    assert math.fsum(part.ns for part in split.parts) == pytest.approx(split.elapsed_ns, rel=1e-12, abs=1e-6)
    shares = [part.share for part in split.parts]
    if split.elapsed_ns:
        assert math.fsum(shares) == pytest.approx(1, rel=1e-12)
    else:
        assert shares == [None] * len(shares)
    if not summary.per_device and analysis.ops.timed.any():
        assert split.elapsed_ns - split.idle_ns == pytest.approx(summary.kernel_ns, rel=1e-12)


def test_every_kind_of_op_has_its_part(analysis_of):
    durations = dict(zip(CODES, (1, 2, 4, 8, 16, 32, 64, 128), strict=True))
    rows = [step(code, duration, gap=1000) for code, duration in durations.items()]
    assert parts(analysis_of(*rows, step("PagedUpdateCacheDeviceOperation", 256, gap=7000))) == {
        "matmul": 1,
        "convolution": 2,
        "attention": 4,
        "other compute": 8,
        "layout": 16,
        "reshard": 32,
        "other data movement": 64 + 256,
        "collective transfer": 128,
        "dispatch": 7 * 1000,  # the gap before the first op is before the window
        "host": 7000,
    }


@pytest.mark.parametrize(("gap", "part"), [(6500, "dispatch"), (6501, "host")])
def test_long_gaps_are_the_hosts(analysis_of, gap, part):
    assert parts(analysis_of(step("Matmul", 10), step("Softmax", 10, gap)))[part] == gap


def test_compiling_is_apart(analysis_of):
    """A gap of a millisecond is compiling where an op may run for the first time, else it is the host's."""
    once = [step("Matmul", 10, 50), step("Softmax", 20, 1_000_000), step("Add", 30, 999_999)]
    first = analysis_of(*once).summary.time_split
    assert (first.elapsed_ns, first.first_run_ns) == (60 + 999_999, 1_000_000)
    warm = analysis_of(*once, *once).summary.time_split
    assert (warm.elapsed_ns, warm.first_run_ns) == (60 + 1_999_999, 0)


def test_a_collective_waits_for_the_slowest_device(analysis_of):
    """The device that arrives last waits least; what others take longer is waiting."""
    rows = [step("Matmul", 100 + 40 * device, device=device) for device in (0, 1)]
    rows += [step("AllGatherAsync", 90 - 40 * device, 10 + device, device=device) for device in (0, 1)]
    analysis = analysis_of(*rows)
    assert parts(analysis) == {"matmul": 140, "collective transfer": 50, "collective waiting": 40, "dispatch": 10}


def test_what_elapses_is_at_least_what_the_slowest_device_takes(analysis_of):
    """Device 1 waits 700 ns where device 0 waits 30: the whole takes as long as device 1, however fast device 0 is."""
    rows = [step(code, 100, gap, device=device) for device, gap in ((0, 30), (1, 700)) for code in ("Matmul", "Add")]
    assert parts(analysis_of(*rows)) == {"matmul": 100, "other compute": 100, "dispatch": 700}
    rows = [step(code, 100, gap, device=device) for device, gap in ((0, 30), (1, 9_000)) for code in ("Matmul", "Add")]
    assert parts(analysis_of(*rows)) == {"matmul": 100, "other compute": 100, "dispatch": 30, "host": 8_970}


def test_devices_that_do_the_same_elapse_as_one(analysis_of):
    """Nothing that one device shows changes because others do the same beside it."""
    one = [
        step(code, kernel, gap) for code, kernel, gap in (("Matmul", 300, 0), ("Add", 100, 50), ("Tilize", 80, 9_000))
    ]
    mesh = [{**row, "DEVICE ID": str(device)} for device in range(4) for row in one]
    assert parts(analysis_of(*mesh)) == parts(analysis_of(*one))


def test_unknown_gaps_are_counted(analysis_of):
    split = analysis_of(step("Matmul", 10), step("Softmax", 10, ""), step("Add", 10, 5)).summary.time_split
    assert (split.elapsed_ns, split.unknown_gaps) == (35, 1)


def at(code, start, end, gap):
    cells = {"DEVICE FW END CYCLE": end, "DEVICE FW DURATION [ns]": end - start, "SUB DEVICE ID": 0}
    return step(code, end - start, gap, start=start, **cells)


def test_what_overlaps_is_counted_once_and_compiling_stays_apart(analysis_of):
    rows = [at("Matmul", 0, 100, 50), at("Add", 60, 90, -40), at("Softmax", 2_000_100, 2_000_200, 2_000_010)]
    split = analysis_of(*rows, generation="S10").summary.time_split
    assert {part.part: part.ns for part in split.shown} == {"matmul": 100, "other compute": 100}
    assert (split.elapsed_ns, split.first_run_ns) == (200, 2_000_000)


def test_without_gaps_idle_is_that_of_the_firmware(analysis_of):
    rows = [op(code, 100, start=start, **{"DEVICE FW END CYCLE": start + 110, "DEVICE FW DURATION [ns]": 110})
            for code, start in (("Matmul", 0), ("Softmax", 200), ("Add", 310))]  # fmt: skip
    split = analysis_of(*rows, without=("OP TO OP LATENCY [ns]",)).summary.time_split
    assert (split.elapsed_ns, split.idle_ns, split.unknown_gaps, split.by_cycles) == (390, 90, 0, True)


def test_the_split_is_the_same_whatever_is_summed(analysis_of):
    rows = [step(code, 100 + device, 30, device=device) for device in (0, 1) for code in ("Matmul", "Add")]
    split = analysis_of(*rows, options={"per_device": True}).summary.time_split
    assert split.elapsed_ns == analysis_of(*rows).summary.time_split.elapsed_ns == 2 * 101 + 30


@st.composite
def schedules(draw: st.DrawFn) -> tuple[list[Row], int, bool]:
    """Rows of one or several devices with firmware cycles at 1 GHz, devices, and whether every gap is known."""
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=6))
    passes, devices = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    overlaps, unknown = draw(st.booleans()), draw(st.booleans())
    rows, known = [], True
    for device in range(devices):
        start = end = draw(st.integers(0, 1000))
        duration = 0
        for code in codes * passes:
            least = -duration if overlaps else 0
            gap = draw(st.one_of(st.integers(least, 9000), st.sampled_from([least // 2, 0, 2_000_000])))
            start, duration = end + gap, draw(st.integers(1, 50_000))
            end = start + duration
            hidden = unknown and draw(st.booleans())
            known = known and not hidden
            cells = {"DEVICE FW END CYCLE": end, "DEVICE FW DURATION [ns]": duration, "SUB DEVICE ID": 0}
            rows.append(step(code, duration, "" if hidden else gap, device=device, start=start, **cells))
    return rows, devices, known


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("made") / "run.csv"


@given(made=schedules())
def test_parts_add_up_to_what_elapsed(made, scratch: Path):
    rows, devices, known = made
    write_csv(scratch, rows, "S10")
    for options in ({}, EVERYTHING, {"per_device": True}):
        analysis = analysed(scratch, **options)
        assert_adds_up(analysis)
        if devices == 1 and known:
            ops, split = analysis.ops, analysis.summary.time_split
            span = ops.number("fw_end_cycle").max() - ops.number("fw_start_cycle").min()
            assert split.elapsed_ns + split.first_run_ns == pytest.approx(span)


@each([*CAPTURES, *REAL_CASES])
def test_real_captures_add_up(path):
    for options in ({}, EVERYTHING):
        assert_adds_up(analysed(path, **options))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_cases_add_up(path):
    for options in ({}, EVERYTHING):
        assert_adds_up(analysed(path, **options))


CUT_OUT = "blackhole-p100a-sdpa-excerpt.csv"
"""Two ops that did not follow each other."""

_PER_OP_NS = 1000
"""Firmware starts a little before its kernel and ends a little after it."""


@each(CAPTURES)
def test_what_elapses_on_one_device_is_what_its_firmware_says(path):
    analysis = analysed(path)
    ops, summary = analysis.ops, analysis.summary
    start, end, zone = (ops.number(name) for name in ("fw_start_cycle", "fw_end_cycle", "fw_duration_ns"))
    apart = len(summary.devices) > 1 or summary.invalid_rows or (start[1:] < start[:-1]).any()
    if apart or not summary.timed_ops or path.name == CUT_OUT:
        pytest.skip("several devices, or cycles that are not those of one run")
    split, span = summary.time_split, (end.max() - start.min()) * (zone.sum() / (end - start).sum())
    assert split.elapsed_ns + split.first_run_ns == pytest.approx(span, rel=1e-4, abs=_PER_OP_NS * len(ops))

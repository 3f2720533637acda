"""Captures that have only a part of a pass, or of a replay: what they lack is named, and no figure is of it."""

import csv
from pathlib import Path

import numpy as np
import pytest
from support.agreement import EVERYTHING
from support.captures import op

from perfsheet import analyze, read
from perfsheet.text import sentences

OVERLAP = Path(__file__).parents[1] / "data" / "cases" / "subdevices-overlap.csv"

CODES = [f"Op{number}" for number in range(12)]
COLD_NS, WARM_NS, BETWEEN_NS = 5_000_000, 700, 400_000


def run(duration, gap, first_gap, codes=CODES):
    return [
        op(code, duration, **{"OP TO OP LATENCY [ns]": first_gap if place == 0 else gap})
        for place, code in enumerate(codes)
    ]


COLD, WARM = run(100, COLD_NS, 0), run(90, WARM_NS, BETWEEN_NS)


@pytest.mark.parametrize(
    ("rows", "count", "chosen_ns", "named"),
    [
        ([*COLD, *WARM, *WARM[:7]], 2, 12 * 90, "the last pass (7 of 12 ops)"),
        ([*COLD, *WARM[:7]], 1, 12 * 100, "the last pass (7 of 12 ops)"),
        ([*COLD[5:], *WARM], 1, 12 * 90, "the first pass (7 of 12 ops)"),
        ([*COLD[:3], *COLD[4:], *WARM], 1, 12 * 90, "the first pass (11 of 12 ops)"),
    ],
    ids=["third cut", "second cut", "first cut", "an op lost in the first"],
)
def test_a_pass_that_lacks_ops_is_named_and_left_out(analysis_of, rows, count, chosen_ns, named):
    analysis = analysis_of(*rows)
    passes = analysis.summary.passes
    assert (passes.how, passes.count, passes.incomplete) == ("repeated", count, named)
    assert (analysis.summary.kernel_ns, analysis.summary.ops) == (chosen_ns, 12)
    assert analysis.summary.fps.all == pytest.approx(1e9 / chosen_ns)
    assert f"incomplete, left out: {named}" in sentences.passes(analysis.summary)
    assert any(named in warning for warning in analysis.summary.warnings)
    everything = analysis_of(*rows, options=EVERYTHING).summary
    assert everything.kernel_ns == sum(float(row["DEVICE KERNEL DURATION [ns]"]) for row in rows)


def test_what_follows_a_cut_pass_is_warm(analysis_of):
    """Its gaps are the host's, not a compiler's."""
    analysis = analysis_of(*COLD[5:], *run(90, 1_500_000, 20_000_000))
    assert analysis.window.warm
    assert analysis.summary.time_split.first_run_ns == 0


def test_a_model_that_starts_and_ends_alike_is_one_pass(analysis_of):
    rows = run(100, WARM_NS, 0, [*CODES, *CODES[:7]])
    assert analysis_of(*rows).summary.passes.count == 1
    assert not analysis_of(*rows).summary.passes.incomplete


def replay(session, ops, duration=100):
    cells = {"METAL TRACE ID": "0", "METAL TRACE REPLAY SESSION ID": str(session)}
    return [op(f"Op{number}", duration, call=number, start=session * 1e6 + number, **cells) for number in range(ops)]


def test_a_replay_with_more_ops_than_the_others_is_the_odd_one(analysis_of):
    rows = [row for session in range(1, 10) for row in replay(session, 5)] + replay(10, 6)
    passes = analysis_of(*rows, generation="S10").summary.passes
    assert (passes.count, passes.incomplete) == (9, "replay 10 of trace 0 (6 of 5 ops)")


def test_a_pass_without_all_durations_is_in_no_spread(analysis_of):
    rows = [*run(100, COLD_NS, 0), *WARM, *run(91, WARM_NS, BETWEEN_NS), *run(89, WARM_NS, BETWEEN_NS)]
    rows[15] = rows[15] | {"DEVICE KERNEL DURATION [ns]": ""}
    analysis = analysis_of(*rows)
    assert [run.fps is None for run in analysis.summary.passes.all] == [False, True, False, False]
    assert analysis.summary.kernel_ns == 12 * 89
    assert analysis.summary.passes.spread.min_ns == 12 * 89
    assert "1 of them without all durations" in sentences.passes(analysis.summary)
    assert np.isfinite(analysis.facts.variation.durations).all()


def test_a_second_capture_in_the_file_is_no_second_pass(analysis_of):
    """It was another process, which compiled again; its clock started again, too."""
    first = [row | {"GLOBAL CALL COUNT": str(1024 * n), "DEVICE FW START CYCLE": str(10**9 + n * 10**6)}
             for n, row in enumerate([*COLD, *WARM], 1)]  # fmt: skip
    again = [row | {"DEVICE FW START CYCLE": str(int(row["DEVICE FW START CYCLE"]) - 500_000)} for row in first]
    analysis = analysis_of(*first, *again)
    assert (analysis.ops.table.runs, analysis.summary.passes.count) == (2, 1)
    assert analysis.summary.kernel_ns == 2 * 12 * (100 + 90)


def test_the_overlap_of_two_captures_is_that_of_each(tmp_path):
    alone = analyze(read(OVERLAP)).summary
    with OVERLAP.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in list(rows):
        cycles = {name: str(int(row[name]) - 5_000) for name in ("DEVICE FW START CYCLE", "DEVICE FW END CYCLE")}
        rows.append(row | cycles)
    with (tmp_path / "twice.csv").open("w", newline="") as file:
        written = csv.DictWriter(file, list(rows[0]))
        written.writeheader()
        written.writerows(rows)
    twice = analyze(read(tmp_path / "twice.csv")).summary
    assert (twice.kernel_ns, twice.hidden_ops) == (2 * alone.kernel_ns, 2 * alone.hidden_ops)
    assert twice.time_split.elapsed_ns == pytest.approx(2 * alone.time_split.elapsed_ns)


def test_a_device_without_any_duration_takes_no_known_time(analysis_of):
    rows = [op("Matmul", None if device == 1 else 100, device=device) for device in range(3)]
    summary = analysis_of(*rows).summary
    assert [np.isnan(total.kernel_ns) for total in summary.device_totals] == [False, True, False]
    text = sentences.device_totals(summary)
    assert "3 devices: 0.100 µs (device 0) to 0.100 µs (device 0)" in text
    assert "1 device without any duration" in text

"""Execution order and windows."""

import numpy as np
import pytest
from support.agreement import EVERYTHING
from support.captures import host_op, op, signpost

from perfsheet import PerfsheetError, analyze, read
from perfsheet.analysis import Window


def replayed(code, session, start, device=0, duration=10, **cells):
    return op(code, duration, session=session, start=start, device=device, **cells)


def test_without_replays_file_order_counts_whatever_the_cycles(analysis_of):
    analysis = analysis_of(op("A", start=9), op("B", start=1), op("C", start=5))
    assert analysis.ops.codes == ["A", "B", "C"]


def test_replays_run_by_session_and_cycle(analysis_of):
    rows = (replayed("b2", 2, 400), replayed("a2", 2, 300), replayed("b1", 1, 200), replayed("a1", 1, 100))
    assert analysis_of(*rows, options=EVERYTHING).ops.codes == ["a1", "b1", "a2", "b2"]


def test_sessions_are_numbers(analysis_of):
    rows = (replayed("late", 10, 1000), replayed("early", 9, 900))
    assert analysis_of(*rows, options=EVERYTHING).ops.codes == ["early", "late"]


def test_replays_run_per_device(analysis_of):
    rows = [
        replayed(f"d{device}s{session}c{cycle}", session, cycle + 1000 * session, device, call=10 - cycle)
        for cycle in (7, 3)
        for session in (2, 1)
        for device in (1, 0)
    ]
    assert analysis_of(*rows, options=EVERYTHING).ops.codes == [
        f"d{device}s{session}c{cycle}" for device in (0, 1) for session in (1, 2) for cycle in (3, 7)
    ]


def test_the_session_comes_before_the_cycle(analysis_of):
    rows = (replayed("second", 2, 5), replayed("first", 1, 100))
    assert analysis_of(*rows, options=EVERYTHING).ops.codes == ["first", "second"]


def test_other_rows_keep_their_places(analysis_of):
    rows = (op("warmup"), replayed("b", 1, 20), signpost(), replayed("a", 1, 10), op("after"))
    assert analysis_of(*rows, options=EVERYTHING).ops.codes == ["warmup", "a", "b", "after"]


def test_early_spellings_of_the_replay_ids_order_too(analysis_of):
    rows = (replayed("b", 2, 20), replayed("a", 1, 10))
    assert analysis_of(*rows, generation="S4-early", options=EVERYTHING).ops.codes == ["a", "b"]


def test_pairs_follow_execution_order(analysis_of):
    starts = (("Reshard", 1), ("Add", 3), ("Reshard", 2))
    rows = [replayed(code, 1, start, call=call) for call, (code, start) in enumerate(starts)]
    assert analysis_of(*rows).reshard_pairs == 1


def test_equal_durations_are_ranked_in_execution_order(analysis_of):
    rows = (replayed("c", 2, 9), replayed("b", 1, 8), replayed("a", 1, 7), op("long", 99))
    analysis = analysis_of(*rows, options=EVERYTHING)
    assert [op.op_code for op in analysis.top()] == ["long", "a", "b", "c"]


def test_rows_know_their_session_and_place_in_the_file(analysis_of):
    rows = (replayed("b", 2, 20, duration=30), replayed("a", 1, 10))
    first = analysis_of(*rows, options=EVERYTHING).top()[0]
    assert (first.row.row, first.row.replay_session, first.row.global_call_count) == (2, 2, 1024)


def test_a_window_covers_its_rows_only(capture_of):
    rows = (op("Before", 500, 1), signpost(), op("In", 30, 8, pm=3), host_op(), op("Reshard", 10), op("After", 700))
    analysis = analyze(read(capture_of(*rows)), window=Window("the middle", np.arange(1, 5)))
    assert [op.op_code for op in analysis.top()] == ["In", "Reshard"]
    assert [op.share for op in analysis.top()] == [0.75, 0.25]
    assert analysis.top()[0].row.row == 4
    summary = analysis.summary
    assert (summary.window, summary.device_rows, summary.host_rows, summary.signpost_rows) == ("the middle", 2, 1, 1)
    assert {total.rule.id: total.share for total in analysis.rule_totals if total.rows} == {
        "low-core-count": 0.75,
        "reshard": 0.25,
        "host-ops": 0,
    }
    assert summary.fps.all == pytest.approx(1e9 / 40)


def test_the_grid_is_that_of_the_capture_even_in_a_window(capture_of):
    table = read(capture_of(op(cores=64), op("Low", 5, 4), generation="S6"))
    analysis = analyze(table, window=Window("the end", np.array([1])))
    assert analysis.top()[0].worker_cores == 64
    assert analysis.rule_totals[0].rows == 1


def test_a_window_without_a_device_op_is_refused(capture_of):
    table = read(capture_of(op(), signpost(), host_op()))
    with pytest.raises(PerfsheetError, match=r"no device op in the tail .*1 host.*1 signpost") as caught:
        analyze(table, window=Window("tail", np.array([1, 2])))
    assert caught.value.status == 3

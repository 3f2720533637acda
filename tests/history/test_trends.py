"""What a history says: trends, ops, causes, a budget, targets."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from support.captures import op, signpost, write_csv
from support.histories import CHANGED_AT, NAMES, NIGHTS, added

import perfsheet
from examples.make_history import PLANTED, commit_of
from perfsheet.budget.reading import budget_of
from perfsheet.errors import PerfsheetError
from perfsheet.history.baseline import Wanted, baseline_for, baseline_of, check_history
from perfsheet.history.causes import causes_over
from perfsheet.history.engines import engine_of
from perfsheet.history.export import export
from perfsheet.history.growth import growth
from perfsheet.history.metrics import BY_NAME, MEASUREMENTS_OF, measured_names, metric_of
from perfsheet.history.schema import MEASUREMENTS
from perfsheet.history.series import Chosen, choose, run_of
from perfsheet.history.store import open_store
from perfsheet.history.targets import STEADY, WORSE, budget_targets, central_targets
from perfsheet.history.texts import nature
from perfsheet.history.trend import trend, trends_of, with_moved
from perfsheet.models.targets import read_targets

KERNEL = BY_NAME["kernel"]


def times(folder: Path, *kernel_ns: float, board: str = "n150", model: str = "m") -> Path:
    """A store of captures of one op each, a day after the other."""
    store = folder / "store"
    for day, time in enumerate(kernel_ns, 1):
        stamp = f"2026_{1 + day // 28:02d}_{1 + day % 28:02d}_00_00_00"
        path = folder / "captures" / model / board / f"{day:07x}" / f"ops_perf_results_{stamp}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        ops = [op(duration=round(time)), op("BinaryNgDeviceOperation", duration=500 + day % 3)]
        write_csv(path, [signpost(f"day {day}"), *ops])  # no two captures are the same
    added(store, folder / "captures", names=NAMES)
    return store


def test_the_planted_changes_are_found_with_their_ops_and_none_else(store: Path) -> None:
    contents = open_store(str(store))
    (series,) = choose(contents.runs, Chosen())
    assert (series.key.name, series.key.on, len(series)) == ("encoder_block", "n150", NIGHTS)
    with engine_of("duckdb") as engine:
        (found,) = with_moved(engine, contents, trends_of([series], KERNEL))
    assert [change.step.at for change in found.changes] == list(CHANGED_AT)
    for change, at, planted in zip(found.changes, CHANGED_AT, PLANTED, strict=True):
        assert change.last_before.commit in {commit_of(at - back) for back in (1, 2, 3)}
        assert change.first_after.commit in {commit_of(at + on) for on in (0, 1, 2)}
        assert change.at.commit == commit_of(at)
        assert change.gain is (planted.factor < 1)
        (moved,) = change.moved
        assert moved.op.op_code == planted.op_code
        assert moved.after_ns / moved.before_ns == pytest.approx(planted.factor, rel=0.03)
        assert change.step.confidence > 0.999
    assert found.steps.cv == pytest.approx(0.012, abs=0.004)


def test_fps_moves_the_other_way(store: Path) -> None:
    (series,) = choose(open_store(str(store)).runs, Chosen())
    found = trend(series, BY_NAME["fps"])
    assert found is not None
    assert [change.gain for change in found.changes] == [False, True, False]
    assert [np.sign(change.step.size) for change in found.changes] == [-1, 1, -1]


def test_the_ops_that_grew_most_come_first_with_since_when(store: Path) -> None:
    contents = open_store(str(store))
    (series,) = choose(contents.runs, Chosen())
    with engine_of("duckdb") as engine:
        every = growth(engine, contents, series, None)
        (norm,) = growth(engine, contents, series, None, "layernorm")
        (same,) = growth(engine, contents, series, 1, norm.op.signature_id)
        with pytest.raises(PerfsheetError, match="no op of encoder_block contains 'gate'"):
            growth(engine, contents, series, 1, "gate")
        with pytest.raises(PerfsheetError, match="has the signature 0123456789abcdef"):
            growth(engine, contents, series, 1, "0123456789abcdef")
    assert [of.op.op_code for of in every[:2]] == [PLANTED[2].op_code, PLANTED[0].op_code]
    assert every[-1].op.op_code == PLANTED[1].op_code
    assert [of.delta_ns for of in every] == sorted((of.delta_ns for of in every), reverse=True)
    changed = {of.op.op_code: of.since.step.at for of in every if of.since}
    assert changed == {planted.op_code: at for planted, at in zip(PLANTED, CHANGED_AT, strict=True)}
    assert same.values.tolist() == norm.values.tolist()
    (row,) = {float(count) for count in norm.counts}
    assert row == 8


def test_causes_over_the_runs(store: Path) -> None:
    contents = open_store(str(store))
    (series,) = choose(contents.runs, Chosen(last=20))
    with engine_of("duckdb") as engine:
        found = causes_over(engine, contents, series)
    last = perfsheet.analyze(perfsheet.read(series.runs[-1].capture))
    assert [(one.title, one.expected_ns) for one in found if one.there and one.expected_ns] == [
        (cause.title, cause.expected_saving_ns) for cause in last.causes if cause.expected_saving_ns
    ]
    assert {one.runs for one in found if one.there and one.expected_ns} == {20}
    assert all(one.runs <= 20 and one.first.time <= one.last.time for one in found)


def test_choosing_runs(store: Path) -> None:
    runs = open_store(str(store)).runs

    def count(**chosen: object) -> int:
        return sum(map(len, choose(runs, Chosen(**chosen))))

    assert count(model="ENCODER*", board="n*") == NIGHTS
    assert count(last=7) == 7
    assert count(since=datetime(2026, 2, 1, tzinfo=timezone.utc)) == NIGHTS - 31
    assert count(until=datetime(2026, 1, 2, 12, tzinfo=timezone.utc)) == 2
    assert count(model="encoder*block") == NIGHTS
    with pytest.raises(PerfsheetError, match="the store has no branch main, but none at all"):
        count(branch="main")
    assert run_of(runs, commit_of(5)[:10]) == 5
    assert run_of(runs, runs["run_id"][7].as_py()[:12]) == 7
    for name in ("nonsense", commit_of(5)[:5]):
        with pytest.raises(PerfsheetError, match=f"no run {name}"):
            run_of(runs, name)


def test_runs_are_in_the_order_of_their_commits(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for day, committed in ((1, 3), (2, 1), (3, 2)):
        path = write_csv(tmp_path / f"{day}.csv", [op(duration=1000 + day)])
        added(
            store,
            path,
            model="m",
            commit=f"c{committed}",
            started=datetime(2026, 5, day, tzinfo=timezone.utc),
            committed=datetime(2026, 4, committed, tzinfo=timezone.utc),
        )
    (series,) = choose(open_store(str(store)).runs, Chosen())
    assert [run.commit for run in series.runs] == ["c1", "c2", "c3"]


def test_files_of_one_time_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    for number in range(8):
        path = write_csv(folder / f"run_{number}.csv", [op(duration=1000 + number)])
        os.utime(path, (1_800_000_000, 1_800_000_000))
    added(tmp_path / "store", folder, model="m")
    (series,) = choose(open_store(str(tmp_path / "store")).runs, Chosen())
    assert series.values("kernel_duration_ns").tolist() == [1000 + number for number in range(8)]
    found = trend(series, KERNEL)
    assert found is not None
    assert any("times of their files" in said for said in nature(found))


def test_series_are_told_apart_by_board_batch_and_setting(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for number, facts in enumerate(({}, {"board": "n300"}, {"batch": 8.0}, {"setting": "large"}, {})):
        added(store, write_csv(tmp_path / f"{number}.csv", [op(duration=1000 + number)]), model="m", **facts)
    names = sorted(
        (series.key.name, series.key.on, len(series)) for series in choose(open_store(str(store)).runs, Chosen())
    )
    assert names == [("m", "n150", 2), ("m", "n300", 1), ("m, batch 8", "n150", 1), ("m, large", "n150", 1)]


def test_an_op_that_comes_or_goes_counts_as_no_time(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for day in range(12):
        ops = [op(duration=1000), *([op("UnaryDeviceOperation", duration=300)] if day >= 6 else [])]
        path = write_csv(tmp_path / f"{day}.csv", [*ops, op("BinaryNgDeviceOperation", duration=100 + day)])
        added(store, path, model="m", started=datetime(2026, 5, 1 + day, tzinfo=timezone.utc))
    contents = open_store(str(store))
    (series,) = choose(contents.runs, Chosen())
    with engine_of("duckdb") as engine:
        (found,) = with_moved(engine, contents, trends_of([series], KERNEL))
        gone_and_come = growth(engine, contents, series, 1)[0]
    (change,) = found.changes
    assert [(moved.op.op_code, moved.before_ns, moved.after_ns) for moved in change.moved] == [
        ("UnaryDeviceOperation", 0.0, 300.0)
    ]
    assert gone_and_come.since is not None
    assert (gone_and_come.since.step.at, gone_and_come.before_ns) == (6, 0.0)


def test_runs_without_the_figure_are_left_out_and_counted(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for day in range(4):
        duration: object = "" if day == 2 else 1000 + day
        path = write_csv(tmp_path / f"{day}.csv", [op(duration=duration, cores=4 + day)])
        added(store, path, model="m", started=datetime(2026, 5, 1 + day, tzinfo=timezone.utc))
    (series,) = choose(open_store(str(store)).runs, Chosen())
    found = trend(series, KERNEL)
    assert found is not None
    assert (found.values.tolist(), found.unknown, found.steps.enough) == ([1000, 1001, 1003], 1, False)
    assert trend(series, BY_NAME["pcc"]) is None


def checked(store: Path, capture: Path, *, last: int = 20, fail_over: float = 0.03, op_types: float | None = None):
    contents = open_store(str(store))
    analysis = perfsheet.analyze(perfsheet.read(capture))
    with engine_of("duckdb") as engine:
        baseline = baseline_for(contents, analysis, Wanted("m", last=last))
        return check_history(analysis, baseline, fail_over, op_types, engine, contents)


def test_a_capture_is_checked_against_the_median_and_noise_of_the_last_runs(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    store = times(tmp_path, *(10_000 * (1 + 0.01 * random.standard_normal(30))))
    values = choose(open_store(str(store)).runs, Chosen())[0].values("kernel_duration_ns")[-20:]
    fine = write_csv(tmp_path / "fine.csv", [op(duration=10_000), op("BinaryNgDeviceOperation", duration=500)])
    slow = write_csv(tmp_path / "slow.csv", [op(duration=10_700), op("BinaryNgDeviceOperation", duration=500)])
    verdict = checked(store, fine)
    assert verdict.passed
    (limit,) = verdict.checked
    assert (limit.limit, limit.value) == ("history.kernel-time", np.median(values))
    assert limit.allowed == pytest.approx(np.median(values) * 1.03)
    assert not checked(store, slow).passed
    assert checked(store, slow, fail_over=0.1).passed
    by_type = checked(store, slow, op_types=0.03)
    assert [breach.limit for breach in by_type.breaches] == [
        "history.kernel-time",
        "history.op-types.MatmulDeviceOperation.kernel-time",
    ]
    assert len(by_type.checked) == 3


def test_a_gain_is_the_base_at_once(tmp_path: Path) -> None:
    store = times(tmp_path, *[20_000] * 12, *[10_000] * 6)
    verdict = checked(store, write_csv(tmp_path / "new.csv", [op(duration=12_000)]))
    assert not verdict.passed
    assert "median of 6 runs" in verdict.checked[0].why


@pytest.mark.parametrize(("lost", "accepted"), [(2, False), (5, False), (8, False), (9, False), (10, True), (14, True)])
def test_a_loss_is_no_base_until_half_of_the_runs_have_it(lost: int, accepted: bool, tmp_path: Path) -> None:
    store = times(tmp_path, *[10_000] * (20 - lost), *[12_000] * lost)
    slow = write_csv(tmp_path / "new.csv", [op(duration=11_900), op("BinaryNgDeviceOperation", duration=500)])
    verdict = checked(store, slow)
    assert verdict.passed is accepted
    assert verdict.checked[0].value == pytest.approx(12_501 if accepted else 10_501)
    if lost >= 3:
        became = "which is the base now" if accepted else "which is the base once half of the runs have it"
        assert any(f"the last {lost} runs, since" in note and became in note for note in verdict.notes)
    if not accepted:
        assert any(note.startswith("slower than in the history by 1.900 µs: Matmul") for note in verdict.notes)


def test_a_capture_that_was_cut_is_asked_about(tmp_path: Path) -> None:
    store = times(tmp_path, *[10_000] * 5)
    verdict = checked(store, write_csv(tmp_path / "new.csv", [op(duration=10_000)]))
    assert verdict.passed
    assert "1 op, and 2 in the history: is the capture whole, and the model the same?" in verdict.notes


@pytest.mark.parametrize("wild", [1.12, 1.3, 0.92])
def test_bad_nights_do_not_loosen_the_gate(wild: float, tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    values = 10_000 * (1 + 0.01 * random.standard_normal(20))
    values[-2:] *= wild
    verdict = checked(times(tmp_path, *values), write_csv(tmp_path / "new.csv", [op(duration=11_200)]))
    assert not verdict.passed
    assert verdict.checked[0].allowed / verdict.checked[0].value < 1.035


def test_one_run_that_is_far_off_does_not_widen_the_limit(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    values = 10_000 * (1 + 0.01 * random.standard_normal(20))
    values[7] *= 2
    verdict = checked(times(tmp_path, *values), write_csv(tmp_path / "new.csv", [op(duration=11_000)]))
    assert not verdict.passed


def test_a_flaky_series_is_said_to_be(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    two = 10_000 * np.where(random.random(40) < 0.5, 1.2, 1.0) * (1 + 0.003 * random.standard_normal(40))
    store = times(tmp_path, *two)
    verdict = checked(store, write_csv(tmp_path / "new.csv", [op(duration=11_800)]))
    assert verdict.passed
    assert not checked(store, write_csv(tmp_path / "slow.csv", [op(duration=13_400)])).passed
    assert any("flaky by nature: its runs alternate between" in note for note in verdict.notes)
    noisy = tmp_path / "noisy"
    noisy.mkdir()
    store = times(noisy, *(10_000 * (1 + 0.1 * random.standard_normal(30))))
    loud = checked(store, write_csv(noisy / "new.csv", [op(duration=11_000)]))
    assert loud.passed
    assert any("flaky by nature: its runs vary by" in note for note in loud.notes)
    assert "twice the noise" in loud.checked[0].why


def test_a_baseline_needs_runs_and_not_the_capture_itself(tmp_path: Path) -> None:
    store = times(tmp_path, 1000, 1010, 1005)
    contents = open_store(str(store))
    (series,) = choose(contents.runs, Chosen())
    assert len(baseline_of(series, 20).values) == 3
    own = perfsheet.analyze(perfsheet.read(series.runs[0].capture))
    with pytest.raises(PerfsheetError, match="has 2 runs of m on n150; 3 are needed"):
        baseline_for(contents, own, Wanted("m"))
    with pytest.raises(PerfsheetError, match="the history has no run of other on n150; its models are m"):
        baseline_for(contents, own, Wanted("other"))
    with pytest.raises(PerfsheetError, match="no run of m, large on n150; of this model it has m on n150"):
        baseline_for(contents, own, Wanted("m", "large"))
    every = perfsheet.analyze(perfsheet.read(series.runs[0].capture), perfsheet.Options(per_device=True))
    with pytest.raises(PerfsheetError, match=r"no run of m, \(per-device True\) on n150"):
        baseline_for(contents, every, Wanted("m"))


def test_a_baseline_of_one_branch(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for number in range(12):
        branch, slow = ("main", 0) if number < 6 else ("feature", 5000)
        path = write_csv(tmp_path / f"{number}.csv", [op(duration=10_000 + number + slow)])
        added(store, path, model="m", branch=branch)
    contents, analysis = open_store(str(store)), perfsheet.analyze(perfsheet.read(path))
    assert baseline_for(contents, analysis, Wanted("m", branch="main")).level_ns == 10_002.5
    with engine_of("duckdb") as engine:
        both = check_history(analysis, baseline_for(contents, analysis, Wanted("m")), 0.03, None, engine, contents)
    assert any("runs of 2 branches; --branch chooses one" in note for note in both.notes)


def test_captures_of_a_part_of_a_run_are_no_gains(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for day in range(16):
        durations: list[object] = [1000 + day, 1000, 1000, "" if day >= 8 else 1000]
        path = write_csv(tmp_path / f"{day:02d}.csv", [op(duration=one) for one in durations])
        result = added(store, path, model="m", started=datetime(2026, 5, 1 + day, tzinfo=timezone.utc))
        assert [one.reason for one in result.incomplete] == (["3 of 4 ops timed"] if day >= 8 else [])
    contents = open_store(str(store))
    (series,) = choose(contents.runs, Chosen())
    found = trend(series, KERNEL)
    assert found is not None
    assert (len(found.values), found.unknown, found.changes) == (8, 8, ())
    assert baseline_of(series, 20).level_ns == pytest.approx(4003.5)
    budget = budget_of({"limits": {"kernel-time": "3.5 µs"}}, Path("b.toml"))
    with engine_of("duckdb") as engine:
        (row,) = budget_targets(engine, contents, series, budget)
        (only,) = growth(engine, contents, series, None)
    assert (row.measured, row.ok) == (4007.0, False)
    assert len(only.values) == 8


TARGETS = """
targets:
  falcon-7b:
    aliases: [falcon7b]
    skus:
      wh_n150:
        entries:
          - {batch_size: 32, seq_len: 128, perf: {decode_t/s/u: 20, decode_t/s: 640}}
      wh_n300:
        entries:
          - {batch_size: 32, perf: {decode_t/s/u: 30}}
"""


def record(day: int, rate: float) -> dict[str, object]:
    measured = [("inference_decode", "tokens/s/user", rate), ("inference_decode", "tokens/s", 32 * rate)]
    return {
        "run_start_ts": f"2026-06-{day:02d}T01:00:00+0000",
        "ml_model_name": "falcon7b",
        "batch_size": 32,
        "input_sequence_length": 128,
        "git_commit_hash": f"{day:040x}",
        "git_branch_name": "main",
        "device_info": {"card_type": "n150"},
        "measurements": [{"step_name": step, "name": name, "value": value} for step, name, value in measured],
    }


def records(folder: Path, *rates: float) -> Path:
    """A store of benchmark records, a day after the other."""
    folder = folder / "benchmark_data"
    folder.mkdir()
    for day, rate in enumerate(rates, 1):
        (folder / f"partial_run_{day}.json").write_text(json.dumps(record(day, rate)))
    added(folder.parent / "store", folder)
    return folder.parent / "store"


def test_central_targets_over_all_models(tmp_path: Path) -> None:
    store = records(tmp_path, *[20.0] * 5, *[14.0] * 4)
    (tmp_path / "model_targets.yaml").write_text(TARGETS)
    contents = open_store(str(store))
    with engine_of("duckdb") as engine:
        rows = central_targets(
            engine, contents, choose(contents.runs, Chosen()), read_targets(tmp_path / "model_targets.yaml")
        )
    per_user, total, missing = rows
    assert (per_user.target, per_user.measured, per_user.expected, per_user.ok) == ("decode_t/s/u", 14.0, 20.0, False)
    assert per_user.distance == pytest.approx(-0.3)
    assert per_user.direction == WORSE
    assert per_user.since is not None
    assert (per_user.since.commit, per_user.always) == (f"{6:040x}", False)
    assert (total.measured, total.ok) == (448.0, False)
    assert (missing.board, missing.measured, missing.problem) == ("wh_n300", None, "no record of it in the store")


def test_budgets_over_the_captures_of_a_store(tmp_path: Path) -> None:
    store = times(tmp_path, *[10_000] * 5)
    tables = {
        "limits": {"kernel-time": "10.6 µs", "reshards": 0, "longest": "9 µs"},
        "op-types": {"MatmulDeviceOperation": {"kernel-time": "9 µs"}},
    }
    contents = open_store(str(store))
    (series,) = choose(contents.runs, Chosen())
    with engine_of("duckdb") as engine:
        rows = {row.target: row for row in budget_targets(engine, contents, series, budget_of(tables, Path("b.toml")))}
    assert (rows["limits.kernel-time"].ok, rows["limits.kernel-time"].always) == (True, True)
    assert rows["limits.kernel-time"].direction == STEADY
    assert rows["limits.reshards"].ok
    assert (rows["limits.longest"].measured, rows["limits.longest"].ok) == (None, None)
    op_type = rows["op-types.MatmulDeviceOperation.kernel-time"]
    assert (op_type.measured, op_type.ok) == (10_000.0, False)


def test_measurements_of_records_have_a_trend(tmp_path: Path) -> None:
    contents = open_store(str(records(tmp_path, *[20.0, 20.1, 19.9, 20.05] * 3, *[14.0, 14.1, 13.9] * 3)))
    with engine_of("duckdb") as engine:
        engine.open(contents, [MEASUREMENTS])
        names = measured_names(engine)
        measurements = engine.query(MEASUREMENTS_OF)
    assert names == ["tokens/s", "tokens/s/user"]
    (found,) = trends_of(choose(contents.runs, Chosen()), metric_of("tokens/s/user", names), measurements)
    (change,) = found.changes
    assert (change.step.at, change.gain, change.at.commit) == (12, False, f"{13:040x}")
    with pytest.raises(PerfsheetError, match="--metric nonsense is unknown"):
        metric_of("nonsense", names)


def test_exported_records_say_what_the_runs_say(store: Path, tmp_path: Path) -> None:
    contents = open_store(str(store))
    with engine_of("duckdb") as engine:
        assert export(engine, contents, contents.runs.slice(0, 3), tmp_path / "records") == (3, 0)
        assert export(engine, contents, contents.runs.slice(0, 4), tmp_path / "records") == (1, 3)
    again = tmp_path / "again"
    assert added(again, tmp_path / "records").runs == 4
    back = open_store(str(again)).runs.slice(0, 3)
    for column in ("model", "board", "commit", "started", "kernel_duration_ns", "fps"):
        assert back[column].to_pylist() == contents.runs[column].slice(0, 3).to_pylist()
    assert set(back["kind"].to_pylist()) == {"record"}


def test_a_series_of_ten_thousand_runs_makes_a_run_only_when_asked(store: Path) -> None:
    (series,) = choose(open_store(str(store)).runs, Chosen())
    assert series.runs[-1] == series.runs[NIGHTS - 1]
    assert [run.commit for run in series.runs[1:3]] == [commit_of(1), commit_of(2)]
    assert replace(series.runs[0]) == series.runs[0]

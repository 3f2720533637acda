"""When a difference of time counts."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from support.captures import op, write_csv

from perfsheet import Options, analyze, read
from perfsheet.analysis.compare import compare
from perfsheet.analysis.compare.noise import _T, Noise, beyond
from perfsheet.analysis.runs import of_runs

CODES = ("MatmulDeviceOperation", "SoftmaxDeviceOperation", "LayerNormDeviceOperation")


def test_without_repeats_a_share_of_the_shorter_time_is_noise(compared):
    base = [op(code, 1000) for code in CODES]
    new = [op(code, duration) for code, duration in zip(CODES, (1049, 1051, 951), strict=True)]
    found = compared(base, new)
    assert (found.noise.how, found.noise.base, found.noise.new) == ("assumed", 1, 1)
    assert [one.status for one in found.ops] == ["same", "changed", "changed"]
    assert [one.times.delta_ns for one in found.ops] == [49, 51, -49]
    assert all(one.changes == () for one in found.ops)
    assert [one.status for one in compared(base, new, noise=0).ops] == ["changed"] * 3
    assert [one.status for one in compared(base, new, noise=6).ops] == ["same"] * 3


def of_files(tmp_path, name, *durations):
    """The analysis of several runs, a list of kernel durations each."""
    paths = [
        write_csv(tmp_path / f"{name}{number}.csv", [op(code, ns) for code, ns in zip(CODES, run, strict=True)])
        for number, run in enumerate(durations)
    ]
    return of_runs([str(path) for path in paths], lambda path: analyze(read(path), Options()))


def test_with_runs_their_spread_decides(tmp_path):
    base = of_files(tmp_path, "base", (1000, 1000, 5000), (1010, 900, 5000), (990, 1100, 5000))
    new = of_files(tmp_path, "new", (1050, 1050, 5001), (1060, 950, 5001), (1040, 1150, 5001))
    found = compare(base, new)
    assert (found.noise.how, found.noise.base, found.noise.new) == ("runs", 3, 3)
    # 50 ns in 10 ns of noise count, 50 ns in 100 ns don't, and 1 ns in none does.
    assert [one.status for one in found.ops] == ["changed", "same", "changed"]


def test_the_run_of_median_time_is_what_is_shown(tmp_path):
    base = of_files(tmp_path, "base", (1000, 1000, 1000), (2000, 2000, 2000), (1500, 1500, 1500))
    assert base.ops.total_ns == 4500
    assert base.repeats is not None
    assert base.summary.paths[0].endswith("base2.csv")


def test_a_side_without_runs_varies_as_the_other(tmp_path):
    base = of_files(tmp_path, "base", (1000, 1000, 1000), (1010, 1100, 1000), (990, 900, 1000), (1000, 1000, 1000))
    new = of_files(tmp_path, "new", (1100, 1100, 1000))
    found = compare(base, new)
    assert (found.noise.how, found.noise.base, found.noise.new) == ("runs", 4, 1)
    assert [one.status for one in found.ops] == ["changed", "same", "same"]


def test_runs_with_other_ops_are_set_apart(tmp_path):
    paths = [
        write_csv(tmp_path / f"{number}.csv", [op(code, 100) for code in codes])
        for number, codes in enumerate((CODES, CODES, CODES[:2]))
    ]
    analysis = of_runs([str(path) for path in paths], lambda path: analyze(read(path), Options()))
    assert analysis.repeats.aligned == 2
    assert any("run 3 is set apart" in warning for warning in analysis.summary.warnings)


def test_three_passes_are_repeats(compared):
    def passes(*times):
        return [op(code, time + shift) for time in times for code, shift in zip(CODES, (0, 1000, 2000), strict=True)]

    found = compared(passes(1000, 1010, 990), passes(1100, 1110, 1090))
    assert (found.noise.how, found.noise.base, found.noise.new) == ("passes", 3, 3)
    assert [one.status for one in found.ops] == ["changed"] * 3
    assert compared(passes(1000, 1010, 990), passes(1005, 1015, 995)).counts["same"] == 3


def test_the_interval_is_welchs():
    """Against the textbook's formulas, op by op."""
    chance = np.random.default_rng(3)
    base, new = chance.normal(1000, 30, (4, 200)), chance.normal(1060, 60, (6, 200))
    got = beyond(Noise("runs", 4, 6), base, new)
    for column in range(200):
        one, other = base[:, column], new[:, column]
        a, b = one.var(ddof=1) / 4, other.var(ddof=1) / 6
        freedom = int((a + b) ** 2 / (a**2 / 3 + b**2 / 5))
        assert got[column] == (abs(other.mean() - one.mean()) > _T[freedom - 1] * (a + b) ** 0.5)
    assert 10 < got.sum() < 190


def test_of_equal_runs_one_in_a_hundred_counts():
    chance = np.random.default_rng(5)
    base, new = chance.normal(1000, 20, (5, 20_000)), chance.normal(1000, 20, (5, 20_000))
    assert 0.005 < beyond(Noise("runs", 5, 5), base, new).mean() < 0.012


def test_quantiles_fall_towards_the_normal_one():
    assert all(one > other for one, other in pairwise(_T.tolist()))
    assert 2.576 < _T[-1] < 2.8


@pytest.mark.parametrize("counts", [(2, 4), (4, 2), (3, 1)])
def test_another_number_of_passes_is_no_change(compared, counts):
    chance = random.Random(1)

    def passes(count):
        return [op(code, 1000 + chance.randrange(10)) for _ in range(count) for code in CODES]

    found = compared(passes(counts[0]), passes(counts[1]))
    assert found.per_pass
    assert found.counts["same"] == 3
    assert [(len(one.base), len(one.new)) for one in found.ops] == [counts] * 3
    assert abs(found.delta_ns(found.total)) < 30
    assert abs(found.total.delta_ns) > 2000
    assert any("not as many passes" in note for note in found.notes)
    kernel_per_pass = next(one for one in found.figures if one.id == "kernel_per_pass")
    assert (kernel_per_pass.base, kernel_per_pass.new) == pytest.approx(
        (found.total.base_pass_ns, found.total.new_pass_ns)
    )


def test_a_model_of_more_equal_layers_is_another_model(compared):
    """Two layers against four may look like two passes against four, but the ops around them tell."""
    layers = [op(code, 1000) for code in CODES]
    first, last = op("EmbeddingsDeviceOperation", 10), op("ConcatDeviceOperation", 20)
    found = compared((first, *layers * 2, last), (first, *layers * 4, last))
    assert not found.per_pass
    assert (found.counts["same"], found.counts["added"]) == (8, 6)


def test_equal_layers_fold_only_where_that_makes_both_alike(compared):
    layers = [op(code, 1000) for code in CODES]
    found = compared(layers * 4, (op("EmbeddingsDeviceOperation", 10), *layers * 4))
    assert (found.counts["same"], found.counts["added"]) == (12, 1)

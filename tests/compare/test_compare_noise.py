"""When a difference of time counts."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from support.captures import op, signpost, write_csv
from support.comparing import ALL_PASSES, assert_complete

from perfsheet import Options, analyze, read
from perfsheet.analysis.repeats import analyze_runs
from perfsheet.comparison import compare
from perfsheet.comparison.times import _T, Noise, beyond

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
    return analyze_runs([str(path) for path in paths], lambda path: analyze(read(path), Options()))


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
    analysis = analyze_runs([str(path) for path in paths], lambda path: analyze(read(path), Options()))
    assert analysis.repeats.aligned == 2
    assert any("run 3 is left out" in warning for warning in analysis.summary.warnings)


def test_three_passes_are_repeats(compared):
    def passes(*times):
        return [op(code, time + shift) for time in times for code, shift in zip(CODES, (0, 1000, 2000), strict=True)]

    found = compared(passes(1000, 1010, 990), passes(1100, 1110, 1090))
    assert (found.noise.how, found.noise.base, found.noise.new) == ("passes", 3, 3)
    assert [one.status for one in found.ops] == ["changed"] * 3
    assert compared(passes(1000, 1010, 990), passes(1005, 1015, 995)).counts["same"] == 3


def test_the_interval_is_welchs():
    """Against the textbook's formulas, with quantiles of the textbook's table."""
    table = {3: 5.841, 4: 4.604, 5: 4.032, 6: 3.707, 7: 3.499, 8: 3.355}
    chance = np.random.default_rng(3)
    base, new = chance.normal(1000, 30, (4, 200)), chance.normal(1060, 60, (6, 200))
    got, widths = beyond(Noise("runs", 4, 6), base, new)
    wanted = []
    for column in range(200):
        one, other = base[:, column], new[:, column]
        a, b = one.var(ddof=1) / 4, other.var(ddof=1) / 6
        freedom = int((a + b) ** 2 / (a**2 / 3 + b**2 / 5))
        assert widths[column] == pytest.approx(table[freedom] * (a + b) ** 0.5)
        wanted.append(abs(other.mean() - one.mean()) > widths[column])
    assert got.tolist() == wanted
    assert 0 < sum(wanted) < 200


def test_of_equal_runs_one_in_a_hundred_counts():
    chance = np.random.default_rng(5)
    base, new = chance.normal(1000, 20, (5, 20_000)), chance.normal(1000, 20, (5, 20_000))
    assert 0.005 < beyond(Noise("runs", 5, 5), base, new)[0].mean() < 0.012


def test_quantiles_fall_towards_the_normal_one():
    assert all(one > other for one, other in pairwise(_T.tolist()))
    assert 2.576 < _T[-1] < 2.8


@pytest.mark.parametrize("counts", [(2, 4), (4, 2), (3, 1)])
def test_another_number_of_passes_is_no_change(compared, counts):
    chance = random.Random(1)

    def passes(count):
        return [op(code, 1000 + chance.randrange(10)) for _ in range(count) for code in CODES]

    sides = passes(counts[0]), passes(counts[1])
    found = compared(*sides, options=ALL_PASSES)
    assert found.per_pass
    assert found.counts["same"] == 3
    assert [(len(one.base), len(one.new)) for one in found.ops] == [counts] * 3
    assert abs(found.span(found.total).delta_ns) < 30
    assert abs(found.total.delta_ns) > 2000
    assert any("different numbers of passes" in note for note in found.notes)
    kernel_per_pass = next(one for one in found.figures if one.id == "kernel_per_pass")
    assert (kernel_per_pass.base, kernel_per_pass.new) == pytest.approx(
        (found.total.mean_pass.base_ns, found.total.mean_pass.new_ns)
    )
    one_each = compared(*sides)
    assert not one_each.per_pass
    assert one_each.counts["same"] == 3
    assert [(len(one.base), len(one.new)) for one in one_each.ops] == [(1, 1)] * 3
    assert abs(one_each.total.delta_ns) < 30
    assert not any("different numbers of passes" in note for note in one_each.notes)


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


def test_two_runs_are_too_few_to_know_the_noise(tmp_path):
    base = of_files(tmp_path, "base", (1000, 1000, 1000), (1010, 1010, 1010))
    new = of_files(tmp_path, "new", (2000, 1020, 1000), (2100, 1030, 1000))
    found = compare(base, new)
    assert (found.noise.how, found.noise.base, found.noise.new) == ("assumed", 2, 2)
    assert [one.status for one in found.ops] == ["changed", "same", "same"]
    assert found.total.noise_ns is None


def rows_of(*passes, setup=()):
    """Setup ops, then passes between signposts, each a list of durations."""
    rows = [op("EmbeddingsDeviceOperation", ns) for ns in setup]
    for times in passes:
        rows.append(signpost("model started"))
        rows += [op(code, ns) for code, ns in zip(CODES, times, strict=True)]
        rows.append(signpost("model finished"))
    return rows


def test_what_runs_once_adds_nothing_to_the_noise_of_sums(compared):
    """A setup of a millisecond in the first pass alone would drown everything."""
    base = rows_of(*[(100 + shift, 200, 300) for shift in range(4)], setup=(1_000_000,))
    new = rows_of(*[(200 + shift, 400, 600) for shift in range(4)], setup=(1_000_000,))
    found = compared(base, new, options=ALL_PASSES)
    assert found.noise.how == "passes"
    assert found.total.beyond_noise
    assert found.total.noise_ns is not None
    setup = found.ops[0]
    assert (setup.base_code, setup.status, setup.times.noise_ns) == ("EmbeddingsDeviceOperation", "same", None)
    assert [one.status for one in found.ops[1:]] == ["changed"] * 3


@pytest.mark.parametrize("counts", [(3, 1), (1, 3), (2, 3)])
def test_setup_is_no_part_of_a_pass_on_either_side(compared, counts):
    sides = [rows_of(*[(100, 200, 300)] * count, setup=(50_000, 7)) for count in counts]
    found = compared(*sides, options=ALL_PASSES)
    assert found.per_pass
    assert (found.total.mean_pass.base_ns, found.total.mean_pass.new_ns) == (600, 600)
    setup = next(one for one in found.op_types if one.op_type == "EmbeddingsDeviceOperation")
    assert (setup.times.mean_pass.base_ns, setup.times.mean_pass.new_ns) == (0, 0)
    figures = {one.id: (one.base, one.new) for one in found.figures}
    assert figures["kernel_per_pass"] == (600, 600)
    alone = compared(*sides)  # one pass of each
    assert_complete(alone)
    assert (alone.total.base_ns, alone.total.new_ns) == (600, 600)
    assert alone.counts["same"] == len(alone.ops) == 3
    assert not alone.per_pass
    figures = {one.id: (one.base, one.new) for one in alone.figures}
    assert figures["fps"] == (1e9 / 600, 1e9 / 600)
    left_out = [note for note in alone.notes if "2 ops" in note]
    assert len(left_out) == (1 in counts)


def test_a_duration_that_is_missing_in_one_run_makes_that_sum_unknown(tmp_path):
    base = of_files(tmp_path, "base", (1000, 5000, 10), (1001, None, 10), (1002, 5001, 10))
    new = of_files(tmp_path, "new", (1400, 7000, 10), (1401, 7001, 10), (1402, 7002, 10))
    found = compare(base, new)
    assert found.total.beyond_noise
    assert [one.status for one in found.ops] == ["changed", "changed", "same"]


def test_a_mean_pass_is_the_mean_of_what_is_known(compared):
    rows = rows_of((100, 200, 300), (100, None, 300), (100, 200, 300))
    found = compared(rows, rows_of((100, 200, 300)), options=ALL_PASSES)
    (softmax,) = [one for one in found.ops if one.base_code == CODES[1]]
    assert (softmax.times.mean_pass.base_ns, softmax.times.base_ns) == (200, 400)


def test_a_cold_pass_is_no_sample(compared):
    def passes(cold, *warm):
        rows = rows_of((cold, 2 * cold, cold), *[(ns, 2 * ns, ns) for ns in warm])
        for number, row in enumerate(rows):
            row |= {"OP TO OP LATENCY [ns]": "5000000" if number < 5 else "900"}
        return rows

    found = compared(passes(2000, 1000, 1001, 1002), passes(2600, 1300, 1301, 1302))
    assert found.base.summary.passes.all[0].cold
    assert (found.noise.how, found.noise.base, found.noise.new) == ("passes", 3, 3)
    assert [one.status for one in found.ops] == ["changed"] * 3


def test_a_total_beyond_the_noise_is_a_change_even_if_no_op_is(tmp_path):
    codes = [f"Op{number}" for number in range(40)]
    chance = random.Random(2)

    def runs(name, factor):
        paths = [
            write_csv(
                tmp_path / f"{name}{number}.csv",
                [op(code, round(1000 * factor + chance.gauss(0, 60))) for code in codes],
            )
            for number in range(4)
        ]
        return analyze_runs([str(path) for path in paths], lambda path: analyze(read(path), Options()))

    found = compare(runs("a", 1.0), runs("b", 1.08))
    assert found.total.beyond_noise
    assert found.counts["same"] > 30
    assert not found.nothing_changed


def test_what_a_single_pass_adds_at_its_end_is_a_part_of_it(compared):
    """Three passes against one that has one op more: that is a loss, not setup."""
    three, one = rows_of(*[(100, 200, 300)] * 3), rows_of((100, 200, 300))
    extra = op("ReshardDeviceOperation", 50)
    found = compared(three, [*one[:-1], extra, one[-1]], options=ALL_PASSES)
    assert found.per_pass
    assert (found.total.mean_pass.base_ns, found.total.mean_pass.new_ns) == (600, 650)
    assert [one.op_code for one in found.losses] == ["ReshardDeviceOperation"]
    alone = compared(three, [*one[:-1], extra, one[-1]])
    assert (alone.total.base_ns, alone.total.new_ns) == (600, 650)
    assert [one.op_code for one in alone.losses] == ["ReshardDeviceOperation"]


@pytest.mark.parametrize("swap", [False, True])
def test_what_runs_after_the_passes_takes_no_pass_with_it(compared, swap):
    last = op("ConcatDeviceOperation", 7000)
    sides = [[*rows_of(*[(100, 200, 300)] * count, setup=(9000,)), last] for count in (3, 1)]
    sides = sides[::-1] if swap else sides
    total = compared(*sides, options=ALL_PASSES).total
    assert (total.mean_pass.base_ns, total.mean_pass.new_ns) == (600, 600)
    total = compared(*sides).total
    assert (total.base_ns, total.new_ns) == (600, 600)

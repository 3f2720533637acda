"""What of two captures is compared: one pass with one, on the critical path; what must correspond."""

from __future__ import annotations

import pytest
from support.captures import op, signpost, write_csv
from support.comparing import ALL_PASSES, EVERYTHING, assert_complete

from perfsheet import Options, analyze, read
from perfsheet.analysis.repeats import analyze_runs
from perfsheet.comparison import compare

CODES = ("MatmulDeviceOperation", "SoftmaxDeviceOperation", "LayerNormDeviceOperation")
GAP = "OP TO OP LATENCY [ns]"


def mesh(*steps):
    """Ops of several devices: `(code, duration on device 0, on device 1, …)`, None = not on that device."""
    return [op(code, ns, device=device) for code, *times in steps for device, ns in enumerate(times) if ns is not None]


def model(*passes, setup=()):
    """Setup, then passes between signposts, each the durations of both devices for every op."""
    rows = mesh(*setup)
    for times in passes:
        steps = [(code, *of_devices) for code, of_devices in zip(CODES, times, strict=True)]
        rows += [signpost("model started"), *mesh(*steps), signpost("model finished")]
    return rows


def analysis_of_runs(folder, name, of_runs):
    paths = [str(write_csv(folder / f"{name}{number}.csv", rows)) for number, rows in enumerate(of_runs)]
    return analyze_runs(paths, lambda path: analyze(read(path), Options()))


PASS = ((100, 90), (200, 210), (300, 300))  # critical path: 100 + 210 + 300


@pytest.mark.parametrize("swap", [False, True])
def test_setup_of_a_single_pass_is_left_out_on_every_device(compared, swap):
    """Where the devices have setup of their own, too."""
    setup = (("EmbeddingsDeviceOperation", 5000, 4000), ("TilizeDeviceOperation", None, 70))
    sides = [model(*[PASS] * count, setup=setup) for count in (3, 1)]
    sides = sides[::-1] if swap else sides
    found = compared(*sides)
    assert (found.total.base_ns, found.total.new_ns) == (610, 610)
    assert found.counts["same"] == len(found.ops) == 3
    assert [one.summary.kernel_sum_ns for one in (found.base, found.new)] == [1200, 1200]
    (note,) = [note for note in found.notes if "left out" in note]
    assert note.startswith(f"3 ops {'before' if swap else 'now'} left out")
    assert_complete(found)


def test_constants_of_a_single_pass_are_left_out_beside_its_setup(compared):
    setup = (("EmbeddingsDeviceOperation", 5000, 4000),)
    constants = [row | {"CONST_EVAL_OP": "True"} for row in mesh(("TilizeDeviceOperation", 70, 80))]
    sides = [[*constants, *model(*[PASS] * count, setup=setup)] for count in (3, 1)]
    found = compared(*sides, extra=("CONST_EVAL_OP",))
    assert (found.total.base_ns, found.total.new_ns) == (610, 610)
    assert found.counts["same"] == len(found.ops) == 3
    assert [one.summary.const_eval_rows for one in (found.base, found.new)] == [2, 2]
    assert next(note for note in found.notes if "left out" in note).startswith("2 ops now left out")


def test_what_is_new_in_a_single_pass_stays(compared):
    extra = mesh(("ReshardDeviceOperation", 40, 50))
    found = compared(model(PASS, PASS), [*model(PASS)[:-1], *extra, signpost("model finished")])
    assert (found.total.base_ns, found.total.new_ns) == (610, 660)
    assert [(one.op_code, one.times.delta_ns) for one in found.losses] == [("ReshardDeviceOperation", 50)]
    assert not [note for note in found.notes if "left out" in note]


def test_all_passes_of_a_mesh_fold_on_the_critical_path(compared):
    other = ((80, 120), (200, 190), (310, 300))  # 120 + 200 + 310, on other devices than PASS
    found = compared(model(PASS, other), model(PASS), options=ALL_PASSES)
    assert found.per_pass
    assert [(len(one.base), len(one.new)) for one in found.ops] == [(2, 1)] * 3
    assert (found.total.base_ns, found.total.new_ns) == (1240, 610)
    assert (found.total.mean_pass.base_ns, found.total.mean_pass.new_ns) == (620, 610)
    assert_complete(found)
    every = compared(model(PASS, other), model(PASS), options=EVERYTHING)
    assert [(len(one.base), len(one.new)) for one in every.ops] == [(2, 1)] * 6
    assert (every.total.base_ns, every.total.new_ns) == (2400, 1200)


def test_noise_of_passes_is_that_of_the_slowest_device(compared):
    """The devices take turns: each varies by half, the slower one by nothing."""

    def turns(ns):
        first = [((ns, 50), (50, ns), (ns + 1, 50))[number] for number in range(3)]
        return model(*[(times, (200, 200), (300, 300)) for times in first])

    found = compared(turns(100), turns(120))
    assert (found.noise.how, found.noise.base, found.noise.new) == ("passes", 3, 3)
    assert [one.status for one in found.ops] == ["changed", "same", "same"]
    assert found.total.beyond_noise
    assert found.total.noise_ns < 10


def test_ops_that_overlap_add_up_to_the_elapsed_kernel_time(compared):
    """The second op starts 200 ns after the first and ends before it: it adds nothing."""
    base = [op("Matmul", 1000), op("Softmax", 400) | {GAP: "-800"}, op("LayerNorm", 300)]
    new = [op("Matmul", 900), op("Softmax", 500) | {GAP: "-700"}, op("LayerNorm", 300)]
    found = compared(base, new)
    assert [(one.times.base_ns, one.times.new_ns) for one in found.ops] == [(1000, 900), (0, 0), (300, 300)]
    assert (found.total.base_ns, found.total.new_ns) == (1300, 1200)
    assert (found.base.summary.kernel_ns, found.new.summary.kernel_ns) == (1300, 1200)
    assert_complete(found)
    every = compared(base, new, options={"per_device": True})
    assert [(one.times.base_ns, one.times.new_ns) for one in every.ops] == [(1000, 900), (400, 500), (300, 300)]


def test_overlap_counts_in_the_noise_of_runs(tmp_path):
    def runs(name, *durations):
        of_runs = [
            (op("Matmul", 1000 + number), op("Softmax", ns) | {GAP: "-800"}) for number, ns in enumerate(durations)
        ]
        return analysis_of_runs(tmp_path, name, of_runs)

    found = compare(runs("base", 300, 500, 700), runs("new", 700, 500, 300))
    assert found.base.repeats.total.mean_ns == 1001
    assert found.nothing_changed
    assert found.total.noise_ns == pytest.approx(4.604 * (2 / 3) ** 0.5)  # of 1000, 1001 and 1002, twice


def test_layers_are_not_passes_where_the_other_side_has_them_in_one(compared):
    """Repetition alone cannot tell layers from passes; the other capture can."""
    layers = [op(code, 1000) for code in CODES] * 4
    found = compared(layers, (op("EmbeddingsDeviceOperation", 10), *layers))
    assert (found.total.base_ns, found.total.new_ns) == (12_000, 12_010)
    assert found.base.summary.kernel_ns == 12_000
    assert_complete(found)
    more = compared(layers, layers * 2)
    assert more.total.delta_ns == 0
    (note,) = [note for note in more.notes if "layers" in note]
    assert note.startswith("passes found: 4 before, 8 now; one of each is compared")
    assert not [note for note in compared(layers, layers).notes if "layers" in note]


def test_runs_know_their_noise_without_the_setup(tmp_path):
    def runs(name, count, *durations):
        late = {CODES[0]: "900000"}  # each pass starts late, so that it is not taken for a layer
        of_runs = [
            [
                op("Embeddings", 9000 * (1 + number)),
                *[op(code, ns) | {GAP: late.get(code, "9")} for _ in range(count) for code in CODES],
            ]
            for number, ns in enumerate(durations)
        ]
        return analysis_of_runs(tmp_path, name, of_runs)

    found = compare(runs("base", 3, 1000, 1001, 1002), runs("new", 1, 1100, 1101, 1102))
    assert (found.noise.how, found.noise.base, found.noise.new) == ("runs", 3, 3)
    assert (found.total.base_ns, found.total.new_ns) == (3003, 3303)
    assert [one.status for one in found.ops] == ["changed"] * 3
    assert found.new.repeats.total.mean_ns == 3303

"""Which constants the PM columns carry, and utilization without their errors."""

import math

import pytest
from support.agreement import EVERYTHING, analysed
from support.captures import op, shape
from support.real import capture

from perfsheet.analysis.speed_of_light.profiler_model import GENERATIONS, corrected_utilization, evidence
from perfsheet.text import sentences

GIB = 1.024**3
M, K, N = 512, 1024, 2048
CLOCK = {"DEVICE FW START CYCLE": 0, "DEVICE FW END CYCLE": 1350, "DEVICE FW DURATION [ns]": 1000}


def modelled(generation, duration=100_000, cores=55, grid=110, ghz=1.35, **cells):
    """A matmul whose PM columns follow a generation's constants, rounded up twice as the profiler does."""
    of_device = {"A": (108, 2048, 1.2), "B": (grid, 4096, 1.2), "C": (grid, 4096, ghz)}
    count, each, clock = of_device[generation]
    compute = math.ceil(math.ceil(2 * M * K * N / (count * each) * 2) / clock)
    largest = 2 * K * N
    bandwidth = int(largest / ({"A": 96, "B": 96, "C": 512}[generation] * GIB))
    row = op("Matmul", duration, cores, fidelity="HiFi2", arch="blackhole", grid=grid, compute=compute, **CLOCK)
    tensors = (("INPUT_0", (1, 1, M, K)), ("INPUT_1", (1, 1, K, N)), ("OUTPUT_0", (1, 1, M, N)))
    for name, extents in tensors:
        row |= shape(name, extents, "BFLOAT16", "DRAM_INTERLEAVED")
    return row | {"PM IDEAL [ns]": max(compute, bandwidth), "PM BANDWIDTH [ns]": bandwidth} | cells


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_the_generation_that_reproduces_the_columns(analysis_of, generation):
    analysis = analysis_of(modelled(generation), op("Add"))
    assert evidence(analysis.ops).names == (generation,)
    assert analysis.summary.pm_generations == (generation,)


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_the_corrected_utilization_is_the_same_in_all_of_them(analysis_of, generation):
    analysis = analysis_of(modelled(generation), op("Add"))
    compute = 2 * M * K * N * 2 / (55 * 4096 * 1.35) / 100_000
    dram = 2 * K * N / 512 / 100_000
    assert corrected_utilization(analysis.ops)[0] == pytest.approx(max(compute, dram), rel=1e-3)
    assert analysis.top()[0].utilization_corrected == pytest.approx(max(compute, dram), rel=1e-3)


def test_what_was_printed_as_more_than_possible_is_explained(analysis_of):
    """A compute-bound matmul on all of 20 cores, by Grayskull's constants."""
    row = modelled("A", duration=60_000, cores=20, grid=20)
    wrong = analysis_of(row).top()[0]
    assert wrong.utilization > 1
    assert "not-physical" in wrong.flags
    assert wrong.utilization_corrected is None or wrong.utilization_corrected <= 1
    assert next(check for check in analysis_of(row).checks if check.id == "not-physical").ok


def test_dram_time_alone_cannot_tell_a_from_b(analysis_of):
    row = modelled("B", fidelity="HiFi2") | {"PM COMPUTE [ns]": 1}
    assert analysis_of(row).summary.pm_generations == ("A", "B")


def test_wormhole_is_the_same_in_all(analysis_of):
    row = modelled("C") | {"DEVICE ARCH": "wormhole_b0", "DEVICE FW END CYCLE": 1000}
    analysis = analysis_of(row)
    assert evidence(analysis.ops).names == ("A", "B", "C")
    assert analysis.summary.pm_generations == evidence(analysis.ops).narrowed == ()
    assert sentences.pm_generation(analysis.summary) == ""


def test_no_modelled_row_is_no_evidence(analysis_of):
    ops = analysis_of(op("Add", pm=1, compute=1, bandwidth=1), op("Matmul")).ops
    assert (evidence(ops).names, evidence(ops).rows) == ((), 0)
    assert all(math.isnan(value) for value in corrected_utilization(ops))


def test_other_ops_have_no_corrected_utilization(analysis_of):
    analysis = analysis_of(modelled("C"), op("MoveDeviceOperation", 500, pm=9000, compute=9000, bandwidth=100))
    by_code = {ranked.op_code: ranked for ranked in analysis.top()}
    assert by_code["MoveDeviceOperation"].utilization > 1
    assert by_code["MoveDeviceOperation"].utilization_corrected is None


def test_every_generation_has_a_source():
    assert [one.name for one in GENERATIONS] == ["A", "B", "C"]
    assert all("tt-metal#" in one.source for one in GENERATIONS)


@pytest.mark.parametrize(
    ("name", "generations", "most", "weighted"),
    [
        ("blackhole20-oftnet", ("B",), 68.2, 59.7),
        ("blackhole64-clip-encoder", ("B",), 28.0, None),
        ("blackhole20-oftnet-2025-09", ("A",), 72.9, 28.8),
        ("blackhole-8xp150-deepseek-v3", ("C",), 75.8, None),
        ("blackhole20-oftnet-integral-image", ("A", "B"), None, None),
        ("wormhole-n150-clip-encoder", ("A", "B", "C"), 43.9, None),
        ("wormhole-relu-sweep-with-host-ops", (), None, None),
    ],
)
def test_real_captures(name, generations, most, weighted):
    ops = analysed(capture(name), **EVERYTHING).ops
    assert evidence(ops).names == generations
    values = {at: value for at, value in enumerate(corrected_utilization(ops).tolist()) if not math.isnan(value)}
    assert bool(values) == (most is not None)
    if most is not None:
        assert 100 * max(values.values()) == pytest.approx(most, abs=0.1)
    if weighted is not None:
        time = sum(float(ops.kernel_ns[at]) for at in values)
        share = sum(value * float(ops.kernel_ns[at]) for at, value in values.items()) / time
        assert 100 * share == pytest.approx(weighted, abs=0.1)

"""DRAM bytes, peaks, and the distance of an op to the speed of light."""

import math

import numpy as np
import pytest
from support.captures import op, shape, write_csv
from support.real import CAPTURES, INVALID_DURATIONS, capture, each, needs_real_captures

from perfsheet import PerfsheetError, analyze, read
from perfsheet.hardware.boards import BOARDS, KNOWN_GRIDS, fitting_boards
from perfsheet.text import headline, sentences

TILE = 32 * 32
CLOCKED = {"DEVICE FW START CYCLE": 0, "DEVICE FW END CYCLE": 1350, "DEVICE FW DURATION [ns]": 1000}
DRAM = "DRAM_INTERLEAVED"


def dram(tensor, extents, datatype="BFLOAT16", **cells):
    return shape(tensor, extents, datatype, DRAM) | {f"{tensor}_{name}": value for name, value in cells.items()}


@pytest.fixture
def bytes_of(analysis_of):
    """DRAM bytes of one op, or why they are unknown."""

    def moved(code, *tensors, attributes="{}"):
        cells = {}
        for one in tensors:
            cells |= one
        more = [name for number in range(2, 5) for name in shape(f"INPUT_{number}", (1, 1, 1, 1))]
        blank = dict.fromkeys(shape("INPUT_0", (1, 1, 1, 1)) | shape("OUTPUT_0", (1, 1, 1, 1)), "")
        light = analysis_of(op(code, 1e9, 64, attributes=attributes) | blank | cells, extra=more).facts.speed_of_light
        value = light.dram_bytes[0]
        return light.reason(0) if math.isnan(value) else value

    return moved


@pytest.mark.parametrize(
    ("datatype", "tile_bytes"),
    [
        ("BFLOAT16", 2048), ("FLOAT32", 4096), ("BFLOAT8_B", 1088), ("BFLOAT4_B", 576), ("UINT32", 4096),
        ("UINT16", 2048), ("UINT8", 1024), ("INT32", 4096),
    ],
)  # fmt: skip
def test_a_tile_with_its_exponents(bytes_of, datatype, tile_bytes):
    assert bytes_of("Unary", dram("INPUT_0", (1, 2, 64, 64), datatype)) == 8 * tile_bytes


def test_only_tensors_in_dram_count(bytes_of):
    in_l1 = shape("INPUT_1", (1, 1, 64, 64), "BFLOAT16", "L1_BLOCK_SHARDED")
    on_host = shape("OUTPUT_0", (1, 1, 64, 64)) | {"OUTPUT_0_MEMORY": "HOST"}
    assert bytes_of("LayerNorm", dram("INPUT_0", (1, 1, 64, 64)), in_l1, on_host) == 64 * 64 * 2
    assert bytes_of("LayerNorm", in_l1) == 0


def test_tiles_are_whole_and_rows_are_logical(bytes_of):
    assert bytes_of("Unary", dram("INPUT_0", (1, 1, "32[19]", "64[40]"))) == 32 * 64 * 2
    assert bytes_of("Unary", dram("INPUT_0", (1, 1, "32[19]", "64[40]"), LAYOUT="ROW_MAJOR")) == 19 * 40 * 2


def test_sharded_dram_is_dram(bytes_of):
    tensor = shape("INPUT_0", (1, 1, 64, 64), "BFLOAT16", "DRAM_WIDTH_SHARDED")
    assert bytes_of("Unary", tensor) == 64 * 64 * 2


A, B, OUT = (dram(name, (1, 1, 64, 64)) for name in ("INPUT_0", "INPUT_1", "OUTPUT_0"))
ONE = 64 * 64 * 2


@pytest.mark.parametrize(
    ("code", "tensors", "attributes", "expected"),
    [
        ("BinaryNgDeviceOperation", (A, B, OUT), "{}", 3 * ONE),
        ("BinaryNgDeviceOperation", (A, B, dram("INPUT_2", (1, 1, 64, 64)), OUT), "{}", 3 * ONE),
        ("BinaryNgDeviceOperation", (A, B, OUT), "{'scalar': '2.0'}", 2 * ONE),
        ("UnaryDeviceOperation", (A, B, OUT), "{}", 2 * ONE),
        ("MoveDeviceOperation", (A, B, OUT), "{}", 2 * ONE),
        ("TypecastDeviceOperation", (A, dram("OUTPUT_0", (1, 1, 64, 64), "BFLOAT8_B")), "{}", ONE + 4 * 1088),
        ("ConcatDeviceOperation", (A, B, dram("OUTPUT_0", (1, 1, 128, 64))), "{}", 4 * ONE),
        ("SliceDeviceOperation", (dram("INPUT_0", (1, 1, 4096, 64)), OUT), "{}", 2 * ONE),
        ("InterleavedToShardedPartialDeviceOperation", (dram("INPUT_0", (1, 1, 4096, 64)),
         shape("OUTPUT_0", (1, 1, 64, 64), "BFLOAT16", "L1_HEIGHT_SHARDED")), "{}", ONE),
        ("SliceWriteDeviceOperation", (A, dram("INPUT_1", (1, 1, 4096, 64)), dram("OUTPUT_0", (1, 1, 4096, 64))), "{}",
         2 * ONE),
        ("UpdateKVCacheOperation", (dram("INPUT_0", (1, 1, 4096, 64)), B, dram("OUTPUT_0", (1, 1, 4096, 64))), "{}",
         2 * ONE),
        ("EmbeddingsDeviceOperation", (dram("INPUT_0", (1, 1, 1, 64), "UINT32", LAYOUT="ROW_MAJOR"),
         dram("INPUT_1", (1, 1, 50000, 64), LAYOUT="ROW_MAJOR"), OUT), "{}", 64 * 4 + 2 * ONE),
        ("FillPadDeviceOperation", (A, OUT), "{}", 2 * ONE),
        ("MatmulReduceScatterAsyncDeviceOperation", (A, B, OUT), "{}", 3 * ONE),
        ("AllGatherAsyncDeviceOperation", (A, dram("OUTPUT_0", (1, 4, 64, 64))), "{}", 5 * ONE),
        ("Matmul", (A, B, dram("INPUT_2", (1, 1, 64, 64)), OUT), "{}", 3 * ONE),
        ("Matmul", (A, B, dram("INPUT_2", (1, 1, "32[1]", 64)), OUT), "{}", 3 * ONE + ONE / 2),
        ("Full", (OUT,), "{}", ONE),
        ("RotaryEmbeddingLlamaDeviceOperation", (A, B, OUT), "{}", 3 * ONE),
        ("GridSampleOperation", (dram("INPUT_0", (1, 64, 64, 64)), B, OUT), "{}", 2 * ONE),
    ],
)  # fmt: skip
def test_what_an_op_must_touch(bytes_of, code, tensors, attributes, expected):
    assert bytes_of(code, *tensors, attributes=attributes) == expected


@pytest.mark.parametrize(
    ("code", "tensors", "words"),
    [
        ("SdpaDecodeDeviceOperation", (A, B, dram("INPUT_2", (1, 1, 64, 64)), OUT), "position in the KV cache"),
        ("HaloDeviceOperation", (A, OUT), "which part"),
        ("MoeExpertOperation", (A, B, OUT), "which part"),
        ("Unary", (dram("INPUT_0", (1, 1, 64, 64), "QUANTUM"),), "data type"),
        ("Unary", (dram("INPUT_0", ("x", 1, 64, 64)),), "not readable"),
        ("Unary", (), "describes no tensor"),
        ("Unary", (shape("INPUT_0", (1, 1, 64, 64), "BFLOAT16", "L1_INTERLEAVED"),), "all of its tensors are in L1"),
    ],
)
def test_what_cannot_be_known_has_a_reason(bytes_of, analysis_of, code, tensors, words):
    found = bytes_of(code, *tensors)
    assert words in (
        found if isinstance(found, str) else analysis_of(op(code) | tensors[0]).facts.speed_of_light.reason(0)
    )


def matmul(duration, cores=64, **cells):
    return op("Matmul", duration, cores, fidelity="HiFi2", **cells) | (
        dram("INPUT_0", (1, 1, 512, 1024)) | dram("INPUT_1", (1, 1, 1024, 2048)) | dram("OUTPUT_0", (1, 1, 512, 2048))
    )


FLOPS = 2 * 512 * 1024 * 2048
BYTES = 2 * (512 * 1024 + 1024 * 2048 + 512 * 2048)


def test_the_shares_of_both_peaks(analysis_of):
    (ranked,) = analysis_of(matmul(100_000, 32)).top()
    assert (ranked.flops, ranked.dram_bytes) == (FLOPS, BYTES)
    assert ranked.compute == pytest.approx(FLOPS * 2 / (64 * 4096 * 1.0) / 100_000)
    assert ranked.compute_used_cores == pytest.approx(2 * ranked.compute)
    assert ranked.dram == pytest.approx(BYTES / 288 / 100_000)
    assert ranked.sol == max(ranked.compute, ranked.dram)
    assert (ranked.bound, ranked.sol_unknown_reason) == ("neither", None)


@pytest.mark.parametrize(("fidelity", "passes"), [("LoFi", 1), ("HiFi2", 2), ("HiFi3", 3), ("HiFi4", 4)])
def test_math_fidelity_divides_the_peak(analysis_of, fidelity, passes):
    light = analysis_of(matmul(200_000) | {"MATH FIDELITY": fidelity}).facts.speed_of_light
    assert light.compute[0] == pytest.approx(FLOPS * passes / (64 * 4096) / 200_000)


@pytest.mark.parametrize(
    ("duration", "bound"), [(FLOPS * 2 / (64 * 4096) / 0.7, "compute"), (FLOPS * 2 / (64 * 4096) / 0.6, "neither")]
)
def test_the_compute_bound_starts_at_65_percent(analysis_of, duration, bound):
    in_l1 = {f"{tensor}_MEMORY": "DEV_0_L1_BLOCK_SHARDED" for tensor in ("INPUT_0", "INPUT_1", "OUTPUT_0")}
    assert analysis_of(matmul(round(duration)) | in_l1).top()[0].bound == bound


def test_the_dram_bound(analysis_of):
    (ranked,) = analysis_of(op("Unary", 80) | dram("INPUT_0", (1, 1, 64, 64)) | dram("OUTPUT_0", (1, 1, 64, 64))).top()
    assert (ranked.bound, ranked.sol, ranked.compute) == ("dram", ranked.dram, None)
    assert ranked.dram == pytest.approx(2 * ONE / 288 / 80)


def in_l1(tensor, extents=(1, 1, 64, 64)):
    return shape(tensor, extents, "BFLOAT16", "L1_BLOCK_SHARDED")


def test_an_op_that_works_mostly_in_l1_is_not_measured_against_dram(analysis_of):
    """Two of three tensors in L1, and one of two: that one is half, not most."""
    most = op("Add", 80) | in_l1("INPUT_0") | dram("INPUT_1", (1, 1, 64, 64)) | in_l1("OUTPUT_0")
    half = op("ShardedToInterleaved", 80) | in_l1("INPUT_0") | dram("OUTPUT_0", (1, 1, 64, 64))
    analysis = analysis_of(most, half)
    light, (first, second) = analysis.facts.speed_of_light, sorted(analysis.top(), key=lambda one: one.position)
    assert (first.sol, first.dram, first.bound, first.dram_bytes) == (None, None, "unknown", ONE)
    assert first.sol_unknown_reason == "66 % of its bytes are in L1, whose bandwidth is not modelled"
    assert second.sol == second.dram == pytest.approx(ONE / 288 / 80)
    assert analysis.summary.speed_of_light.known_share == 0.5
    assert np.isnan(light.min_kernel_ns[0])


def test_math_on_tensors_in_l1_is_measured_against_the_compute_peak(analysis_of):
    """No fix makes it faster than its weights come from DRAM, either: LoFi math on them takes less."""
    in_l1_but_weights = in_l1("INPUT_0", (1, 1, 1024, 512)) | in_l1("OUTPUT_0", (1, 1, 1024, 512))
    row = matmul(100_000) | in_l1_but_weights | dram("INPUT_1", (1, 1, 512, 512), "FLOAT32") | {"MATH FIDELITY": "LoFi"}
    light, math_ns = analysis_of(row).facts.speed_of_light, 2 * 1024 * 512 * 512 / (64 * 4096)
    assert np.isnan(light.dram[0])
    assert light.sol[0] == light.compute[0] == pytest.approx(math_ns / 100_000)
    assert light.dram_bytes[0] == 4 * 512 * 512
    assert light.min_kernel_ns[0] == pytest.approx(4 * 512 * 512 / 288)
    assert light.min_kernel_ns[0] > math_ns


def test_an_op_faster_than_its_few_dram_bytes_allow_has_the_wrong_tensors(analysis_of):
    large = (1, 1, 640, 640)
    row = op("Add", 1) | in_l1("INPUT_0", large) | dram("INPUT_1", large) | in_l1("OUTPUT_0", large)
    assert "program-cache hit" in analysis_of(row).facts.speed_of_light.reason(0)


def test_the_clock_is_that_of_the_capture(analysis_of):
    analysis = analysis_of(matmul(100_000, arch="blackhole", grid=110, **CLOCKED))
    assert analysis.summary.speed_of_light.clock_ghz == pytest.approx(1.35)
    assert analysis.facts.speed_of_light.compute[0] == pytest.approx(FLOPS * 2 / (110 * 4096 * 1.35) / 100_000)


def test_two_boards_that_fit_are_both_said_and_the_slower_one_is_used(analysis_of):
    analysis = analysis_of(matmul(100_000, arch="blackhole", grid=110, **CLOCKED))
    assert analysis.summary.speed_of_light.boards == ("p150", "p100")
    assert analysis.facts.speed_of_light.dram[0] == pytest.approx(BYTES / 448 / 100_000)
    assert "p150 or p100 at 1.35 GHz, --board decides)" in sentences.speed_of_light(analysis.summary)
    assert "p150 or p100 (by arch, grid and clock; --board decides)" in dict(headline.run_source(analysis))["Board"]


@pytest.mark.parametrize(("rate", "boards"), [(440, ("p150", "p100")), (500, ("p150",)), (530, ("p150", "p100"))])
def test_an_op_that_moves_more_than_one_board_can_tells_which_it_is(analysis_of, rate, boards):
    """What neither can do comes from tensors of another call, and tells nothing."""
    moved = 2 * 2 * 640 * 640
    row = op("Unary", moved / rate, arch="blackhole", grid=110) | dram("INPUT_0", (1, 1, 640, 640))
    analysis = analysis_of(row | dram("OUTPUT_0", (1, 1, 640, 640)))
    assert analysis.summary.speed_of_light.boards == boards
    assert analysis.facts.speed_of_light.contradicted.any() == (rate > 512)


def test_a_grid_that_one_board_lacks_excludes_it(analysis_of):
    analysis = analysis_of(matmul(100_000, arch="blackhole", grid=130))
    assert analysis.summary.speed_of_light.boards == ("p150",)
    assert "decides" not in sentences.speed_of_light(analysis.summary)


def sharded_in_dram(config, cores=60, grid=110, arch="blackhole", **cells):
    config = f"MatmulMultiCoreReuseMultiCastDRAMShardedProgramConfig(in0_block_w=6;per_core_M=1;per_core_N=4{config})"
    row = op("Matmul", 50_000, cores, arch=arch, grid=grid, fidelity="LoFi", **cells)
    row |= {"ATTRIBUTES": f"{{'program_config': '{config}'}}", "INPUT_1_MEMORY": "DEV_0_DRAM_WIDTH_SHARDED"}
    weights = shape("INPUT_1", (1, 1, 1024, 2048), "BFLOAT8_B", "DRAM_WIDTH_SHARDED")
    return row | in_l1("INPUT_0", (1, 1, 32, 1024)) | weights | in_l1("OUTPUT_0", (1, 1, 32, 2048))


@pytest.mark.parametrize(
    ("row", "working"),
    [
        (sharded_in_dram(""), 8),
        (sharded_in_dram(";num_workers_per_dram_bank=1"), 8),
        (sharded_in_dram(";num_workers_per_dram_bank=3"), 24),
        (sharded_in_dram(";num_workers_per_dram_bank=std::nullopt"), 8),
        (sharded_in_dram("", grid=64, arch="wormhole_b0"), 12),
        (sharded_in_dram("", cores=4), 4),
        (matmul(100_000, 32), 32),
    ],
)
def test_the_working_cores_of_a_dram_sharded_matmul(analysis_of, row, working):
    analysis = analysis_of(row)
    light = analysis.facts.speed_of_light
    assert light.working_cores.tolist() == [working]
    assert light.compute_used_cores[0] == pytest.approx(light.compute[0] * analysis.ops.worker_cores[0] / working)


def test_working_cores_that_could_not_have_done_the_math_are_not_believed(analysis_of):
    row = sharded_in_dram("") | {"DEVICE KERNEL DURATION [ns]": "5100"}
    assert analysis_of(row, options={"board": "p150"}).facts.speed_of_light.working_cores.tolist() == [8]
    row |= {"MATH FIDELITY": "HiFi4"}
    assert analysis_of(row, options={"board": "p150"}).facts.speed_of_light.working_cores.tolist() == [60]


def test_few_cores_of_a_dram_sharded_matmul_are_no_finding(analysis_of):
    uneven = {f"DEVICE KERNEL DURATION PER CORE {name} [ns]": value for name, value in (("MAX", 49_000), ("AVG", 9000))}
    analysis = analysis_of(sharded_in_dram("", cores=8), sharded_in_dram("", cores=110) | uneven)
    assert not {finding.rule.id for finding in analysis.findings} & {"low-core-count", "core-imbalance"}


def test_the_board_option_names_the_peaks_of_p150(analysis_of):
    analysis = analysis_of(matmul(100_000, arch="blackhole", grid=110), options={"board": "p150"})
    assert analysis.summary.speed_of_light.boards == ("p150",)
    assert analysis.facts.speed_of_light.dram[0] == pytest.approx(BYTES / 512 / 100_000)


def test_the_board_option_names_the_peaks(analysis_of):
    analysis = analysis_of(matmul(100_000, arch="blackhole", grid=110), options={"board": "P100"})
    assert analysis.facts.speed_of_light.dram[0] == pytest.approx(BYTES / 448 / 100_000)
    assert analysis.summary.speed_of_light.boards == ("p100",)


def test_a_board_of_another_architecture_is_said_and_not_used(analysis_of):
    analysis = analysis_of(matmul(100_000), options={"board": "p150"})
    assert analysis.summary.speed_of_light.boards == ("n150",)
    contradiction = "`board` p150 is blackhole, but the capture says wormhole_b0"
    assert any(contradiction in warning for warning in analysis.summary.warnings)


def test_hosts_of_different_architectures_are_said(tmp_path):
    rows = {"wormhole_b0": {}, "blackhole": CLOCKED}
    paths = [write_csv(tmp_path / f"{arch}.csv", [matmul(9000, arch=arch, **cells)]) for arch, cells in rows.items()]
    summary = analyze(read(paths)).summary
    assert any("different architectures (blackhole, wormhole_b0)" in text for text in summary.warnings)


def test_without_arch_the_clock_tells_the_chip(analysis_of):
    row = matmul(100_000, arch="", **CLOCKED)
    assert analysis_of(row, generation="S7").facts.speed_of_light.dram[0] == pytest.approx(BYTES / 448 / 100_000)
    analysis = analysis_of(matmul(100_000, arch=""), generation="S7")
    assert "`board`" in analysis.top()[0].sol_unknown_reason


@pytest.mark.parametrize(
    ("arch", "cores", "ghz", "names"),
    [
        ("wormhole_b0", 64, 1.0, "n150"),
        ("wormhole_b0", 56, None, "n300"),
        ("wormhole_b0", 72, None, "galaxy"),
        ("wormhole_b0", None, None, "n150"),
        ("blackhole", 110, 1.35, "p150 p100"),
        ("blackhole", 64, 1.35, "p150 p100"),
        ("blackhole", 20, 1.35, "bh20"),
        ("blackhole", 120, 1.35, "p150 p100"),
        ("blackhole", 130, 1.35, "p150"),
        ("blackhole", 20, 0.65, "n1"),
        ("blackhole", 20, None, "bh20 n1"),
        ("wormhole_b0", 80, 1.0, "galaxy"),
        ("", 20, 1.35, "bh20"),
        ("", None, 1.0, "n150"),
        ("Grayskull", None, None, "e150"),
    ],
)
def test_the_boards_that_fit(arch, cores, ghz, names):
    assert [board.name for board in fitting_boards(arch, cores, ghz)] == names.split()


@pytest.mark.parametrize(("arch", "ghz"), [("", None), ("quasar", None), ("", 3.3)])
def test_no_board_where_nothing_tells(arch, ghz):
    assert fitting_boards(arch, 64, ghz) == ()


def test_every_board_has_its_figures_and_sources():
    assert {board.name for board in BOARDS} >= {"n150", "n300", "galaxy", "p100", "p150", "bh20", "e150"}
    for board in BOARDS:
        assert board.worker_cores in KNOWN_GRIDS
        assert min(board.dram_gb_s, board.clock_ghz, board.flops_per_cycle) > 0
        assert board.grid_source
        assert board.dram_source


def test_descriptions_that_an_op_outruns_are_no_descriptions(analysis_of):
    durations = (5000, 10, 5100, 1000)
    analysis = analysis_of(*(op("Add", duration) | A | OUT for duration in durations), op("Mul", 1000) | A | OUT)
    light = analysis.facts.speed_of_light
    assert light.contradicted.tolist() == [False, True, False, True, False]
    assert "program-cache hit" in light.reason(1)
    assert np.isnan(light.dram_bytes[[1, 3]]).all()
    assert np.isfinite(light.sol[[0, 2, 4]]).all()
    assert next(check for check in analysis.checks if check.id == "stale-tensors").count == 2


def test_nothing_is_known_of_a_description_whose_first_op_outruns_it(analysis_of):
    analysis = analysis_of(*(op("Add", duration) | A | OUT for duration in (10, 5000)))
    assert analysis.facts.speed_of_light.contradicted.all()


@pytest.mark.parametrize(
    "code", ["SliceWriteDeviceOperation", "EmbeddingsDeviceOperation", "GatherDeviceOperation", "UnaryDeviceOperation"]
)
def test_an_op_without_inputs_is_unknown_and_no_failure(bytes_of, code):
    assert "describes no input" in bytes_of(code, OUT)


def test_an_op_without_outputs_is_no_failure(bytes_of):
    assert "not readable" in bytes_of("SliceDeviceOperation", A)


def test_a_matmul_with_unknown_bytes_has_no_distance(analysis_of):
    odd = dram("INPUT_1", (1, 1, 1024, 2048), "QUANTUM")
    (ranked,) = analysis_of(matmul(100_000) | odd).top()
    assert ranked.compute is not None
    assert (ranked.sol, ranked.bound) == (None, "unknown")
    assert "data type" in ranked.sol_unknown_reason


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (matmul(""), "no kernel duration"),
        (matmul(0), "0 ns"),
        (matmul(100_000) | {"MATH FIDELITY": ""}, "no math fidelity"),
        (op("Matmul", 1000) | shape("INPUT_1", (1, 1, 64, 32)), "no math fidelity"),
        (op("Matmul", 1000, fidelity="HiFi4") | shape("INPUT_1", (1, 1, 64, 32)) | {"CORE COUNT": "63"}, ""),
    ],
)
def test_reasons(analysis_of, row, words):
    light = analysis_of(row).facts.speed_of_light
    assert words in light.reason(0)
    assert np.isnan(light.sol[0]) == bool(words)


def test_an_unknown_grid_leaves_the_used_cores(analysis_of):
    row = op("Matmul", 1000, 61, fidelity="HiFi4", **CLOCKED) | shape("INPUT_1", (1, 1, 64, 32))
    (ranked,) = analysis_of(row, generation="S6").top()
    assert ranked.compute is None
    assert ranked.compute_used_cores == pytest.approx(2 * 32 * 64 * 32 * 4 / (61 * 4096 * 1.35) / 1000)
    assert (ranked.sol, ranked.bound) == (None, "unknown")
    assert "worker grid" in ranked.sol_unknown_reason


@pytest.mark.parametrize("value", ["9" * 20, "9" * 5000, "-5", "1e400", "0"])
@pytest.mark.parametrize(
    "name",
    ["head_dim_v", "chunk_start_idx", "logical_n", "cur_pos", "output_channels", "groups", "sliding_window_size"],
)
def test_absurd_attributes_are_unknown_and_no_failure(analysis_of, name, value):
    attributes = f"{{'{name}': '{value}'; 'is_causal': 'true'}}"
    codes = ("SDPAOperation", "SdpaDecodeDeviceOperation", "RingJointSDPADeviceOperation", "Conv2dDeviceOperation")
    rows = (op(code, 1000, fidelity="HiFi4", attributes=attributes) | A | B | OUT for code in codes)
    light = analysis_of(*rows).facts.speed_of_light
    assert not (light.flops < 0).any()


@pytest.mark.parametrize("extent", ["1e80", "9" * 400, "-4", "x"])
def test_absurd_extents_are_unknown_and_no_failure(analysis_of, extent):
    odd = dram("INPUT_0", (extent,) * 4)
    rows = (op(code, 1000, fidelity="HiFi4") | odd | B | OUT for code in ("Matmul", "Unary", "SDPAOperation"))
    assert np.isnan(analysis_of(*rows).facts.speed_of_light.sol).all()


def test_an_unknown_board_is_refused(analysis_of):
    with pytest.raises(PerfsheetError, match="unknown board"):
        analysis_of(op(), options={"board": "n151"})


@each(CAPTURES)
def test_no_op_of_a_real_capture_is_faster_than_light(path):
    analysis = analyze(read(path))
    light = analysis.facts.speed_of_light
    for share in (light.sol, light.compute, light.compute_used_cores, light.dram):
        assert not (share > 1).any()
    assert ((light.sol >= 0) | np.isnan(light.sol)).all()
    for ranked in analysis.top():
        assert (ranked.sol is None) == bool(ranked.sol_unknown_reason) == (ranked.bound == "unknown")


WHOLE_MODELS = (
    "blackhole-8xp150-deepseek-v3",
    "blackhole20-oftnet-2025-09",
    "blackhole64-clip-encoder",
    "wormhole-mnist-linear-forge",
    "wormhole-n150-clip-encoder",
    "wormhole-n150-segformer-encoder-2024-10",
)


def known_and_total_ns(path):
    analysis = analyze(read(path))
    known = analysis.ops.kernel_ns[np.isfinite(analysis.facts.speed_of_light.sol)]
    return float(np.nansum(known)), analysis.ops.total_ns


@pytest.mark.parametrize("name", WHOLE_MODELS)
def test_the_speed_of_light_is_known_for_most_of_a_model(name):
    known_ns, total_ns = known_and_total_ns(capture(name))
    assert known_ns / total_ns >= 0.8


@needs_real_captures
def test_the_speed_of_light_is_known_for_most_of_the_time():
    """Of all captures but the one whose durations are invalid: it would outweigh the others 50 times.

    Sweeps of ops on shards in L1, and a third of OftNet, are rightly unknown.
    """
    times = [known_and_total_ns(path) for path in CAPTURES if path.name != INVALID_DURATIONS]
    assert sum(known for known, _ in times) / sum(total for _, total in times) >= 0.85

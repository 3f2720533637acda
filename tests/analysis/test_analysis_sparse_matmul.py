"""Sparse matmuls (mixture of experts): nnz of the pairs of an input matrix and an expert are multiplied."""

import math
from pathlib import Path

import pytest
from support.captures import op, shape
from support.findings import findings_of, only_finding

from perfsheet import Options, analyze, read
from perfsheet.analysis.speed_of_light.bounds import speed_of_light

CASE = Path(__file__).parents[1] / "data" / "cases" / "sparse-matmul-E32.csv"
TILE = 1088
"""Bytes of a tile in bfloat8_b; 2,048 in bfloat16."""


def sparse(given, weights, output, attributes, *further, duration=1e6, **how):
    """A row with bfloat8_b weights, everything in DRAM; the sparsity tensor and others in `further`."""
    row = op("SparseMatmulDeviceOperation", duration, 64, fidelity="LoFi", attributes=attributes, **how)
    row |= shape("INPUT_0", given, "BFLOAT16", "DRAM_INTERLEAVED")
    row |= shape("INPUT_1", weights, "BFLOAT8_B", "DRAM_INTERLEAVED")
    for number, (extents, datatype) in enumerate(further, start=2):
        row |= shape(f"INPUT_{number}", extents, datatype, "DRAM_INTERLEAVED")
        row[f"INPUT_{number}_LAYOUT"] = "ROW_MAJOR"
    return row | shape("OUTPUT_0", output, "BFLOAT16", "DRAM_INTERLEAVED")


def mode(nnz="std::nullopt", *, a="false", b="true", indices="false", config="std::nullopt"):
    return (
        f"{{'is_input_a_sparse': '{a}'; 'is_input_b_sparse': '{b}'; 'nnz': '{nnz}'; 'program_config': '{config}'; "
        f"'use_indices': '{indices}'}}"
    )


@pytest.fixture
def analysis_with(analysis_of):
    headers = [name for number in (2, 3) for name in shape(f"INPUT_{number}", (1, 1, 1, 1))]
    return lambda row: analysis_of(row, extra=headers)


def work(analysis):
    light = analysis.facts.speed_of_light
    return light.flops[0], light.dram_bytes[0]


def test_the_case_by_nnz():
    analysis = analyze(read(CASE), Options(board="p150"))
    light = analysis.facts.speed_of_light
    assert light.flops.tolist() == [2 * 32 * 7168 * 4096 * 8, 2 * 32 * 2048 * 7168 * 8]
    first = 8 * 224 * 128 * TILE + 224 * 2048 + 8 * 128 * 2048 + 256
    second = 8 * 64 * 224 * TILE + 64 * 2048 + 8 * 224 * 2048 + 256
    assert light.dram_bytes.tolist() == [first, second]
    assert first == 252_117_248
    assert light.sol.tolist() == pytest.approx([first / 512 / 48_783_000, second / 512 / 26_657_000])
    assert [one.shape for one in analysis.top()] == [
        "nnz 8 of 128 · 32 × 7168 × 4096",
        "nnz 8 of 128 · 32 × 2048 × 7168",
    ]


def test_the_case_has_small_blocks_and_few_of_them_and_nothing_else():
    analysis = analyze(read(CASE), Options(board="p150"))
    assert {finding.rule.id for finding in analysis.findings} == {"matmul-program-config", "program-config-grid"}
    (cause,) = analysis.causes
    assert len(cause.members) == 4
    longest, other = findings_of(analysis, "matmul-program-config")
    assert (longest.count, other.count) == (1, 1)
    assert longest.saving_ns == pytest.approx(48_783_000 - 252_117_248 / 512)
    assert longest.evidence["in0_block_w"] == 1
    assert "in0_block_w is 1: try 2, then 4 " in longest.advice
    assert "28 %" in longest.advice


SPARSITY = ((1, 1, 1, 8), "BFLOAT16")
WEIGHTS = (1, 8, 64, 96)
EXPERT, INPUT, OUTPUT = 6 * TILE, 2 * 2048, 3 * 2048
"""Bytes of one matrix of each."""


def of(matrices, experts, results, rest=16):
    return (2 * 32 * 64 * 96 * results, matrices * INPUT + experts * EXPERT + results * OUTPUT + rest)


@pytest.mark.parametrize(
    ("given", "output", "attributes", "expected"),
    [
        ((1, 1, 32, 64), (1, 8, 32, 96), mode(3), of(1, 3, 3)),
        ((1, 1, 32, 64), (1, 8, 32, 96), "{'nnz': '3'}", of(1, 3, 3)),
        # Four input matrices by eight experts. Ten pairs have three experts or more; OUTPUT_0 lacks two dimensions.
        ((2, 2, 32, 64), (1, 8, 32, 96), mode(10), of(2, 3, 10)),
        ((2, 2, 32, 64), (1, 8, 32, 96), mode(32), of(4, 8, 32)),
        # Every input matrix has its own expert.
        ((1, 8, 32, 64), (1, 8, 32, 96), mode(3, a="true"), of(3, 3, 3)),
        ((4, 8, 32, 64), (4, 8, 32, 96), mode(5, a="1", b="0"), of(5, 2, 5)),
        # A compact output.
        ((1, 1, 32, 64), (1, 3, 32, 96), mode(3), of(1, 3, 3)),
    ],
)
def test_work_by_nnz(analysis_with, given, output, attributes, expected):
    assert work(analysis_with(sparse(given, WEIGHTS, output, attributes, SPARSITY))) == expected


@pytest.mark.parametrize(("batch", "expected"), [(1, of(1, 2, 2, 4)), (4, of(1, 2, 8, 4))])
def test_work_by_indices(analysis_with, batch, expected):
    row = sparse((1, batch, 32, 64), WEIGHTS, (1, 2, 32, 96), mode(indices="true"), SPARSITY, ((1, 1, 1, 2), "UINT16"))
    assert work(analysis_with(row)) == expected


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        (mode(), "(nnz) is not in the capture"),
        (mode("None"), "(nnz) is not in the capture"),
        (mode(0), "(nnz) is not in the capture"),
        ("{}", "(nnz) is not in the capture"),
        (mode(indices="true"), "(nnz) is not in the capture"),
        (mode(9), "more than its inputs have matrices"),
        (mode(9, a="true"), "more than its inputs have matrices"),
    ],
)
def test_work_that_is_unknown_says_why(analysis_with, attributes, words):
    analysis = analysis_with(sparse((1, 1, 32, 64), WEIGHTS, (1, 8, 32, 96), attributes, SPARSITY))
    assert all(map(math.isnan, work(analysis)))
    assert words in speed_of_light(analysis.ops).reason(0)
    assert analysis.top()[0].shape == "32×64 → 8×32×96"
    assert not analysis.findings


def test_the_shape_says_nnz(analysis_with):
    row = sparse((2, 2, 32, 64), WEIGHTS, (1, 8, 32, 96), mode(10), SPARSITY)
    assert analysis_with(row).top()[0].shape == "nnz 10 of 32 · 32 × 64 × 96"


def test_logical_rows_do_the_math_and_whole_tiles_are_read(analysis_with):
    row = sparse((1, 1, "32[5]", 64), WEIGHTS, (1, 8, "32[5]", 96), mode(3), SPARSITY)
    assert work(analysis_with(row)) == (2 * 5 * 64 * 96 * 3, of(1, 3, 3)[1])


@pytest.mark.parametrize(
    ("inner", "words"),
    [(64, "try 2 ("), (128, "try 2, then 4 ("), (288, "try 3 ("), (192, "try 2, then 3 ("), (352, "try 11 (")],
)
def test_the_next_blocks_divide_k(analysis_with, inner, words):
    config = "MatmulMultiCoreReuseMultiCast1DProgramConfig(in0_block_w=1;out_subblock_h=1;out_subblock_w=4)"
    weights = (1, 8, inner, 96)
    row = sparse((1, 1, 32, inner), weights, (1, 8, 32, 96), mode(3, config=config), SPARSITY)
    assert words in only_finding(analysis_with(row), "matmul-program-config").advice


def test_advice_is_what_sparse_matmuls_take(analysis_with):
    # One expert, at more than 10 % of the DRAM peak: a dense matmul would be advised to be DRAM-sharded.
    row = sparse((1, 1, 32, 1024), (1, 1, 1024, 2048), (1, 1, 32, 2048), mode(1), SPARSITY, duration=40_000)
    analysis = analysis_with(row)
    assert analysis.facts.speed_of_light.dram[0] > 0.1
    assert not findings_of(analysis, "matmul-not-dram-sharded")
    advice = only_finding(analysis, "matmul-program-config").advice
    assert advice == "No program_config: give ttnn.sparse_matmul a ttnn.MatmulMultiCoreReuseMultiCast1DProgramConfig."
    dense = row | {"OP CODE": "MatmulDeviceOperation"}
    assert findings_of(analysis_with(dense), "matmul-not-dram-sharded")

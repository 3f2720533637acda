"""The Python of an op, from the text of ATTRIBUTES in the spelling of every build."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from support.real import CAPTURES, each

from perfsheet import Options, Selection, analyze, read
from perfsheet.trials.code import Code, laid_out
from perfsheet.trials.configs import compute_kernel_config, config
from perfsheet.trials.kinds import KINDS, kind_of
from perfsheet.trials.kinds.grids import grids
from perfsheet.trials.memory import DRAM, L1, Memory, Shard, parse_memory
from perfsheet.trials.recorded import recorded
from perfsheet.trials.tensors import Tensor

SHARD = Shard(((0, 0, 4, 3),), (96, 128), "COL_MAJOR")
SPELLINGS = {
    "2024": "MemoryConfig(memory_layout=TensorMemoryLayout::BLOCK_SHARDED;buffer_type=BufferType::L1;shard_spec="
    "ShardSpec(grid={[(x=0;y=0) - (x=4;y=3)]};shape={96; 128};orientation=ShardOrientation::COL_MAJOR;halo=0))",
    "2025": "MemoryConfig(memory_layout=TensorMemoryLayout::BLOCK_SHARDED;buffer_type=BufferType::L1;shard_spec="
    "ShardSpec(grid={[(x=0;y=0) - (x=4;y=3)]};shape={96; 128};orientation=ShardOrientation::COL_MAJOR;"
    "mode=ShardMode::PHYSICAL;physical_shard_shape=std::nullopt);nd_shard_spec=NdShardSpec(shard_shape="
    "Shape([9; 9]);grid={[(x=0;y=0) - (x=1;y=1)]});created_with_nd_shard_spec=0)",
    "2026": "MemoryConfig(memory_layout=TensorMemoryLayout::BLOCK_SHARDED;buffer_type=BufferType::L1;shard_spec="
    'ShardSpec{grid=[{"start":{"x":0;"y":0};"end":{"x":4;"y":3}]; shape=[96; 128]; orientation='
    "ShardOrientation::COL_MAJOR};nd_shard_spec=std::nullopt;created_with_nd_shard_spec=0)",
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_memory_configs_of_every_build(text):
    assert parse_memory(text) == Memory("BLOCK_SHARDED", "L1", SHARD)


def test_shards_on_several_ranges():
    text = (
        "MemoryConfig(memory_layout=TensorMemoryLayout::WIDTH_SHARDED;buffer_type=BufferType::L1;shard_spec=ShardSpec{grid="
        '[{"start":{"x":0;"y":0};"end":{"x":10;"y":0}; {"start":{"x":0;"y":1};"end":{"x":4;"y":1}]; shape=[32; 128]; '
        "orientation=ShardOrientation::ROW_MAJOR};nd_shard_spec=std::nullopt)"
    )
    memory = parse_memory(text)
    assert memory is not None
    assert memory.shard is not None
    assert (memory.shard.cores, memory.shard.ranges) == (16, ((0, 0, 10, 0), (0, 1, 4, 1)))
    assert memory.code.count("ttnn.CoreRange(") == 2


def test_interleaved_and_blind_memory():
    assert parse_memory("MemoryConfig(memory_layout=INTERLEAVED;buffer_type=L1;shard_spec=std::nullopt)") == L1
    assert parse_memory("std::nullopt") is None
    assert (DRAM.code, L1.code) == ("ttnn.DRAM_MEMORY_CONFIG", "ttnn.L1_MEMORY_CONFIG")


def test_program_configs_keep_every_member():
    attributes = (
        "{'program_config': 'MatmulMultiCoreReuseMultiCastProgramConfig(compute_with_storage_grid_size=(x=8;y=6);"
        "in0_block_w=4;out_subblock_h=2;out_subblock_w=2;per_core_M=2;per_core_N=8;transpose_mcast=0;"
        "fused_activation=std::nullopt;fuse_batch=1)'}"
    )
    assert config(attributes, "program_config") == (
        "ttnn.MatmulMultiCoreReuseMultiCastProgramConfig(compute_with_storage_grid_size=(8, 6), in0_block_w=4, "
        "out_subblock_h=2, out_subblock_w=2, per_core_M=2, per_core_N=8, transpose_mcast=False, fuse_batch=True)"
    )
    assert config("{'program_config': 'std::nullopt'}", "program_config") == ""


@pytest.mark.parametrize("name", ["WormholeComputeKernelConfig", "ComputeKernelConfig"])
def test_compute_kernel_configs(name):
    attributes = (
        f"{{'compute_kernel_config': '{name}(math_fidelity=HiFi2;math_approx_mode=1;fp32_dest_acc_en=0;packer_l1_acc=1;"
        "dst_full_sync_en=0;throttle_level=ThrottleLevel::NO_THROTTLE)'}"
    )
    assert compute_kernel_config(attributes) == (
        "ttnn.WormholeComputeKernelConfig(math_fidelity=ttnn.MathFidelity.HiFi2, math_approx_mode=True, "
        "fp32_dest_acc_en=False, packer_l1_acc=True, dst_full_sync_en=False)"
    )


def test_long_statements_have_an_argument_to_a_line():
    short = "output = ttnn.relu(x)"
    assert laid_out(short) == short
    nested = f"y = ttnn.linear({', '.join(['a' * 30] * 3)}, config=ttnn.Config({', '.join(['b' * 40] * 3)}))"
    lines = laid_out(nested).splitlines()
    assert max(map(len, lines)) <= 100
    assert ast.dump(ast.parse(laid_out(nested))) == ast.dump(ast.parse(nested))


def test_what_stays_on_the_host_has_no_device():
    weight = Tensor((8, 4, 3, 3), "BFLOAT16", "ROW_MAJOR", None)
    text = Code({"weight": weight}, "ttnn.conv2d", (), {"weight_tensor": "weight"}, on_host=("weight",)).text
    assert "device" not in text


@pytest.mark.parametrize(
    ("shape", "layouts", "expected"),
    [
        ((1, 1, 384, 768), ("BLOCK_SHARDED",), [(8, 6, 2, 3), (6, 6, 2, 4), (8, 4, 3, 3)]),
        ((1, 1, 2048, 64), ("HEIGHT_SHARDED",), [(8, 8, 1, 2), (8, 4, 2, 2), (8, 2, 4, 2)]),
        ((1, 1, 32, 2048), ("WIDTH_SHARDED",), [(8, 8, 1, 1), (8, 4, 1, 2), (8, 2, 1, 4)]),
        ((1, 1, 32, 32), ("BLOCK_SHARDED", "HEIGHT_SHARDED", "WIDTH_SHARDED"), []),
    ],
)
def test_grids_have_equal_parts_on_every_core(shape, layouts, expected):
    found = list(grids(Tensor(shape, "BFLOAT16", "TILE", DRAM), (8, 8), layouts))
    assert [(grid.columns, grid.rows, grid.height, grid.width) for grid in found] == expected


def test_every_kind_has_a_name_of_its_own():
    assert len({kind.title for kind in KINDS}) == len(KINDS)
    assert kind_of("GridSampleDeviceOperation") is None
    for code in (
        "Matmul",
        "MatmulDeviceOperation",
        "LayerNorm",
        "SdpaDecodeDeviceOperation",
        "NlpCreateHeadsDeviceOperation",
    ):
        assert kind_of(code) is not None, code


@pytest.mark.slow
@each(CAPTURES)
def test_the_code_of_every_op_and_variant_is_python(path):
    analysis = analyze(read(path), Options(selection=Selection(which_pass="all"), per_device=True))
    ops, built = analysis.ops, 0
    for position in np.unique(ops.variants.of, return_index=True)[1].tolist():
        kind = kind_of(analysis.facts.variant(position).op_code)
        op = recorded(analysis.facts, position, (8, 8))
        code = None if kind is None else kind.build(op)
        if kind is None or code is None:
            continue
        built += 1
        for text in (code.text, *(variant.code.text for variant in kind.variants(op, code))):
            ast.parse(text)
    assert built or not any(kind_of(str(code)) for code in ops.codes.values)


def test_blocks_are_column_major_where_that_has_more_cores():
    """20 × 22 tiles on 11 × 10 cores: in columns and rows 11 × 10, else 10 × 2."""
    tensor = Tensor((1, 1, 32 * 22, 32 * 20), "BFLOAT16", "TILE", DRAM)
    first = next(iter(grids(tensor, (11, 10), ("BLOCK_SHARDED",))))
    assert (first.columns, first.rows, first.height, first.width, first.turned) == (11, 10, 2, 2, True)
    assert first.label == "block-sharded on 11 × 10 cores, column-major"
    assert "ttnn.ShardOrientation.COL_MAJOR" in first.memory.code

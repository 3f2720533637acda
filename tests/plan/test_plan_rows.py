"""Rows of the ops CSV from what TTNN captured: attributes by type and place, extents in tiles."""

from __future__ import annotations

import pytest

from perfsheet.graph_report.model import DeviceOp, Tensor
from perfsheet.planning.attributes import attributes
from perfsheet.planning.rows import HEADERS, _tensor

MEMORY = "MemoryConfig(memory_layout=TensorMemoryLayout::INTERLEAVED,buffer_type=BufferType::L1)"
KERNEL = "ComputeKernelConfig(math_fidelity=HiFi2,fp32_dest_acc_en=1)"


def op(name, *arguments, factory=""):
    return DeviceOp(name, 0, (), (), (), None, None, None, None, arguments, factory)


def entries(cell):
    assert cell[0] == "{"
    assert cell[-1] == "}"
    assert "," not in cell
    return dict(entry.split("': '") for entry in cell[2:-2].split("'; '")) if len(cell) > 2 else {}


def test_values_are_named_by_their_type():
    told = entries(
        attributes(op("SoftmaxDeviceOperation", f"SoftmaxParams({MEMORY}, {KERNEL}, DataType::BFLOAT8_B)"), "", {})
    )
    assert told["output_mem_config"] == MEMORY.replace(",", ";")
    assert told["compute_kernel_config"] == KERNEL.replace(",", ";")
    assert told["output_dtype"] == "DataType::BFLOAT8_B"


def test_the_first_value_of_a_type_is_the_outputs():
    other = MEMORY.replace("L1", "DRAM")
    assert "BufferType::L1" in entries(attributes(op("X", f"XParams({MEMORY}, {other})"), "", {}))["output_mem_config"]


def test_a_brace_that_ttnn_leaves_out_of_a_grid_hides_nothing_behind_it():
    grid = '{grid=[{"start":{"x":0,"y":0},"end":{"x":7,"y":5}],shape=[64, 96]}'
    memory = f"MemoryConfig(memory_layout=TensorMemoryLayout::BLOCK_SHARDED,shard_spec=ShardSpec{grid})"
    told = entries(
        attributes(op("Matmul", f"ttnn::prim::MatmulParams({memory}, DataType::BFLOAT16, {KERNEL})"), "", {})
    )
    assert told["output_mem_config"].endswith("shape=[64;96]})")
    assert (told["output_dtype"], told["compute_kernel_config"]) == ("DataType::BFLOAT16", KERNEL.replace(",", ";"))


def test_values_by_place_given_arguments_factory_and_the_unary_of_the_call():
    values = ", ".join(["std::nullopt"] * 9 + ["1", "0"])
    told = entries(
        attributes(
            op("Matmul", f"MatmulParams({values})", factory="a::b::Mcast2D"),
            "ttnn.linear",
            {"activation": "gelu", "x": "y"},
        )
    )
    assert told == {"transpose_a": "1", "transpose_b": "0", "activation": "gelu", "program_factory": "Mcast2D"}
    assert entries(attributes(op("UnaryDeviceOperation"), "ttnn.gelu", {})) == {"op_chain": "{UnaryOpType::GELU}"}
    assert attributes(op("Anything"), "", {}) == "{}"


@pytest.mark.parametrize(
    ("shape", "layout", "extents"),
    [
        ((384, 768), "TILE", ("1[1]", "1[1]", "384[384]", "768[768]")),
        ((1, 1, 7, 33), "TILE", ("1[1]", "1[1]", "32[7]", "64[33]")),
        ((7, 33), "ROW_MAJOR", ("1[1]", "1[1]", "7[7]", "33[33]")),
        ((2, 3, 4, 5, 32), "TILE", ("6[6]", "4[4]", "32[5]", "32[32]")),
        ((5,), "ROW_MAJOR", ("1[1]", "1[1]", "1[1]", "5[5]")),
        ((), "ROW_MAJOR", ("1[1]", "1[1]", "1[1]", "1[1]")),
    ],
)
def test_extents_are_padded_to_tiles_and_have_the_logical_ones_in_brackets(shape, layout, extents):
    cells = _tensor(Tensor(1, shape, "BFLOAT16", layout, "L1_BLOCK_SHARDED", "", 1))
    assert cells == (*extents, layout, "BFLOAT16", "DEV_0_L1_BLOCK_SHARDED")


def test_columns_are_those_of_the_ops_csv_without_times():
    assert len(HEADERS) == len(set(HEADERS))
    assert [header for header in HEADERS if "[ns]" in header] == ["DEVICE KERNEL DURATION [ns]"]

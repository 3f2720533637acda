"""What changed about an op, attribute by attribute."""

from __future__ import annotations

import pytest
from support.captures import op, shape
from support.comparing import ALL_PASSES


def changes(compared, base, new, others=()):
    found = compared((op("Softmax"), op(**base), *others), (op("Softmax"), op(**new), *others))
    return {one.name: (one.before, one.after) for one in found.ops[1].changes}


def test_cores_fidelity_layout_datatype_memory(compared):
    before = op("Matmul", 100, 12, fidelity="HiFi4")
    after = op("Matmul", 100, 48, fidelity="LoFi") | shape("INPUT_0", (1, 1, 32, 64), "BFLOAT8_B", "L1_BLOCK_SHARDED")
    after |= {"OUTPUT_0_LAYOUT": "ROW_MAJOR"}
    (found,) = compared((before,), (after,)).ops
    assert {one.name: (one.before, one.after) for one in found.changes} == {
        "core_count": ("12", "48"),
        "math_fidelity": ("HiFi4", "LoFi"),
        "input_0_datatype": ("BFLOAT16", "BFLOAT8_B"),
        "input_0_memory": ("L1_INTERLEAVED", "L1_BLOCK_SHARDED"),
        "output_0_layout": ("TILE", "ROW_MAJOR"),
    }
    assert found.status == "changed"


def test_a_shape_and_one_more_input(compared):
    before = op("Matmul", 100)
    after = op("Matmul", 100) | shape("INPUT_0", (1, 1, 64, 64)) | shape("INPUT_1", (1, 1, 64, 64))
    (found,) = compared((before,), (after,)).ops
    assert [(one.name, one.before, one.after) for one in found.changes] == [
        ("input_0_shape", "1×1×32×64", "1×1×64×64"),
        ("input_1", None, "1×1×64×64 BFLOAT16 L1_INTERLEAVED"),
    ]


CONFIG = "{{'program_config': '{}'; 'untilize_out': 'false'}}"


def test_members_of_a_program_config(compared):
    one = "MatmulMultiCoreReuseProgramConfig(compute_with_storage_grid_size=(x=8;y=6);in0_block_w=1;per_core_M=2)"
    other = "MatmulMultiCoreReuseProgramConfig(compute_with_storage_grid_size=8-6;in0_block_w=4;per_core_M=2;new=1)"
    told = changes(
        compared,
        {"code": "Matmul", "attributes": CONFIG.format(one)},
        {"code": "Matmul", "attributes": CONFIG.format(other)},
    )
    assert told == {"program_config.in0_block_w": ("1", "4")}


def test_of_another_type_of_program_config_the_parameters_are_named(compared):
    told = changes(
        compared,
        {"code": "Matmul", "attributes": CONFIG.format("Multicast1D(grid=8;in0_block_w=2;per_core_N=1)")},
        {"code": "Matmul", "attributes": CONFIG.format("DRAMSharded(in0_block_w=4;per_core_N=1;stage=3)")},
    )
    assert told == {"program_config": ("Multicast1D", "DRAMSharded"), "program_config.in0_block_w": ("2", "4")}


def test_another_program_config_is_told_whole(compared):
    told = changes(
        compared,
        {"code": "Matmul", "attributes": CONFIG.format("LayerNormDefaultProgramConfig()")},
        {"code": "Matmul", "attributes": CONFIG.format("ns::LayerNormShardedProgramConfig(block_w=3)")},
    )
    assert told == {"program_config": ("LayerNormDefaultProgramConfig()", "LayerNormShardedProgramConfig(block_w=3)")}


def test_an_option_that_was_not_set(compared):
    told = changes(
        compared,
        {"code": "Matmul", "attributes": CONFIG.format("std::nullopt")},
        {"code": "Matmul", "attributes": CONFIG.format("A(b=1)")},
    )
    assert told == {"program_config": (None, "A(b=1)")}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{'flag': 'true'}", "{'flag': '1'}"),
        ("{'pad_': '0'}", "{'pad': '0'}"),
        ("{'shape': '{4096; 16}'}", "{'shape': '[4096; 16]'}"),
        ("{'kind': 'Scheme::ROW'}", "{'kind': 'ns::Scheme::ROW'}"),
        ("{'output_mem_config': 'M(a=1)'}", "{'memory_config': 'M(a=1)'}"),
        ("{'config': 'SlidingWindowConfig(a=1)'}", "{'config': 'SlidingWindowConfig(a=1; only_here=2)'}"),
        ("{'compute': 'WormholeComputeKernelConfig(x=1)'}", "{'compute': 'ComputeKernelConfig(x=1)'}"),
    ],
)
def test_what_only_builds_write_differently_is_no_change(compared, one, other):
    assert changes(compared, {"code": "Halo", "attributes": one}, {"code": "Halo", "attributes": other}) == {}


def test_what_only_one_build_writes_is_counted_and_not_compared(compared):
    found = compared(
        (op("Halo", attributes="{'pad': '0'; 'old': '1'}"),), (op("Halo", attributes="{'pad': '0'; 'new': '2'}"),)
    )
    assert found.ops[0].status == "same"
    assert "2 attributes that only one of the builds writes: not compared" in found.notes


def test_an_attribute_of_other_ops_of_that_kind_is_a_change(compared):
    other = (op("Halo", 5, attributes="{'pad': '0'; 'x': '1'}") | shape("OUTPUT_0", (1, 1, 7, 7)),)
    told = changes(
        compared,
        {"code": "Halo", "attributes": "{'pad': '0'}"},
        {"code": "Halo", "attributes": "{'pad': '0'; 'x': '3'}"},
        other,
    )
    assert told == {"x": (None, "3")}


@pytest.mark.parametrize(
    "hostile", ["{'a': '" + "A(" * 5000 + "'}", "{'a': 'A(((((;)'}", "{'a': ')('}", "'" * 999, "{'a'"]
)
def test_hostile_attributes_are_just_text(compared, hostile):
    assert compared((op("Halo", attributes=hostile),), (op("Halo", attributes=hostile),)).nothing_changed
    compared((op("Halo", attributes=hostile),), (op("Halo", attributes="{'a': '1'}"),)).ops  # noqa: B018


@pytest.mark.parametrize("edited", [0, 1, 2])
def test_a_change_in_any_pass_is_a_change(compared, edited):
    def passes(attributes):
        return [
            row
            for number in range(3)
            for row in (
                op("BinaryNgDeviceOperation", attributes=attributes if number == edited else "{'type': 'ADD'}"),
                op("Softmax"),
            )
        ]

    found = compared(passes("{'type': 'ADD'}"), passes("{'type': 'MUL'}"), options=ALL_PASSES)
    assert [(one.status, len(one.base)) for one in found.ops] == [("changed", 3), ("same", 3)]
    assert [(one.name, one.before, one.after) for one in found.ops[0].changes] == [("type", "ADD", "MUL")]
    assert compared(passes("{'type': 'MUL'}"), passes("{'type': 'MUL'}")).nothing_changed


def test_equal_changes_are_one_group(compared):
    before = [op("LayerNormDeviceOperation", 9000, 12), op("Softmax", 700)] * 4
    after = [op("LayerNormDeviceOperation", 3000, 48), op("Softmax", 700)] * 4
    found = compared(before, after, options=ALL_PASSES)
    (group,) = found.groups
    assert (group.count, group.times.delta_ns) == (1, -24_000)  # four passes of two ops
    assert compared(before, after).groups[0].times.delta_ns == -6000  # one of them
    assert [(one.name, one.before, one.after) for one in group.changes] == [("core_count", "12", "48")]
    assert found.gains == [group]
    assert found.losses == []

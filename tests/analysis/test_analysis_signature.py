"""Which ops count as the same configuration."""

import pytest
from support.agreement import EVERYTHING
from support.captures import op, shape

BASE = op(
    "MatmulDeviceOperation", 10, 8, fidelity="HiFi2", attributes="{'program_config': 'Mcast(in0=4; n=2)'; 'x': '1'}"
)


def groups(analysis):
    return [(group.count, group.kernel_ns) for group in analysis.groups]


SAME = {
    "other device in the memory cell": shape("INPUT_0", (1, 1, 32, 64)) | {"INPUT_0_MEMORY": "DEV_5_L1_INTERLEAVED"},
    "other spelling of the memory": {"INPUT_0_MEMORY": "dev_1_l1_interleaved"},
    "other spelling of extents": {"INPUT_0_Y_PAD[LOGICAL]": "32[32]", "INPUT_0_X_PAD[LOGICAL]": "64.0"},
    "other case of the data type": {"OUTPUT_0_DATATYPE": "bfloat16"},
    "other attributes": {"ATTRIBUTES": "{'program_config': 'Mcast(in0=4; n=2)'; 'x': '2'}"},
    "other core count": {"CORE COUNT": "4"},
    "other device": {"DEVICE ID": "3"},
    "other call": {"GLOBAL CALL COUNT": "99"},
}
DIFFERENT = {
    "op": {"OP CODE": "Linear"},
    "shape": {"INPUT_0_Y_PAD[LOGICAL]": "64"},
    "logical extent": {"INPUT_0_Y_PAD[LOGICAL]": "32[19]"},
    "data type": {"INPUT_0_DATATYPE": "BFLOAT8_B"},
    "memory": {"INPUT_0_MEMORY": "DEV_0_DRAM_INTERLEAVED"},
    "output memory": {"OUTPUT_0_MEMORY": "DEV_0_L1_BLOCK_SHARDED"},
    "another input": shape("INPUT_1", (1, 1, 64, 64)),
    "fidelity": {"MATH FIDELITY": "LoFi"},
    "program config": {"ATTRIBUTES": "{'program_config': 'Mcast(in0=2; n=2)'; 'x': '1'}"},
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_ops_of_one_configuration_group(analysis_of, change):
    analysis = analysis_of(BASE, BASE | change, op("Full", 1, 64), options=EVERYTHING)
    assert groups(analysis) == [(2, 20), (1, 1)]
    assert analysis.findings[0].count == 2


@pytest.mark.parametrize("change", DIFFERENT.values(), ids=DIFFERENT)
def test_ops_of_different_configurations_do_not(analysis_of, change):
    analysis = analysis_of(BASE, BASE | change)
    assert [count for count, _ in groups(analysis)] == [1, 1]
    assert [finding.count for finding in analysis.findings] == [1, 1]


@pytest.mark.parametrize("key", ["program_config", "config", "parallelization_config"])
def test_every_name_of_the_program_config_counts(analysis_of, key):
    rows = [op(attributes=f"{{'{key}': 'Config(n={number})'}}") for number in (1, 2)]
    analysis = analysis_of(*rows)
    assert len(analysis.groups) == 2
    assert {group.signature.program_config for group in analysis.groups} == {"Config(n=1)", "Config(n=2)"}


def test_no_program_config_is_written_in_many_ways(analysis_of):
    rows = [op(attributes=text) for text in ("{}", "", "{'program_config': 'std::nullopt'}", "{'compute_config': 'x'}")]
    assert groups(analysis_of(*rows)) == [(4, 4000)]


def test_groups_are_ranked_by_their_sum_with_median_and_shares(analysis_of):
    rows = (op("A", 10), op("A", 30), op("A", 35), op("B", 60), op("A", None), op("C", 65))
    first, second, third = analysis_of(*rows).groups
    assert (first.rank, first.signature.op_code, first.count, first.kernel_ns, first.median_ns) == (1, "A", 3, 75, 30)
    assert [group.signature.op_code for group in (second, third)] == ["C", "B"]
    assert [group.share for group in (first, second, third)] == pytest.approx([0.375, 0.325, 0.3])
    assert third.cumulative == pytest.approx(1)


def test_a_signature_on_one_line_tells_what_it_is(analysis_of):
    row = BASE | shape("INPUT_1", (1, 1, 64, "128[100]"), "BFLOAT8_B", "DRAM_INTERLEAVED")
    text = analysis_of(row).groups[0].signature.text
    assert text == (
        "MatmulDeviceOperation | 1×1×32×64 BFLOAT16 L1_INTERLEAVED, 1×1×64×128[100] BFLOAT8_B DRAM_INTERLEAVED"
        " → 1×1×32×64 BFLOAT16 L1_INTERLEAVED | HiFi2 | Mcast(in0=4; n=2)"
    )

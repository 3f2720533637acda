"""Any capture gives the figures that an independent computation gives."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.agreement import EVERYTHING, analysed, assert_agrees, close
from support.captures import csv_text, host_op, op, signpost
from support.oracle import Oracle
from support.real import CAPTURES, each

CODES = (
    "MatmulDeviceOperation",
    "Conv2dDeviceOperation",
    "ReshardDeviceOperation",
    "InterleavedToShardedPartialDeviceOperation",
    "ShardedToInterleavedDeviceOperation",
    "ConvertToChw",
)
durations = st.one_of(
    st.integers(1, 10**7), st.floats(0.001, 1e9), st.sampled_from(["", "0", "-7", "1e30", "-", "64.0", "500", "500"])
)
device_rows = st.builds(
    op,
    st.sampled_from(CODES),
    durations,
    st.sampled_from(["", "0", "1", "4", "16.0", "16", "17", "64", "130"]),
    pm=st.one_of(st.sampled_from(["", "0", "1", "-3", "1.5", "-"]), st.integers(2, 10**6)),
    device=st.sampled_from(["0", "0", "0", "1", "3.0"]),
    grid=st.sampled_from(["64", "64", "", "20"]),
    call=st.integers(0, 10**9),
)
captures = st.tuples(
    st.lists(st.one_of(device_rows, device_rows, st.builds(signpost), st.builds(host_op)), max_size=25),
    device_rows,
    st.sampled_from(["S2", "S6", "S8", "S10"]),
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("made") / "run.csv"


@given(made=captures, reference=st.sampled_from([108, 64, 56.5, "grid"]))
def test_made_captures(made, reference, scratch: Path):
    rows, last, generation = made
    scratch.write_text(csv_text([*rows, last], generation), newline="")
    assert_agrees(scratch, analysed(scratch, ref_cores=reference, **EVERYTHING), Oracle(scratch), reference)


@each(CAPTURES)
@pytest.mark.parametrize("reference", [108, 64, "grid"])
def test_real_captures(path, reference):
    assert_agrees(path, analysed(path, ref_cores=reference, **EVERYTHING), Oracle(path), reference)


@each(CAPTURES)
@pytest.mark.parametrize("percent", [5, 50, 100])
def test_low_core_rows_of_real_captures_at_other_limits(path, percent):
    oracle = Oracle(path)
    low = oracle.low_core_ops(percent)
    total = analysed(path, low_cores_pct=percent, **EVERYTHING).rule_totals[0]
    assert (total.rule.id, total.rows, total.kernel_ns) == ("low-core-count", len(low), close(oracle.seconds(low)))


@each(CAPTURES)
def test_savings_of_real_captures(path):
    oracle, analysis = Oracle(path), analysed(path, **EVERYTHING)
    low = {op.row: (op.kernel or 0) * (1 - (op.cores or 0) / (oracle.grid(op) or 1)) for op in oracle.low_core_ops()}
    for finding in analysis.findings:
        rows = [analysis.row_ref(int(position)).row for position in finding.positions]
        if finding.rule.id == "low-core-count":
            assert finding.saving_ns == close(sum(low[row] for row in rows))
        elif finding.rule.id in ("reshard", "layout-conversion", "collective"):
            assert finding.saving_ns == close(finding.kernel_ns)
        if finding.saving_ns is not None and not finding.rule.saves_gaps:
            assert 0 <= finding.saving_ns <= finding.kernel_ns * (1 + 1e-9)
    ranked = [float(finding.weights.sum()) for finding in analysis.findings if finding.saving_ns is not None]
    assert ranked == sorted(ranked, reverse=True)
    added = sum(finding.added_ns for finding in analysis.findings if not finding.rule.saves_gaps)
    assert added <= oracle.total * (1 + 1e-9)


@each(CAPTURES)
def test_types_and_categories_of_real_captures_add_up(path):
    oracle, analysis = Oracle(path), analysed(path, **EVERYTHING)
    by_code: dict[str, list[float]] = {}
    for timed in oracle.timed:
        by_code.setdefault(timed.code, []).append(timed.kernel or 0)
    got = {entry.op_code: (entry.count, entry.kernel_ns, entry.longest_ns) for entry in analysis.op_types}
    assert got == {code: (len(times), close(sum(times)), max(times)) for code, times in by_code.items()}
    assert sum(entry.kernel_ns for entry in analysis.categories) == close(oracle.total)
    assert sum(group.kernel_ns for group in analysis.groups) == close(oracle.total)
    assert sum(group.count for group in analysis.groups) == len(oracle.timed)

"""Results as DataFrames say what the JSON says."""

import math

import pandas as pd
import pytest
from support.agreement import EVERYTHING
from support.captures import fallback, op, signpost

from perfsheet.outputs import json_output


@pytest.fixture
def analysis(analysis_of):
    once = (op("Matmul", 900, 8, pm=100), fallback(), op("Reshard", 100), signpost())
    return analysis_of(*once, *once, op("Late", None))


def known(value):
    return None if isinstance(value, float) and math.isnan(value) else value


def test_every_op_has_the_figures_of_the_contract(analysis):
    frame = analysis.ops_frame()
    assert frame["op_code"].tolist() == analysis.ops.codes
    assert frame["rank"].isna().tolist() == [False] * 4 + [True]
    ranked = frame[frame["rank"].notna()].sort_values("rank").to_dict("records")
    for line, told in zip(ranked, json_output.top_ops(analysis, None)["ops"], strict=True):
        for name in set(line) & set(told) - {"flags", "row", "sol_unknown_reason"}:
            assert known(line[name]) == (told[name] if not isinstance(told[name], float) else pytest.approx(told[name]))
        assert line["row"] == told["row"]["row"]
        assert (line["sol_unknown_reason"] or None) == told["sol_unknown_reason"]
        assert line["flags"] == ", ".join(told["flags"])


def test_every_finding_is_a_line(analysis):
    frame = analysis.findings_frame()
    told = json_output.hotspots(analysis, None)["findings"]
    assert frame["rule"].tolist() == [finding["rule"] for finding in told]
    assert frame["rows"].tolist() == [[row["row"] for row in finding["rows"]] for finding in told]
    assert [known(value) for value in frame["saving_ns"]] == [finding["saving_ns"] for finding in told]


def test_no_finding_is_an_empty_frame(analysis_of):
    frame = analysis_of(op("Add", 10)).findings_frame()
    assert isinstance(frame, pd.DataFrame)
    assert frame.empty


def test_passes_are_numbered(analysis_of):
    once = (op("Matmul", 90), op("Add", 10))
    assert analysis_of(*once, *once, options=EVERYTHING).ops_frame()["pass"].tolist() == [1, 1, 2, 2]
    assert analysis_of(*once, *once).ops_frame()["pass"].tolist() == [2, 2]

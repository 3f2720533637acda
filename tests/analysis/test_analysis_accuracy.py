"""The accuracy of ops from TTNN's comparisons: what is read, the first fall, and what advice says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.accuracy import LIMIT, database, report_with, rows_for

import perfsheet
from perfsheet.analysis.rules.base import pcc_today
from perfsheet.errors import PerfsheetError
from perfsheet.graph_report import read_graph_report

NAN, INF = float("nan"), float("inf")


@pytest.fixture
def beside(capture_of):
    """The analysis of a capture beside a graph report of the same ops."""

    def analyse(report, **cells):
        return perfsheet.analyze(perfsheet.read(capture_of(*rows_for(report, **cells))), graph=report)

    return analyse


def accumulated(*values):
    return [(0.9999, value) for value in values]


@pytest.mark.parametrize(
    ("values", "inputs", "expected"),
    [
        ((1.0, 0.9999, 0.9985, 0.9984), None, 2),
        ((1.0, 0.9995, 0.9989, 0.9984), None, None),  # little by little
        ((0.9985, 0.9985), None, 0),  # what is not seen made counts as exact
        ((1.0, 0.999), None, 1),  # a thousandth, but for rounding
        ((0.9999, None, 0.95), None, 2),  # the op between was not compared
        ((None, None), None, None),
        ((0.9998, 0.9998, 0.9971, 0.9998), [(), (0,), (0,), (1, 2)], 2),
        ((0.997, 0.9999, 0.997), [(), (), (0, 1)], 0),
        ((1.0, 0.995, 1.0, 0.995), [(), (0,), (), (1, 2)], 1),
        # Of two branches the second begins at the inputs again, lower than where the first ended: no op is to blame.
        ((0.9989, 0.9999, 0.9989), [(), (), (0,)], 0),
        ((0.9995, 0.9999, 0.9987), [(), (), (0,)], None),
    ],
)
def test_the_first_fall(beside, values, inputs, expected):
    assert beside(report_with(accumulated(*values), inputs)).graph.accuracy.first_fall == expected


def test_lowest_and_last(beside):
    found = beside(report_with([(0.9999, 0.9), (0.99, 0.8), (0.995, None), (None, None)])).graph.accuracy
    assert (found.lowest, found.last, found.known) == (1, 1, True)
    nothing = beside(report_with([(None, None), (None, None)])).graph.accuracy
    assert (nothing.lowest, nothing.last, nothing.first_fall, nothing.known) == (None, None, None, False)


def test_the_lowest_of_several_outputs_counts(beside):
    report = report_with([(0.999, 0.998), (0.99, 0.98)])
    calls = (report.calls[0]._replace(outputs=(0, 1)), report.calls[1]._replace(outputs=()))
    found = beside(replace(report, calls=calls)).graph.accuracy
    assert (found.alone[0], found.accumulated[0]) == (0.99, 0.98)
    assert np.isnan(found.alone[1])


# Reading


def capture(folder: Path, records: dict, name: str = "cap.comparison_records.json") -> Path:
    """A capture of a call that makes tensor 1, and of one whose output only Python saw, as tensor 9."""
    nodes = [
        {"counter": 0, "node_type": "capture_start", "connections": []},
        {
            "counter": 1,
            "node_type": "tensor",
            "connections": [],
            "params": {"tensor_id": "1", "shape": "Shape([32, 64])"},
        },
        *_call(2, "ttnn.linear", "MatmulDeviceOperation"),
        *_call(6, "ttnn.add", "BinaryNgDeviceOperation"),
    ]
    outputs = {"ttnn.linear": 1, "ttnn.add": 9}
    calls = [{"name": call, "input_tensor_ids": [], "output_tensor_ids": [made]} for call, made in outputs.items()]
    (folder / "cap.json").write_text(json.dumps({"graph": nodes}))
    (folder / "cap.python_io.json").write_text(json.dumps(calls))
    (folder / name).write_text(json.dumps(records))
    return folder / "cap.json"


def _call(counter: int, name: str, op: str) -> list[dict]:
    names = ((name, "function_start"), (op, "function_start"), (op, "function_end"), (name, "function_end"))
    return [
        {"counter": counter + n, "node_type": kind, "connections": [], "params": {"name": of}}
        for n, (of, kind) in enumerate(names)
    ]


def record(tensor: int, pcc: float) -> dict:
    return {"tensor_id": tensor, "golden_tensor_id": 100, "matches": True, "desired_pcc": LIMIT, "actual_pcc": pcc}


def records(alone: list, total: list) -> dict:
    return {"version": 1, "local_tensor_comparison_records": alone, "global_tensor_comparison_records": total}


def figures(report):
    """By tensor id."""
    return {
        report.tensors[index].id: (one.alone, one.accumulated, one.desired) for index, one in report.accuracy.items()
    }


@pytest.mark.parametrize("name", ["cap.comparison_records.json", "comparison_records.json"])
def test_comparisons_beside_a_capture(tmp_path, name):
    given = records([record(1, 0.99), record(9, 0.98), record(77, 0.5)], [record(1, 0.97)])
    report = read_graph_report(capture(tmp_path, given, name))
    assert figures(report) == {1: (0.99, 0.97, 0.9999), 9: (0.98, None, 0.9999)}
    # The output of the second call is in the capture under no id at all.
    assert [[report.tensors[index].id for index in call.outputs] for call in report.calls] == [[1], [9]]


@pytest.mark.parametrize("value", [NAN, INF, -INF, 1.5])
def test_what_no_pcc_can_be_is_unknown(tmp_path, value):
    report = read_graph_report(capture(tmp_path, records([record(1, value)], [record(1, 0.9)])))
    assert figures(report) == {1: (None, 0.9, 0.9999)}


def test_damaged_comparisons_are_named(tmp_path):
    with pytest.raises(PerfsheetError, match=r"comparison_records\.json: not what TTNN writes"):
        read_graph_report(capture(tmp_path, {"local_tensor_comparison_records": [{"actual_pcc": "much"}]}))
    path = capture(tmp_path, {})
    (tmp_path / "cap.comparison_records.json").write_text("{")
    with pytest.raises(PerfsheetError, match=r"comparison_records\.json: not what TTNN writes"):
        read_graph_report(path)


def test_comparisons_of_a_database(tmp_path):
    alone, total = [(0, 0.99), (1, INF), (2, NAN), (3, 1.000001)], [(0, 0.98), (1, 0.97), (2, 2.0)]
    report = read_graph_report(database(tmp_path / "db.sqlite", 4, alone, total))
    assert figures(report) == {
        0: (0.99, 0.98, 0.9999),
        1: (None, 0.97, 0.9999),
        2: (None, None, 0.9999),
        3: (1.0, None, 0.9999),
    }


def test_a_database_of_comparisons_alone_says_what_to_set(tmp_path):
    path = database(tmp_path / "db.sqlite", 0, [(0, 0.99)], [])
    with pytest.raises(PerfsheetError, match="without ops: set enable_graph_report"):
        read_graph_report(path)


# Advice


def fidelity(analysis):
    return next(finding for finding in analysis.findings if finding.rule.id == "math-fidelity")


def hot(report):
    """Matmuls with bfloat8_b weights at HiFi4, with most of their cores busy."""
    weights = {
        f"INPUT_1_{name}": value
        for name, value in zip(
            ("W_PAD[LOGICAL]", "Z_PAD[LOGICAL]", "Y_PAD[LOGICAL]", "X_PAD[LOGICAL]", "LAYOUT", "DATATYPE", "MEMORY"),
            ("1", "1", "4096", "4096", "TILE", "BFLOAT8_B", "DEV_0_L1_INTERLEAVED"),
            strict=True,
        )
    }
    inner = {"INPUT_0_Y_PAD[LOGICAL]": "4096", "INPUT_0_X_PAD[LOGICAL]": "4096"}
    outer = {"OUTPUT_0_Y_PAD[LOGICAL]": "4096", "OUTPUT_0_X_PAD[LOGICAL]": "4096"}
    return [row | weights | inner | outer for row in rows_for(report, duration=3_000_000, fidelity="HiFi4")]


@pytest.mark.parametrize(
    ("given", "limit", "said"),
    [
        ([(0.9998, 1.0), (0.9998, 1.0)], 0.999, " PCC of these ops today: 0.9998 (limit 0.999)."),
        ([(0.9971, 1.0), (0.9998, 1.0)], 0.999, " PCC of these ops today: 0.9971 to 0.9998 (limit 0.999)."),
        ([(0.9971, 1.0), (None, None)], None, " PCC of 1 of these ops today: 0.9971."),
        ([(0.9971, 1.0)], 0.99, " PCC of this op today: 0.9971 (limit 0.99)."),
        ([(None, 0.99), (None, None)], 0.99, ""),
    ],
)
def test_advice_that_costs_accuracy_says_how_exact_the_ops_are(capture_of, given, limit, said):
    report = report_with(given, limit=limit)
    analysis = perfsheet.analyze(perfsheet.read(capture_of(*hot(report))), graph=report)
    found = fidelity(analysis)
    assert pcc_today(analysis.facts, found.group) == said
    assert found.caveat.endswith(f"Fewer passes are less exact.{said}")


def test_without_a_graph_report_it_says_nothing(capture_of):
    found = fidelity(perfsheet.analyze(perfsheet.read(capture_of(*hot(report_with([(0.9, 0.9)]))))))
    assert found.caveat.endswith("Fewer passes are less exact.")

"""Properties of every result, whatever the cells of the capture hold."""

from __future__ import annotations

import csv
import io
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.captures import DURATION, csv_text, fallback, host_op, op, signpost

from perfsheet import PerfsheetError, analyze, read
from perfsheet.outputs import json_output
from perfsheet.outputs.markdown import report as markdown
from perfsheet.outputs.terminal.ops import print_top_ops
from perfsheet.outputs.workbook import book

ODD = [
    "",
    "-",
    "nan",
    "0",
    "1",
    "-5",
    "inf",
    "1e30",
    "12 ns",
    "1,234",
    "1.234",
    "9.3E+04",
    "x",
    "١٢",
    "\x1b[2J",
    "=1+1",
    "<b>",
]
NUMBERS = st.one_of(st.integers(-10, 10**7).map(str), st.floats(allow_nan=True).map(str), st.sampled_from(ODD))
# The csv writer of Python 3.10 cannot write a NUL byte.
TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=12).map(lambda text: text.replace("\0", "")))
HEADERS = csv_text([op()], "S10").splitlines()[0].split(",")

rows = st.one_of(
    st.builds(
        lambda code, duration, cores, pm, gap, more: (
            op(code, duration, cores, pm=pm, **{"OP TO OP LATENCY [ns]": gap, "DEVICE FW DURATION [ns]": ""}) | more
        ),
        TEXTS,
        NUMBERS,
        NUMBERS,
        NUMBERS,
        NUMBERS,
        st.dictionaries(st.sampled_from(HEADERS), st.one_of(TEXTS, NUMBERS), max_size=3),
    ),
    st.sampled_from([signpost(), host_op(), fallback()]),
)
captures = st.builds(
    lambda records, generation, newline: csv_text(records, generation, newline=newline),
    st.lists(rows, min_size=1, max_size=12),
    st.sampled_from(["S2", "S4", "S7", "S8", "S10"]),
    st.sampled_from(["\n", "\r\n"]),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("made")


def analysed(folder, text: str):
    """The analysis; None where the capture is refused with exit status 3."""
    path = folder / "run.csv"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    try:
        return analyze(read(path))
    except PerfsheetError as error:
        refusal = error
    assert refusal.status == 3
    return None


@given(text=captures)
def test_no_row_is_lost_without_a_warning(folder, text):
    analysis = analysed(folder, text)
    if analysis is None:
        return
    table, summary = analysis.ops.table, analysis.summary
    records = list(csv.reader(io.StringIO(text.replace("\0", ""), newline="")))[1:]
    there = sum(any(cell.strip() for cell in record) for record in records)
    assert len(table) + summary.dropped_rows >= there
    assert len(table) <= len(records)
    assert summary.timed_rows <= summary.device_rows <= len(table)
    if summary.dropped_rows or summary.timed_rows < summary.device_rows:
        assert summary.warnings


@given(text=captures)
def test_every_number_is_possible(folder, text):
    analysis = analysed(folder, text)
    if analysis is None:
        return
    ops = analysis.ops
    assert ((ops.kernel_ns[ops.timed] >= 0) & (ops.kernel_ns[ops.timed] <= 1e13)).all()
    kernel_ns = math.fsum(op_type.kernel_ns for op_type in analysis.op_types)
    assert math.isclose(kernel_ns, math.fsum(ops.kernel_ns[ops.timed]), rel_tol=1e-12, abs_tol=1e-6)
    # Ops that overlap count once.
    assert ops.total_ns <= kernel_ns + 1e-6
    assert ops.overlaps.any() or math.isclose(ops.total_ns, kernel_ns, rel_tol=1e-12, abs_tol=1e-6)
    if ops.total_ns:
        assert math.isclose(math.fsum(op_type.share for op_type in analysis.op_types), 1, rel_tol=1e-9)
    shares = analysis.ranking.share
    assert not len(shares) or ops.total_ns == 0 or math.isclose(float(shares.sum()), 1, rel_tol=1e-9)
    assert (np.diff(ops.kernel_ns[analysis.ranking.order]) <= 0).all()
    sol = analysis.facts.speed_of_light.sol
    assert ((sol[np.isfinite(sol)] >= 0) & (sol[np.isfinite(sol)] <= 1)).all()
    impossible = (ops.utilization > 1) | (ops.utilization_grid > 1)
    assert (analysis.flag_masks["not-physical"] >= impossible).all()
    for finding in analysis.findings:
        assert finding.saving_ns is None or finding.saving_ns >= 0


@given(text=captures)
def test_the_same_number_everywhere_and_no_active_content(folder, text):
    analysis = analysed(folder, text)
    if analysis is None:
        return
    capture = json.loads(json_output.dumps(json_output.report(analysis, None)))["capture"]
    expected = analysis.ops.total_ns if analysis.summary.timed_rows else None
    assert capture["kernel_duration_ns"] == expected
    assert capture["verdict"] == list(analysis.summary.verdict)
    shown = io.StringIO()
    print_top_ops(analysis, None, shown)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown.getvalue())
    assert markdown(analysis).startswith("## Perf sheet")


@settings(max_examples=25)
@given(text=captures)
def test_every_workbook_opens(folder, text):
    from xml.etree import ElementTree
    from zipfile import ZipFile

    analysis = analysed(folder, text)
    if analysis is None:
        return
    path = folder / "run.xlsx"
    book.write(analysis, path)
    with ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(archive.read(name))


def test_durations_are_those_of_the_file(folder):
    durations = [10, 1_000_000, 7, 123_456_789]
    analysis = analysed(folder, csv_text([op("Add", value, call=at) for at, value in enumerate(durations)]))
    assert analysis is not None
    assert analysis.ops.kernel_ns.tolist() == durations
    assert DURATION in analysis.ops.table.headers.values()

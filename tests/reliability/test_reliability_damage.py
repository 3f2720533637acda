"""Every damage of tests/support/damage.py, as docs/reliability.md lists them: what the user sees, in every output."""

from __future__ import annotations

import io
import json
import re
import warnings

import pytest
from support import csv_text
from support.command import here
from support.damage import DAMAGES, HOSTILE, READ, REFUSED, WARNED, every_column, without

from perfsheet import Options, PerfsheetError, Selection, analyze, read
from perfsheet.outputs import json_output, trace
from perfsheet.outputs.html import page
from perfsheet.outputs.markdown import report as markdown
from perfsheet.outputs.terminal.ops import print_hotspots, print_top_ops
from perfsheet.outputs.workbook import book

EACH = pytest.mark.parametrize("damage", DAMAGES, ids=[damage.id for damage in DAMAGES])
EVERY_ROW = Options(selection=Selection(which_pass="all"), per_device=True)
"""Damage may be in any pass."""
READABLE = [damage for damage in DAMAGES if damage.outcome != REFUSED]
ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def intact_result(intact, tmp_path_factory):
    path = tmp_path_factory.mktemp("intact") / "run.csv"
    path.write_bytes(intact.encode())
    return analyze(read(path), EVERY_ROW)


def damaged(tmp_path, intact, damage):
    path = tmp_path / "run.csv"
    path.write_bytes(damage.apply(intact))
    return path


@EACH
def test_what_the_user_sees(capsys, tmp_path, intact, intact_result, damage):
    path = damaged(tmp_path, intact, damage)
    before = path.read_bytes()
    ended = here(capsys, "top-ops", path, "--json", "--pass", "all", "--per-device")
    assert ended.status == (3 if damage.outcome == REFUSED else 0), ended.err
    assert not ESCAPES.search(ended.err.replace("\n", ""))
    lines = ended.err.splitlines()
    usual = {f"warning: {warning}" for warning in intact_result.summary.warnings}
    if damage.outcome == READ:
        assert {re.sub(r"\d+", "N", line) for line in lines} <= {re.sub(r"\d+", "N", line) for line in usual}
    else:
        assert re.search(damage.message, ended.err), ended.err
    if damage.outcome == REFUSED:
        assert len(lines) == 1
        assert lines[0].startswith("perfsheet: ")
    else:
        kernel_ns = json.loads(ended.out)["capture"]["kernel_duration_ns"]
        assert (kernel_ns == intact_result.summary.kernel_ns) == damage.same
    assert path.read_bytes() == before


NOT_STRICT = {
    *(
        "unknown-fidelity",
        "unknown-arch",
        "blank-arch",
        "unknown-datatype",
        "zero-duration",
        "one-dot",
        "impossible-clock",
    ),
    *("zero-cores", "blank-cores", "part-core", "many-cores", "backward-zone"),
    *("negative-gap", "absurd-gap"),
}
"""Damages of which every row and cell is read as it is written, so that --strict accepts them."""


@pytest.mark.parametrize("damage", READABLE, ids=[damage.id for damage in READABLE])
def test_strict_refuses_what_had_to_be_repaired(capsys, tmp_path, intact, damage):
    ended = here(capsys, "top-ops", damaged(tmp_path, intact, damage), "--strict")
    repaired = damage.outcome == WARNED and damage.id not in NOT_STRICT
    assert ended.status == (3 if repaired else 0), ended.err
    if repaired:
        assert len(ended.err.splitlines()) == 1
        assert ended.out == ""


@pytest.mark.parametrize("damage", READABLE, ids=[damage.id for damage in READABLE])
def test_every_output(tmp_path, intact, damage):
    analysis = analyze(read(damaged(tmp_path, intact, damage)), EVERY_ROW)
    workbook = tmp_path / "run.xlsx"
    book.write(analysis, workbook)
    _check_workbook(workbook, analysis)
    document = page(analysis)
    assert "<script>alert" not in document
    assert "onerror=alert(1)>" not in document
    text = markdown(analysis)
    assert "](javascript:" not in text
    for result in (
        json_output.report(analysis, None),
        json_output.hotspots(analysis, None),
        json_output.op_groups(analysis, None),
    ):
        assert json.loads(json_output.dumps(result))["schema_version"] == 2
    shown = io.StringIO()
    print_top_ops(analysis, 20, shown)
    print_hotspots(analysis, None, shown)
    csv_text.top_ops(analysis, None, shown)
    assert not ESCAPES.search(shown.getvalue())
    (tmp_path / "run.json").write_text(trace.trace(analysis), encoding="utf-8")
    assert json.loads((tmp_path / "run.json").read_bytes())["traceEvents"]


def _check_workbook(workbook, analysis):
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened = load_workbook(workbook, read_only=True)
    headers, *rows = opened["All Ops"].iter_rows(values_only=True)
    place = headers.index(analysis.ops.table.headers["op_code"])
    codes = [row[place] for row in rows]
    assert len(codes) == len(analysis.ops)
    assert not any(isinstance(code, str) and code.startswith("=") and code not in HOSTILE.values() for code in codes)
    opened.close()


def test_columns_missing_one_by_one(tmp_path, intact, intact_result):
    """Figures that need a column are unknown without it, with a warning; no figure changes."""
    path = tmp_path / "run.csv"
    for column in every_column(intact):
        path.write_bytes(without(column)(intact))
        if column in ("OP CODE", "DEVICE KERNEL DURATION [ns]"):
            with pytest.raises(PerfsheetError) as refused:
                read(path)
            assert refused.value.status == 3
            continue
        summary = analyze(read(path), EVERY_ROW).summary
        assert summary.kernel_ns == intact_result.summary.kernel_ns
        if summary.speed_of_light != intact_result.summary.speed_of_light or summary.fps != intact_result.summary.fps:
            assert set(summary.warnings) - set(intact_result.summary.warnings), column

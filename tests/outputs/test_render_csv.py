"""Tables as CSV: figures as in JSON, texts that no spreadsheet takes for formulas."""

import csv
import io

import pytest
from support import csv_text
from support.captures import op


def cells(analysis, write=csv_text.top_ops, count=None):
    out = io.StringIO()
    write(analysis, count, out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


@pytest.mark.parametrize("code", ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(1)", "\t=1+1", "\r=1+1"])
@pytest.mark.parametrize("write", [csv_text.top_ops, csv_text.op_groups, csv_text.hotspots])
def test_no_cell_starts_a_formula(analysis_of, write, code):
    (line,) = cells(analysis_of(op(code, 10, 1, memory=code)), write)
    assert code.strip()[1:] in line["op_code"]
    for cell in line.values():
        assert not cell or (cell[0] not in "=+@\t\r" and (cell[0] != "-" or cell[1:].isdigit()))


def test_each_op_takes_one_line(analysis_of):
    analysis = analysis_of(op('a "quoted", line\nbreak\x1b[1m', 10))
    out = io.StringIO()
    csv_text.top_ops(analysis, None, out)
    assert len(out.getvalue().splitlines()) == 2
    assert "\x1b" not in out.getvalue()


def test_the_count_cuts_the_lines(analysis):
    assert [line["rank"] for line in cells(analysis, count=2)] == ["1", "2"]
    assert len(cells(analysis, csv_text.hotspots, 1)) == 1


def test_nothing_to_list_still_has_a_header(analysis_of):
    out = io.StringIO()
    csv_text.top_ops(analysis_of(op(duration=None)), None, out)
    assert out.getvalue().startswith("rank")

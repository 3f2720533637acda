"""Results tables in Markdown: read and written with nothing lost, sorted by any column."""

from __future__ import annotations

import csv
import io
import json

import pytest
from openpyxl import load_workbook
from support.command import here
from support.real import DATA

from perfsheet.errors import PerfsheetError
from perfsheet.models.outputs.results import document_markdown, table_markdown
from perfsheet.models.results_table import number, parse_document, read_document

TEXT = """# Results

Before.

| Model | Status | Batch | Throughput | Ops (Unique) |
|:------|:-----:|------:|---|---|
| [b](<docs/b|x>) | ✅ | 8 | 1,024.5 | 22 (3) |
| a \\| b | 🚧 | 16 | N/A | 0 (0) |
| c | ❌ | N/A | 7e-3 | 100 (9) |

```
| no | table |
|---|---|
```

After.
"""


def test_text_around_a_table_stays():
    written = document_markdown(parse_document(TEXT))
    assert written.startswith("# Results\n\nBefore.\n\n| Model")
    assert written.endswith("\n\n```\n| no | table |\n|---|---|\n```\n\nAfter.\n")


def test_cells_survive_and_a_second_time_nothing_changes():
    found = parse_document(TEXT.replace("b|x", "bx")).results()
    again = parse_document(table_markdown(found)).results()
    assert (again.headers, again.rows, again.aligns) == (found.headers, found.rows, found.aligns)
    assert found.rows[1][0] == "a \\| b"


def test_a_row_that_does_not_fit_is_said_and_kept():
    found = parse_document("| Model | B |\n|---|---|\n| a |\n| b | 1 | 2 |\n", "x.md")
    assert found.results().rows == (("a", ""), ("b", "1 \\| 2"))
    assert [note.partition(":")[0] for note in found.notes] == ["x.md, line 3", "x.md, line 4"]


@pytest.mark.parametrize(
    ("column", "descending", "order"),
    [
        ("model", False, ["a \\| b", "[b](<docs/b>)", "c"]),
        ("Status", False, ["[b](<docs/b>)", "a \\| b", "c"]),
        ("Batch", False, ["[b](<docs/b>)", "a \\| b", "c"]),
        ("Batch", True, ["a \\| b", "[b](<docs/b>)", "c"]),
        ("through", False, ["c", "[b](<docs/b>)", "a \\| b"]),
        ("Ops", True, ["c", "[b](<docs/b>)", "a \\| b"]),
    ],
)
def test_sorting(column, descending, order):
    found = parse_document(TEXT.replace("b|x", "b")).results()
    assert [row[0] for row in found.sorted(column, descending).rows] == order


def test_a_column_that_is_not_there():
    with pytest.raises(PerfsheetError):
        parse_document(TEXT).results().sorted("gone")


def test_the_published_table_loses_nothing(tmp_path, capsys):
    path = DATA / "other-files" / "pytorch2.0_ttnn-results-table.md"
    if not path.is_file():
        pytest.skip("the published table is not here")
    before = read_document(path).results()
    assert len(before.rows) == 145
    for end in ("md", "csv", "json", "xlsx"):
        assert here(capsys, "suite", "table", path, "-o", tmp_path / f"out.{end}").status == 0
    after = read_document(tmp_path / "out.md").results()
    assert (after.headers, after.rows, after.aligns) == (before.headers, before.rows, before.aligns)
    lines = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [tuple(line) for line in lines] == [before.headers, *before.rows]
    rows = json.loads((tmp_path / "out.json").read_text())
    assert [tuple(row.values()) for row in rows] == list(before.rows)
    sheet = load_workbook(tmp_path / "out.xlsx").active
    assert sheet.max_row == 146
    assert sheet.cell(2, 6).value == float(before.rows[0][5])
    for header in before.headers:
        assert sorted(before.sorted(header).rows) == sorted(before.rows)


def test_the_seed_table_has_another_generation_of_columns():
    text = "| Model | Run Success | Torch Ops (Before) |\n|:--|:--|--:|\n| BERT | Yes | 1393 |\n| X | No | 70 |\n"
    found = parse_document(text).results()
    assert [row[0] for row in found.sorted("Run Success", descending=True).rows] == ["X", "BERT"]


def test_texts_that_look_like_numbers_stay_texts():
    assert [number(text) for text in ("1,024.5", "7e-3", "-2", "0")] == [1024.5, 0.007, -2, 0]
    assert not any(number(text) for text in ("1,8", "2026 01 02", "007", "1e999", "1_0", "22 (3)", "N/A"))


def test_a_row_without_bars_is_a_row_and_lines_end_as_they_did():
    found = parse_document("| Model | B |\r\n|---|---|\r\nalone\r\n\r\nAfter.\r\n")
    assert found.results().rows == (("alone", ""),)
    assert document_markdown(found).endswith("|\r\n\r\nAfter.\r\n")


def test_links_of_the_published_table_are_links_in_excel(tmp_path, capsys):
    (tmp_path / "t.md").write_text("| Model | A | A |\n|---|---|---|\n| [b c](<docs/b c>) | 1 | 2 |\n")
    here(capsys, "suite", "table", tmp_path / "t.md", "-o", tmp_path / "t.xlsx")
    cell = load_workbook(tmp_path / "t.xlsx").active["A2"]
    assert (cell.value, cell.hyperlink.target.replace("\\", "/")) == ("b c", "docs/b%20c")
    here(capsys, "suite", "table", tmp_path / "t.md", "-o", tmp_path / "t.json")
    assert list(json.loads((tmp_path / "t.json").read_text())[0].values())[1:] == ["1", "2"]

"""Names from captures, files, models and tests: no formula, no command of a CI server, no terminal escapes."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from support.captures import op, write_csv
from support.command import here

from perfsheet.models.e2e import merge, write_merge
from perfsheet.models.e2e.writing import write_perf_report
from perfsheet.text.json_text import json_text
from perfsheet.text.safe import UNPRINTABLE, csv_cell, file_stem, printed, unguarded

FORMULAS = ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", '=HYPERLINK("http://x")', "=", "::error::x"]
COMMANDS = ["::error::x", "::set-output name=a::b", "##[error]x", "::add-mask::x", "  ::warning::y"]
MARKS = [
    "".join(marks)
    for marks in ("\u061c\u202e\u2066\u200b\u200f\u2060", "\u00ad\ufeff\u180e\ufff9\U000e0041", "\x1b\x07\r\x9b")
]


def is_formula(cell: str) -> bool:
    return cell[:1] in "=+-@\t\r" and len(cell) > 1 and not re.fullmatch(r"[+-]?[\d.]+", cell)


def cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text)) for cell in row]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_is_text_and_can_be_read_back(text):
    assert not is_formula(csv_cell(text))
    assert not csv_cell(text).startswith("::")
    assert csv_cell(csv_cell(text)) == csv_cell(text)
    assert unguarded(csv_cell(text)) == text


@pytest.mark.parametrize("figure", ["-1.5", "-1,234.5", "-3 %", "1e-9", "-", "–", "'quoted'"])
def test_figures_are_left_alone(figure):
    assert csv_cell(figure) == figure
    assert unguarded(figure) == figure


@pytest.mark.parametrize("name", FORMULAS)
def test_every_csv_that_is_written(capsys, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    capture = write_csv(tmp_path / f"{name.replace('/', '_')[:20]}.csv", [op(name, call=1), op(name + "x", call=2)])
    assert here(capsys, "stats", f"./{capture.name}", "-o", "stats").status == 0
    for path in Path("stats").rglob("*.csv"):
        assert not [cell for cell in cells(path.read_text()) if is_formula(cell)], path
    for command in (("top-ops", "--csv"), ("hotspots", "--csv"), ("top-ops", "--group", "--csv")):
        shown = here(capsys, command[0], f"./{capture.name}", *command[1:])
        assert not [cell for cell in cells(shown.out) if is_formula(cell)], command
        assert not any(line.lstrip().startswith("::") for line in shown.out.splitlines())


@pytest.mark.parametrize("name", FORMULAS)
def test_perf_files_and_their_merge(tmp_path, name):
    written = write_perf_report(name, 1, 2.0, 1.0, 3.0, 1.0, name, directory=tmp_path, date="2026_01_01")
    merged = merge([written])
    (path,) = write_merge(merged, tmp_path / "perf.csv")
    assert merged.rows[0].model == name
    for file in (written, path):
        assert not [cell for cell in cells(file.read_text()) if is_formula(cell.strip())], file


@pytest.mark.parametrize("name", FORMULAS)
def test_results_tables(capsys, tmp_path, name):
    table = tmp_path / "table.md"
    table.write_text(f"| Model | Batch |\n|---|---|\n| {name.replace('|', '')} | 1 |\n")
    assert here(capsys, "suite", "table", table, "-o", tmp_path / "t.csv").status == 0
    assert not [cell for cell in cells((tmp_path / "t.csv").read_text()) if is_formula(cell)]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_printed_line_is_a_command_to_a_ci_server(capsys, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = f"{name}.csv"
    write_csv(tmp_path / path, [op(name, call=1), op(name, 50, call=2)])
    write_csv(tmp_path / "other.csv", [op(name, 500, call=1)])
    for command in (
        ("top-ops", path),
        ("hotspots", path),
        ("top-ops", path, "--group"),
        ("compare", path, "other.csv"),
        ("compare", path, "other.csv", "--md", "-"),
        ("check", path, "--against", "other.csv"),
        ("stats", path, "-o", f"{name}-stats"),
        ("report", path, "-o", f"{name}.xlsx"),
        ("report", path, "--md", "-"),
        ("top-ops", f"{name}.none"),
        ("top-ops", path, "--start-signpost", name),
    ):
        done = here(capsys, *command)
        for line in (done.out + done.err).splitlines():
            assert not line.lstrip().startswith("::"), (command, line)
            assert "##[" not in line, (command, line)


def test_a_command_inside_a_line_is_text():
    assert printed("a ::b:: c") == "a ::b:: c"
    assert printed("x\n  ::b::\n##[c]") == "x\n  : :b::\n# #[c]"


@pytest.mark.parametrize("mark", MARKS, ids=["bidirectional", "invisible", "control"])
def test_no_output_has_marks_that_cannot_be_seen_or_reorder(capsys, tmp_path, mark):
    capture = write_csv(tmp_path / f"a{mark}b.csv", [op(f"A{mark}B", call=1), op("C", call=2)])
    outputs = {"--html": "x.html", "--md": "x.md", "--trace": "x.json", "-o": "x.xlsx"}
    files = [part for flag, name in outputs.items() for part in (flag, tmp_path / name)]
    done = here(capsys, "report", capture, *files)
    assert done.status == 0
    texts = [done.out, done.err, *((tmp_path / name).read_text() for name in ("x.html", "x.md", "x.json"))]
    for command in (
        ("top-ops",),
        ("top-ops", "--json"),
        ("top-ops", "--csv"),
        ("hotspots",),
        ("report", "--json", "-o", tmp_path / "y.xlsx"),
    ):
        done = here(capsys, command[0], capture, *command[1:])
        texts += [done.out, done.err]
    for text in texts:
        assert not UNPRINTABLE.search(text.replace("\n", "")), text[:200]


def test_json_is_valid_whatever_the_figures():
    value = {"a": [float("inf"), {"b": float("nan")}, 1.5], "c": "\u202e\U000e0041\x1b"}
    text = json_text(value)
    assert json.loads(text, parse_constant=pytest.fail) == {"a": [None, {"b": None}, 1.5], "c": value["c"]}
    assert text.isascii()


@pytest.mark.parametrize(
    "name", ["x" * 400, "ä" * 400, "\U0001f600" * 200, "../../etc/passwd", ".", "", "/", "-rf", "a\0b"]
)
def test_file_names_of_ops(name):
    stem = file_stem(name, 120, "op")
    assert 0 < len(stem.encode()) <= 120
    assert not set(stem) & set("/\0\\")
    assert stem[0] not in ".-"


def test_op_codes_of_400_bytes_are_file_names(capsys, tmp_path):
    capture = write_csv(tmp_path / "run.csv", [op("\u00e4" * 200 + "a", call=1), op("\u00e4" * 200 + "b", call=2)])
    done = here(capsys, "stats", capture, "-o", tmp_path / "stats")
    assert (done.status, len(list((tmp_path / "stats" / "total_input_size_dist").glob("*.csv")))) == (0, 2)

"""Records that do not fit the header, and headers that do not fit each other."""

import pytest
from support.captures import csv_text, op

from perfsheet import analyze, read


def read_text(tmp_path, text: str):
    path = tmp_path / "run.csv"
    path.write_bytes(text.encode())
    return read(path)


def lines_of(*codes: str) -> list[str]:
    return csv_text([op(code, 10 * number) for number, code in enumerate(codes, 1)]).splitlines()


def seen(table):
    return {note.id: (note.count, note.dropped) for note in table.notes}


def test_a_repeated_header_is_left_out_and_counted(tmp_path):
    head, first, second = lines_of("Add", "Mul")
    table = read_text(tmp_path, "\r\n".join([head, first, head, second, ""]))
    assert table.text("op_code") == ["Add", "Mul"]
    assert table.row.tolist() == [2, 4]
    assert seen(table) == {"repeated-header": (1, 1)}


def test_rows_too_long_are_left_out_and_counted(tmp_path):
    head, first, second, third = lines_of("Add", "Mul", "Sub")
    table = read_text(tmp_path, "\r\n".join([head, first, f"{second},1.5", third, ""]))
    assert table.text("op_code") == ["Add", "Sub"]
    assert seen(table) == {"rows-too-long": (1, 1)}
    assert "row 3" in table.notes[0].text
    assert analyze(table).summary.dropped_rows == 1


@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_row_shifted_by_a_stray_comma_is_left_out_though_its_last_cell_is_blank(tmp_path, position):
    lines = lines_of("Add", "Mul", "Sub")
    assert lines[position].endswith(",")
    lines[position] = lines[position].replace("{}", "{a, b}")
    table = read_text(tmp_path, "\r\n".join([*lines, ""]))
    assert table.number("kernel_duration_ns").tolist() == [10.0 * at for at in (1, 2, 3) if at != position]
    assert seen(table) == {"rows-too-long": (1, 1)}


def test_delimiters_at_the_end_of_every_row_do_no_harm(tmp_path):
    head, first, second = lines_of("Add", "Mul")
    table = read_text(tmp_path, "\r\n".join([head + ",,", first + ",,", second + ",,", ""]))
    assert table.text("op_code") == ["Add", "Mul"]
    assert seen(table) == {}


def test_short_rows_are_filled_with_blanks(tmp_path):
    head, first, second = lines_of("Add", "Mul")
    short = first.rsplit(",", 6)[0]
    table = read_text(tmp_path, "\r\n".join([head, short, second, ""]))
    assert table.text("op_code") == ["Add", "Mul"]
    assert table.number("kernel_duration_ns").tolist() == [10, 20]
    assert seen(table) == {"rows-too-short": (1, 0)}


@pytest.mark.parametrize("lines", [2, 4])
def test_a_last_row_that_is_cut_is_left_out(tmp_path, lines):
    text = csv_text([op(f"Add{number}", 10) for number in range(lines)])
    table = read_text(tmp_path, text[: text.rindex("Add") + 30])
    assert len(table) == lines - 1
    assert seen(table) == {"last-row-cut": (1, 1)}
    assert f"row {lines + 1}" in table.notes[0].text


def test_a_last_row_cut_inside_a_quoted_cell_is_left_out(tmp_path):
    text = csv_text([op("Add", 10), op("Mul", 20, attributes='say "x, y"')])
    table = read_text(tmp_path, text[: text.rindex("x, y") + 3])
    assert table.text("op_code") == ["Add"]
    assert seen(table) == {"last-row-cut": (1, 1)}


def test_a_short_last_row_with_its_line_end_is_kept(tmp_path):
    head, first, second = lines_of("Add", "Mul")
    table = read_text(tmp_path, "\n".join([head, first, second.rsplit(",", 3)[0], ""]))
    assert table.text("op_code") == ["Add", "Mul"]
    assert seen(table) == {"rows-too-short": (1, 0)}


def test_blank_lines_are_skipped_and_still_numbered(tmp_path):
    head, first, second = lines_of("Add", "Mul")
    table = read_text(tmp_path, "\r\n".join([head, first, "", ",,,", second, ""]))
    assert table.text("op_code") == ["Add", "Mul"]
    assert table.row.tolist() == [2, 5]
    assert seen(table) == {}


def test_a_quote_that_is_never_closed_costs_the_rows_after_it(tmp_path):
    lines = lines_of("Add", "Mul", "Sub", "Div")
    lines[2] = lines[2].replace("{}", '"{}')
    table = read_text(tmp_path, "\r\n".join([*lines, ""]))
    assert table.number("kernel_duration_ns").tolist() == [10]
    assert sum(note.dropped for note in table.notes) == 3
    assert "row 3" in table.notes[0].text


def test_of_duplicated_headers_the_first_counts(tmp_path):
    head, first = lines_of("Add")
    table = read_text(tmp_path, f"{head},CORE COUNT,core  count\r\n{first},7,8\r\n")
    assert table.number("core_count").tolist() == [64]
    assert seen(table) == {"duplicated-columns": (2, 0)}
    assert "CORE COUNT" in table.notes[0].text


def test_unknown_columns_are_kept_under_their_own_header(capture_of):
    row = op("Add", 10) | {"LOC": "model.py:7", "My Metric": "0.5"}
    table = read(capture_of(row, extra=["LOC", "My Metric"]))
    assert (table.text("LOC"), table.text("My Metric")) == (["model.py:7"], ["0.5"])
    assert table.headers["LOC"] == "LOC"
    assert table.notes == ()


@pytest.mark.parametrize("name", ["op_code", "core_count", "kernel_duration_ns", "input_0_w"])
def test_an_unknown_column_can_have_any_name(capture_of, name):
    rows = [op("Add", 10) | {name: "mine"}, op("Mul", 20) | {name: "mine"}]
    table = read(capture_of(*rows, extra=[name]))
    assert table.text("op_code") == ["Add", "Mul"]
    assert table.number("core_count").tolist() == [64, 64]
    assert table.headers["op_code"] == "OP CODE"
    assert [op.op_code for op in analyze(table).top()] == ["Mul", "Add"]


def test_blank_headers_are_passed_over(tmp_path):
    head, first = lines_of("Add")
    table = read_text(tmp_path, f"{head},,\r\n{first},x,y\r\n")
    assert table.text("op_code") == ["Add"]
    assert "" not in table.headers
    assert table.notes == ()


def test_only_the_wanted_columns_are_kept(capture_of):
    wanted = frozenset({"op_code", "op_type", "kernel_duration_ns"})
    table = read(capture_of(op("Add", 10) | {"LOC": "x"}, extra=["LOC"]), only=wanted)
    assert set(table.headers) == wanted
    assert not set(table.texts) - wanted


def test_a_comma_in_a_number_is_not_guessed_where_semicolons_separate(tmp_path):
    head, first = (line.replace(",", ";") for line in lines_of("Add"))
    table = read_text(tmp_path, "\n".join([head, first.replace(";10;", ";57,875;"), ""]))
    assert table.texts["op_code"] == ["Add"]
    assert seen(table)["unreadable-numbers"][0] == 1

"""Both ways of reading give the same table: with Arrow where every record is well-formed, else with repairs."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import csv_text, op
from support.real import CAPTURES, each

from perfsheet import PerfsheetError, read
from perfsheet.capture import arrow, delimited

CELLS = [
    "",
    "0",
    "7",
    "64.0",
    "-3",
    "1e5",
    "nan",
    "nan(7)",
    "inf",
    "-",
    "1,234",
    "1.234",
    "12 ns",
    "١",
    " 5 ",
    "+5",
    "0x10",
]
CELLS += ["1_000", "a;b", "a,b", 'say "x"', '"', "two\nlines", "two\r\nlines", "é", "😀", "=1+1", "\t", "'", "\ufeff"]


@pytest.fixture
def small_blocks(monkeypatch):
    """Every file is a long one, of which a first look sees little more than the header."""
    monkeypatch.setattr(delimited, "_MIN_ARROW_BYTES", 0)
    monkeypatch.setattr(delimited, "_PIECE", len(csv_text([])) + 300)
    monkeypatch.setattr(arrow, "_BLOCK", 700)


def both_ways(monkeypatch, path, only=None):
    """The result of each way: the table and its notes, or the error."""
    results = []
    for min_bytes in (0, 1 << 60):
        monkeypatch.setattr(delimited, "_MIN_ARROW_BYTES", min_bytes)
        try:
            table = read(path, only)
        except PerfsheetError as error:
            results.append((error.status, str(error)))
            continue
        texts = {name: list(cells) for name, cells in table.texts.items()}
        numbers = {name: [repr(value) for value in cells.tolist()] for name, cells in table.numbers.items()}
        shape = table.row.tolist(), table.kind.tolist(), table.device.tolist(), table.headers
        results.append((shape, texts, numbers, table.notes))
    return results


@st.composite
def captures(draw):
    """Text of a capture: well-formed rows, odd cells, and now and then a line that is not a record."""
    rows = draw(
        st.lists(st.tuples(st.sampled_from(CELLS), st.sampled_from(CELLS), st.sampled_from(CELLS)), max_size=12)
    )
    text = csv_text(
        [op(f"Add{code}", duration, attributes=extra) for code, duration, extra in rows],
        newline=draw(st.sampled_from(["\n", "\r\n", "\r"])),
    )
    lines = text.splitlines(keepends=True)
    if draw(st.booleans()) and lines:
        at = draw(st.integers(0, len(lines) - 1))
        lines[at] = draw(
            st.sampled_from(
                [
                    *("", "\n", ",,,\n", "x\n", '"\n', lines[0], lines[at][:-20]),
                    *(lines[at].replace(",", other, 1) for other in ("", ",,", ',"')),
                    *(lines[at].replace("Add", other, 1) for other in ("A\udcff", "A\0", "\0")),
                    *(lines[at].replace("\n", other) for other in ("\r", "\n\n", "\n\r", "\r\n\r\n")),
                ]
            )
        )
    return "".join(lines).encode("utf-8", "surrogateescape")


@given(captures(), st.sampled_from([None, frozenset({"op_code", "kernel_duration_ns", "attributes"})]))
def test_both_ways_read_the_same(monkeypatch, small_blocks, tmp_path, data, only):
    path = tmp_path / "run.csv"
    path.write_bytes(data)
    with_arrow, with_repairs = both_ways(monkeypatch, path, only)
    assert with_arrow == with_repairs


LATE = {
    "a byte of Latin-1": (b"Op150", b"Op\xe9"),
    "half a character": (b"Op150", b"Op\xe2\x82"),
    "a NUL byte": (b"Op150", b"Op\x00150"),
    "a blank line": (b"Op150", b"\nOp150"),
    "a line that ends as those of an old Mac": (b"Op150", b"\rOp150"),
    "a byte-order mark": (b"Op150", "\ufeffOp150".encode()),
    "a long line": (b"Op150", b"Op" + b"x" * 9000),
    "European numbers": (b"7777", b"7.777.777"),
}


@pytest.mark.parametrize("damage", LATE)
def test_what_a_first_look_does_not_see(damage, small_blocks, tmp_path, monkeypatch):
    """The op code comes first in its row, so these stand at the start of a line, too."""
    monkeypatch.setattr(delimited, "_LONGEST_LINE", 5000)
    monkeypatch.setattr(arrow, "_LONGEST_RECORD", 5000)
    text = csv_text([op(f"Op{at}", 7777 if at == 150 else at, attributes="{'k': 'a, b'}") for at in range(200)])
    path = tmp_path / "run.csv"
    path.write_bytes(text.encode().replace(*LATE[damage]))
    with_arrow, with_repairs = both_ways(monkeypatch, path)
    assert with_arrow == with_repairs
    if damage == "a long line":
        assert "has a line of more than" in with_arrow[1]


def test_what_stands_beyond_the_first_look_in_front_of_the_header(small_blocks, tmp_path, monkeypatch):
    """Bytes that are no UTF-8 are no measure of where the header ends."""
    capture = csv_text([op(f"Op{at}", at) for at in range(200)]).encode()
    for title in (b"x" * 5000 + b" caf\xe9\r\n", b"x" * 5000 + b"\xe9" * 300 + b"\n", b"x" * 5000 + b"\0\n"):
        path = tmp_path / "run.csv"
        path.write_bytes(title + capture)
        with_arrow, with_repairs = both_ways(monkeypatch, path)
        assert with_arrow == with_repairs
        assert len(with_arrow[0][0]) == 200


QUOTES = {
    "a quote inside a cell that has none, then rows in quotes": [
        (20, "Op20", 'O"p20'),
        (50, "{}", '"{'),
        (51, "{}", '}"'),
    ],
    "a row that ends as those of an old Mac, then rows in quotes": [
        (20, "\r\n", "\r"),
        (50, "{}", '"{'),
        (50, "\r\n", "\n"),
        (51, "{}", '}"'),
    ],
}


@pytest.mark.parametrize("changes", QUOTES.values(), ids=QUOTES)
def test_what_makes_up_for_a_quote_that_takes_rows(changes, small_blocks, tmp_path, monkeypatch):
    monkeypatch.setattr(arrow, "_BLOCK", 1 << 16)
    lines = csv_text([op(f"Op{at}", at) for at in range(90)], newline="\r\n").splitlines(keepends=True)
    for at, old, new in changes:
        assert old in lines[at + 1]
        lines[at + 1] = lines[at + 1].replace(old, new)
    path = tmp_path / "run.csv"
    path.write_bytes("".join(lines).encode())
    with_arrow, with_repairs = both_ways(monkeypatch, path)
    assert with_arrow == with_repairs


@pytest.mark.parametrize("separator", ["\u00e9", "\u2192", '"', "x"])
def test_a_stated_separator_that_arrow_does_not_take(separator, small_blocks, tmp_path, monkeypatch):
    text = csv_text([op("Add", at) for at in range(90)]).replace(",", separator)
    path = tmp_path / "run.csv"
    path.write_text(f"sep={separator}\n{text}", encoding="utf-8")
    with_arrow, with_repairs = both_ways(monkeypatch, path)
    assert with_arrow == with_repairs


def test_well_formed_records_are_read_with_arrow(small_blocks, tmp_path, monkeypatch):
    rows = [op(f"Op{at % 7}", at, attributes=f"{{'k': '{at % 5}, \"x\"'}}") for at in range(200)]
    path = tmp_path / "run.csv"
    path.write_text(csv_text(rows), encoding="utf-8")
    monkeypatch.setattr("perfsheet.capture.repair.RecordRepair.pieces", None)
    table = read(path)
    assert len(table) == 200
    assert table.number("kernel_duration_ns").tolist() == list(range(200))


def test_blocks_end_with_a_record_wherever_they_are_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "_MIN_ARROW_BYTES", 0)
    monkeypatch.setattr("perfsheet.capture.repair.RecordRepair.pieces", None)
    rows = [op("Add", at, attributes=random.Random(at).choice(["", "a,b", 'q""q', "long" * 90])) for at in range(60)]
    path = tmp_path / "run.csv"
    path.write_text(csv_text(rows), encoding="utf-8")
    for size in (300, 801, 1024, 5000):
        monkeypatch.setattr(arrow, "_BLOCK", size)
        assert read(path).number("kernel_duration_ns").tolist() == list(range(60))


@each(CAPTURES)
def test_real_captures_read_the_same_both_ways(monkeypatch, path):
    with_arrow, with_repairs = both_ways(monkeypatch, path)
    assert with_arrow == with_repairs


def test_a_quote_that_is_never_closed_does_not_take_the_file_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "_MIN_ARROW_BYTES", 0)
    monkeypatch.setattr(arrow, "_BLOCK", 1000)
    monkeypatch.setattr(arrow, "_LONGEST_RECORD", 5000)
    lines = csv_text([op("Add", at) for at in range(90)]).splitlines(keepends=True)
    lines[20] = lines[20].replace("{}", '"{}')
    path = tmp_path / "run.csv"
    path.write_text("".join(lines), encoding="utf-8")
    table = read(path)
    assert len(table) == 19
    assert np.isfinite(table.number("kernel_duration_ns")).all()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_quote_from_one_row_to_the_next_leaves_a_record_of_the_right_width(
    newline, small_blocks, tmp_path, monkeypatch
):
    lines = csv_text([op("Add", at) for at in range(90)], newline=newline).splitlines(keepends=True)
    lines[20], lines[21] = lines[20].replace("{}", '"{'), lines[21].replace("{}", '}"')
    path = tmp_path / "run.csv"
    path.write_bytes("".join(lines).encode())
    with_arrow, with_repairs = both_ways(monkeypatch, path)
    assert with_arrow == with_repairs
    assert [note.id for note in with_arrow[3]] == ["rows-swallowed"]

"""Cells: numbers in every format, extents, memory names, long text."""

import math

import pytest
from support.captures import IDEAL, op, shape

from perfsheet import analyze, read
from perfsheet.capture.cells import (
    NumberFormat,
    detect_number_format,
    logical_extent,
    memory_name,
    padded_extent,
    parse_numbers,
)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("64", 64),
        ("64.0", 64),
        (" 64 ", 64),
        ("-5", -5),
        ("1e3", 1000),
        ("0.93", 0.93),
        ("1,234,567", 1_234_567),
        ("1,234.5", 1234.5),
    ],
)
def test_numbers(cell, value):
    parsed = parse_numbers([cell])
    assert (parsed.values.tolist(), list(parsed.unreadable)) == ([value], [])


@pytest.mark.parametrize("cell", ["", "-", " - ", "nan", "NaN", "None", "N/A"])
def test_unknown_numbers_are_not_unreadable(cell):
    parsed = parse_numbers(["7", cell])
    values, unreadable = parsed.values, list(parsed.unreadable)
    assert values[0] == 7
    assert math.isnan(values[1])
    assert unreadable == []


@pytest.mark.parametrize("cell", ["fast", "12 ns", "12,34", "0x10", "--", "1,2,3"])
def test_other_texts_are_unknown_and_reported(cell):
    parsed = parse_numbers(["7", cell])
    values, unreadable = parsed.values, list(parsed.unreadable)
    assert math.isnan(values[1])
    assert unreadable == [1]


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
def test_infinite_cells_are_unknown_and_reported(capture_of, cell):
    table = read(capture_of(op(duration=cell), op(duration=5)))
    assert math.isnan(table.number("kernel_duration_ns")[0])
    assert table.number("kernel_duration_ns")[1] == 5
    assert [(note.id, note.count) for note in table.notes] == [("unreadable-numbers", 1)]


def test_the_first_unreadable_number_is_named_by_row_and_column(capture_of):
    notes = read(capture_of(op(), op(cores="many"), op(cores="few"))).notes
    assert [(note.id, note.count) for note in notes] == [("unreadable-numbers", 2)]
    assert "row 3" in notes[0].text
    assert "CORE COUNT" in notes[0].text
    assert "'many'" in notes[0].text


def test_numbers_as_floats_in_text_are_whole_numbers_in_results(capture_of):
    analysis = analyze(read(capture_of(op(duration="64.0", cores="16.0", call="1024.0", device="3.0"))))
    ranked = analysis.top()[0]
    assert (ranked.core_count, ranked.row.global_call_count, ranked.row.device_id, ranked.device) == (16, 1024, 3, 3)


@pytest.mark.parametrize(
    ("cell", "padded", "logical"),
    [("32[19]", "32", "19"), ("64[64]", "64", "64"), ("64", "64", "64"), ("64.0", "64", "64"), ("", "", "")],
)
def test_extents(cell, padded, logical):
    assert (padded_extent(cell), logical_extent(cell)) == (padded, logical)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("DEV_1_L1_HEIGHT_SHARDED", "L1_HEIGHT_SHARDED"),
        ("dev_0_l1_height_sharded", "L1_HEIGHT_SHARDED"),
        ("DEV_12_DRAM_INTERLEAVED", "DRAM_INTERLEAVED"),
        ("HOST", "HOST"),
        ("", ""),
    ],
)
def test_memory_names_carry_no_device(cell, name):
    assert memory_name(cell) == name


@pytest.mark.parametrize(
    ("extents", "text"),
    [((1, 1, "384[384]", "768"), "1×1×384×768"), ((1, 1, "32[19]", "64.0"), "1×1×32[19]×64")],
)
def test_shapes_are_written_as_engineers_do(analysis_of, extents, text):
    analysis = analysis_of(op() | shape("INPUT_0", extents, "bfloat16", "dram_interleaved"))
    assert analysis.groups[0].signature.inputs == (f"{text} BFLOAT16 DRAM_INTERLEAVED",)


def test_hashes_and_long_texts_are_kept_to_the_letter(capture_of):
    attributes = "{'a': '" + "x" * 200_000 + "'}"
    table = read(capture_of(op(attributes=attributes, **{"PROGRAM HASH": "12345678901234567890"}), generation="S9"))
    assert table.text("program_hash") == ["12345678901234567890"]
    assert table.text("attributes") == [attributes]


def test_large_captures_are_read_piece_by_piece_without_a_seam(capture_of):
    rows = [op(duration=number, pm="" if number % 3 else "-") for number in range(1, 9001)]
    rows[5000][IDEAL] = "odd"
    table = read(capture_of(*rows))
    assert table.number("kernel_duration_ns").tolist() == list(range(1, 9001))
    assert table.row.tolist() == list(range(2, 9002))
    assert "row 5002" in table.notes[0].text


POINT, ONLY, COMMA = NumberFormat.POINT, NumberFormat.POINT_ONLY, NumberFormat.COMMA


@pytest.mark.parametrize(
    ("whole", "others", "delimiter", "expected"),
    [
        (["57875", "9"], ["0.93", ""], ",", POINT),
        (["57875", "9"], ["0.93"], ";", ONLY),
        (["57875", "9"], ["0,93", "12,5"], ";", COMMA),
        (["57.875", "900"], ["0,93"], ";", COMMA),
        (["57.875", "9", "10.429", "6.886"], [], ",", COMMA),
        (["1.234.567"], [], ",", COMMA),
        (["57.875", "10.429", "6.886", "12345"], [], ",", POINT),
        (["57.875"], [], ",", POINT),
        (["0.125", "0.250", "0.375"], [], ",", POINT),
        (["64.0", "57.875", "10.429", "6.886"], [], ",", POINT),
        (["57,875", "9"], [], ",", POINT),
        (["57,875", "9"], [], ";", ONLY),
        (["57875"], ["61.78", "0,5"], ";", ONLY),
        ([], [], ",", POINT),
    ],
)
def test_the_number_format_of_a_file(whole, others, delimiter, expected):
    assert detect_number_format(whole, others, delimiter) is expected


@pytest.mark.parametrize(
    ("cell", "number_format", "value"),
    [
        ("1.234,5", COMMA, 1234.5),
        ("1.234", COMMA, 1234),
        ("0,93", COMMA, 0.93),
        ("61.78", COMMA, 61.78),
        ("1,5E+03", COMMA, 1500),
        ("1 234 567", POINT, 1234567),
        ("1\u202f234", COMMA, 1234),
        ("1'234", POINT, 1234),
        ("9.39E+04", POINT, 93900),
    ],
)
def test_a_cell_in_each_number_format(cell, number_format, value):
    parsed = parse_numbers([cell, ""], number_format)
    assert parsed.values[0] == value
    assert math.isnan(parsed.values[1])
    assert list(parsed.unreadable) == []
    assert list(parsed.scientific) == ([0] if "E" in cell else [])


@pytest.mark.parametrize(
    ("cell", "number_format"), [("1,234", ONLY), ("1,2,3", COMMA), ("1.2.3", COMMA), ("12 34", POINT)]
)
def test_ambiguous_numbers_are_unknown(cell, number_format):
    parsed = parse_numbers(["7", cell], number_format)
    assert math.isnan(parsed.values[1])
    assert list(parsed.unreadable) == [1]

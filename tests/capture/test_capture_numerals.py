"""How a file writes its numbers, and what is made of each."""

import math

import pytest

from perfsheet.capture.numerals import Numerals, parse, told

POINT, ONLY, COMMA = Numerals.POINT, Numerals.POINT_ONLY, Numerals.COMMA


@pytest.mark.parametrize(
    ("whole", "others", "delimiter", "wanted"),
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
def test_how_a_file_writes_numbers(whole, others, delimiter, wanted):
    assert told(whole, others, delimiter) is wanted


@pytest.mark.parametrize(
    ("cell", "numerals", "value"),
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
def test_what_is_made_of_a_cell(cell, numerals, value):
    parsed = parse([cell, ""], numerals)
    assert parsed.values[0] == value
    assert math.isnan(parsed.values[1])
    assert list(parsed.unreadable) == []
    assert list(parsed.scientific) == ([0] if "E" in cell else [])


@pytest.mark.parametrize(("cell", "numerals"), [("1,234", ONLY), ("1,2,3", COMMA), ("1.2.3", COMMA), ("12 34", POINT)])
def test_what_may_be_either_is_unknown(cell, numerals):
    parsed = parse(["7", cell], numerals)
    assert math.isnan(parsed.values[1])
    assert list(parsed.unreadable) == [1]

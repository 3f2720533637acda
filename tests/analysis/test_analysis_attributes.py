"""The parser of the ATTRIBUTES cell."""

import pytest

from perfsheet.analysis.ops.attributes import (
    attribute,
    entries,
    flatten,
    grid_size,
    is_set,
    key_numbers,
    list_numbers,
    positive,
    whole_number,
)

CELL = "{'a_': '1'; 'config': 'C(b=2;hw=(3;-4))'; 'off': 'std::nullopt'; 'on': 'true'; 'list': '{1; 98}'}"


def test_entries_have_names_without_the_underscore_behind_them():
    assert entries(CELL) == {
        "a": "1",
        "config": "C(b=2;hw=(3;-4))",
        "off": "std::nullopt",
        "on": "true",
        "list": "{1; 98}",
    }


def test_of_an_attribute_that_is_written_twice_the_first_counts():
    assert attribute("{'a': '1'; 'a_': '2'}", "a") == "1"


@pytest.mark.parametrize(
    ("names", "value"), [(("a",), "1"), (("off",), ""), (("off", "missing", "a"), "1"), (("missing",), "")]
)
def test_the_first_attribute_that_is_set(names, value):
    assert attribute(CELL, *names) == value


def test_truth_and_numbers():
    assert [is_set(CELL, name) for name in ("a", "on", "off", "list", "missing")] == [True, True, False, False, False]
    assert (whole_number(CELL, "a"), whole_number(CELL, "list"), positive("{'n': '-3'}", "n")) == (1, None, None)
    assert list_numbers("{1; 98; -7; 1234567890123456789}") == (1, 98, -7)


def test_numbers_inside_a_value():
    assert key_numbers(attribute(CELL, "config"), "hw") == (3, -4)
    assert key_numbers(attribute(CELL, "config"), "b") == (2,)
    assert key_numbers(attribute(CELL, "config"), "w") == ()


@pytest.mark.parametrize(("value", "cores"), [("(x=8;y=7)", 56), ("8-7", 56), ("(x=8)", None), ("std::nullopt", None)])
def test_the_grid_of_a_program_config(value, cores):
    assert grid_size(f"{{'program_config': 'P(compute_with_storage_grid_size={value};b=1)'}}") == cores


def test_structs_are_flattened_to_their_last_level():
    assert flatten("{'a': 'A(b=B(c=1;d={1; 2});e=std::nullopt)'; 'f': 'Shape([1; 2])'; 'g': ''}") == {
        "a": "A(b=B(c=1;d={1; 2});e=nullopt)",
        "a.b": "B(c=1;d={1; 2})",
        "a.b.c": "1",
        "a.b.d": "{1; 2}",
        "a.e": "",
        "f": "Shape([1; 2])",
        "g": "",
    }


def test_one_name_for_what_builds_name_differently():
    assert flatten("{'memory_config': 'M(t=T::L1)'}") == flatten("{'output_memory_config_': 'M(t=T::L1)'}")


@pytest.mark.parametrize("value", ["A(" * 5000, "A(((((;)", ")(", "A(b;c=1)", "A(b=1", "(x=1;y=2)"])
def test_what_is_no_struct_stays_one_text(value):
    assert flatten(f"{{'a': '{value}'}}") == {"a": value}


@pytest.mark.parametrize("cell", ["", "{'a'", "'" * 999, "a=1"])
def test_other_text_has_no_attributes(cell):
    assert entries(cell) == flatten(cell) == {}

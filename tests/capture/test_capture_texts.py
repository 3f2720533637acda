"""Columns of texts as codes, and combinations of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsheet.capture.texts import Texts, TextsBuilder, combinations

CELLS = st.lists(st.sampled_from(["", "a", "b", " a", "Ä", "long" * 9]), max_size=40)


@given(CELLS)
def test_a_column_reads_like_the_list_of_its_cells(cells):
    column = Texts.of(cells)
    assert column == cells
    assert list(column) == cells
    assert len(column) == len(cells)
    assert [column[at] for at in range(len(cells))] == cells
    assert column[1:7] == cells[1:7]
    assert column.present() == list(dict.fromkeys(cells))
    assert column.where(lambda cell: "a" in cell).tolist() == ["a" in cell for cell in cells]
    assert column.mapped(str.strip) == [cell.strip() for cell in cells]
    wanted = {cell: [at for at, other in enumerate(cells) if other == cell] for cell in dict.fromkeys(cells)}
    assert {cell: rows.tolist() for cell, rows in column.places()} == wanted
    assert list(wanted) == [cell for cell, _ in column.places()]


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_pieces_are_put_together(pieces):
    builder, other = TextsBuilder(), TextsBuilder()
    for piece in pieces:
        builder.extend(piece)
        other.extend_column(Texts.of(piece))
    assert builder.built() == other.built() == [cell for piece in pieces for cell in piece]


@pytest.mark.parametrize(("distinct", "size"), [(1, 1), (127, 1), (128, 2), (32_767, 2), (32_768, 4)])
def test_codes_take_as_few_bytes_as_they_need(distinct, size):
    column = Texts.of(map(str, range(distinct)))
    assert column.codes.dtype.itemsize == size
    assert column[distinct - 1] == str(distinct - 1)
    assert len(list(column.places())) == distinct


@given(st.lists(st.tuples(*[st.integers(0, 200)] * 11), min_size=1, max_size=60))
def test_combinations_are_equal_where_rows_are(rows):
    """Eleven columns of two hundred texts overflow a code of 64 bits: they are numbered in between."""
    columns = [Texts.of(str(row[index]) for row in rows) for index in range(11)]
    padded = [Texts(column.codes, [*column.values, *map(str, range(1000, 1200))]) for column in columns]
    of, first = combinations(padded, len(rows))
    alike = {}
    for at, row in enumerate(rows):
        alike.setdefault(row, at)
    assert len(first) == len(alike)
    assert [int(first[number]) for number in of] == [alike[row] for row in rows]


def test_no_rows():
    of, first = combinations([Texts.of([]), Texts.blank(0)], 0)
    assert (of.tolist(), first.tolist()) == ([], [])
    assert Texts.blank(3) == ["", "", ""]
    assert np.array_equal(Texts.blank(2).where(bool), [False, False])

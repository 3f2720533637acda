"""Text and tables of captures on the page: nothing of them becomes Markdown, HTML or an address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from perfsheet.errors import PerfsheetError
from perfsheet.tables import Column, In, Table
from perfsheet.tables.kinds import DELTA_PERCENT, PERCENT
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

R = TypeVar("R")
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
# What becomes a link or an arrow even if it is escaped; an invisible character in between keeps it text.
_BREAKS = re.compile(r"(?<=[-<>=~+])(?=[-<>=~+])|(?<=http)(?=s?:)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_JOINER = "\u2060"
_ROW_PX, _HEAD_PX, _MOST_ROWS = 35, 38, 16


def plain(text: str) -> str:
    """Text for where the page takes Markdown: every character of it is shown as it is."""
    return _MARKUP.sub(r"\\\1", _BREAKS.sub(_JOINER, " ".join(clean(text).split())))


def error(problem: PerfsheetError) -> None:
    """What went wrong, and what to do."""
    st.error(plain(f"{problem.message}{f'; {problem.hint}' if problem.hint else ''}"), icon=":material/error:")


def frame(table: Table[R], rows: R, columns: Sequence[Column[R]] | None = None) -> pd.DataFrame:
    """A declared table as the page shows it: numbers as numbers, so that they sort; all else as text."""
    import pandas as pd

    shown = table.columns_in(In.PAGE, rows) if columns is None else columns
    data: pd.DataFrame = pd.DataFrame({column.header(In.PAGE): _cells(column, rows) for column in shown})
    return data


def _cells(column: Column[R], rows: R) -> Any:
    import pandas as pd

    if not _is_figure(column):
        return [clean(text) for text in column.texts(rows)]
    values = [None if value is None else float(value) for value in column.listed(rows)]
    if column.kind in (PERCENT, DELTA_PERCENT):
        values = [None if value is None else 100 * value for value in values]
    return pd.array(values, dtype="Float64")


def _is_figure(column: Column[Any]) -> bool:
    """Whether its values are plain numbers that the page can show with their digits."""
    return column.kind.number and column.kind.name in _FORMATS and column.text is None and column.row_texts is None


_FORMATS = {
    "percent": "%.1f",
    "ns": "localized",
    "count": "localized",
    "number": "%d",
    "ns difference": "%+.0f",
    "% difference": "%+.1f",
}
"""By kind; a unit stands in the header."""


def show_table(table: Table[R], rows: R, columns: Sequence[Column[R]] | None = None, **settings: Any) -> Any:
    """Show a declared table; `settings` are those of `st.dataframe`, which returns what is selected."""
    shown = list(table.columns_in(In.PAGE, rows) if columns is None else columns)
    data = frame(table, rows, shown)
    config = {
        column.header(In.PAGE): st.column_config.NumberColumn(format=_FORMATS[column.kind.name], help=_help(column))
        if _is_figure(column)
        else st.column_config.TextColumn(help=_help(column))
        for column in shown
    }
    height = _HEAD_PX + _ROW_PX * min(max(len(data), 1), _MOST_ROWS)
    return st.dataframe(
        data, hide_index=True, column_config=config, height=height, row_height=_ROW_PX, placeholder="–", **settings
    )


def _help(column: Column[Any]) -> str | None:
    return plain(column.meaning) if column.meaning else None


def facts(entries: Sequence[tuple[str, str]]) -> None:
    """Names and values, one below the other."""
    import pandas as pd

    known = [(name, clean(value)) for name, value in entries if value]
    data = pd.DataFrame(known, columns=["", "value"])
    height = _HEAD_PX + _ROW_PX * min(max(len(known), 1), 2 * _MOST_ROWS)
    st.dataframe(data, hide_index=True, height=height, row_height=_ROW_PX)


def files(folder: Path, names: Sequence[str]) -> None:
    """Buttons that download those of the files that are there."""
    with st.container(horizontal=True):
        for path in (folder / name for name in names):
            if path.is_file():
                st.download_button(
                    path.name, path.read_bytes, file_name=path.name, on_click="ignore", key=f"{folder.name}_{path.name}"
                )

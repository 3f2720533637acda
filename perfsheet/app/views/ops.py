"""The table of ops: filtered, sorted and cut into pages here, so that a hundred thousand rows stay quick."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.signature import of_variants
from perfsheet.app import charts
from perfsheet.app.shown import plain, show_table
from perfsheet.app.views import op, window
from perfsheet.capture.notes import rows as counted
from perfsheet.capture.table import BoolArray, IntArray
from perfsheet.tables import Column, In
from perfsheet.tables.op_rows import OpRows
from perfsheet.tables.ops import OPS
from perfsheet.text import formats
from perfsheet.text.words import time

_PAGE = 100
_RANK = "rank"


def show(analysis: Analysis) -> None:
    """The table with its filters."""
    _listed(analysis, _filtered(analysis, _chosen(analysis)), "ops")


def selected(analysis: Analysis, pick: Any) -> None:
    """The ops that are selected in a chart."""
    positions = _picked(analysis, pick)
    if positions is None:
        st.caption("Nothing is selected.")
    else:
        _listed(analysis, positions, "picked")


def _picked(analysis: Analysis, pick: Any) -> IntArray | None:
    """The positions behind a selection: ops in a row, or groups of identical ops."""
    if isinstance(pick, Mapping):
        span = charts.picked(pick, len(analysis.ops))
        return None if span is None else np.arange(span[0], span[1] + 1)
    firsts = [int(one["first"]) for one in pick or () if isinstance(one, Mapping) and "first" in one]
    known = [first for first in firsts if 0 <= first < len(analysis.ops)]
    return np.flatnonzero(np.any([identical(analysis, first) for first in known], axis=0)) if known else None


def identical(analysis: Analysis, position: int) -> BoolArray:
    """Which ops are identical to the one at this position."""
    of, every = analysis.ops.variants.of, of_variants(analysis.ops)
    same = np.array([one == every[of[position]] for one in every])
    return np.asarray(same[of])


def _chosen(analysis: Analysis) -> IntArray:
    """The ops that the address names (those of a cause), or all."""
    every = np.arange(len(analysis.ops))
    if "show" not in st.query_params:
        return every
    keys = window.ticks_of(analysis)
    cause = next((cause for cause in analysis.causes if keys[cause.id] == st.query_params["show"]), None)
    if cause is None:
        return every
    st.info(f"The ops of {cause.id}: {plain(cause.title)}", icon=":material/filter_alt:")
    if st.button("Show all ops"):
        del st.query_params["show"]
        st.rerun()
    return cause.positions


def _filtered(analysis: Analysis, positions: IntArray) -> IntArray:
    """The positions that the filters leave."""
    codes = analysis.ops.codes
    left, middle, right = st.columns([2, 1, 1])
    text = left.text_input("Op code contains", key="code", bind="query-params", placeholder="all").strip().lower()
    names = sorted({category(code) for code in codes.values})
    kinds = middle.multiselect("Category", names, key="category", bind="query-params", placeholder="all")
    flags = [flag for flag, mask in analysis.flag_masks.items() if mask.any()]
    chosen = right.multiselect("Flag", flags, key="flag", bind="query-params", placeholder="all")
    kept = np.ones(len(analysis.ops), dtype=np.bool_)
    if text or kinds:
        fits = [(text in code.lower()) and (not kinds or category(code) in kinds) for code in codes.values]
        kept &= np.array(fits)[codes.codes]
    for flag in chosen:
        kept &= analysis.flag_masks[flag]
    return positions[kept[positions]]


def _listed(analysis: Analysis, positions: IntArray, key: str) -> None:
    """A page of these ops; a click on a row opens the op."""
    rows = OpRows(analysis, positions)
    columns = {column.header(In.PAGE): column for column in OPS.columns_in(In.PAGE, rows)}
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    rank = OPS[_RANK].header(In.PAGE)
    header = left.selectbox(
        "Sort by", list(columns), index=list(columns).index(rank), key=f"{key}_sort", bind="query-params"
    )
    down = middle.toggle("Largest first", key=f"{key}_down", bind="query-params")
    order = _order(columns[header or rank], rows, down)
    pages = max(1, -(-len(order) // _PAGE))
    of_page = f"{key}_page"
    if st.session_state.get(of_page, 1) > pages:
        st.session_state[of_page] = 1
    page = 1
    if pages > 1:
        page = right.number_input(f"Page of {pages:,}", 1, pages, key=of_page, bind="query-params")
    shown = positions[order[(page - 1) * _PAGE : page * _PAGE]]
    total = analysis.ops.total_ns
    share = formats.percent(float(np.nansum(analysis.ops.counted_ns[positions])) / total if total else None)
    if not len(positions):
        st.caption("No op fits.")
        return
    st.caption(f"{counted(len(positions), 'op')}, {share} of {time(analysis)}. Select a row to open the op.")
    event = show_table(
        OPS,
        OpRows(analysis, shown),
        on_select="rerun",
        selection_mode="single-row",
        key=f"{key}_{page}_{header}_{down}",
    )
    if chosen := event.selection.rows:
        op.choose(analysis, int(shown[chosen[0]]))


def _order(column: Column[OpRows], rows: OpRows, down: bool) -> IntArray:
    """The places of the rows in the wanted order; unknown values last."""
    values = column.values(rows)
    if isinstance(values, np.ndarray) and values.dtype.kind in "if":
        known = np.isfinite(values)
        signed = -values if down else values
        return np.lexsort((np.where(known, signed, 0), ~known))
    texts = np.array(column.texts(rows), dtype=object)
    order = np.argsort(texts, kind="stable")
    return order[::-1] if down else order

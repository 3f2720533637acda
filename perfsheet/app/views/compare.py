"""Two captures side by side: what got faster or slower, and why."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from perfsheet.analysis import Options, Selection
from perfsheet.app import captures
from perfsheet.app.shown import error, plain, show_table
from perfsheet.app.views import window
from perfsheet.comparison import Comparison
from perfsheet.comparison.results import SAME
from perfsheet.errors import PerfsheetError
from perfsheet.tables import Rows
from perfsheet.text import comparison as text

_MOST = 1000


def show() -> None:
    """The view."""
    found = window.watched()
    with st.sidebar:
        before = window.choose("Before", "before", found, index=1)
        now = window.choose("Now", "now", found)
        batch = window.batch()
        which = st.selectbox("Pass", [window.TYPICAL, "all", "first", "last"], key="of_passes", bind="query-params")
        noise = st.number_input(
            "Noise [%]", 0.0, 100.0, 5.0, key="noise", bind="query-params", format="%g",
            help="Without repeats, differences of time up to so many percent count as noise.",
        )  # fmt: skip
    if before is None or now is None or before.path == now.path:
        st.subheader("Compare", anchor=False)
        st.write("Choose two captures in the side bar." if len(found) > 1 else "There are no two captures here.")
        return
    selection = Selection(which_pass=None if which == window.TYPICAL else which)
    options = Options(batch=batch, selection=selection)
    try:
        sides = [captures.analysis(side, options) for side in (before, now)]
        comparison = captures.comparison(sides[0], sides[1], noise)
    except PerfsheetError as problem:
        error(problem)
        return
    with st.sidebar:
        _downloads(comparison)
    _head(comparison)
    if not comparison.nothing_changed:
        _parts(comparison)


def _downloads(comparison: Comparison) -> None:
    from perfsheet.outputs import json_output, markdown
    from perfsheet.outputs.html import comparison as page
    from perfsheet.outputs.workbook import comparison as workbook

    st.caption("Download what is shown")
    with st.container(horizontal=True):
        captures.downloads(
            "comparison",
            {
                "xlsx": lambda: captures.written(workbook.write, [comparison]),
                "html": lambda: page.page([comparison]),
                "md": lambda: markdown.compare([comparison]),
                "json": lambda: json_output.dumps(json_output.compare(comparison, [])),
            },
        )


def _head(comparison: Comparison) -> None:
    if banner := text.banner([comparison]):
        st.warning(plain(banner), icon=":material/info:")
    st.markdown(f"#### {plain(text.headline(comparison))}")
    for note in comparison.notes:
        st.caption(plain(note))
    if comparison.nothing_changed:
        st.write(plain(text.NOTHING_CHANGED))
        return
    for name, side in (("Before", comparison.base), ("Now", comparison.new)):
        st.caption(f"**{name}** {plain(text.side(side))}")
    st.caption(plain(f"{text.counts(comparison)}; {text.noise(comparison)}"))


def _parts(comparison: Comparison) -> None:
    parts: dict[str, Callable[[Comparison], None]] = {
        "What changed": _changes,
        "Figures": _figures,
        "Op types": _op_types,
        "Findings": _findings,
        "Ops": _ops,
    }
    part = st.segmented_control(
        "Part", list(parts), default="What changed", required=True, key="compared", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    parts[part or "What changed"](comparison)


def _changes(comparison: Comparison) -> None:
    from perfsheet.tables.changes import CHANGES

    show_table(CHANGES, Rows(comparison, comparison.groups[:_MOST]))


def _figures(comparison: Comparison) -> None:
    from perfsheet.tables.comparison import FIGURES

    show_table(FIGURES, Rows(comparison, comparison.figures))


def _op_types(comparison: Comparison) -> None:
    from perfsheet.tables.comparison import OP_TYPES

    show_table(OP_TYPES, Rows(comparison, comparison.op_types))


def _findings(comparison: Comparison) -> None:
    from perfsheet.tables.changes import FINDING_CHANGES, findings

    st.caption(plain(text.finding_counts(comparison.findings)))
    show_table(FINDING_CHANGES, Rows(comparison, findings(comparison).items[:_MOST]))


def _ops(comparison: Comparison) -> None:
    from perfsheet.tables.changes import OPS

    differing = [op for op in comparison.ops if op.status != SAME]
    largest = sorted(differing, key=lambda op: -abs(comparison.span(op.times).delta_ns or 0))[:_MOST]
    st.caption(f"{len(largest):,} of {len(differing):,} ops that differ, the largest difference first.")
    show_table(OPS, Rows(comparison, largest))

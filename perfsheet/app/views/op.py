"""One op: its figures, its row of the capture, findings, source, identical ops, and its times over the passes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.signature import signatures
from perfsheet.app import charts
from perfsheet.app.shown import facts, plain, show_table
from perfsheet.capture.columns import BY_NAME
from perfsheet.capture.notes import rows
from perfsheet.tables import In
from perfsheet.tables.op_rows import OpRows
from perfsheet.tables.ops import OPS
from perfsheet.text import formats, sentences
from perfsheet.text import graph as text_of_graph
from perfsheet.text.safe import clean

_MOST = 200
_CELL = 4000
_DIGITS, _TITLE = 10, 100


def is_chosen() -> bool:
    """Whether the address names an op."""
    return "op" in st.query_params


def choose(analysis: Analysis, position: int) -> None:
    """Put an op into the address: by its row of the capture, which no window changes."""
    st.query_params["op"] = str(analysis.row_ref(position).row)
    st.rerun()


def _position(analysis: Analysis) -> int | None:
    """The position of the op that the address names; None if the window has none in that row."""
    text = st.query_params.get("op", "")
    row = int(text) if text.isdecimal() and len(text) < _DIGITS else -1
    ops = analysis.ops
    found = np.flatnonzero(ops.table.row[ops.rows] == row)
    return int(found[0]) if len(found) else None


def show(analysis: Analysis) -> None:
    """The op that the address names."""
    position = _position(analysis)
    if position is None:
        st.info("The op of this address is not in this window.")
        _back()
        return
    row = OpRows(analysis, np.array([position]))
    code = OPS["op_code"].texts(row)[0]
    back, title = st.columns([1, 6], vertical_alignment="center")
    with back:
        _back()
    place = formats.place(analysis.row_ref(position), row.several_files)
    shape = OPS["shape"].texts(row)[0]
    title.markdown(f"#### {plain(clean(code, _TITLE))} · {plain(clean(shape, _TITLE))} · row {plain(place)}")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Figures**")
        facts([(column.header(In.PAGE), column.texts(row)[0]) for column in OPS.columns_in(In.PAGE, row)])
        st.markdown("**Tensors**")
        signature = signatures(analysis.ops, [position])[0]
        facts(
            [
                *((f"input {number}", text) for number, text in enumerate(signature.inputs)),
                *((f"output {number}", text) for number, text in enumerate(signature.outputs)),
                ("math fidelity", signature.math_fidelity),
                ("program config", signature.program_config),
            ]
        )
        _source(analysis, position)
    with right:
        _findings(analysis, position)
        _sibling(analysis, position)
        _over_passes(analysis, position)
        st.markdown("**What the capture says**")
        facts(_recorded(analysis, position))
    _identical(analysis, position)


def _back() -> None:
    if st.button("All ops", icon=":material/arrow_back:"):
        del st.query_params["op"]
        st.rerun()


def _source(analysis: Analysis, position: int) -> None:
    if analysis.graph is None:
        return
    source = analysis.graph.sources[position]
    st.markdown("**Source**")
    st.text("unknown" if source is None else clean(text_of_graph.place(source)))
    if source is not None and source.path:
        st.caption(plain(source.path))


def _findings(analysis: Analysis, position: int) -> None:
    """What the rules say of it."""
    ids = analysis.findings_of.get(position, [])
    st.markdown("**Findings**")
    if not ids:
        st.caption("No finding is about this op.")
    for finding in analysis.findings:
        if finding.id in ids:
            st.markdown(f"{finding.id} **{plain(finding.rule.title)}** ({finding.cause_id}): {plain(finding.advice)}")
            of_all = f" (all {rows(finding.count, 'op')} of it)" if finding.count > 1 else ""
            st.caption(plain(f"{sentences.saving_of(finding)}{of_all}. {sentences.evidence(finding)}"))


def _sibling(analysis: Analysis, position: int) -> None:
    """The same work done faster with other settings, in this capture."""
    ops = analysis.ops
    sibling = analysis.facts.siblings[int(ops.variants.of[position])] if not ops.planned else None
    if sibling is None:
        return
    st.markdown("**Faster sibling**")
    took, row = formats.span_of_time(sibling.kernel_ns), analysis.facts.sibling_row(sibling)
    st.markdown(plain(f"Row {row} does the same work in {took}: {sibling.told(', ')}."))


def _over_passes(analysis: Analysis, position: int) -> None:
    """Its kernel duration in every pass, where the passes are alike."""
    variation = analysis.facts.variation
    place = None if variation is None else np.flatnonzero(analysis.facts.last_pass == position)
    if variation is None or place is None or not len(place):
        return
    st.markdown("**Kernel duration over the passes**")
    st.vega_lite_chart(charts.passes(variation.durations[:, int(place[0])]), key="passes")


def _recorded(analysis: Analysis, position: int) -> list[tuple[str, str]]:
    """Every cell of its row that is not blank, under the capture's own headers."""
    table, row = analysis.ops.table, int(analysis.ops.rows[position])
    found = []
    for name, header in table.headers.items():
        if name in table.numbers:
            value = float(table.numbers[name][row])
            unit = BY_NAME[name].unit if name in BY_NAME and "[" not in header else ""
            text = formats.whole(value) if unit or "[" in header else f"{value:.15g}"
            found.append((header, "" if np.isnan(value) else f"{text} {unit}".strip()))
        else:
            found.append((header, clean(table.texts[name][row], _CELL)))
    return found


def _identical(analysis: Analysis, position: int) -> None:
    from perfsheet.app.views.ops import identical

    same = np.flatnonzero(identical(analysis, position))
    st.markdown(f"**Identical ops** ({len(same):,})")
    if len(same) > 1:
        order = np.argsort(-np.nan_to_num(analysis.ops.kernel_ns[same]), kind="stable")[:_MOST]
        show_table(OPS, OpRows(analysis, same[order]), key="identical")

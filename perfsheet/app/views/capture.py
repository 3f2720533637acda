"""One capture: verdict, time split, causes to tick, ops, charts, and the tables behind them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Cause, IfFixed
from perfsheet.app import captures, charts, jobs
from perfsheet.app.captures import Found
from perfsheet.app.settings import current
from perfsheet.app.shown import facts, plain, show_table
from perfsheet.app.views import op, ops, window
from perfsheet.app.views.profile import captures_of
from perfsheet.capture.notes import rows
from perfsheet.outputs import chart_style as style
from perfsheet.text import causes as text_of_causes
from perfsheet.text import formats, sentences
from perfsheet.text import graph as text_of_graph
from perfsheet.text.headline import headline
from perfsheet.text.words import planned, time

_FIRST_CAUSES = 5
_MEMBERS, _WARNINGS = 3, 2
_SHOWN = 0.0005
"""The least change that is not 0.0 %."""
_SUBJECT = 100
_FIGURES = ("kernel", "idle", "fps", "few_cores", "reshards", "sol")
"""Of the headline; the part Figures has all."""


def show() -> None:
    """The view."""
    found = window.watched()
    with st.sidebar:
        chosen = window.choose("Capture", "capture", found)
    if not captures.looked_at_all(current()):
        st.caption("This folder is too large to be looked through: start the app with a smaller one, or with captures.")
    if chosen is None:
        if not found:
            _nothing_here()
        return
    analysis = window.analysed(chosen)
    if analysis is None:
        return
    with st.sidebar:
        _downloads(chosen, analysis)
    _replayed(chosen)
    _head(chosen, analysis)
    if op.is_chosen():
        op.show(analysis)
        return
    _figures(analysis)
    _causes(analysis)
    _parts(analysis)


def _nothing_here() -> None:
    st.subheader("No capture here")
    st.write(
        "Start the app with a folder that has ops CSVs or plans, or with their names; "
        "or profile a target in the view Profile."
    )


def _replayed(found: Found) -> None:
    """Say of a capture that a replay led to that it is none of that run."""
    job = jobs.get(st.query_params.get("replay", ""))
    if job is not None and found.path.resolve() in [path.resolve() for path in captures_of(job)]:
        st.warning(
            "Replayed: these figures are those of the recorded capture, not of this run of the target.",
            icon=":material/replay:",
        )
        st.code(job.command, language="bash", wrap_lines=True)


def _downloads(found: Found, analysis: Analysis) -> None:
    """What the view shows as files, from the writers of `perfsheet report`."""
    from perfsheet.outputs import html, json_output, markdown
    from perfsheet.outputs.workbook import book
    from perfsheet.text.safe import file_stem

    st.caption("Download what is shown")
    with st.container(horizontal=True):
        captures.downloads(
            file_stem(found.path.name.removesuffix(found.path.suffix), 80, "capture"),
            {
                "xlsx": lambda: captures.written(book.write, analysis),
                "html": lambda: html.page(analysis),
                "md": lambda: markdown.report(analysis),
                "json": lambda: json_output.dumps(json_output.report(analysis, None)),
            },
        )


def _head(found: Found, analysis: Analysis) -> None:
    summary = analysis.summary
    st.subheader(plain(found.name), anchor=False)
    if banner := sentences.banner(summary):
        st.warning(plain(banner), icon=":material/info:")
    st.markdown(f"**{plain(text_of_causes.verdict(analysis))}**")
    st.caption(plain(formats.at_a_glance(summary)))
    for warning in summary.warnings[:_WARNINGS]:
        st.caption(f":material/warning: {plain(warning)}")
    if more := summary.warnings[_WARNINGS:]:
        with st.expander(rows(len(more), "further warning"), icon=":material/warning:"):
            for warning in more:
                st.markdown(f"- {plain(warning)}")


def _figures(analysis: Analysis) -> None:
    """The headline, and where the elapsed time goes."""
    with st.container(horizontal=True, gap="medium"):
        for value in headline(analysis):
            if value.id in _FIGURES:
                st.metric(plain(value.label), value.text, width="content")
    if analysis.summary.time_split.shown:
        st.markdown(f"**{style.SPLIT}**")
        st.vega_lite_chart(charts.time_split(analysis), key="split")


def _causes(analysis: Analysis) -> None:
    """What to fix first: ticks say what would be left."""
    st.markdown("#### What to fix first")
    if not analysis.causes:
        st.write(plain(formats.no_finding(analysis.summary)))
        return
    first = analysis.first_causes(_FIRST_CAUSES)
    every = False
    if len(analysis.causes) > len(first):
        every = st.toggle(f"All {len(analysis.causes)} causes", key="all_causes", bind="query-params")
    left, right = st.columns([5, 2], gap="large")
    with left:
        keys = window.ticks_of(analysis)
        listed = [cause for cause in analysis.causes if every or cause in first or window.is_ticked(keys[cause.id])]
        ticked = [cause.id for cause in listed if _cause(analysis, cause, keys[cause.id])]
    with right:
        _if_fixed(analysis, analysis.if_fixed(ticked))


def _cause(analysis: Analysis, cause: Cause, key: str) -> bool:
    """A cause with its box; returns whether it is ticked."""
    words = planned if analysis.plan is not None else str
    with st.container(horizontal=True, vertical_alignment="center"):
        ticked: bool = st.checkbox(f"**{cause.id} {plain(words(cause.title))}**", key=key, bind="query-params")
        popover = st.popover("What to try")
    about = f"{text_of_causes.clipped(cause, _SUBJECT)} · {text_of_causes.where(cause)}"
    st.caption(plain(words(f"{about}. {text_of_causes.saving(cause)}")))
    with popover:
        for advice in text_of_causes.cures(cause):
            st.markdown(f"- {plain(words(advice))}")
        if analysis.graph is not None:
            st.caption(plain(text_of_graph.lines(analysis, cause.positions)))
        for member in cause.members[:_MEMBERS]:
            st.caption(plain(words(f"{member.id}: {sentences.evidence(member)}. {member.caveat}")))
        if len(cause.positions) and st.button("Show its ops", key=f"ops_of_{cause.id}"):
            st.query_params["show"] = key
            st.rerun()
    return ticked


def _if_fixed(analysis: Analysis, effect: IfFixed) -> None:
    """The new latency."""
    with st.container(border=True):
        st.markdown("**If the ticked causes were fixed**")
        total = analysis.ops.total_ns
        what = time(analysis)
        share = effect.saving_ns / total if total else 0.0
        saved = f"-{formats.percent(share)}" if share >= _SHOWN else None
        st.metric(f"{what} left", formats.span_of_time(effect.left_ns), saved, delta_color="inverse")
        st.caption(f"of {plain(formats.span_of_time(total))}; expected, not measured")
        if effect.causes:
            st.caption(f"At least {plain(formats.span_of_time(effect.least_ns))}: by the upper bounds of the savings")
        if effect.fps is not None and analysis.summary.fps.all is not None:
            more = effect.fps / analysis.summary.fps.all - 1
            st.metric("FPS", formats.rate(effect.fps), f"+{formats.percent(more)}" if more >= _SHOWN else None)
        if effect.gap_saving_ns:
            st.caption(f"Gaps between ops: {plain(formats.span_of_time(effect.gap_saving_ns))} less")
        if effect.unknown:
            st.caption(f"What to expect of {', '.join(effect.unknown)} is unknown: counted as nothing")


def _parts(analysis: Analysis) -> None:
    """One part at a time, so that only what is looked at is made."""
    parts: dict[str, Callable[[Analysis], None]] = {
        "Ops": ops.show,
        "Charts": _charts,
        "Figures": _all_figures,
        "Groups": _groups,
        "Op types": _op_types,
        "Windows": _windows,
        "Data quality": _quality,
    }
    part = st.segmented_control(
        "Part", list(parts), default="Ops", required=True, key="part", bind="query-params", label_visibility="collapsed"
    )
    parts[part or "Ops"](analysis)


def _charts(analysis: Analysis) -> None:
    """The charts; what is selected in one is listed below it."""
    roofline, core_use = analysis.roofline, analysis.core_use
    drawn: list[tuple[str, str, str, charts.Spec]] = [
        ("Timeline", style.TIMELINE, f"{style.TIMELINE_ASKS} Drag to select ops.", charts.timeline(analysis)),
        ("Pareto", style.pareto(analysis.pareto), f"{style.PARETO_ASKS} Click a bar to select its ops.",
            charts.pareto(analysis)),
    ]  # fmt: skip
    if analysis.plan is None and roofline.points:
        drawn.append(("Roofline", style.roofline(roofline), style.roofline_asks(roofline), charts.roofline(analysis)))
    if core_use.points:
        drawn.append(("Cores", style.core_use(core_use), style.core_use_asks(core_use), charts.core_use(analysis)))
    if (memory := charts.memory(analysis)) is not None:
        assert analysis.graph is not None
        drawn.append(("Memory", style.l1_in_use(analysis.graph.memory), "", memory))
    names = [name for name, *_ in drawn]
    name = st.segmented_control(
        "Chart", names, default=names[0], required=True, key="chart", bind="query-params", label_visibility="collapsed"
    )
    _, title, asks, spec = drawn[names.index(name or names[0])]
    st.markdown(f"**{plain(title)}**")
    st.caption(plain(asks))
    selected = st.vega_lite_chart(spec, on_select="rerun", key=f"chart_{name}_{window.of_window(analysis)}")
    ops.selected(analysis, (selected or {}).get("selection", {}).get(charts.PICK))


def _all_figures(analysis: Analysis) -> None:
    from perfsheet.text.headline import run_outcome, run_source

    facts([(value.label, value.text) for value in headline(analysis)])
    facts([*run_source(analysis), *run_outcome(analysis)])


def _groups(analysis: Analysis) -> None:
    from perfsheet.tables.groups import GROUPS, op_groups

    most = 1000
    if len(analysis.groups) > most:
        st.caption(f"The {most:,} groups with most kernel time of {len(analysis.groups):,}.")
    show_table(GROUPS, op_groups(analysis, most))


def _op_types(analysis: Analysis) -> None:
    from perfsheet.tables import Rows
    from perfsheet.tables.totals import CATEGORIES, OP_TYPES

    show_table(OP_TYPES, Rows(analysis, analysis.op_types))
    st.markdown(f"**{CATEGORIES.title}**")
    show_table(CATEGORIES, Rows(analysis, analysis.categories))


def _windows(analysis: Analysis) -> None:
    """Passes, regions, devices and reshards, where there are some."""
    from perfsheet.tables.passes import PASSES
    from perfsheet.tables.reshards import TRANSITIONS
    from perfsheet.tables.signposts import REGIONS
    from perfsheet.tables.totals import DEVICES

    summary, most = analysis.summary, 1000
    if summary.passes.repeats:
        st.markdown(f"**{PASSES.title}**")
        st.caption(plain(" · ".join(filter(None, (sentences.passes(summary), sentences.layers(summary.passes))))))
        show_table(PASSES, summary.passes.all[:most])
    if analysis.signposts.regions:
        st.markdown("**Signposts**")
        show_table(REGIONS, analysis.signposts.regions[:most])
    if len(summary.device_totals) > 1:
        st.markdown(f"**{DEVICES.title}**")
        st.caption(plain(sentences.device_totals(summary)))
        show_table(DEVICES, summary.device_totals)
    st.markdown(f"**{TRANSITIONS.title}**")
    show_table(TRANSITIONS, analysis.reshards.transitions)


def _quality(analysis: Analysis) -> None:
    from perfsheet.tables.quality import CHECKS

    show_table(CHECKS, analysis.verdict)

"""The inputs of an analysis in the side bar: capture, window, and how to judge; all stand in the address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from perfsheet.analysis import Analysis, Options, Selection
from perfsheet.analysis.options import RefCores
from perfsheet.app import captures
from perfsheet.app.captures import Found
from perfsheet.app.settings import current
from perfsheet.app.shown import plain
from perfsheet.errors import PerfsheetError, usage
from perfsheet.text.safe import clean

_DEFAULTS = Options()
TYPICAL, GRID = "typical", "grid"
_FIXED = "fix_"
"""The beginning of the keys of the tick boxes of causes."""
_MOST_PASSES = 500
_NEW = "new"


def choose(label: str, key: str, found: Sequence[Found], index: int = 0) -> Found | None:
    """A capture, by its name; None where there is none."""
    names = [one.name for one in found]
    if not names:
        return None
    name = st.selectbox(label, names, index=min(index, len(names) - 1), key=key, bind="query-params", on_change=_forget)
    return found[names.index(name)] if name in names else None


def _forget() -> None:
    """What was chosen of another capture means nothing for this one."""
    for key in list(st.session_state):
        if str(key).startswith(_FIXED) or key in _OF_CAPTURE:
            del st.session_state[key]
    for key in ("op", "show", "replay"):
        st.query_params.pop(key, None)


_OF_CAPTURE = ("pass", "start", "end", "devices", "page")


def watched() -> list[Found]:
    """The captures of the folder; with `--watch` the view is shown anew as soon as there are others."""
    settings = current()
    found = captures.captures(settings)
    if settings.watch:
        for name in st.session_state.pop(_NEW, []):
            st.toast(f"New: {plain(name)}", icon=":material/fiber_new:")
        _watch([(one.name, one.modified_ns) for one in found])
    return found


@st.fragment(run_every=2.0)
def _watch(known: list[tuple[str, int]]) -> None:
    now = [(one.name, one.modified_ns) for one in captures.captures(current())]
    if now == known:
        return
    st.session_state[_NEW] = [name for name, _ in now if name not in dict(known)]
    st.rerun()


def options(found: Found) -> Options:
    """The options of the side bar for a capture. Raises PerfsheetError for impossible ones."""
    whole = captures.analysis(found, _DEFAULTS)
    left, right = st.columns(2)
    with left:
        of_batch = batch()
    with right:
        low = st.number_input(
            "Few cores [%]", 0.0, 100.0, _DEFAULTS.low_cores_pct, step=5.0, format="%g", key="low_cores",
            bind="query-params", help="An op on this share of its worker grid or less, in percent, has few cores.",
        )  # fmt: skip
    reference = st.text_input(
        "Reference cores", f"{_DEFAULTS.ref_cores:g}" if _DEFAULTS.ref_cores != GRID else GRID, key="ref_cores",
        bind="query-params", help="Of the utilization formula: a number, or grid for each op's own worker grid.",
    )  # fmt: skip
    return Options(
        ref_cores=_cores(reference),
        low_cores_pct=low,
        batch=of_batch,
        selection=_selection(whole),
        per_device=_per_device(whole),
    )


def batch() -> float:
    """Samples of one inference."""
    return float(
        st.number_input(
            "Batch",
            min_value=1e-9,
            value=1.0,
            step=1.0,
            format="%g",
            key="batch",
            bind="query-params",
            help="Samples that one inference works on, for FPS.",
        )
    )


def _cores(text: str) -> RefCores:
    if text.strip().lower() == GRID:
        return "grid"
    try:
        return float(text)
    except ValueError:
        raise usage(f"{text!r} is not a core count", "give a number, or grid") from None


def _per_device(whole: Analysis) -> bool:
    if len(whole.summary.devices) < 2:
        return False
    ticked: bool = st.checkbox(
        "Ops of every device one by one", key="per_device", bind="query-params",
        help="Sums over the devices; else each op of the mesh once, on its slowest device.",
    )  # fmt: skip
    return ticked


def _selection(whole: Analysis) -> Selection:
    """The part of the capture: what it can be follows from the capture."""
    passes = whole.summary.passes.count
    chosen = None
    if passes > 1:
        numbers = [str(number) for number in range(1, min(passes, _MOST_PASSES) + 1)]
        word = st.selectbox(
            "Pass", [TYPICAL, "all", "first", "last", *numbers], key="pass", bind="query-params",
            help=f"{passes:,} passes; the typical one is the warm pass of median time.",
        )  # fmt: skip
        chosen = None if word == TYPICAL else word
    names = _signposts(whole)
    start: str | None = None
    end: str | None = None
    if names:
        start = st.selectbox(
            "From signpost", names, index=None, key="start", bind="query-params", placeholder="the start"
        )
        end = st.selectbox("To signpost", names, index=None, key="end", bind="query-params", placeholder="the end")
    devices: list[str] = []
    if len(whole.summary.devices) > 1:
        every = [str(device) for device in whole.summary.devices]
        devices = st.multiselect("Devices", every, key="devices", bind="query-params", placeholder="all")
    return Selection(start, end, devices=tuple(map(int, devices)), which_pass=chosen)


def _signposts(whole: Analysis) -> list[str]:
    """The names of the signposts, later ones of a name as `NAME#2`."""
    counts: dict[str, int] = {}
    names = []
    for signpost in whole.signposts.signposts[:_MOST_PASSES]:
        counts[signpost.name] = number = counts.get(signpost.name, 0) + 1
        names.append(signpost.name if number == 1 else f"{signpost.name}#{number}")
    return names


def analysed(found: Found) -> Analysis | None:
    """The analysis by the inputs of the side bar; None, with the reason shown, where there is none."""
    from perfsheet.app.shown import error

    try:
        with st.sidebar:
            chosen = options(found)
        with st.spinner(f"Reading {plain(clean(found.name))} …"):
            return captures.analysis(found, chosen)
    except PerfsheetError as problem:
        error(problem)
        return None

"""The inputs of an analysis in the side bar: capture, window, and how to judge; all stand in the address."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import streamlit as st

from perfsheet.analysis import Analysis, Options, Selection
from perfsheet.analysis.options import RefCores
from perfsheet.app import captures
from perfsheet.app.captures import Found
from perfsheet.app.settings import current
from perfsheet.app.shown import error, plain
from perfsheet.errors import PerfsheetError, usage

_DEFAULTS = Options()
_FIXED = "fix_"
"""The beginning of the keys of the tick boxes of causes."""
_MOST_PASSES = 500
_NEW = "new"
_NAMED = ("capture", "before", "now")
"""What names a capture in an address."""


def choose(label: str, key: str, found: Sequence[Found], index: int = 0) -> Found | None:
    """A capture, by its name, which stands in the address in any case; None, with a word of why, where it is not here.

    Without a name in the address it is the one at this index.
    """
    names = [one.name for one in found]
    if not names:
        return None
    if key not in st.query_params:
        st.query_params[key] = names[min(index, len(names) - 1)]
    wanted = st.query_params[key]
    box = f"{key}_box"
    # The address decides, which Back and Forward change, too.
    if st.session_state.get(box) != wanted or wanted not in names:
        st.session_state[box] = wanted if wanted in names else None
    st.selectbox(label, names, index=None, key=box, on_change=_chosen, args=(key, box), placeholder="choose one")
    if wanted not in names:
        st.error(f"{plain(wanted)} is not among the captures here.", icon=":material/error:")
        return None
    return found[names.index(wanted)]


def _chosen(key: str, box: str) -> None:
    """Another capture was chosen."""
    if st.session_state[box] is not None:
        st.query_params[key] = st.session_state[box]
        _forget()


def _forget() -> None:
    """What was chosen of another capture means nothing for this one."""
    for key in list(map(str, st.session_state)):
        if key.startswith(_FIXED):
            st.session_state[key] = False
        elif key in _OF_CAPTURE:
            st.session_state[key] = _OF_CAPTURE[key]
    for key in ("op", "show", "replay"):
        st.query_params.pop(key, None)


TYPICAL, GRID = "typical", "grid"
_OF_CAPTURE: dict[str, Any] = {
    "pass": TYPICAL,
    "run": None,
    "start": None,
    "end": None,
    "devices": [],
    "code": "",
    "category": [],
    "flag": [],
    "ops_page": 1,
}
"""The inputs whose values are those of a capture, and what they are again for another one."""


def watched() -> list[Found]:
    """The captures of the folder; with `--watch` the view is shown anew as soon as there are others."""
    settings = current()
    found = captures.captures(settings)
    wanted = {st.query_params[key] for key in _NAMED if key in st.query_params}
    if not wanted <= {one.name for one in found}:  # it may have come a moment ago
        captures.look_again()
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
    captures_in = whole.ops.table.runs
    run = None
    if captures_in > 1:
        every = [str(number) for number in range(1, captures_in + 1)]
        run = st.selectbox(
            f"Capture in the file ({captures_in})", every, index=None, key="run", bind="query-params", placeholder="all"
        )
    return Selection(
        start, end, run=None if run is None else int(run), devices=tuple(map(int, devices)), which_pass=chosen
    )


def _signposts(whole: Analysis) -> list[str]:
    """The names of the signposts, later ones of a name as `NAME#2`."""
    counts: dict[str, int] = {}
    names = []
    for signpost in whole.signposts.signposts[:_MOST_PASSES]:
        counts[signpost.name] = number = counts.get(signpost.name, 0) + 1
        names.append(signpost.name if number == 1 else f"{signpost.name}#{number}")
    return names


def ticks_of(analysis: Analysis) -> dict[str, str]:
    """The key of the box of each cause, by its id, which is another one in each window: it names the cause itself."""
    keys: dict[str, str] = {}
    for cause in analysis.causes:
        named, again = f"{analysis.summary.paths[0]}|{cause.title}|{cause.subject}", 0
        while (key := f"{_FIXED}{_digest(f'{named}|{again}')}") in keys.values():
            again += 1
        keys[cause.id] = key
    return keys


def _digest(text: str) -> str:
    return sha256(text.encode(errors="replace")).hexdigest()[:8]


def of_window(analysis: Analysis) -> str:
    """The same for the same window of a capture, else another one."""
    return _digest(f"{analysis.summary.paths}|{analysis.ops.options!r}")


def is_ticked(key: str) -> bool:
    """Whether a box is ticked, whether it is shown or not."""
    return bool(st.session_state.get(key, st.query_params.get(key) == "true"))


def analysed(found: Found) -> Analysis | None:
    """The analysis by the inputs of the side bar; None, with the reason shown, where there is none."""
    try:
        with st.sidebar:
            chosen = options(found)
        with st.spinner(f"Reading {plain(found.name)} …"):
            return captures.analysis(found, chosen)
    except PerfsheetError as problem:
        error(problem)
        return None

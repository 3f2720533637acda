"""Profile a target, plan it on a mock board, or replay a recorded capture of it; it ends in the capture's view."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from perfsheet.app import captures, jobs
from perfsheet.app.jobs import Job
from perfsheet.app.pages import go_to
from perfsheet.app.settings import current
from perfsheet.app.views import running, window
from perfsheet.errors import ExitStatus
from perfsheet.mock_board.boards import BOARDS
from perfsheet.provenance import STANDS_IN

KIND = "profile"
_RAN = (ExitStatus.DONE, ExitStatus.TESTS_FAILED)
_PROFILE, _PLAN, _REPLAY = "Profile", "Plan on a mock board", "Replay a capture"
_FUNCTION = re.compile(r"\S+\.py(:[A-Za-z_]\w*)?")
_LINES = 200


def show() -> None:
    """The view."""
    st.subheader("Profile", anchor=False)
    left, right = st.columns([2, 3], gap="large")
    with left:
        _ask()
    with right:
        job = jobs.newest(KIND)
        if job is None:
            st.caption("The phases, the log and the verdict of a run stand here.")
        else:
            st.code(job.command, language="bash", wrap_lines=True)
            running.show(job, running.phases, _done)


def _ask() -> None:
    how = st.segmented_control("How", list(_HOW), default=_PROFILE, required=True, key="how") or _PROFILE
    example, ask = _HOW[how]
    # Not in the address: a command is run only as its user has typed it here.
    target = st.text_input("Target", key="target", placeholder=example).strip()
    words_of = ask(target)
    if words_of is None:
        return
    python = current().python
    further = [*(["--python", python] if python else []), "-v"]
    running.announce([*words_of(current().work / f"{KIND}_…"), *further], replay=how == _REPLAY)
    off = not target or jobs.running() is not None
    if st.button("Run", type="primary", icon=":material/play_arrow:", disabled=off):
        running.start(KIND, target.split("::")[-1], lambda folder: [*words_of(folder), *further])


_Words = Callable[[Path], list[str]]
"""From the folder of a job to the words of its command."""


def _profiled(target: str) -> _Words:
    left, right = st.columns(2, vertical_alignment="bottom")
    repeat = int(left.number_input("Runs", 1, 100, key="repeat", help="Several show how much each op varies."))
    graph = right.checkbox(
        "Also TTNN's graph report", key="graph", help="One more run: source lines, memory, accuracy."
    )
    more = [*(["--repeat", str(repeat)] if repeat > 1 else []), *(["--graph"] if graph else [])]
    return lambda folder: ["run", *_command(target), "-o", str(folder / "report"), *more]


def _planned(target: str) -> _Words:
    board = st.selectbox("Board", list(BOARDS), key="board")
    st.caption("TTNN places the ops on a mock board: least times, no measurement. It needs ttnn and torch.")
    named = [target] if _FUNCTION.fullmatch(target) else _command(target)
    return lambda folder: ["plan", *named, "--board", str(board), "--save", str(folder / "plan.json")]


def _replayed(target: str) -> _Words | None:
    recorded = [one for one in captures.captures(current()) if one.path.suffix != ".json"]  # plans are none
    capture = window.choose("Recorded capture", "replayed", recorded)
    if capture is None:
        st.caption("There is no capture to replay here.")
        return None
    path = str(capture.path)
    return lambda folder: ["run", *_command(target), "--replay", path, "-o", str(folder / "report")]


def _command(target: str) -> list[str]:
    return ["-c", target or "pytest …"]


_PYTEST = "pytest path/to/test_model.py::test_case[param]"
_HOW: dict[str, tuple[str, Callable[[str], _Words | None]]] = {
    _PROFILE: (_PYTEST, _profiled),
    _PLAN: ("path/to/model.py:function, or pytest …", _planned),
    _REPLAY: (_PYTEST, _replayed),
}
"""An example of a target, and what else is asked."""


def _done(job: Job) -> None:
    """The way to the capture that came out."""
    if printed := job.tail(_LINES, jobs.RESULT):
        with st.expander("What the command printed", expanded=True):
            st.code(running.clean_lines(printed), language=None, height=300)
    found = captures_of(job) if job.status in _RAN and not job.stopped else []
    if not found:
        return
    replayed = not found[0].is_relative_to(job.folder)
    if replayed:
        st.warning(
            "Replayed: the figures are those of the recorded capture, not of this run.", icon=":material/replay:"
        )
    if st.button("Open its capture", type="primary", icon=":material/speed:"):
        name = captures.add(found[0])
        go_to("capture", capture=name, **({"replay": job.id} if replayed else {}))


def captures_of(job: Job) -> list[Path]:
    """The captures below its folder, the newest first; of a replay the capture that was replayed."""
    there = [*job.folder.rglob("ops_perf_results*.csv"), *job.folder.glob("plan.json")]
    if there:
        return sorted(there, key=lambda path: path.stat().st_mtime, reverse=True)
    words = list(job.words)
    if "--replay" in words:
        return [Path(words[words.index("--replay") + 1])]
    return _recorded(job)


def _recorded(job: Job) -> list[Path]:
    """Without a profiler a recorded capture of the target stands in, which the log names."""
    named = [line.removeprefix(STANDS_IN).strip() for line in job.tail(1000) if line.startswith(STANDS_IN)]
    return [Path(name) for name in named if Path(name).is_file()]

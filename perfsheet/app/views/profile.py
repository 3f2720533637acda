"""Profile a target, plan it on a mock board, or replay a recorded capture of it; it ends in the capture's view."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from perfsheet.app import captures, jobs
from perfsheet.app.jobs import Job
from perfsheet.app.pages import go_to
from perfsheet.app.settings import current
from perfsheet.app.shown import error, plain
from perfsheet.app.views import running, window
from perfsheet.errors import ExitStatus, PerfsheetError

KIND = "profile"
_RAN = (ExitStatus.DONE, ExitStatus.TESTS_FAILED)
_PROFILE, _PLAN, _REPLAY = "Profile", "Plan on a mock board", "Replay a capture"
_FUNCTION = re.compile(r"\S+\.py(:[A-Za-z_]\w*)?")
_EXAMPLES = {
    _PROFILE: "pytest path/to/test_model.py::test_case[param]",
    _PLAN: "path/to/model.py:function, or pytest …",
    _REPLAY: "pytest path/to/test_model.py::test_case[param]",
}
_BOARDS = ("n150", "n300", "p100", "p150")


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
    how = st.segmented_control("How", [_PROFILE, _PLAN, _REPLAY], default=_PROFILE, required=True, key="how")
    # Not in the address: a command is run only as its user has typed it here.
    target = st.text_input("Target", key="target", placeholder=_EXAMPLES[str(how)]).strip()
    further = ["--python", current().python]
    words = ["-c", target or "pytest …"]
    shown = current().work / f"{KIND}_…"
    if how == _PLAN:
        board = st.selectbox("Board", _BOARDS, key="board")
        st.caption(
            "TTNN places the ops on a mock board: least times, no measurement. It needs ttnn in the interpreter."
        )
    elif how == _REPLAY:
        capture = window.choose("Recorded capture", "replayed", captures.captures(current()))
        if capture is None:
            st.caption("There is no capture to replay here.")
            return
    st.caption(f"Interpreter: {plain(current().python)}")

    def command(folder: Path) -> list[str]:
        if how == _PLAN:
            return [
                "plan",
                *(words if not _FUNCTION.fullmatch(target) else [target]),
                "--board",
                str(board),
                "--save",
                str(folder / "plan.json"),
                *further,
                "-v",
            ]
        replay = ["--replay", str(capture.path)] if how == _REPLAY and capture is not None else []
        return ["run", *words, *replay, "-o", str(folder / "report"), *further, "-v"]

    running.announce(command(shown), replay=how == _REPLAY)
    other = jobs.running()
    if st.button("Run", type="primary", icon=":material/play_arrow:", disabled=not target or other is not None):
        try:
            folder = jobs.new_folder(current().work, KIND, target.split("::")[-1])
        except PerfsheetError as problem:
            error(problem)
            return
        running.start(KIND, command(folder), folder)


def _done(job: Job) -> None:
    """The way to the capture that came out."""
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
    begin = "The recorded capture of this target is replayed: "
    named = [line.partition(begin)[2].strip() for line in job.tail(1000) if line.startswith(begin)]
    return [Path(name) for name in named if Path(name).is_file()]

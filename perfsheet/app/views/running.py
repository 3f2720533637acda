"""What a view shows of a command: what would run, the running one with its log, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from perfsheet.app import jobs
from perfsheet.app.jobs import Job
from perfsheet.app.settings import current
from perfsheet.app.shown import error, plain
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.progress import Phase
from perfsheet.text.safe import clean

_EVERY_S = 1.0
_LINES = 200
_SAYS = "perfsheet: "
_OF_BENCH = "results/bench.log"
"""What the model itself prints."""
_PHASES = [phase.value for phase in Phase if phase not in (Phase.START, Phase.DONE)]


def announce(words: Sequence[str], replay: bool = False) -> None:
    """Say what the button would run, and where."""
    st.caption(f"The button runs this command in {plain(str(Path.cwd()))}, as you could in a terminal:")
    st.code(clean(jobs.command_of(words), 4000), language="bash", wrap_lines=True)
    if replay:
        st.caption("A replay runs the target without a profiler, and analyses the recorded capture.")


def start(kind: str, name: str, words_of: Callable[[Path], Sequence[str]]) -> None:
    """Start a command in a new folder, which `words_of` makes its words of, or say why it cannot be."""
    try:
        folder = jobs.new_folder(current().work, kind, name)
        jobs.start(kind, words_of(folder), folder)
    except PerfsheetError as problem:
        error(problem)
    else:
        st.rerun()


def show(job: Job, live: Callable[[Job], None], done: Callable[[Job], None]) -> None:
    """The command: `live` while it runs, looked at every second, then `done`."""
    if job.running:
        _watch(job, live)
        return
    _ending(job)
    done(job)
    _log(job, expanded=job.status not in (0, None) and not job.stopped)


@st.fragment(run_every=_EVERY_S)
def _watch(job: Job, live: Callable[[Job], None]) -> None:
    if not job.running:
        st.rerun()
    left, right = st.columns([6, 1], vertical_alignment="center")
    left.markdown(f":material/progress_activity: Running for {job.seconds:,.0f} s")
    if right.button("Stop", icon=":material/stop_circle:", key=f"stop_{job.id}"):
        job.stop()
    if job.stopped:
        st.caption("Stopping: what was measured until now is kept.")
    live(job)
    _log(job, expanded=True)


def _ending(job: Job) -> None:
    """How it ended, in a sentence."""
    took = f"after {job.seconds:,.1f} s"
    said = [line.removeprefix(_SAYS) for line in job.tail(_LINES) if line.startswith(_SAYS)]
    why = plain(next((line for line in said if not line.startswith("[")), ""))
    if job.stopped:
        st.warning(f"Stopped {took}. {why}", icon=":material/stop_circle:")
    elif job.status == ExitStatus.DONE:
        st.success(f"Done {took}.", icon=":material/check_circle:")
    else:
        st.error(f"Ended with exit status {job.status} {took}. {why}", icon=":material/error:")


def _log(job: Job, expanded: bool) -> None:
    with st.expander("Log", expanded=expanded):
        for text in (clean_lines(job.tail(_LINES)), clean_lines(job.tail(_LINES, _OF_BENCH))):
            if text:
                st.code(text, language=None, height=220, wrap_lines=True)


def clean_lines(lines: Sequence[str]) -> str:
    """Lines of a log, without what could drive a screen."""
    return "\n".join(clean(line, 1000) for line in lines)


def phases(job: Job) -> None:
    """The phases of a run that have begun, from its log: `perfsheet: [  1.2 s] collect`."""
    begun = [line.partition("] ")[2].strip() for line in job.tail(_LINES) if line.startswith("perfsheet: [")]
    seen = [phase for phase in _PHASES if phase in begun]
    st.markdown(" → ".join(f"**{phase}**" if phase == (seen or [""])[-1] else phase for phase in seen) or "starting")

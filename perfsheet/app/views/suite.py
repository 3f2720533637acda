"""A suite of models: its results, running it again, and the history of a model."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from perfsheet.app import captures, charts, jobs
from perfsheet.app.jobs import Job
from perfsheet.app.settings import current
from perfsheet.app.shown import error, files, plain, show_table
from perfsheet.app.views import running
from perfsheet.errors import PerfsheetError
from perfsheet.masking import masked_command
from perfsheet.models.suite import read_suite
from perfsheet.models.suite.model import ModelResult, Suite
from perfsheet.models.suite.results_store import ResultsStore, read_history
from perfsheet.tables import In
from perfsheet.text.safe import clean

KIND = "suite"


def show() -> None:
    """The view."""
    found = captures.suites(current())
    st.subheader("Suite", anchor=False)
    if not found:
        st.write("There is no suite.toml here; `perfsheet suite init models/` writes one.")
        return
    names = [one.name for one in found]
    name = st.selectbox("Suite", names, key="suite", bind="query-params")
    chosen = found[names.index(name) if name in names else 0]
    try:
        suite = read_suite(chosen.path, with_captures=False)
        results = ResultsStore(suite.output).load_all(suite)
    except PerfsheetError as problem:
        error(problem)
        return
    _results(suite, results)
    _run(suite, bool(results))
    _history(suite)


def _results(suite: Suite, results: list[ModelResult]) -> None:
    from perfsheet.models.outputs.suite import shown_columns
    from perfsheet.models.tables import SUITE

    st.caption(plain(f"{len(suite.targets)} targets; results in {suite.output}"))
    if not results:
        st.write("It has not run yet.")
        return
    show_table(SUITE, results, shown_columns(In.MARKDOWN, results))
    for result in results:
        for breach in result.breaches:
            st.error(plain(f"{result.name}: {breach}"), icon=":material/error:")
    files(suite.output, [f"results.{suffix}" for suffix in ("xlsx", "md", "csv", "json")])


def _run(suite: Suite, again: bool) -> None:
    words = ["suite", "run", str(suite.path), *(["--force"] if again else [])]
    with st.popover("Run it again" if again else "Run it"):
        running.announce(words)
        st.caption("It runs every target of the suite:")
        commands = [masked_command(target.command) for target in suite.targets]
        st.code(running.clean_lines(commands), language="bash")
        if st.button("Run", type="primary", icon=":material/play_arrow:", disabled=jobs.running() is not None):
            running.start(KIND, suite.name, lambda folder: words)
    job = jobs.newest(KIND)
    if job is not None:
        running.show(job, _live, lambda done: None)


def _live(_job: Job) -> None:
    st.caption("The table above shows the results once the suite is done.")


def _history(suite: Suite) -> None:
    """A figure of a model over the runs of the suite."""
    try:
        rows, columns = read_history(Path(suite.output) / "history.csv")
    except PerfsheetError as problem:
        error(problem)
        return
    if not rows:
        return
    st.markdown("**History**")
    names = list(dict.fromkeys(_name(row) for row in rows))
    figures = [name for name in columns if any(_number(row.get(name, "")) is not None for row in rows)]
    left, right = st.columns(2)
    name = left.selectbox("Model", names, key="of_model", bind="query-params")
    usual = figures.index("kernel_ns") if "kernel_ns" in figures else 0
    figure = right.selectbox("Figure", figures, index=usual, key="figure", bind="query-params")
    values = [
        {"started": row["started"], "value": value}
        for row in rows
        if _name(row) == name and (value := _number(row.get(figure or "", ""))) is not None
    ]
    st.vega_lite_chart(charts.over_time(values, str(figure)), key="history")


def _name(row: dict[str, str]) -> str:
    """`encoder, before, batch 1`."""
    batch = row.get("batch", "")
    return ", ".join(
        filter(None, (clean(row["model"]), clean(row.get("setting", "")), batch and f"batch {clean(batch)}"))
    )


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None

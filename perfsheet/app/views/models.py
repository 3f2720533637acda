"""Models: choose one, set its inputs, run it on a runtime and on the CPU, and see times, output and speed-up."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterator
from dataclasses import field, replace
from pathlib import Path

import streamlit as st

from perfsheet.app import charts, images, jobs
from perfsheet.app.jobs import Job
from perfsheet.app.models import (
    CPU,
    MODELS,
    RANDOM,
    RUNTIMES,
    Asked,
    Input,
    Model,
    Runtime,
    Weights,
    bench_toml,
    found,
    missing,
)
from perfsheet.app.models import weights as offered_weights
from perfsheet.app.settings import current
from perfsheet.app.shown import error, files, plain
from perfsheet.app.views import running
from perfsheet.documents import InvalidDocumentError, read_json
from perfsheet.errors import PerfsheetError
from perfsheet.light_dataclass import dataclass
from perfsheet.models.bench.model import TimedRun
from perfsheet.text import formats
from perfsheet.text.safe import unguarded

KIND = "models"
_KEPT = "kept"
_OUT = "results"
_RESULTS = ("bench.xlsx", "bench.csv", "bench.md", "runs.csv", "bench.log")
_UPLOAD = "Upload …"
_OUTPUT = "output: "
_MOST_INPUT, _MOST_OUTPUT = 20_000, 20_000
_MOST_DRAWN = 2000


def show() -> None:
    """The view."""
    st.subheader("Models", anchor=False)
    left, right = st.columns([2, 3], gap="large")
    with left:
        asked = _asked()
        if asked is not None:
            _run(asked)
    with right:
        _result()


def _asked() -> Asked | None:
    """The run as it is set; None where nothing can run."""
    titles = [model.title for model in MODELS]
    title = st.selectbox("Model", titles, key="model", bind="query-params")
    model = MODELS[titles.index(title) if title in titles else 0]
    known = found(current().of_models)
    if lacking := missing(model.needs, known):
        st.error(
            f"{plain(current().of_models)} lacks {', '.join(lacking)}: install it, or start the app with --python."
        )
        return None
    values = {one.name: _input(model, one) for one in model.inputs}
    weights = _weights(model)
    runtimes = _runtimes(known)
    left, right, last = st.columns(3)
    iterations = left.number_input("Iterations", 1, 10_000, 10, key="iterations", bind="query-params")
    warmup = right.number_input(
        "Warm-up runs", 0, 1000, 1, key="warmup", bind="query-params", help="Not measured: the first run may compile."
    )
    timeout = last.number_input(
        "Time limit [s]", 1, 86_400, 1800, key="limit", bind="query-params", help="Of each runtime."
    )
    return Asked(model, runtimes, weights, values, int(iterations), int(warmup), int(timeout), current().of_models)


def _input(model: Model, one: Input) -> str | int:
    key = f"{model.id}_{one.name}"
    if one.kind == "number":
        return int(
            st.number_input(
                one.label, one.low, one.high, int(one.default), key=key, bind="query-params", help=one.help or None
            )
        )
    if one.kind == "image":
        return _image(model, one)
    widget = st.text_input if one.kind == "line" else st.text_area
    return str(widget(one.label, str(one.default), key=key, bind="query-params", max_chars=_MOST_INPUT))


def _image(model: Model, one: Input) -> str:
    """The name of a drawn picture, or of the uploaded one; the picture itself is in the state of the session."""
    names = [*(images.DIGITS if model.id == "mnist" else images.SCENES), _UPLOAD]
    chosen = st.selectbox(
        one.label, names, index=7 if model.id == "mnist" else 0, key=f"{model.id}_picture", bind="query-params"
    )
    picture = None
    if chosen == _UPLOAD:
        file = st.file_uploader("A picture", type=["png", "jpg", "jpeg", "bmp", "ppm"], help=one.help)
        if file is not None:
            try:
                picture = images.uploaded(file.getvalue())
            except PerfsheetError as problem:
                error(problem)
    else:
        picture = images.drawn(str(chosen))
    st.session_state["picture"] = picture
    if picture is not None:
        st.image(picture, width=96)
    return "image.ppm"


def _weights(model: Model) -> Weights:
    offered = offered_weights(model)
    own = "A folder …"
    labels = [*(one.label for one in offered), own]
    label = st.selectbox("Weights", labels, key=f"{model.id}_weights", bind="query-params")
    if label != own:
        return offered[labels.index(label)]
    what = "with mnist.pt (a state_dict)" if not model.hub else "as `save_pretrained` writes it"
    folder = st.text_input(f"Folder, {what}", key=f"{model.id}_folder", bind="query-params").strip()
    if not folder or not Path(folder).expanduser().is_dir():
        st.caption("There is no such folder yet: random weights are used.")
        return next(one for one in offered if one.place == RANDOM)
    return Weights(own, str(Path(folder).expanduser().absolute()))


def _runtimes(known: frozenset[str]) -> tuple[Runtime, ...]:
    """The runtime, and the CPU beside it; what is not found is named."""
    there = [one for one in RUNTIMES if not missing(one.needs, known)]
    titles = [one.title for one in there]
    title = st.selectbox("Runtime", titles, key="runtime", bind="query-params")
    chosen = there[titles.index(title) if title in titles else 0]
    absent = [f"{one.title} (lacks {', '.join(missing(one.needs, known))})" for one in RUNTIMES if one not in there]
    if absent:
        st.caption(plain(f"Not here: {'; '.join(absent)}."))
    if chosen is CPU:
        return (chosen,)
    with_cpu = st.checkbox("Compare with torch on the CPU", value=True, key="cpu", bind="query-params")
    return (chosen, CPU) if with_cpu else (chosen,)


def _words(folder: Path) -> list[str]:
    return ["bench", str(folder / "bench.toml"), "-o", str(folder / _OUT), "--json"]


def _run(asked: Asked) -> None:
    settings = current()
    no_picture = asked.model.inputs[0].kind == "image" and st.session_state.get("picture") is None
    if asked.weights.place == RANDOM:
        small = ", and the times are those of a small model" if asked.model.shrunk else ""
        st.caption(f"**Random weights**: the output means nothing{small}.")
    running.announce(_words(settings.work / f"{KIND}_{asked.model.id}_…"))
    with st.popover("What is in bench.toml"):
        st.code(running.clean_lines(bench_toml(asked).splitlines()), language="toml")
    other = jobs.running()
    if other is not None:
        st.caption(plain(f"{other.command} still runs: one at a time, for two would measure each other."))
    if st.button("Run", type="primary", icon=":material/play_arrow:", disabled=other is not None or no_picture):
        running.start(KIND, asked.model.id, lambda folder: _prepared(asked, folder))


def _prepared(asked: Asked, folder: Path) -> list[str]:
    """Write the bench of a run into its folder; the words that start it."""
    (folder / "bench.toml").write_text(bench_toml(_with_picture(asked, folder)), encoding="utf-8")
    st.query_params.pop(_KEPT, None)  # the new one is shown
    return _words(folder)


def _with_picture(asked: Asked, folder: Path) -> Asked:
    """The run with its picture as a file in its folder."""
    if "image" not in asked.values:
        return asked
    path = (folder / "image.ppm").absolute()
    images.save(st.session_state["picture"], path)
    return replace(asked, values={**asked.values, "image": str(path)})


def _result() -> None:
    """The newest run, or one that was kept."""
    job = jobs.newest(KIND)
    kept = [path for path in _kept(current().work) if job is None or path.resolve() != job.folder.resolve()]
    names = [*([job.folder.name] if job is not None else []), *(path.name for path in kept)]
    if not names:
        st.caption("Times, output and speed-up of a run stand here.")
        return
    # The newest is shown until another one is chosen.
    wanted = st.query_params.get(_KEPT, names[0])
    if wanted not in names:
        st.error(f"There is no run {plain(wanted)} here.", icon=":material/error:")
    key = f"kept_of_{names[0]}"
    name = st.selectbox(
        "Run", names, index=names.index(wanted) if wanted in names else 0, key=key, on_change=_remember, args=(key,)
    )
    if job is not None and name == job.folder.name:
        running.show(job, _live, lambda done: _finished(done.folder))
    elif name is not None:
        _finished(current().work / name)


def _remember(key: str) -> None:
    """The run that is looked at stands in the address."""
    st.query_params[_KEPT] = str(st.session_state[key])


def _kept(work: Path) -> list[Path]:
    """The folders of earlier runs, the newest first."""
    try:
        return sorted((path.parent for path in work.glob(f"{KIND}_*/{jobs.RESULT}")), key=_age, reverse=True)[:100]
    except OSError:
        return []


def _age(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _live(job: Job) -> None:
    """Runs until now: how many of how many, and their times."""
    runs, total = list(_runs(job.folder)), _total(job.folder)
    st.progress(
        min(1.0, len(runs) / total) if total else 0.0, text=f"{len(runs):,} of {total:,} runs, warm-up included"
    )
    if runs:
        _draw(runs, f"live_{job.id}")


def _draw(runs: list[TimedRun], key: str) -> None:
    """The time of each run; of very many every second, third, … of them."""
    every = -(-len(runs) // _MOST_DRAWN)
    if every > 1:
        st.caption(f"One of {every} runs is drawn.")
    st.vega_lite_chart(charts.runs(runs[::every]), key=key)


def _total(folder: Path) -> int:
    """How many runs its bench.toml asks for; 0 = unknown."""
    from perfsheet.models.bench import read_bench

    try:
        return sum(entry.iterations + entry.warmup for entry in read_bench(folder / "bench.toml").entries)
    except PerfsheetError:
        return 0


def _runs(folder: Path) -> Iterator[TimedRun]:
    """What is in runs.csv until now; its last line may be half there."""
    try:
        text = (folder / _OUT / "runs.csv").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for row in csv.DictReader(text[: text.rfind("\n") + 1].splitlines()):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            name = unguarded(row["variant"])
            yield TimedRun(name, int(row["run"]), float(row["latency_ms"]), row["warmup"] == "warm-up")


@dataclass(frozen=True)
class _Row:
    """What the page shows of a row of `bench --json`."""

    parameters: dict[str, str]
    latency_mean_ms: float | None = None
    latency_std_ms: float | None = None
    tokens_per_s: float | None = None
    speed_up: float | None = None
    peak_memory_bytes: int | None = None
    problem: str | None = None


@dataclass(frozen=True)
class _Result:
    """What the page shows of `bench --json`."""

    variants: tuple[_Row, ...] = ()
    baseline: dict[str, str] = field(default_factory=dict)


def _finished(folder: Path) -> None:
    """The figures, the chart, the output, and the files."""
    try:
        result = read_json(folder / jobs.RESULT, _Result)
    except (OSError, InvalidDocumentError):
        result = _Result()
        st.caption("This run has no result.")
    runs = list(_runs(folder))
    for row in result.variants:
        _row(row, result.baseline)
    if runs:
        _draw(runs, f"runs_{folder.name}")
    for name, text in _outputs(folder):
        st.caption(f"Output of {plain(name)}")
        st.code(running.clean_lines(text.splitlines()), language=None, wrap_lines=True)
    files(folder, [*(f"{_OUT}/{result}" for result in _RESULTS), "bench.toml"])
    st.caption(f"Kept in {plain(str(folder))}")


def _row(row: _Row, base: dict[str, str]) -> None:
    """Latency, tokens/s and speed-up of a runtime."""
    st.markdown(f"**{plain(', '.join(row.parameters.values()))}**")
    if row.problem or row.latency_mean_ms is None:
        st.error(plain(row.problem or "not measured"), icon=":material/error:")
        return
    std = "–" if row.latency_std_ms is None else f"{row.latency_std_ms:,.3f}"
    figures = [("latency, mean ± sample std dev [ms]", f"{row.latency_mean_ms:,.3f} ± {std}")]
    if row.tokens_per_s is not None:
        figures.append(("tokens/s", f"{row.tokens_per_s:,.1f}"))
    if row.speed_up is not None and row.parameters != base:
        figures.append((f"speed-up over {plain(base.get('runtime', 'the baseline'))}", f"{row.speed_up:,.2f}×"))
    if row.peak_memory_bytes:
        figures.append(("host memory", formats.size(row.peak_memory_bytes)))
    widths = [2, *(1 for _ in figures[1:])]
    for column, (label, text) in zip(st.columns(widths), figures, strict=True):
        column.metric(label, text)


def _outputs(folder: Path) -> Iterator[tuple[str, str]]:
    """What each runtime answered: `output: "…"` in the log of the bench, below a line `# runtime=…`."""
    name = ""
    try:
        with (folder / _OUT / "bench.log").open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if line.startswith("# "):
                    name = line[2:].strip()
                elif line.startswith(_OUTPUT):
                    try:
                        yield name, str(json.loads(line[len(_OUTPUT) :]))[:_MOST_OUTPUT]
                    except (ValueError, RecursionError):
                        continue
    except OSError:
        return

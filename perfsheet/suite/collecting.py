"""One target: run as often as what is collected of it demands, and everything put into one result."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from perfsheet.analysis import Analysis, Options, analyze
from perfsheet.analysis.rules import low_core_count
from perfsheet.analysis.transfers import transfers
from perfsheet.capture.reader import read_sources
from perfsheet.capture.sources import locate
from perfsheet.e2e.writing import FOLDER
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.progress import Watch
from perfsheet.run import RunFailedError, RunOutcome, RunRequest, Verdict, available, profile, replay
from perfsheet.suite import perf_files
from perfsheet.suite.model import ModelResult, Outcome, Target
from perfsheet.suite.of_perf_file import with_row

_OUTCOMES: Mapping[ExitStatus, Outcome] = {
    ExitStatus.TIMEOUT: "timeout",
    ExitStatus.NOTHING_RAN: "nothing ran",
    ExitStatus.TESTS_FAILED: "failed",
}
_PASSED_ON = (ExitStatus.INTERRUPTED, ExitStatus.OUTPUT_NOT_WRITTEN)

_PROPERTIES = {
    "pcc": "pcc",
    "torch_ops_before": "torch_ops_before",
    "torch_ops_remain": "torch_ops_remain",
    "latency_ms": "latency_ms",
    "latency_std_ms": "latency_std_ms",
    "latency_runs": "latency_runs",
}
"""What a test may record (pytest's `record_property`), and the field of the result that it is."""

Report = Callable[[Analysis, Path], None]


def collected(target: Target, folder: Path, watch: Watch, report: Report) -> ModelResult:
    """Run a target and put together what it left behind; its files go to `folder`.

    End-to-end times are taken without the profiler, which slows the host down: where both are wanted, it runs twice.
    Raises PerfsheetError when the user interrupts or nothing can be written (exit statuses 130 and 7).
    """
    run = _Run(target, folder, watch)
    started = time.time()
    captures = [str(path) for path in target.replay]
    wants_device = "device" in target.collect
    missing = None
    try:
        if wants_device and not captures:
            missing = available(run.request)
        if captures or missing or target.collect != ("device",):
            run.plain([Path(path) for path in captures])
        if wants_device and not captures and not missing and run.result.outcome in ("passed", "not run"):
            captures = run.profiled()
    except PerfsheetError as error:
        run.failed(error)
    result = run.result
    if missing:
        result = _with_problem(result, f"no device figures: {missing}")
    result = _with_perf_file(result, target, run.perf_files())
    if wants_device and captures:
        result = _with_device(result, target.board, captures, report, folder)
    return replace(
        result,
        started=time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(started)),
        duration_s=round(time.time() - started, 3),
        least_pcc=target.pcc,
        log=str(run.log) if run.log else None,
    )


class _Run:
    """The runs of one target: `result` grows with each."""

    def __init__(self, target: Target, folder: Path, watch: Watch) -> None:
        self.result = ModelResult(target.model, target.setting, target.batch, target.command)
        self.log: Path | None = None
        self.request = RunRequest(
            target.command,
            output_dir=folder,
            timeout_s=target.timeout_s,
            python=target.python,
            variables={FOLDER: str(folder)},
        )
        self._watch, self._folder = watch, folder
        self._before = perf_files.seen(Path.cwd())
        self._replays = bool(target.replay)

    def plain(self, captures: Sequence[Path]) -> None:
        """Without a profiler; recorded captures may stand for what it would have measured."""
        outcome = replay(self.request, captures, self._watch)
        self._ended(outcome)
        if captures:
            self.result = replace(self.result, replayed=True)

    def profiled(self) -> list[str]:
        """Under the profiler; the ops CSV."""
        outcome = profile(self.request, self._watch)
        self._ended(outcome)
        for loss in outcome.losses:
            self.result = replace(self.result, warnings=(*self.result.warnings, loss))
        return [str(outcome.csv)]

    def failed(self, error: PerfsheetError) -> None:
        """A run that came to no outcome. Raises what ends the whole suite."""
        if error.status in _PASSED_ON:
            raise error
        verdict = error.verdict if isinstance(error, RunFailedError) else None
        if verdict is not None:
            self._reported(verdict)
        killed = verdict is not None and verdict.died and error.status != ExitStatus.TIMEOUT
        outcome = "killed" if killed else _OUTCOMES.get(error.status, "no report")
        self.result = _with_problem(replace(self.result, outcome=outcome), str(error))
        logs = sorted((self._folder / "run-logs").glob("*"), key=lambda path: path.stat().st_mtime)
        self.log = self.log or (logs[-1] if logs else None)

    def perf_files(self) -> list[Path]:
        """The perf files that the runs have written, copied to the folder of the target."""
        return perf_files.gathered(self._before, Path.cwd(), self._folder)

    def _ended(self, outcome: RunOutcome) -> None:
        self.log = outcome.log
        verdict = outcome.verdict
        self._reported(verdict)
        if verdict.died:
            status = outcome.record.profiler_status
            how = f"a signal ({-status}) ended it" if status < 0 else "it ended without a word"
            self.result = _with_problem(replace(self.result, outcome="killed"), f"{how}: {verdict.summary}")
        elif outcome.tests_failed:
            why = verdict.first_reason or verdict.summary
            self.result = _with_problem(replace(self.result, outcome="failed"), why)
        elif verdict.tests and not verdict.passed:
            self.result = _with_problem(
                replace(self.result, outcome="nothing ran"), f"no test passed: {verdict.summary}"
            )
        else:
            self.result = replace(self.result, outcome="passed")

    def _reported(self, verdict: Verdict) -> None:
        values: dict[str, Any] = {}
        for one in verdict.reported:
            name = _PROPERTIES.get(one.name.lower())
            if name is None:
                continue
            value = _plain(name, one.value)
            if value is None:
                self.result = _with_problem(
                    self.result, f"{one.nodeid} reports {one.name} {one.value!r}, no such figure"
                )
            elif name == "pcc":
                values[name] = min(value, values.get(name, value))
            else:
                values[name] = value
        self.result = replace(self.result, **values)


def _plain(name: str, value: str | float) -> Any:
    """A reported value as its field has it; None when it cannot be."""
    if name.startswith("torch_ops"):
        return f"{value:g}" if isinstance(value, float | int) else value
    try:
        number = float(value)
    except ValueError:
        return None
    if not abs(number) < float("inf") or (name == "pcc" and abs(number) > 1) or (name != "pcc" and number < 0):
        return None
    return int(number) if name == "latency_runs" else number


def _with_perf_file(result: ModelResult, target: Target, files: list[Path]) -> ModelResult:
    """The end-to-end figures, as its perf file has them; what the target expects goes before what the file does."""
    row, said = perf_files.row_of(target, files)
    for sentence in said:
        result = _with_problem(result, sentence)
    if "e2e" in target.collect and row is not None:
        result = with_row(result, row)
    return replace(
        result,
        expected_compile_s=target.expected_compile_s or result.expected_compile_s,
        expected_inference_s=target.expected_inference_s or result.expected_inference_s,
    )


def _with_device(
    result: ModelResult, board: str | None, captures: list[str], report: Report, folder: Path
) -> ModelResult:
    """The figures of the device, and the perf sheet of its ops."""
    try:
        sources = locate(captures)
        options = Options(board=board, batch=float(result.batch or 1))
        analysis = analyze(read_sources(sources), options)
        workbook = folder / "perf-sheet.xlsx"
        report(analysis, workbook)
    except PerfsheetError as error:
        if error.status in _PASSED_ON:
            raise
        return _with_problem(result, f"no device figures: {error}")
    return replace(
        result,
        **_device_figures(analysis, result.batch),
        warnings=(*result.warnings, *analysis.summary.warnings),
        capture=", ".join(source.label for source in sources),
        workbook=str(workbook),
    )


def _device_figures(analysis: Analysis, batch: int | None) -> dict[str, Any]:
    """What the table has of a capture, by field of ModelResult; without a batch there are no samples to count."""
    summary, counts = analysis.summary, transfers(analysis.ops.table, analysis.window)
    few = next((total.share for total in analysis.rule_totals if total.rule.id == low_core_count.RULE.id), None)
    kernel = summary.kernel_ns if summary.kernel_ns == summary.kernel_ns else None  # NaN is unknown
    return {
        "kernel_ns": kernel,
        "device_fps": summary.fps.all if batch is not None else None,
        "device_ops": summary.device_rows,
        "reshards": counts.reshards,
        "to_from_device": counts.to_from_device,
        "fallbacks": counts.fallbacks,
        "low_core_share": None if few is None or math.isnan(few) or kernel is None else few,
    }


def _with_problem(result: ModelResult, problem: str) -> ModelResult:
    return replace(result, problem="; ".join(filter(None, (result.problem, problem))))

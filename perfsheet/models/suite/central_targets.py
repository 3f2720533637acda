"""The results of a suite as benchmark records, and held against tt-metal's central targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from perfsheet.errors import PerfsheetError
from perfsheet.models.records import BenchmarkRecord, ReadRecord, as_read, measurements_of, read_record
from perfsheet.models.suite.model import ModelResult, Suite, plain_model
from perfsheet.models.targets import TargetEntry, Targets, check_targets

_OF_DEVICE = ("kernel_ns", "device_fps")


def record_of(result: ModelResult, card_type: str, branch: str | None, commit: str | None) -> BenchmarkRecord | None:
    """The benchmark record of a result; None if it measured nothing. Impossible and replayed figures are left out."""

    def figure(name: str) -> Any:
        left_out = name in result.impossible or name in result.refused or (result.replayed and name in _OF_DEVICE)
        return None if left_out else getattr(result, name, None)

    measured = tuple(measurements_of(figure))
    if not result.started or all(one.name.startswith("expected_") for one in measured):
        return None
    started = datetime.strptime(result.started, "%Y-%m-%dT%H:%M:%S").astimezone()
    ended = started + timedelta(seconds=result.duration_s or 0)
    return BenchmarkRecord(
        result.model,
        started,
        ended,
        measured,
        result.batch,
        result.setting,
        card_type=card_type,
        branch=branch,
        commit=commit,
    )


def check_central_targets(suite: Suite, results: Sequence[ModelResult], central: Targets) -> list[ModelResult]:
    """The results with the central targets that the records of their tests miss as breaches.

    Where a test left none of a row's model, the figures of its perf file and its PCC count. A model with active targets
    of which nothing is measured breaches, too; one of which a part is not measured, or a gap in the file (TODO), is a
    warning.
    """
    return [_checked(suite, result, central) if result.has_run else result for result in results]


def _checked(suite: Suite, result: ModelResult, central: Targets) -> ModelResult:
    read = [_read(suite.output / name) for name in result.records]
    records = [run for run in read if isinstance(run, ReadRecord)]
    model = _model(result, central)
    runs = [*records, *_own(suite, result, central, records)]
    breaches = [
        *(f"targets: {problem}" for problem in read if isinstance(problem, str)),
        *_without_record(suite, model, central, runs),
    ]
    further = []
    for row in result.further:
        own = _own(suite, row, central, records)
        further.append(_held(suite, row, central, own) if own else row)
    held = _held(suite, result, central, runs)
    return replace(held, breaches=(*held.breaches, *breaches), further=tuple(further))


def _model(result: ModelResult, central: Targets) -> str:
    return result.model if central.model(result.model) else plain_model(result.model)


def _own(suite: Suite, row: ModelResult, central: Targets, records: Sequence[ReadRecord]) -> list[ReadRecord]:
    """The figures of a row as a record, unless its test left one of its model."""
    model, own = _model(row, central), record_of(row, suite.sku, None, None)
    if own is None or any(central.model(run.ml_model_name) == central.model(model) for run in records):
        return []
    return [as_read(replace(own, model=model))]


def _held(suite: Suite, result: ModelResult, central: Targets, runs: Sequence[ReadRecord]) -> ModelResult:
    """The result with what these runs of its test miss."""
    breaches, warnings = [*result.breaches], [*result.warnings]
    measured: dict[TargetEntry, set[str]] = {}
    for run in runs:
        entry = central.find(run.ml_model_name, suite.sku, run.batch_size, run.input_sequence_length)
        if entry is None or entry.todo:
            what = "has no entry" if entry is None else "has only a gap (TODO)"
            warnings.append(f"targets: {central.path} {what} for {run.name} on {suite.sku}")
            continue
        checks = check_targets(entry, run.values)
        measured.setdefault(entry, set()).update(check.metric.name for check in checks)
        breaches += [f"targets: {check.sentence}" for check in checks if not check.ok]
    for entry, names in measured.items():
        if left := [metric.name for metric in entry.metrics if metric.name not in names]:
            sentence = f"targets: nothing measures {', '.join(left)} of {entry.name}"
            (warnings if names else breaches).append(sentence)
    return replace(result, breaches=tuple(breaches), warnings=tuple(warnings))


def _read(path: Path) -> ReadRecord | str:
    """The record, or why it is none."""
    try:
        return read_record(path)
    except PerfsheetError as error:
        return error.message


def _without_record(suite: Suite, model: str, central: Targets, runs: Sequence[ReadRecord]) -> Iterator[str]:
    entries = [entry for entry in central.of(model, suite.sku) if not entry.todo and entry.metrics]
    if entries and not any(central.model(run.ml_model_name) == entries[0].model for run in runs):
        yield f"targets: the test left no benchmark record of {model}, which has targets on {suite.sku}"

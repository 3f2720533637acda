"""The rows of one run: what an analysis, or a benchmark record, says, in the columns of the store."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pyarrow as pa

from perfsheet._version import __version__
from perfsheet.analysis import Analysis, Options, Selection
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.ops.signature import Signature
from perfsheet.analysis.quality.capture import losses
from perfsheet.analysis.results import OpGroup
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.statistics import known, ratio
from perfsheet.analysis.time_split import COLLECTIVES
from perfsheet.analysis.windows.idle import idle_before
from perfsheet.budget.hardware import hardware_of
from perfsheet.budget.reading import SELECTION
from perfsheet.capture.notes import rows as counted
from perfsheet.errors import unusable
from perfsheet.history import schema
from perfsheet.history.facts import Facts
from perfsheet.light_dataclass import dataclass
from perfsheet.models.records import ReadRecord
from perfsheet.provenance import InputFile, lowest
from perfsheet.text.safe import clean


@dataclass(frozen=True, eq=False)
class RunRows:
    """One run: its row of table `runs`, without where that is written, and its rows of the other tables, by name."""

    run: pa.Table
    tables: Mapping[str, pa.Table]

    @property
    def model(self) -> str:
        """Its model."""
        return str(self.run["model"][0].as_py())


def signature_id(signature: Signature) -> str:
    """16 hexadecimal digits that stand for a signature."""
    return hashlib.blake2b(signature.text.encode(), digest_size=8).hexdigest()


def rows_of_capture(analysis: Analysis, facts: Facts, file: InputFile, with_ops: bool) -> RunRows:
    """The rows of a capture. Raises PerfsheetError (exit status 3) for a plan, whose times are no measured ones."""
    if analysis.plan is not None:
        raise unusable("it is a plan, whose times are not measured", "a history is of captures")
    tables = {
        "signatures": _signatures(analysis, file.sha256),
        "causes": _causes(analysis, file.sha256),
        "ops": _ops(analysis, file.sha256) if with_ops else schema.OPS.schema.empty_table(),
    }
    run = {
        **_run(file, "capture", facts),
        **_facts_of(analysis, facts),
        **_totals(analysis),
        **_counts(tables),
    }
    return _run_rows(run, tables)


def rows_of_record(record: ReadRecord, facts: Facts, file: InputFile) -> RunRows:
    """The rows of a benchmark record."""
    found = record.measurements
    values = {
        "step": [one.step_name for one in found],
        "name": [one.name for one in found],
        "value": [one.value for one in found],
        "target": [one.target for one in found],
    }
    measurements = _table(schema.MEASUREMENTS, file.sha256, values)
    by_name = {name: value for (_, name), value in record.values.items()}
    run = {
        **_run(file, "record", facts),
        "batch_size": facts.batch,
        "sequence_length": record.input_sequence_length,
        "board": facts.board,
        "kernel_duration_ns": by_name.get("device_kernel_duration_ns"),
        "fps": by_name.get("device_samples_per_s"),
        "pcc": by_name.get("pearson_correlation"),
        **_counts({"measurements": measurements}),
    }
    return _run_rows(run, {"measurements": measurements})


def removed_row(run: Mapping[str, Any]) -> pa.Table:
    """A row of table `runs` that takes a run out of the store."""
    gone = {**run, **dict.fromkeys(_COUNTS, 0), "kind": "removed", "added": datetime.now(timezone.utc)}
    return pa.Table.from_pylist([gone], schema=schema.RUNS.schema)


def _run_rows(run: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> RunRows:
    texts = {name: clean(value) if isinstance(value, str) else value for name, value in run.items()}
    return RunRows(pa.Table.from_pylist([texts], schema=schema.RUNS.schema), tables)


_COUNTS = {"signatures": "signatures", "causes": "causes", "measurements": "measurements", "ops_stored": "ops"}
"""Columns of table `runs` that count the rows of another one, and its name."""


def _run(file: InputFile, kind: str, facts: Facts) -> dict[str, Any]:
    return {
        "run_id": file.sha256,
        "schema_version": schema.SCHEMA_VERSION,
        "added": datetime.now(timezone.utc),
        "kind": kind,
        "model": facts.model.strip(),
        "setting": facts.setting,
        "branch": facts.branch,
        "commit": facts.commit,
        "committed": facts.committed,
        "started": facts.started,
        "started_from": facts.started_from,
        "capture": file.path,
        "capture_bytes": file.size_bytes,
    }


def _counts(tables: Mapping[str, pa.Table]) -> dict[str, int]:
    return {column: tables[name].num_rows if name in tables else 0 for column, name in _COUNTS.items()}


def _facts_of(analysis: Analysis, facts: Facts) -> dict[str, Any]:
    record, hardware = analysis.provenance.record, hardware_of(analysis)
    versions = record.versions if record else {}
    return {
        "batch_size": analysis.summary.batch,
        "board": facts.board or hardware.boards or None,
        "arch": hardware.arch or None,
        "devices": hardware.devices,
        "host": record.host if record else None,
        "target": record.command if record else None,
        "tests_failed": analysis.provenance.tests_failed if record else None,
        "simulator": analysis.provenance.simulator,
        "perfsheet": versions.get("perfsheet") or __version__,
        "ttnn": versions.get("ttnn"),
        "python": versions.get("python"),
        "tt_metal_commit": record.tt_metal_commit if record else None,
    }


def _totals(analysis: Analysis) -> dict[str, Any]:
    summary = analysis.summary
    split, passes = summary.time_split, summary.passes
    hit = analysis.flag_masks
    times = analysis.ops.kernel_ns
    expected = [cause.expected_saving_ns for cause in analysis.causes if not cause.saves_gaps]
    pcc = lowest(one for test in analysis.provenance.results for one in test.accuracy)
    has_split = bool(split.parts)
    return {
        "selection": selection_text(analysis.ops.options),
        "incomplete": incomplete(analysis),
        "measured_window": summary.window,
        "passes": passes.count,
        "ops": summary.ops,
        "timed_ops": summary.timed_ops,
        "kernel_duration_ns": known(summary.kernel_ns),
        "pass_cv_pct": None if passes.spread is None else _percent(passes.spread.cv),
        "elapsed_ns": known(split.elapsed_ns),
        "idle_ns": split.idle_ns if has_split and not split.unknown_gaps else None,
        "collective_ns": split.group(COLLECTIVES) if has_split else None,
        "fps": summary.fps.all,
        "sol_pct": _percent(summary.speed_of_light.sol),
        "reshards": int(hit[reshard.RULE.id].sum()),
        "reshard_ns": float(np.nansum(times[hit[reshard.RULE.id]])),
        "low_core_ns": float(np.nansum(times[hit[low_core_count.RULE.id]])),
        "host_ops": summary.host_rows,
        "expected_saving_ns": sum(value for value in expected if value is not None),
        "pcc": None if pcc is None else pcc.value,
        "warnings": len(summary.warnings),
        "verdict": " · ".join(summary.verdict),
    }


def selection_text(options: Options) -> str:
    """The options that choose what is measured, as budgets name them: `pass all, start-signpost decode`."""
    chosen = [
        f"{key} {_plain(value)}"
        for names, given, default in (
            (SELECTION, options.selection, Selection()),
            ({"per-device": "per_device"}, options, Options()),
        )
        for key, name in names.items()
        if (value := getattr(given, name)) != getattr(default, name)
    ]
    return ", ".join(chosen)


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def incomplete(analysis: Analysis) -> str:
    """Why a capture tells the time of a part of its run only; blank if it tells all of it."""
    if lost := losses(analysis.ops.table.notes):
        return f"{counted(lost)} lost to damage"
    if not analysis.ops.nearly_all_timed:
        return f"{analysis.summary.timed_ops:,} of {counted(analysis.summary.ops, 'op')} timed"
    return ""


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None or not math.isfinite(fraction) else 100 * fraction


def _signatures(analysis: Analysis, run_id: str) -> pa.Table:
    ops, light = analysis.ops, analysis.facts.speed_of_light
    groups = analysis.groups

    def each(value: Callable[[OpGroup], Any]) -> list[Any]:
        return [value(group) for group in groups]

    def of_shape(value: str) -> list[str]:
        return [getattr(shape_of(ops, int(group.positions[0])), value) for group in groups]

    def of_times(reduce: Callable[[Any], Any]) -> list[float | None]:
        return [known(float(reduce(ops.kernel_ns[group.positions]))) for group in groups]

    def sol(group: OpGroup) -> float | None:
        of, times = light.sol[group.positions], ops.kernel_ns[group.positions]
        told = np.isfinite(of) & np.isfinite(times)
        return _percent(ratio(float((of * times)[told].sum()), float(times[told].sum())) if told.any() else None)

    def grid(group: OpGroup) -> int | None:
        known_grids = ops.worker_cores[group.positions]
        known_grids = known_grids[np.isfinite(known_grids)]
        return int(known_grids[0]) if known_grids.size else None

    graph = analysis.graph

    def source(group: OpGroup) -> str | None:
        places = () if graph is None else graph.places(group.positions)
        return f"{places[0][0].file}:{places[0][0].line}" if places else None

    return _table(
        schema.SIGNATURES,
        run_id,
        {
            "signature_id": each(lambda group: signature_id(group.signature)),
            "signature": each(lambda group: group.signature.text),
            "op_code": each(lambda group: group.signature.op_code),
            "shape": of_shape("shape"),
            "layout": of_shape("layout"),
            "category": each(lambda group: category(group.signature.op_code)),
            "count": each(lambda group: group.count),
            "kernel_duration_ns": each(lambda group: group.kernel_ns),
            "min_ns": of_times(np.fmin.reduce),
            "median_ns": each(lambda group: known(group.median_ns)),
            "max_ns": of_times(np.fmax.reduce),
            "share_pct": each(lambda group: _percent(group.share)),
            "cores_min": each(lambda group: min(group.cores, default=None)),
            "cores_max": each(lambda group: max(group.cores, default=None)),
            "worker_cores": each(grid),
            "sol_pct": each(sol),
            "source": each(source),
            "first_row": ops.table.row[ops.rows[[int(group.positions[0]) for group in groups]]].tolist()
            if groups
            else [],
        },
    )


def _causes(analysis: Analysis, run_id: str) -> pa.Table:
    causes = analysis.causes
    return _table(
        schema.CAUSES,
        run_id,
        {
            "cause_id": [cause.id for cause in causes],
            "rule": [cause.members[0].rule.id for cause in causes],
            "title": [cause.title for cause in causes],
            "subject": [cause.subject for cause in causes],
            "count": [cause.count for cause in causes],
            "kernel_duration_ns": [known(cause.kernel_ns) for cause in causes],
            "expected_saving_ns": [cause.expected_saving_ns for cause in causes],
            "bound_ns": [cause.bound_ns for cause in causes],
            "ground": [cause.ground.text if cause.ground else None for cause in causes],
        },
    )


def _ops(analysis: Analysis, run_id: str) -> pa.Table:
    ops = analysis.ops
    ids: dict[Signature, str] = {}
    of_op = [""] * len(ops)
    for group in analysis.groups:
        name = ids.setdefault(group.signature, signature_id(group.signature))
        for position in group.positions.tolist():
            of_op[position] = name
    return _table(
        schema.OPS,
        run_id,
        {
            "position": np.arange(len(ops)),
            "file_row": ops.table.row[ops.rows],
            "device_id": ops.device,
            "op_code": [ops.codes[position] for position in range(len(ops))],
            "signature_id": of_op,
            "kernel_duration_ns": _unknown_as_null(ops.kernel_ns),
            "gap_ns": _unknown_as_null(idle_before(ops, np.arange(len(ops)))),
            "core_count": _unknown_as_null(ops.cores).cast(schema.WHOLE),
            "sol_pct": _unknown_as_null(100 * analysis.facts.speed_of_light.sol),
        },
    )


def _unknown_as_null(values: Any) -> pa.Array:
    return pa.array(np.asarray(values, dtype=np.float64), from_pandas=True)


def _table(of: schema.StoreTable, run_id: str, values: Mapping[str, Any]) -> pa.Table:
    """A table of the store; the batch is filled in when it is written."""
    count = len(next(iter(values.values())))
    given = {"run_id": [run_id] * count, "batch": [""] * count, **values}
    columns = [pa.array(given[field.name], type=field.type, from_pandas=True) for field in of.fields]
    return pa.Table.from_arrays(columns, schema=of.schema)

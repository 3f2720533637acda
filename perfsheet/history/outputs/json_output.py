"""A history as JSON (docs/json.md): times in UTC, nanoseconds, percentages in percent; null is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from perfsheet.history.adding import Added
from perfsheet.history.causes import CauseTrend
from perfsheet.history.growth import OpTrend
from perfsheet.history.series import Key, Series
from perfsheet.history.shown import ShownRun
from perfsheet.history.tables import (
    CAUSES,
    CHANGES,
    OP_POINTS,
    OPS,
    POINTS,
    RUNS,
    SERIES,
    TARGETS,
    TRENDS,
    ChangeOf,
    iso,
    op_points,
    points,
)
from perfsheet.history.targets import TargetRow
from perfsheet.history.texts import nature
from perfsheet.history.trend import Trend
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json


def head(store: str) -> Json:
    """What every document begins with."""
    return {"schema_version": SCHEMA_VERSION, "store": store}


def added_json(added: Added, store: str, others: Sequence[str]) -> Json:
    """`history add --json`."""
    return {
        **head(store),
        "added": added.runs,
        "there_already": added.there,
        "other_csv_files": list(others),
        "left_out": [{"file": one.address, "reason": one.reason} for one in added.refused],
        "incomplete": [{"file": one.address, "reason": one.reason} for one in added.incomplete],
    }


def list_json(
    store: str, shown: Sequence[Series], newest: Sequence[tuple[Series, int]] | None, every: Sequence[Series]
) -> Json:
    """`history list --json`; `newest`: the runs, None = not asked for."""
    found: Json = {**head(store), "series_count": len(every), "run_count": sum(map(len, every))}
    found["series"] = SERIES.records(shown)
    if newest is not None:
        found["runs"] = RUNS.records(newest)
    return found


def trend_json(store: str, trends: Sequence[Trend], count: int) -> Json:
    """`history trend --json`: each series with its changes and the figure of every run; `count` series there are."""
    return {
        **head(store),
        "series_count": count,
        "trends": [
            {
                **record,
                "levels": None
                if of.steps.bimodal is None
                else {
                    "lower": of.steps.bimodal.lower,
                    "upper": of.steps.bimodal.upper,
                    "upper_share_pct": 100 * of.steps.bimodal.upper_share,
                },
                "enough_runs": of.steps.enough,
                "outliers": of.steps.outliers,
                "branches": list(of.series.branches),
                "notes": nature(of),
                "changes": CHANGES.records([ChangeOf(of, change) for change in reversed(of.changes)]),
                "points": POINTS.records(points([of])),
            }
            for of, record in zip(trends, TRENDS.records(trends), strict=True)
        ],
    }


def key_json(key: Key) -> Json:
    """What the runs of a series have in common."""
    return {
        "model": key.model,
        "setting": key.setting or None,
        "board": key.on,
        "batch_size": key.batch,
        "sequence_length": key.sequence_length,
        "selection": key.selection or None,
    }


def ops_json(store: str, series: Sequence[Series], ops: Sequence[OpTrend], limit: int | None = None) -> Json:
    """`history ops --json`: each signature with every run; `limit`: how many were asked for, None = all."""
    return {
        **head(store),
        **key_json(series[0].key),
        "series_count": len(series),
        "limit": limit,
        "ops": [
            {**record, "runs": OP_POINTS.records(op_points([of]))}
            for of, record in zip(ops, OPS.records(ops), strict=True)
        ],
    }


def causes_json(store: str, found: Sequence[tuple[Series, Sequence[CauseTrend]]]) -> Json:
    """`history trend --causes --json`."""
    return {
        **head(store),
        "series": [
            {**key_json(series.key), "runs": len(series), "causes": CAUSES.records(causes)} for series, causes in found
        ],
    }


def targets_json(store: str, rows: Sequence[TargetRow]) -> Json:
    """`history targets --json`."""
    return {**head(store), "targets": TARGETS.records(rows)}


def run_json(store: str, shown: ShownRun) -> Json:
    """`history show --json`: the rows of the store, by the names of its columns."""
    return {
        **head(store),
        "run": _plain(shown.run),
        "causes": [_plain(row) for row in shown.causes],
        "signatures": [_plain(row) for row in shown.signatures],
        "measurements": [_plain(row) for row in shown.measurements],
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in row.items()}

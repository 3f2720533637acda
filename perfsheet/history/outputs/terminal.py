"""A history in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

from perfsheet.capture.notes import rows as counted
from perfsheet.history import texts
from perfsheet.history.causes import CauseTrend
from perfsheet.history.growth import OpTrend
from perfsheet.history.series import Series
from perfsheet.history.shown import ShownRun
from perfsheet.history.tables import CAUSES, OPS, RUNS, SERIES, TARGETS, iso
from perfsheet.history.targets import TargetRow
from perfsheet.history.trend import Trend
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import Screen, line, screen_for
from perfsheet.text import formats

_INDENT = "  "
_SPARK = 60


def print_series(store: str, series: Sequence[Series], limit: int | None, out: TextIO) -> None:
    """A line per model and board."""
    screen = screen_for(out)
    runs = sum(map(len, series))
    screen.print(line(f"{store}: {counted(runs, 'run')} in {len(series):,} series", "bold"))
    print_rows(screen, SERIES, series[:limit])
    _left_out(screen, len(series), limit, "series")


def print_runs(series: Sequence[Series], newest: Sequence[tuple[Series, int]], out: TextIO) -> None:
    """A line per run, the newest first."""
    screen = screen_for(out)
    print_rows(screen, RUNS, newest)
    _left_out(screen, sum(map(len, series)), len(newest), "runs")


def print_trends(trends: Sequence[Trend], limit: int | None, out: TextIO) -> None:
    """Each series with its changes; series that got slower lately first."""
    screen = screen_for(out)
    for one in trends[:limit]:
        _print_trend(screen, one)
    if len(trends) > 1:
        changed = [one for one in trends if one.changes]
        worse = sum(not one.changes[-1].gain for one in changed)
        better, same = len(changed) - worse, len(trends) - len(changed)
        text = (
            f"{len(trends):,} series: the last change of {worse} is a loss, of {better} a gain; {same} did not change"
        )
        print_wrapped(screen, text, "bold")
    _left_out(screen, len(trends), limit, "series")


def _print_trend(screen: Screen, of: Trend) -> None:
    key = of.series.key
    print_wrapped(screen, f"{key.name} on {key.on} · {texts.runs_of(of.series)}", "bold")
    moved = f" ({formats.signed_percent(of.moved)})" if of.changes and of.moved is not None else ""
    first = f"{texts.figure(of.metric, of.first)} → " if of.changes else ""
    print_wrapped(
        screen,
        f"{of.metric.title}: {first}{texts.figure(of.metric, of.level)}{moved} · {texts.noise(of.steps.cv)}",
    )
    screen.print(line(texts.sparkline(of.values, min(_SPARK, screen.width - 2))))
    for said in texts.nature(of):
        print_wrapped(screen, said, "yellow")
    for change in reversed(of.changes):
        style = "green" if change.gain else "red"
        sign = "gain" if change.gain else "loss"
        print_wrapped(screen, f"{sign} {texts.change_title(of.metric, change)}, {texts.commit_range(change)}", style)
        screen.print(line(f"{_INDENT}confidence {texts.confidence_pct(change):.2f} %", "dim"))
        for one in change.moved:
            print_wrapped(screen, f"{_INDENT}{texts.moved(one)}", indent=_INDENT * 2)
    if not of.changes and of.steps.enough:
        screen.print(line("no change that lasts", "dim"))
    screen.print()


def print_ops(series: Sequence[Series], ops: Sequence[OpTrend], out: TextIO) -> None:
    """The signatures of the first series, those that grew most first."""
    screen = screen_for(out)
    key = series[0].key
    print_wrapped(screen, f"{key.name} on {key.on} · {texts.runs_of(series[0])}", "bold")
    print_rows(screen, OPS, ops)
    if len(series) > 1:
        others = "; ".join(f"{one.key.name} on {one.key.on}" for one in series[1:4])
        more = "" if len(series) <= 4 else f" and {len(series) - 4} more"
        print_wrapped(screen, f"--model and --board choose another one: {others}{more}", "dim")


def print_causes(found: Sequence[tuple[Series, Sequence[CauseTrend]]], limit: int | None, out: TextIO) -> None:
    """What to fix first in each series, over its runs."""
    screen = screen_for(out)
    for series, causes in found:
        print_wrapped(screen, f"{series.key.name} on {series.key.on} · {texts.runs_of(series)}", "bold")
        if causes:
            print_rows(screen, CAUSES, causes[:limit])
        else:
            screen.print(line("no cause in any run", "dim"))
        _left_out(screen, len(causes), limit, "causes")
        screen.print()


def print_targets(rows: Sequence[TargetRow], out: TextIO) -> None:
    """A line per target, missed ones first."""
    screen = screen_for(out)
    order = sorted(rows, key=lambda row: (row.ok is None, bool(row.ok)))
    print_rows(screen, TARGETS, order)
    measured = [row for row in rows if row.measured is not None]
    missed = sum(not row.ok for row in measured)
    gaps = len(rows) - len(measured)
    text = (
        f"{missed} of {counted(len(measured), 'target')} missed"
        if missed
        else f"{counted(len(measured), 'target')} kept"
    )
    screen.print(line(text, "bold red" if missed else "bold green"))
    for problem in dict.fromkeys(row.problem for row in rows if row.problem):
        count = sum(row.problem == problem for row in rows)
        print_wrapped(screen, f"{counted(count, 'target')} not measured: {problem}", "yellow")
    if gaps and not any(row.problem for row in rows):
        print_wrapped(screen, f"{counted(gaps, 'target')} not measured", "yellow")


_FACTS = (
    ("board", "arch", "devices", "batch_size", "sequence_length"),
    ("branch", "commit", "committed"),
    ("started", "host"),
    ("perfsheet", "ttnn", "python", "tt_metal_commit"),
    ("target",),
    ("capture",),
)


def print_run(shown: ShownRun, out: TextIO) -> None:
    """One run: facts, totals, causes, ops."""
    screen, run = screen_for(out), shown.run
    name = ", ".join(filter(None, (run["model"], run["setting"])))
    print_wrapped(screen, f"{name} · {run['kind']} {run['run_id'][:12]}", "bold")
    for names in _FACTS:
        known = [f"{name.replace('_', ' ')} {_fact(run[name])}" for name in names if run[name] not in (None, "")]
        if known:
            print_wrapped(screen, " · ".join(known))
    if run["kernel_duration_ns"] is not None:
        time = f"kernel time {formats.span_of_time(run['kernel_duration_ns'])}"
        idle = "idle unknown" if run["idle_ns"] is None else f"idle {formats.span_of_time(run['idle_ns'])}"
        parts = [time, f"FPS {formats.rate(run['fps'])}", idle]
        if run["ops"] is not None:
            parts.append(counted(run["ops"], "op"))
        print_wrapped(screen, " · ".join(filter(None, (*parts, run["measured_window"]))))
    if run["incomplete"]:
        print_wrapped(screen, f"incomplete: {run['incomplete']}; left out of trends and baselines", "yellow")
    if run["verdict"]:
        print_wrapped(screen, run["verdict"], "dim")
    _print_list(screen, "What to fix first", [_cause(cause) for cause in shown.causes])
    _print_list(screen, "Ops with most time", [_signature(one) for one in shown.signatures])
    _print_list(screen, "Measurements", [_measurement(one) for one in shown.measurements])


def _print_list(screen: Screen, title: str, lines: Sequence[str]) -> None:
    if lines:
        screen.print()
        screen.print(line(title, "bold"))
        for text in lines:
            print_wrapped(screen, text)


def _fact(value: Any) -> str:
    if hasattr(value, "astimezone"):
        return iso(value) or ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cause(cause: dict[str, Any]) -> str:
    saving = cause["expected_saving_ns"]
    expected = "" if saving is None else f": {formats.span_of_time(saving)} expected"
    return f"{cause['cause_id']} {cause['title']}, {cause['subject']}{expected}"


def _signature(one: dict[str, Any]) -> str:
    share = "" if one["share_pct"] is None else f" ({formats.percent(one['share_pct'] / 100)})"
    name = " ".join(filter(None, (one["op_code"], one["shape"])))
    return f"{formats.span_of_time(one['kernel_duration_ns'])}{share}  {one['count']:,} × {name}  {one['signature_id']}"


def _measurement(one: dict[str, Any]) -> str:
    target = "" if one["target"] is None else f" (target {one['target']:g})"
    name = ".".join(filter(None, (one["step"], one["name"])))
    return f"{name} {'unknown' if one['value'] is None else format(one['value'], ',.10g')}{target}"


def _left_out(screen: Screen, count: int, limit: int | None, what: str) -> None:
    if limit is not None and count > limit:
        screen.print(line(f"{limit:,} of {count:,} {what}; -n 0 shows all", "dim"))

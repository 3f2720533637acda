"""The runs of a store in series: runs of one model on one board, in the order of their commits or times."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import PurePath
from typing import Any, overload

import numpy as np
import pyarrow as pa

from perfsheet.capture.table import BoolArray, FloatArray
from perfsheet.errors import unusable, usage
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Chosen:
    """Which runs a question is about; None or blank = all. Names may have `*`; times are of commits, else of runs.

    `last`: only so many runs of each series, the newest.
    """

    model: str = ""
    setting: str = ""
    board: str = ""
    branch: str = ""
    since: datetime | None = None
    until: datetime | None = None
    last: int | None = None
    kind: str = ""


@dataclass(frozen=True)
class Key:
    """What the runs of a series have in common."""

    kind: str
    model: str
    setting: str
    board: str
    devices: int | None
    batch: float | None
    sequence_length: int | None
    simulator: str
    selection: str

    @property
    def name(self) -> str:
        """`bert, base, batch 8, sequence length 384`."""
        parts = [self.model, self.setting]
        if self.batch is not None and (self.batch != 1 or self.kind == "record"):
            parts.append(f"batch {self.batch:g}")
        if self.sequence_length is not None:
            parts.append(f"sequence length {self.sequence_length}")
        if self.selection:
            parts.append(f"({self.selection})")
        return ", ".join(filter(None, parts))

    def same_as(self, other: Key) -> bool:
        """Whether runs of both belong together: names in upper or lower case."""
        texts = ("kind", "model", "setting", "board", "simulator", "selection")
        same_text = all(getattr(self, name).casefold() == getattr(other, name).casefold() for name in texts)
        return same_text and (self.devices, self.batch, self.sequence_length) == (
            other.devices,
            other.batch,
            other.sequence_length,
        )

    @property
    def on(self) -> str:
        """`n150`, `8 × p150`; what nothing says is `?`."""
        board = self.board or "?"
        several = f"{self.devices} × {board}" if (self.devices or 1) > 1 else board
        return f"{several} (simulated)" if self.simulator else several


@dataclass(frozen=True)
class Run:
    """One run of a series; `time` is that of its commit where it is known, else when it ran. None = unknown."""

    run_id: str
    branch: str | None
    commit: str | None
    time: datetime
    started: datetime
    host: str | None
    capture: str

    @property
    def short_id(self) -> str:
        """The first digits of its id, which `history show` takes."""
        return self.run_id[:12]

    @property
    def label(self) -> str:
        """`1a2b3c4d5 (2026-11-29)`: the commit, or the run where that is unknown, and the day."""
        return f"{(self.commit or '')[:9] or self.short_id} ({self.time:%Y-%m-%d})"


class Runs(Sequence[Run]):
    """The runs behind rows of table `runs`, each made when it is asked for: a series may have ten thousand."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    @overload
    def __getitem__(self, place: int) -> Run: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Run]: ...

    def __getitem__(self, place: int | slice) -> Run | Sequence[Run]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        row = {name: self._rows[name][place].as_py() for name in _OF_RUN}
        time = row["committed"] or row["started"]
        return Run(row["run_id"], row["branch"], row["commit"], time, row["started"], row["host"], row["capture"] or "")


_OF_RUN = ("run_id", "branch", "commit", "committed", "started", "host", "capture")


@dataclass(frozen=True, eq=False)
class Series:
    """The runs of one key, the oldest first: `rows` of table `runs`."""

    key: Key
    rows: pa.Table

    @cached_property
    def runs(self) -> Sequence[Run]:
        """The runs one by one."""
        return Runs(self.rows)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each run, by its id."""
        return {run_id: place for place, run_id in enumerate(self.rows["run_id"].to_pylist())}

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    @property
    def branches(self) -> tuple[str, ...]:
        """The distinct branches."""
        return tuple(sorted(set(self.rows["branch"].to_pylist()) - {None, ""}))

    @property
    def by_file_times(self) -> bool:
        """Whether nothing but the times of their files tells the order of its runs."""
        columns = (self.rows[name].to_pylist() for name in ("committed", "started_from"))
        return all(committed is None and source == "file time" for committed, source in zip(*columns, strict=True))

    @property
    def complete(self) -> BoolArray:
        """Which runs tell all of themselves: others lack ops or durations, and their figures mislead."""
        return np.array([not reason for reason in self.rows["incomplete"].to_pylist()], dtype=np.bool_)

    def values(self, column: str) -> FloatArray:
        """A column of table `runs`; NaN = unknown."""
        return np.asarray(self.rows[column].to_numpy(zero_copy_only=False), dtype=np.float64)

    def kept(self, keep: Sequence[bool]) -> Series:
        """The series with some of its runs."""
        return Series(self.key, self.rows.filter(pa.array(list(keep), pa.bool_())))


_KEY = ("kind", "model", "setting", "board", "devices", "batch_size", "sequence_length", "simulator", "selection")


def choose(runs: pa.Table, chosen: Chosen) -> list[Series]:
    """The runs that are chosen, in series, those with most runs first.

    Raises PerfsheetError (exit status 3) if there is none.
    """
    found = series_of(runs, chosen)
    if not found:
        raise unusable(f"no run is chosen: {_nearest(runs, chosen)}", "`perfsheet history list` shows what is there")
    return found


def _nearest(runs: pa.Table, chosen: Chosen) -> str:
    """What the store has in place of what was chosen."""
    for name in ("model", "setting", "board", "branch"):
        pattern = getattr(chosen, name)
        there = sorted({value or "" for value in runs[name].to_pylist()} - {""})
        if pattern and not any(map(_like(there, pattern), range(len(there)))):
            named = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "")
            return f"the store has no {name} {pattern}, but {named or 'none at all'}"
    return "no run fits all of what was asked" if runs.num_rows else "the store has none"


def series_of(runs: pa.Table, chosen: Chosen) -> list[Series]:
    """The same, empty if no run is chosen."""
    columns = {name: runs[name].to_pylist() for name in (*_KEY, "branch")}
    conditions = [
        _like(columns[name], pattern)
        for name in ("model", "setting", "board", "branch", "kind")
        if (pattern := getattr(chosen, name))
    ]
    if chosen.since or chosen.until:
        conditions.append(_between(runs, chosen.since, chosen.until))
    by_key: dict[tuple[Any, ...], list[int]] = {}
    for place, values in enumerate(zip(*(columns[name] for name in _KEY), strict=True)):
        if all(condition(place) for condition in conditions):
            by_key.setdefault(values, []).append(place)
    found = [
        Series(_key(values), runs.take(pa.array(places[-chosen.last :] if chosen.last else places)))
        for values, places in by_key.items()
    ]
    return sorted(found, key=lambda series: (-len(series), series.key.name, series.key.on))


def _key(values: Sequence[Any]) -> Key:
    kind, model, setting, board, devices, batch, sequence_length, simulator, selection = values
    texts = (simulator or "", selection or "")
    return Key(kind or "", model or "", setting or "", board or "", devices, batch, sequence_length, *texts)


def _between(runs: pa.Table, since: datetime | None, until: datetime | None) -> Callable[[int], bool]:
    """Whether the commit of a run, or the run itself, is of this time."""
    times = [
        committed or started
        for committed, started in zip(runs["committed"].to_pylist(), runs["started"].to_pylist(), strict=True)
    ]
    return lambda place: (since is None or times[place] >= since) and (until is None or times[place] <= until)


def _like(values: Sequence[str | None], pattern: str) -> Callable[[int], bool]:
    """Whether a value is a name, in upper or lower case; `*` stands for anything."""
    wanted = re.compile(".*".join(map(re.escape, pattern.casefold().split("*"))), re.DOTALL)
    fits = {value: bool(wanted.fullmatch(value.casefold())) for value in {value or "" for value in values}}
    return lambda place: fits[values[place] or ""]


def newest_first(series: Sequence[Series]) -> list[tuple[Series, int]]:
    """The runs of several series by their time, the newest first: each as its series and its place there."""
    every = [
        (committed or started, started, number, place)
        for number, one in enumerate(series)
        for place, (committed, started) in enumerate(
            zip(one.rows["committed"].to_pylist(), one.rows["started"].to_pylist(), strict=True)
        )
    ]
    return [(series[number], place) for _, _, number, place in sorted(every, reverse=True)]


_FEWEST_DIGITS = 6
"""Of an id or a commit: fewer may be those of any run."""


def _is_file(capture: str, name: str) -> bool:
    """Whether a capture is this file, by its path, or by its name alone."""
    return name == PurePath(capture).name or os.path.abspath(capture) == os.path.abspath(name)  # noqa: PTH100


def run_of(runs: pa.Table, name: str) -> int:
    """The place of a run by the first digits of its id, by its commit, or by where its capture was.

    Of several with this commit the newest. Raises PerfsheetError: exit status 3 if there is none, 2 if it is not clear.
    """
    ids, commits, captures = (runs[column].to_pylist() for column in ("run_id", "commit", "capture"))
    wanted = name.strip().casefold()
    if not wanted:
        raise usage("the name of a run is empty", "give its id or commit, as `perfsheet history list` has it")
    long = len(wanted) >= _FEWEST_DIGITS
    found = [place for place, run_id in enumerate(ids) if long and run_id.startswith(wanted)]
    if len(found) > 1:
        raise usage(f"{len(found)} runs begin with {name}", "give more digits")
    names = [(commit or "").casefold() for commit in commits]
    found = found or [place for place, one in enumerate(names) if one == wanted or (long and one.startswith(wanted))]
    found = found or [place for place, capture in enumerate(captures) if _is_file(capture or "", name)]
    if not found:
        raise unusable(f"no run {name} in this store", "give its id or commit, as `perfsheet history list` has it")
    return found[-1]

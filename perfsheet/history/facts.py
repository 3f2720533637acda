"""What a run was of: its model, board, commit, time; from options, file names, and what lies beside its capture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path

from perfsheet.documents import InvalidDocumentError, read_json
from perfsheet.errors import unusable, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import Provenance
from perfsheet.text.formats import short_nodeid

_STAMP = r"\d{4}(?:_\d{2}){5}"
_REPORT = re.compile(rf"ops_perf_results_?(?P<name>.*?)_?(?P<stamp>{_STAMP})?(?:\.csv|\.xlsx)?(?:\.\w+)*", re.ASCII)
_SUITE_RESULT = "result.json"
_SUITE_DEPTH = 4
"""A suite keeps the result of a target at most so many folders above its captures."""


@dataclass(frozen=True)
class Stated:
    """What the user states of all runs that are added at once; None = not stated. `batch`: samples of an inference."""

    model: str | None = None
    setting: str | None = None
    board: str | None = None
    batch: float | None = None
    commit: str | None = None
    branch: str | None = None
    started: datetime | None = None
    committed: datetime | None = None
    names: str | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of one run. `started_from` says where the time is from (table `runs`); None = unknown."""

    model: str
    setting: str
    board: str | None
    batch: float | None
    commit: str | None
    branch: str | None
    started: datetime
    started_from: str
    committed: datetime | None


_PLACES = ("model", "setting", "board", "batch", "commit", "branch", "started")


def facts_of(capture: Path, address: str, stated: Stated, provenance: Provenance) -> Facts:
    """The facts of a capture: what is stated comes before its name, and that before what lies beside it.

    `address` is what its name is taken from. Raises PerfsheetError (exit status 3) if it has no model, or its name is
    not as `names` says.
    """
    named = _from_name(address, stated.names) if stated.names else {}
    suite = _of_suite(capture)
    report = _REPORT.fullmatch(Path(address).name)
    record = provenance.record
    model = stated.model or named.get("model") or suite.get("model") or _model(Path(address), report, provenance)
    if not model:
        raise unusable("its model is unknown", "state it: --model NAME, or --names PATTERN (docs/history.md)")
    started, started_from = _started(capture, stated, named, provenance, report)
    return Facts(
        model=model,
        setting=stated.setting or named.get("setting") or suite.get("setting") or "",
        board=stated.board or named.get("board"),
        batch=stated.batch or _number(named.get("batch")) or _number(suite.get("batch")),
        commit=stated.commit or named.get("commit") or (record.tt_metal_commit if record else None),
        branch=stated.branch or named.get("branch"),
        started=started,
        started_from=started_from,
        committed=stated.committed,
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _model(path: Path, report: re.Match[str] | None, provenance: Provenance) -> str:
    """The test or script that was profiled, else the name of the report, else that of the file."""
    tests = provenance.results
    if len(tests) == 1:
        return short_nodeid(tests[0].nodeid)
    files = {test.nodeid.partition("::")[0] for test in tests}
    if len(files) == 1:
        return Path(files.pop()).stem
    if report:
        return report["name"]
    return path.name.partition(".")[0]


def _started(
    capture: Path, stated: Stated, named: Mapping[str, str], provenance: Provenance, report: re.Match[str] | None
) -> tuple[datetime, str]:
    if stated.started:
        return stated.started, "option"
    if (stamp := named.get("started")) and (time := time_of(stamp)):
        return time, "file name"
    if provenance.record and (time := time_of(provenance.record.started)):
        return time, "run.json"
    if report and report["stamp"] and (time := time_of(report["stamp"])):
        return time, "file name"
    return datetime.fromtimestamp(capture.stat().st_mtime, timezone.utc), "file time"


def time_of(text: str) -> datetime | None:
    """A time from `2026-11-29T10:00:00+01:00`, `2026-11-29`, `2026_11_29_10_00_00` or seconds since 1970.

    Without a zone it is local time. None if it is no time.
    """
    try:
        if re.fullmatch(_STAMP, text):
            return datetime.strptime(text, "%Y_%m_%d_%H_%M_%S").astimezone(timezone.utc)
        if re.fullmatch(r"\d{9,10}", text):
            return datetime.fromtimestamp(int(text), timezone.utc)
        return datetime.fromisoformat(re.sub(r"Z$", "+00:00", text.strip())).astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


@lru_cache
def name_pattern(names: str) -> re.Pattern[str]:
    """The pattern `{model}/{board}/{commit}.csv` as a regular expression for the end of a path.

    `*` is any text within a part of the path. Raises PerfsheetError (exit status 2).
    """
    parts: list[str] = []
    seen: set[str] = set()
    for piece in re.split(r"(\{\w*\}|\*)", names):
        if piece == "*":
            parts.append("[^/]*")
        elif piece.startswith("{") and piece.endswith("}"):
            name = piece[1:-1]
            if name not in _PLACES or name in seen:
                what = "stands twice" if name in seen else "is unknown"
                raise usage(f"--names {names}: {piece} {what}", f"use {', '.join(f'{{{place}}}' for place in _PLACES)}")
            seen.add(name)
            parts.append(f"(?P<{name}>{_STAMP if name == 'started' else '[^/]+?'})")
        else:
            parts.append(re.escape(piece))
    if not seen:
        raise usage(f"--names {names} names nothing", "for instance --names '{model}_{board}_{commit}.csv'")
    return re.compile(f"(?:^|.*/){''.join(parts)}", re.ASCII)


def _from_name(address: str, names: str) -> dict[str, str]:
    match = name_pattern(names).fullmatch(Path(address).as_posix() if "://" not in address else address)
    if match is None:
        raise unusable(f"its name is not as --names says ({names})", "correct the pattern, or add it by itself")
    return {name: value for name, value in match.groupdict().items() if value}


@dataclass(frozen=True)
class _Result:
    model: str
    setting: str = ""
    batch: int | None = None


@dataclass(frozen=True)
class _Entry:
    result: _Result


def _of_suite(capture: Path) -> dict[str, str]:
    """Model, setting and batch of the suite's target whose folder the capture is in."""
    for folder in list(capture.absolute().parents)[:_SUITE_DEPTH]:
        path = folder / _SUITE_RESULT
        if path.is_file():
            try:
                result = read_json(path, _Entry).result
            except (OSError, InvalidDocumentError):
                return {}
            return {
                "model": result.model,
                "setting": result.setting,
                "batch": "" if result.batch is None else str(result.batch),
            }
    return {}


_CSV = (".csv",)
_RECORDS = ("partial_run_", "complete_run_")
_COMPRESSED = (".gz", ".zst", ".xz", ".bz2")
_SNIFFED = 1 << 16


@dataclass(frozen=True)
class Found:
    """A file to add: where it is, and how it was named (an address, or a path)."""

    path: Path
    address: str


def find(named: Sequence[str]) -> tuple[list[Found], int]:
    """The captures and benchmark records behind paths, folders and patterns, each once; and how many other CSVs.

    In folders what is an ops CSV by its header counts; a file that is named counts in any case. Raises PerfsheetError:
    exit status 3 for a path that is missing or a folder or pattern without a capture.
    """
    from glob import glob, has_magic

    found: dict[str, Found] = {}
    others = 0
    for argument in named:
        paths = [argument]
        if has_magic(argument) and not Path(argument).exists():
            paths = sorted(glob(argument, recursive=True))  # noqa: PTH207 absolute ones, too
        before = len(found)
        for path in map(Path, paths):
            if path.is_dir():
                inside = list(_inside(path))
                captures = [file for file in inside if is_record(file) or is_capture(file)]
                others += len(inside) - len(captures)
                found.update((str(file.absolute()), Found(file, str(file))) for file in captures)
            elif path.exists():
                found[str(path.absolute())] = Found(path, str(path))
            else:
                raise unusable(f"{argument}: no such file", "check the path")
        if len(found) == before and not (paths and Path(paths[0]).is_file()):
            what = f"{argument}: no ops CSV and no benchmark record here"
            raise unusable(what, "name the captures, or a folder of them")
    return list(found.values()), others


def _inside(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        plain = file.name.lower()
        for ending in _COMPRESSED:
            plain = plain.removesuffix(ending)
        if (plain.endswith(_CSV) or is_record(file)) and file.is_file() and not file.name.startswith("."):
            yield file


def is_record(file: Path) -> bool:
    """Whether a file is a benchmark record, by its name."""
    return file.suffix == ".json" and file.name.startswith(_RECORDS)


def is_capture(file: Path) -> bool:
    """Whether the header of a CSV is that of device ops; a compressed one counts by its name."""
    if file.name.lower().endswith(_COMPRESSED):
        return file.name.startswith("ops_perf_results")
    try:
        with file.open("rb") as stream:
            head = stream.read(_SNIFFED)
    except OSError:
        return True  # its error is reported
    return b"OP CODE" in head.upper() or file.name.startswith("ops_perf_results")


def checked(stated: Stated) -> Stated:
    """The same, with its pattern looked at before any work. Raises PerfsheetError (exit status 2)."""
    if stated.names:
        name_pattern(stated.names)
    return stated

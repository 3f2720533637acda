"""What a run was of: its model, board, commit, time; from options, file names, and what lies beside its capture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path

from perfsheet.documents import InvalidDocumentError, read_json
from perfsheet.errors import unusable, usage
from perfsheet.history.places import files_behind, is_address, without_credentials
from perfsheet.light_dataclass import dataclass
from perfsheet.models.records import ReadRecord, iso_time
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


@dataclass(frozen=True)
class Identity:
    """What a run is of, apart from its time and its commit; None or blank = not stated."""

    model: str
    setting: str
    board: str | None
    batch: float | None


def facts_of(capture: Path, address: str, stated: Stated, provenance: Provenance) -> Facts:
    """The facts of a capture: what is stated comes before its name, and that before what lies beside it.

    `address` is what its name is taken from. Raises PerfsheetError (exit status 3) if it has no model, or its name is
    not as `names` says.
    """
    named = from_name(address, stated.names)
    known = identity_of(capture, address, stated, provenance)
    record = provenance.record
    started, started_from = _started(capture, address, stated, named, provenance)
    return Facts(
        model=known.model,
        setting=known.setting,
        board=known.board,
        batch=known.batch,
        commit=stated.commit or named.get("commit") or (record.tt_metal_commit if record else None),
        branch=stated.branch or named.get("branch"),
        started=started,
        started_from=started_from,
        committed=stated.committed,
    )


def identity_of(capture: Path, address: str, stated: Stated, provenance: Provenance) -> Identity:
    """What a capture is of. Raises PerfsheetError like `facts_of`."""
    named = from_name(address, stated.names)
    suite = _of_suite(capture)
    model = stated.model or named.get("model") or suite.get("model") or _model(Path(address), provenance)
    if not model.strip():
        raise unusable(f"the model of {address} is unknown", "state it: --model NAME; `history add` takes --names, too")
    return Identity(
        model=model,
        setting=stated.setting or named.get("setting") or suite.get("setting") or "",
        board=stated.board or named.get("board"),
        batch=stated.batch or _number(named.get("batch")) or _number(suite.get("batch")),
    )


def facts_of_record(record: ReadRecord, file: Path, address: str, stated: Stated) -> Facts:
    """The facts of a benchmark record: options and its name before what it says itself. Raises PerfsheetError."""
    named = from_name(address, stated.names)
    model = stated.model or named.get("model") or record.ml_model_name
    if not model.strip():
        raise unusable(f"{address} names no model", "state it: --model NAME")
    time = stated.started or (time_of(named["started"]) if "started" in named else None) or record.started
    source = "option" if stated.started else "file name" if "started" in named else "record"
    return Facts(
        model=model,
        setting=stated.setting or named.get("setting") or record.setting,
        board=stated.board or named.get("board") or record.sku or None,
        batch=stated.batch or _number(named.get("batch")) or record.batch_size,
        commit=stated.commit or named.get("commit") or record.git_commit_hash,
        branch=stated.branch or named.get("branch") or record.git_branch_name,
        started=time or datetime.fromtimestamp(file.stat().st_mtime, timezone.utc),
        started_from=source if time else "file time",
        committed=stated.committed,
    )


def _number(text: str | None) -> float | None:
    """A batch size. Raises PerfsheetError (exit status 3) if it is none."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < _LARGEST_BATCH:
        raise unusable(f"{text!r} in its name is no batch size", "correct --names, or leave {batch} out")
    return value


_LARGEST_BATCH = 1e9


def _model(path: Path, provenance: Provenance) -> str:
    """The test or script that was profiled, else the name of the report, else that of the file."""
    tests = provenance.results
    if len(tests) == 1:
        return short_nodeid(tests[0].nodeid)
    files = {test.nodeid.partition("::")[0] for test in tests}
    if len(files) == 1:
        return Path(files.pop()).stem
    report = _REPORT.fullmatch(path.name)
    return report["name"] if report else path.name.partition(".")[0]


def _started(
    capture: Path, address: str, stated: Stated, named: Mapping[str, str], provenance: Provenance
) -> tuple[datetime, str]:
    if stated.started:
        return stated.started, "option"
    if (stamp := named.get("started")) and (time := time_of(stamp)):
        return time, "file name"
    if provenance.record and (time := time_of(provenance.record.started)):
        return time, "run.json"
    report = _REPORT.fullmatch(Path(address).name)
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
    except (ValueError, OverflowError, OSError):
        return None
    return iso_time(text)


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
        elif "{" in piece or "}" in piece:
            raise usage(f"--names {names}: a brace is alone", "write {model}, {board}, …")
        else:
            parts.append(re.escape(piece))
    if not seen:
        raise usage(f"--names {names} names nothing", "for instance --names '{model}_{board}_{commit}.csv'")
    compressed = "|".join(map(re.escape, COMPRESSED))
    return re.compile(f"(?:^|.*/){''.join(parts)}(?:{compressed})?", re.ASCII)


def from_name(address: str, names: str | None) -> dict[str, str]:
    """What a path says by the pattern `names`. Raises PerfsheetError (exit status 3) if it is not like that."""
    if not names:
        return {}
    match = name_pattern(names).fullmatch(address if is_address(address) else Path(address).as_posix())
    if match is None:
        raise unusable(f"{address} is not as --names says ({names})", "correct the pattern, or add it by itself")
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


_RECORDS = ("partial_run_", "complete_run_")
COMPRESSED = (".gz", ".bz2", ".xz", ".zip")
"""Endings of compressed files."""
_SNIFFED = 1 << 16


@dataclass(frozen=True)
class Found:
    """A file to add: its path, or its address in an object store (`path` is None)."""

    path: Path | None
    address: str


def find(named: Sequence[str]) -> tuple[list[Found], list[str]]:
    """The captures and benchmark records behind paths, folders, patterns and addresses, each once; and other CSVs.

    In folders what is an ops CSV by its header counts; a file that is named counts in any case. Raises PerfsheetError:
    exit status 3 for a path that is missing, or a folder, pattern or address without a capture.
    """
    found: dict[str, Found] = {}
    others: list[str] = []
    for argument in named:
        if is_address(argument):
            behind = files_behind(argument)
            here = [Found(None, one) for one in behind if behind == [argument] or _may_be_added(one)]
        else:
            here, left = _find(argument)
            others += left
        if not here:
            what = f"{without_credentials(argument)}: no ops CSV and no benchmark record here"
            raise unusable(what, "name the captures, or a folder of them")
        found.update((str(one.path.absolute()) if one.path else one.address, one) for one in here)
    return list(found.values()), others


def _find(argument: str) -> tuple[list[Found], list[str]]:
    from glob import glob, has_magic

    paths = [argument]
    if has_magic(argument) and not Path(argument).exists():
        paths = sorted(glob(argument, recursive=True))  # noqa: PTH207 absolute ones, too
    found: list[Found] = []
    others: list[str] = []
    for path in map(Path, paths):
        if not path.exists():
            raise unusable(f"{argument}: no such file", "check the path")
        inside = [file for file in sorted(path.rglob("*")) if _in_folder(file)] if path.is_dir() else [path]
        for file in inside:
            if not path.is_dir() or is_record(file) or is_capture(file):
                found.append(Found(file, str(file)))
            else:
                others.append(str(file))
    return found, others


def _in_folder(file: Path) -> bool:
    return _may_be_added(file.name) and file.is_file()


def _may_be_added(name: str) -> bool:
    """Whether a file in a folder may be a capture or a record, by its name."""
    name = without_credentials(name).rpartition("/")[2]
    plain = name.lower()
    for ending in COMPRESSED:
        plain = plain.removesuffix(ending)
    return not name.startswith(".") and (plain.endswith(".csv") or is_record(Path(name)))


def is_record(file: Path) -> bool:
    """Whether a file is a benchmark record, by its name."""
    return file.suffix == ".json" and file.name.startswith(_RECORDS)


def is_capture(file: Path) -> bool:
    """Whether the header of a CSV is that of device ops; a compressed one counts by its name."""
    if file.name.lower().endswith(COMPRESSED):
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

"""Adding captures and benchmark records to a store: each once, in batches, on all cores or on a cluster."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from perfsheet.analysis import Options
from perfsheet.analysis.from_files import analyse_files
from perfsheet.capture.compressed import decompress
from perfsheet.errors import PerfsheetError, unusable
from perfsheet.hardware.boards import BOARDS
from perfsheet.history.facts import COMPRESSED, Found, Stated, facts_of, facts_of_record, is_record
from perfsheet.history.places import Place, fetch, place_of, without_credentials
from perfsheet.history.rows import RunRows, rows_of_capture, rows_of_record
from perfsheet.history.store import commit, contents_of, known_ids, tidy, write_rows
from perfsheet.light_dataclass import dataclass
from perfsheet.models.records import read_record
from perfsheet.provenance import InputFile, input_file, recorded_provenance

_BOARDS = frozenset(board.name for board in BOARDS)
_BATCH_RUNS = 50
_BATCHES = 64
"""A long list is added in about so many batches; none has fewer runs than the number above, or more than that below."""
_MOST_RUNS = 250
_WORTH_PROCESSES = 24
"""Files from which on several processes are worth their start."""
_MOST_OP_ROWS = 1_000_000
"""Rows of table `ops` after which a batch is written, so that memory is bounded."""


@dataclass(frozen=True)
class Work:
    """What to do with every file: where its rows go, how it is analysed, what is stated.

    `known`: runs that are left alone, because the store has them.
    """

    store: str
    options: Options
    stated: Stated
    with_ops: bool
    known: frozenset[str]


@dataclass(frozen=True)
class FileNote:
    """A file, and why it was not added, or what it lacks."""

    address: str
    reason: str


@dataclass(frozen=True, eq=False)
class Written:
    """What came of some files: the rows of table `runs` of those that are written, and what was not added.

    `there`: files that the store has already. `incomplete`: captures that tell a part of their run only, and why.
    """

    runs: pa.Table
    there: int
    refused: tuple[FileNote, ...]
    incomplete: tuple[FileNote, ...] = ()


@dataclass(frozen=True)
class Added:
    """What came of adding: runs added, files that the store had already, files that were not added.

    `incomplete`: captures among the runs that tell a part of their run only; they are left out of trends and baselines.
    """

    runs: int
    there: int
    refused: tuple[FileNote, ...]
    incomplete: tuple[FileNote, ...] = ()


Spread = Callable[[Work, Sequence[Sequence[Found]]], Iterable[Written]]
"""How the work on portions of files is spread: over this machine's processes, or a cluster."""


def add(
    work: Work, files: Sequence[Found], spread: Spread, progress: Callable[[int], None] = lambda done: None
) -> Added:
    """Add files to a store. A file that cannot be used stops nothing: it is named in the result.

    Raises PerfsheetError if the store cannot be read (exit status 3) or written (7).
    """
    place = place_of(work.store)
    runs = there = done = 0
    refused: list[FileNote] = []
    incomplete: list[FileNote] = []
    seen: set[str] = set()
    for written in spread(work, portions(files)):
        new = written.runs.filter(pa.array([run not in seen for run in written.runs["run_id"].to_pylist()], pa.bool_()))
        seen.update(new["run_id"].to_pylist())
        there += written.there + written.runs.num_rows - new.num_rows
        if new.num_rows:
            commit(place, new)
        runs += new.num_rows
        refused += written.refused
        incomplete += written.incomplete
        done += written.runs.num_rows + written.there + len(written.refused)
        progress(done)
    tidy(contents_of(place))
    return Added(runs, there, tuple(refused), tuple(incomplete))


def portions(files: Sequence[Found]) -> list[Sequence[Found]]:
    """The files in portions, each of which becomes a batch."""
    size = min(_MOST_RUNS, max(_BATCH_RUNS, -(-len(files) // _BATCHES)))
    return [files[start : start + size] for start in range(0, len(files), size)]


def on_this_machine(work: Work, files: Sequence[Sequence[Found]]) -> Iterator[Written]:
    """Work on portions of files, in several processes if there are many."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2 or sum(map(len, files)) < _WORTH_PROCESSES:
        yield from (write_portion(work, portion) for portion in files)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children, get_context

    small = _halved(files) if len(files) < cores else files
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=_work_quietly) as pool:
        try:
            for future in as_completed([pool.submit(write_portion, work, list(portion)) for portion in small]):
                yield future.result()
        except BrokenProcessPool:
            what = "a process that analysed captures was killed; what was added until then counts"
            raise unusable(what, "is there memory enough? Adding the rest again goes on from there") from None
        except BaseException:
            for child in active_children():  # an interrupted command does not wait for what they are at
                child.terminate()
            raise


def _halved(files: Sequence[Sequence[Found]]) -> list[Sequence[Found]]:
    """Portions for at least two processes."""
    return [part for portion in files for part in (portion[: len(portion) // 2], portion[len(portion) // 2 :]) if part]


def _work_quietly() -> None:
    """A process of the pool leaves Ctrl-C to the one that started it, ends with it, and takes one core."""
    import signal
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    pa.set_cpu_count(1)


def _end_with_parent() -> None:
    """Wait for the process that started this one, which may be killed: nobody else would end this one."""
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def write_portion(work: Work, files: Iterable[Found]) -> Written:
    """Analyse files and write their rows, all but those of table `runs`, which make them count.

    Two files of the same content are one run. Whatever is wrong with a file is said in the result.
    """
    place = place_of(work.store)
    seen: set[str] = set()
    refused: list[FileNote] = []
    incomplete: list[FileNote] = []
    runs: list[RunRows] = []
    tables: list[pa.Table] = []
    there = op_rows = 0
    for found in files:
        try:
            run = _run_of(work, found, seen)
        except Exception as error:  # one bad file, or a bug that it meets, does not stop the others
            refused.append(FileNote(without_credentials(found.address), _reason(error)))
            continue
        if run is None:
            there += 1
            continue
        runs.append(run)
        if reason := run.run["incomplete"][0].as_py():
            incomplete.append(FileNote(without_credentials(found.address), reason))
        op_rows += run.run["ops_stored"][0].as_py()
        if op_rows > _MOST_OP_ROWS:
            tables.append(write_rows(place, runs))
            runs, op_rows = [], 0
    tables.append(write_rows(place, runs))
    return Written(pa.concat_tables(tables), there, tuple(refused), tuple(incomplete))


def _run_of(work: Work, found: Found, seen: set[str]) -> RunRows | None:
    """The rows of a file; None if the store, or `seen`, has it already. One in an object store is copied here."""
    if found.path is None:
        with tempfile.TemporaryDirectory(prefix="perfsheet-history-") as folder:
            copy = fetch(found.address, Path(folder))
            return _run_of_file(work, copy, without_credentials(found.address), seen)
    return _run_of_file(work, found.path, found.address, seen)


def _run_of_file(work: Work, path: Path, address: str, seen: set[str]) -> RunRows | None:
    file = replace(content_of(path), path=address)
    if file.sha256 in work.known or file.sha256 in seen:
        return None
    rows = _rows(work, path, file)
    seen.add(file.sha256)
    return rows


def content_of(path: Path) -> InputFile:
    """A file with the hash of its content: that of what is compressed, if it is. Raises OSError, PerfsheetError."""
    file = input_file(path)
    if not path.name.lower().endswith(COMPRESSED):
        return file
    with ExitStack() as files:
        stream = decompress(str(path), files.enter_context(path.open("rb")), files, [])
        if stream is None:
            return file
        digest = hashlib.sha256()
        stream.seek(0)
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return replace(file, sha256=digest.hexdigest())


def _rows(work: Work, path: Path, file: InputFile) -> RunRows:
    """The rows of a file; a batch size or board that its name states is that of the analysis, too."""
    if is_record(path):
        record = read_record(path)
        return rows_of_record(record, facts_of_record(record, path, file.path, work.stated), file)
    facts = facts_of(path, file.path, work.stated, recorded_provenance(path))
    options = work.options
    if facts.batch is not None:
        options = replace(options, batch=facts.batch)
    if facts.board in _BOARDS:
        options = replace(options, board=facts.board)
    return rows_of_capture(analyse_files([str(path)], options), facts, file, work.with_ops)


def _reason(error: Exception) -> str:
    if isinstance(error, PerfsheetError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"a bug in perfsheet: {type(error).__name__}: {error}"


def known_in(place: Place) -> frozenset[str]:
    """The runs that a store has; none where it does not exist yet."""
    return frozenset(known_ids(contents_of(place)))

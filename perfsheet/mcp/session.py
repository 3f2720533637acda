"""What a server may read, and the analyses that it keeps."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from perfsheet.analysis import Analysis, Options, Selection
from perfsheet.analysis.from_files import NO_GRAPH, analyse_files
from perfsheet.capture.sources import locate
from perfsheet.errors import usage
from perfsheet.graph_report.find import files_of
from perfsheet.light_dataclass import dataclass
from perfsheet.mcp.inputs import CaptureInput
from perfsheet.provenance import RECORD_NAME, recorded_provenance

_KEPT = 8
"""Analyses that are kept, the last ones used."""

_State = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class _Kept:
    """An analysis, and the state of what it was read from."""

    analysis: Analysis
    state: _State


class Session:
    """The folders that a server may read, whether it may run targets, and the ttnn that it asks.

    `roots`: everything that is read lies below one of them, links resolved. `python`: the interpreter that has ttnn,
    None = as the commands find it.
    """

    def __init__(self, roots: Sequence[Path], may_run: bool = False, python: str | None = None) -> None:
        self.roots = tuple(root.resolve() for root in roots)
        # A path is meant from where the server starts; the link that a virtual environment has must stay one.
        self.python = str(Path(python).absolute()) if python and os.sep in python else python
        self.may_run = may_run
        self._kept: OrderedDict[object, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, text: str) -> Path:
        """A path that may be read: absolute, or from the first folder.

        Raises PerfsheetError (exit status 2) for one outside of the folders, or one that is not there.
        """
        found = self._inside(text)
        if not found.exists():
            raise usage(f"{text}: no such file or folder", "tool `captures` lists what is there")
        if not found.is_file() and not found.is_dir():
            raise usage(f"{text} is neither a file nor a folder", "tool `captures` lists what is there")
        return found

    def _inside(self, text: str) -> Path:
        if not text.strip() or text.strip() == "-" or "://" in text or "\0" in text:
            raise usage(f"{text!r} is no path of a file or folder", f"name one below {self._named()}")
        given = Path(text)
        try:
            found = (given if given.is_absolute() else self.roots[0] / given).resolve()
            found.exists()
        except (OSError, RuntimeError, ValueError):
            raise usage(f"{text[:100]!r} is no path", f"name one below {self._named()}") from None
        if not any(found == root or root in found.parents for root in self.roots):
            raise usage(f"{text} is outside of the folders that this server reads", f"name one below {self._named()}")
        return found

    def new_path(self, text: str) -> Path:
        """A path below the folders where a file may be written. Raises PerfsheetError (exit status 2) for another."""
        found = self._inside(text)
        if found in self.roots or not found.parent.is_dir():
            raise usage(f"{text}: no place for a file", f"name one in a folder below {self._named()}")
        return found

    def capture(self, text: str) -> Path:
        """The file behind a capture: that itself, or the newest report in a folder. Raises PerfsheetError."""
        (source,) = locate([self.path(text)])
        return self.path(source.label)

    def shown(self, path: str | Path) -> str:
        """A path as it is shown: from the first folder, where it is below that."""
        here = Path(path)
        return os.fspath(here.relative_to(self.roots[0])) if self.roots[0] in here.parents else os.fspath(path)

    def _named(self) -> str:
        return ", ".join(map(str, self.roots))

    def analyse(self, given: CaptureInput) -> Analysis:
        """The analysis of a capture, of the window that is asked for. Raises PerfsheetError as the commands do."""
        path, options, graph = self.capture(given.capture), _options(given), self.graph(given)
        recorded = self._recorded_graph(path) if graph is None else None
        key = (path, options, graph)
        read = [path, path.with_name(RECORD_NAME)]
        if (report := graph or recorded) not in (None, NO_GRAPH):
            read += self._files(Path(str(report)))
        state = _state(read)
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept.state != state:
            kept = _Kept(analyse_files([str(path)], options, graph=graph), state)
            if kept.analysis.graph is not None:
                self.path(kept.analysis.graph.joined.report.path)
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept.analysis

    def graph(self, given: CaptureInput) -> str | None:
        """The graph report that is named. Raises PerfsheetError for one outside of the folders."""
        return given.graph if given.graph in (None, NO_GRAPH) else str(self.path(given.graph))

    def _recorded_graph(self, capture: Path) -> Path | None:
        """The graph report that the run left beside its capture. Raises PerfsheetError for one outside."""
        if not capture.with_name(RECORD_NAME).is_file():
            return None
        self.path(str(capture.with_name(RECORD_NAME)))
        record = recorded_provenance(capture).record
        if record is None or not record.graph_report:
            return None
        return self._inside(str(capture.parent / record.graph_report))

    def _files(self, report: Path) -> list[Path]:
        """The files of a graph report. Raises PerfsheetError for links that lead out of the folders."""
        files = files_of(report)
        for path in files:
            if path.is_symlink():
                self._inside(str(path))
        return files


def _options(given: CaptureInput) -> Options:
    selection = Selection(
        start_signpost=given.start_signpost,
        end_signpost=given.end_signpost,
        id_range=given.rows,
        devices=tuple(given.devices),
        which_pass=given.which_pass,
        run=given.run,
    )
    return Options(
        low_cores_pct=given.low_cores_pct, board=given.board, batch=given.batch, selection=selection,
        per_device=given.per_device,
    )  # fmt: skip


def _state(files: Sequence[Path]) -> _State:
    """What changes when one of the files does, or is there no longer."""
    found = []
    for path in files:
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size))
    return tuple(found)

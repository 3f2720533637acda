"""What a server may read, and the analyses that it keeps."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from perfsheet.analysis import Analysis, Options, Selection
from perfsheet.analysis.from_files import NO_GRAPH, analyse_files
from perfsheet.errors import PerfsheetError, usage
from perfsheet.mcp.inputs import CaptureInput

_KEPT = 8
"""Analyses that are kept, the last ones used."""


class OutsideError(PerfsheetError):
    """A path that the server may not read."""


class Session:
    """The folders that a server may read, whether it may run targets, and the ttnn that it asks.

    `roots`: everything that is read lies below one of them, links resolved. `python`: the interpreter that has ttnn,
    None = as the commands find it.
    """

    def __init__(self, roots: Sequence[Path], may_run: bool = False, python: str | None = None) -> None:
        self.roots = tuple(root.resolve() for root in roots)
        self.may_run, self.python = may_run, python
        self._kept: OrderedDict[object, Analysis] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, text: str) -> Path:
        """A path that may be read: absolute, or from the first folder.

        Raises PerfsheetError (exit status 2) for one outside of the folders, or one that is not there.
        """
        if not text.strip() or text.strip() == "-" or "://" in text or "\0" in text:
            raise usage(f"{text!r} is no path of a file or folder", f"name one below {self._named()}")
        given = Path(text)
        try:
            found = (given if given.is_absolute() else self.roots[0] / given).resolve()
        except (OSError, RuntimeError, ValueError):
            raise usage(f"{text!r} is no path", f"name one below {self._named()}") from None
        if not any(found == root or root in found.parents for root in self.roots):
            raise usage(f"{text} is outside of the folders that this server reads", f"name one below {self._named()}")
        if not found.exists():
            raise usage(f"{text}: no such file or folder", "tool `captures` lists what is there")
        return found

    def new_path(self, text: str) -> Path:
        """A path below the folders where a file may be written. Raises PerfsheetError (exit status 2) for another."""
        given = Path(text)
        folder = self.path(str(given.parent))
        if not folder.is_dir() or not given.name:
            raise usage(f"{text}: no place for a file", f"name one in a folder below {self._named()}")
        return folder / given.name

    def shown(self, path: str | Path) -> str:
        """A path as it is shown: from the first folder, where it is below that."""
        here = Path(path)
        return os.fspath(here.relative_to(self.roots[0])) if self.roots[0] in here.parents else os.fspath(path)

    def _named(self) -> str:
        return ", ".join(map(str, self.roots))

    def analyse(self, given: CaptureInput) -> Analysis:
        """The analysis of a capture, of the window that is asked for. Raises PerfsheetError as the commands do."""
        path = self.path(given.capture)
        graph = given.graph if given.graph in (None, NO_GRAPH) else str(self.path(given.graph))
        options = _options(given)
        key = (str(path), _state(path), options, graph)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        analysis = analyse_files([str(path)], options, graph=graph)
        for named in analysis.summary.paths:
            self.path(named)
        if analysis.graph is not None:
            self.path(analysis.graph.joined.report.path)
        with self._lock:
            self._kept[key] = analysis
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return analysis


def _options(given: CaptureInput) -> Options:
    selection = Selection(
        given.start_signpost,
        given.end_signpost,
        given.rows,
        tuple(given.devices),
        True,
        given.which_pass,
        given.run,
    )
    return Options(
        low_cores_pct=given.low_cores_pct, board=given.board, batch=given.batch, selection=selection,
        per_device=given.per_device,
    )  # fmt: skip


def _state(path: Path) -> tuple[Any, ...]:
    """What changes when the file does; of a folder that of its newest file."""
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*.csv"))[-_KEPT:]
    return tuple((str(one), one.stat().st_mtime_ns, one.stat().st_size) for one in files)


Answer = Callable[[Session, Any], dict[str, Any]]

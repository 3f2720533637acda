"""The perf files that a target left behind, wherever its test has written them."""

from __future__ import annotations

import shutil
from pathlib import Path

from perfsheet.models.e2e import PerfRow, read_perf_file
from perfsheet.models.suite.model import Target

_NAMES = ("perf_*.csv", "device_perf_*.csv")

Seen = dict[Path, tuple[int, int]]


def seen(folder: Path) -> Seen:
    """The perf files of a folder, as they are now."""
    found: Seen = {}
    for pattern in _NAMES:
        for path in folder.glob(pattern):
            if path.is_file():
                status = path.stat()
                found[path] = (status.st_mtime_ns, status.st_size)
    return found


def gathered(before: Seen, folder: Path, own: Path) -> list[Path]:
    """Copy what was written to `folder` since `before` into `own`; all perf files that lie there then."""
    for path, status in seen(folder).items():
        if before.get(path) != status and path.parent != own:
            shutil.copy2(path, own / path.name)
    return sorted(seen(own))


def row_of(target: Target, files: list[Path]) -> tuple[PerfRow | None, list[str]]:
    """The end-to-end row that is the target's, and what there is to say about it."""
    read = [read_perf_file(path) for path in files if path.name.startswith("perf_")]
    said = [refused.sentence for one in read for refused in one.refused]
    rows = [row for one in read for row in one.rows]
    wanted = [
        row
        for row in rows
        if (not target.setting or row.setting == target.setting) and target.batch in (None, row.batch)
    ]
    mine = [row for row in wanted if row.model == target.model] or wanted
    found = mine if len(mine) == 1 else rows if len(rows) == 1 else []
    if found:
        row = found[0]
        said += row.notes
        if row not in wanted:
            return None, [*said, f"its perf file is of {row.name}, the target is {target.name}: it is not taken"]
        strange = row.model.casefold() != target.model.casefold()
        return row, [*said, *([f"its perf file calls the model {row.model}"] if strange else [])]
    if rows:
        names = "; ".join(row.name for row in rows)
        said.append(f"its perf files are of {names}: give setting and batch, so that one of them is the target's")
    return None, said

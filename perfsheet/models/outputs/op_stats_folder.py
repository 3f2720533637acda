"""The files of op statistics: `node_count.csv`, a file an op in `total_*_size_dist/`, formats and transfers."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from perfsheet.atomic_write import made, replace_text
from perfsheet.errors import not_written
from perfsheet.models.op_stats import OpStatistics, SizeDistribution
from perfsheet.models.outputs import op_stats_plot

NODE_COUNT = "node_count.csv"
_LONGEST = 120
_TABLES = (
    NODE_COUNT,
    "total_input_size_dist",
    "total_output_size_dist",
    "layout_and_data_type.csv",
    "transfers.csv",
    "ops_needed.csv",
    "modules.csv",
    "coverage.csv",
    "profile",
)
UNKNOWN = "unknown"


def write(found: OpStatistics, folder: Path, prefix: str = "") -> list[Path]:
    """Write them to `folder`, names beginning with `prefix`; the files. Raises PerfsheetError (exit status 7)."""
    made(folder)
    written = [write_csv(folder / f"{prefix}{NODE_COUNT}", *_node_count(found))]
    for side, distributions in (("input", found.inputs), ("output", found.outputs)):
        written += _write_sizes(folder / f"{prefix}total_{side}_size_dist", side, distributions)
    header = ("side", "layout", "data_type", "memory", "count", "total_bytes")
    rows = [
        (one.side, one.layout, one.datatype, one.memory, one.count, _told(one.total_bytes)) for one in found.formats
    ]
    written.append(write_csv(folder / f"{prefix}layout_and_data_type.csv", header, rows))
    if found.transfers:
        written.append(write_csv(folder / f"{prefix}transfers.csv", *_transfers(found)))
    return written


def cleared(folder: Path) -> None:
    """Remove what an earlier run has written there, and nothing else. Raises PerfsheetError (exit status 7)."""
    try:
        for own in (folder, *sorted((folder / "captures").glob("*"))):
            for name in _TABLES:
                for path in (own / name, own / f"fw_{name}", own / f"bw_{name}"):
                    if path.is_dir():
                        _empty(path)
                    else:
                        path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # somebody else's files are in it
                if own != folder:
                    own.rmdir()
    except OSError as error:
        raise not_written(f"{folder}: {error.strerror or error}", "give another folder with -o") from None


def _empty(folder: Path) -> None:
    for old in (*folder.glob("*.csv"), *folder.glob("*.svg"), *folder.glob("trace.json")):
        old.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _node_count(found: OpStatistics) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Op and count; with several sources a column for each besides."""
    several = len(found.sources) > 1
    header = ("op_type", "count", *(found.sources if several else ()))
    return header, [(one.op, one.count, *(one.by_source if several else ())) for one in found.counts]


def _write_sizes(folder: Path, side: str, distributions: Mapping[str, SizeDistribution]) -> list[Path]:
    made(folder)
    names: set[str] = set()
    written = []
    for op, distribution in distributions.items():
        name = file_name(op, names)
        places = len(distribution.sizes[0].by_operand) if distribution.sizes else 0
        header = ("bytes", "count", *(f"{side}_{place}" for place in range(places)))
        rows = [(UNKNOWN if one.size is None else one.size, one.count, *one.by_operand) for one in distribution.sizes]
        written.append(write_csv(folder / f"{name}.csv", header, rows))
        replace_text(folder / f"{name}.svg", op_stats_plot.distribution(distribution, side))
        written.append(folder / f"{name}.svg")
    return written


def _transfers(found: OpStatistics) -> tuple[Sequence[str], list[Sequence[object]]]:
    header = ("source", "to_device", "from_device", "fallback_ops", "host_ops", "reshards")
    rows: list[Sequence[object]] = [
        (name, _told(one.to_device), _told(one.from_device), one.fallbacks, one.host_ops, one.reshards)
        for name, one in found.transfers.items()
    ]
    return header, rows


def _told(count: int | None) -> object:
    return UNKNOWN if count is None else count


def file_name(text: str, taken: set[str]) -> str:
    """A file's name for an op, which no other op of the folder has; it is added to `taken`."""
    stem = re.sub(r"[^\w.+-]+", "_", text).strip("._")[:_LONGEST] or "op"
    name, number = stem, 1
    while name.casefold() in taken:  # some file systems do not tell upper from lower case
        number += 1
        name = f"{stem}_{number}"
    taken.add(name.casefold())
    return name


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write one table; its path. Raises PerfsheetError (exit status 7)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    replace_text(path, text.getvalue())
    return path

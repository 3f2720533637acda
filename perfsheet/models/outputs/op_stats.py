"""Op statistics as a folder of CSV tables and plots, as JSON, and in the terminal."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeVar

from perfsheet.atomic_write import make_folder, replace_text
from perfsheet.errors import PerfsheetError, not_written
from perfsheet.models.op_stats import OpStatistics, SizeDistribution
from perfsheet.models.op_tables import FORMATS, TRANSFERS, byte_size, op_count_table, size_table
from perfsheet.models.tables import csv_text
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json
from perfsheet.outputs.terminal import print_rows
from perfsheet.outputs.terminal.screen import line, screen_for
from perfsheet.outputs.workbook.theme import BAR, INK, PAPER
from perfsheet.tables import Rows, Table
from perfsheet.text.safe import escaped, file_stem

R = TypeVar("R")

NODE_COUNT = "node_count.csv"
RAW, PROFILE = "raw", "profile"
"""Folders of traced modules."""
_LONGEST_NAME = 120
_MOST_OPS = 1000
"""Ops with files of their own, the most frequent first; node_count.csv has all."""
_FILES = (
    NODE_COUNT,
    "total_input_size_dist",
    "total_output_size_dist",
    "layout_and_data_type.csv",
    "transfers.csv",
    "ops_needed.csv",
    "modules.csv",
    "coverage.csv",
    "modules.svg",
)
_MOST_ROWS = 20


def write_folder(statistics: OpStatistics, folder: Path, prefix: str = "", overwrite: bool = True) -> list[Path]:
    """Write the tables and plots to `folder`, with names that begin with `prefix`; returns the files.

    `overwrite`: files that are there already may be replaced.

    Raises PerfsheetError (exit status 7).
    """
    make_folder(folder)
    files: list[Path] = []
    try:
        for path in _written(statistics, folder, prefix, overwrite):
            files.append(path)  # noqa: PERF402 what is there when one of them fails
    except PerfsheetError as error:
        error.add_hint(f"{folder} is incomplete: it has {len(files):,} of its files")
        raise
    return files


def _written(statistics: OpStatistics, folder: Path, prefix: str, overwrite: bool) -> Iterator[Path]:
    counts = Rows(statistics, statistics.counts)
    yield write_csv(folder / f"{prefix}{NODE_COUNT}", op_count_table(statistics.sources), counts, overwrite)
    for side, distributions in (("input", statistics.inputs), ("output", statistics.outputs)):
        yield from _write_sizes(folder / f"{prefix}total_{side}_size_dist", side, distributions, overwrite)
    yield write_csv(folder / f"{prefix}layout_and_data_type.csv", FORMATS, statistics.formats, overwrite)
    if statistics.transfers:
        yield write_csv(folder / f"{prefix}transfers.csv", TRANSFERS, statistics.transfers, overwrite)


def without_files(statistics: OpStatistics) -> int:
    """How many types of ops have no files of their own."""
    return max(0, len(statistics.inputs) - _MOST_OPS)


def write_csv(path: Path, table: Table[R], rows: R, overwrite: bool = True) -> Path:
    """Write a table, with `unknown` for unknown numbers; returns its path. Raises PerfsheetError (exit status 7)."""
    replace_text(path, csv_text(table, rows, "unknown"), overwrite)
    return path


def _write_sizes(
    folder: Path, side: str, distributions: Mapping[str, SizeDistribution], overwrite: bool
) -> Iterator[Path]:
    make_folder(folder)
    names: set[str] = set()
    for op, distribution in islice(distributions.items(), _MOST_OPS):
        name = unique_file_name(op, names)
        operands = len(distribution.sizes[0].by_operand) if distribution.sizes else 0
        yield write_csv(folder / f"{name}.csv", size_table(side, operands), distribution.sizes, overwrite)
        replace_text(folder / f"{name}.svg", plot_sizes(distribution, side), overwrite)
        yield folder / f"{name}.svg"


def clear_folder(folder: Path, keep: Collection[Path] = ()) -> None:
    """Delete the files of an earlier run, but for `keep`, and no others. Raises PerfsheetError (exit status 7)."""
    try:
        models = [path.stem.removeprefix("fw_") for path in (folder / RAW).glob("fw_*.json")]
        for name in models:
            for path in _of_model(folder, name):
                if path not in keep:
                    path.unlink(missing_ok=True)
        subfolders = [*sorted((folder / "captures").glob("*")), *(folder / "models" / name for name in models)]
        for subfolder in (folder, *subfolders):
            for name in _FILES:
                for path in (subfolder / name, subfolder / f"fw_{name}", subfolder / f"bw_{name}"):
                    if path.is_dir() and not path.is_symlink():
                        _clear_tables(path)
                    else:
                        path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # it has other files, or was never there
                if subfolder != folder:
                    subfolder.rmdir()
        for name in (RAW, PROFILE, "models", "captures"):
            with contextlib.suppress(OSError):
                (folder / name).rmdir()
    except OSError as error:
        raise not_written(f"{folder}: {error.strerror or error}", "give another folder with -o") from None


def _of_model(folder: Path, name: str) -> Iterator[Path]:
    """The files of a traced module that have its name."""
    yield from (folder / RAW / f"{prefix}{name}.json" for prefix in ("fw_", "bw_"))
    yield folder / PROFILE / f"{name}.json"


def _clear_tables(folder: Path) -> None:
    for pattern in ("*.csv", "*.svg", "*.png"):
        for path in folder.glob(pattern):
            path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def unique_file_name(text: str, taken: set[str]) -> str:
    """A file name for an op or capture that is not in `taken`; adds it there."""
    stem = file_stem(text, _LONGEST_NAME, "op")
    name, number = stem, 1
    while name.casefold() in taken:  # some file systems ignore upper and lower case
        number += 1
        name = f"{stem}_{number}"
    taken.add(name.casefold())
    return name


def stats_json(statistics: OpStatistics, files: Sequence[str]) -> Json:
    """`perfsheet stats --json` (docs/json.md); null is unknown."""
    transfers = TRANSFERS.records(statistics.transfers)
    return {
        "schema_version": SCHEMA_VERSION,
        "sources": list(statistics.sources),
        "ops": op_count_table(statistics.sources).records(Rows(statistics, statistics.counts)),
        "input_sizes": _sizes_json(statistics.inputs),
        "output_sizes": _sizes_json(statistics.outputs),
        "formats": FORMATS.records(statistics.formats),
        "transfers": dict(zip(statistics.transfers, transfers, strict=True)),
        "files": list(files),
    }


def _sizes_json(distributions: Mapping[str, SizeDistribution]) -> Json:
    return {op: size_table().records(distribution.sizes) for op, distribution in distributions.items()}


def print_statistics(statistics: OpStatistics, out: TextIO) -> None:
    """Print the most frequent ops and their tensor sizes, the formats, and the transfers."""
    screen = screen_for(out)
    counts = statistics.counts
    screen.print(line(f"{statistics.total:,} ops of {len(counts)} types in {', '.join(statistics.sources)}", "bold"))
    screen.print()
    print_rows(screen, op_count_table(statistics.sources), Rows(statistics, counts[:_MOST_ROWS]))
    if len(counts) > _MOST_ROWS:
        screen.print(line(f"… and {len(counts) - _MOST_ROWS} more types in node_count.csv", "dim"))
    screen.print()
    if statistics.formats:
        print_rows(screen, FORMATS, statistics.formats[:_MOST_ROWS])
        screen.print()
    for name, transfers in statistics.transfers.items():
        moved = transfers.to_from_device
        to_from = "unknown (the capture has no host row)" if moved is None else f"{moved:,}"
        screen.print(
            line(
                f"{name}: to/from device {to_from}, host fallbacks {transfers.fallbacks:,}, "
                f"host ops {transfers.host_ops:,}, reshards {transfers.reshards:,}"
            )
        )


_MOST_BARS = 30
_WIDTH, _LEFT, _BAR_ROOM = 760, 150, 520
_TOP, _STEP, _HEIGHT = 54, 22, 15
_FONT = "font-family='Calibri, Carlito, Arial, sans-serif'"


def plot_sizes(distribution: SizeDistribution, side: str) -> str:
    """The size distribution of an op as SVG: a bar with its count per size, or per power of two if there are many."""
    bars = _bars(distribution)
    most = max((count for _, count in bars), default=1)
    height = _TOP + _STEP * max(1, len(bars)) + 16
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height}' width='{_WIDTH}' height='{height}'>",
        f"<rect width='{_WIDTH}' height='{height}' fill='{PAPER}'/>",
        f"<text x='16' y='24' font-size='16' font-weight='bold' fill='{INK}' {_FONT}>{escaped(distribution.op)}</text>",
        f"<text x='16' y='42' font-size='12' fill='{INK}' {_FONT}>"
        f"bytes of an {side} tensor: number of tensors ({distribution.tensors:,} in all)</text>",
    ]
    for index, (label, count) in enumerate(bars):
        y = _TOP + _STEP * index
        length = max(1.0, _BAR_ROOM * count / most)
        parts += [
            f"<text x='{_LEFT - 8}' y='{y + 12}' font-size='12' text-anchor='end' fill='{INK}' {_FONT}>{label}</text>",
            f"<rect x='{_LEFT}' y='{y}' width='{length:.1f}' height='{_HEIGHT}' fill='{BAR}'/>",
            f"<text x='{_LEFT + length + 6:.1f}' y='{y + 12}' font-size='12' fill='{INK}' {_FONT}>{count:,}</text>",
        ]
    return "\n".join([*parts, "</svg>", ""])


def _bars(distribution: SizeDistribution) -> list[tuple[str, int]]:
    unknown = sum(row.count for row in distribution.sizes if row.size is None)
    known = [(row.size, row.count) for row in distribution.sizes if row.size is not None]
    if len(known) <= _MOST_BARS:
        bars = [(byte_size(size), count) for size, count in known]
    else:
        powers: Counter[int] = Counter()
        for size, count in known:
            powers[max(0, size - 1).bit_length()] += count
        bars = [(f"up to {byte_size(2**power)}", powers[power]) for power in sorted(powers)]
    return [*bars, ("unknown", unknown)] if unknown else bars

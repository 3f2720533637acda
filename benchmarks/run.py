"""Time perfsheet beside tt-perf-report on the same captures, and print what docs/performance.md holds.

    make benchmark CAPTURE=path/to/ops_perf_results.csv

Both are installed anew, into environments of their own, with bytecode compiled. Linux or macOS.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from measure import Command, Cost, pairs
from scale import scaled

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "generated" / "benchmarks"
PEER = "tt-perf-report==1.4.1"
_FLOOR = "import csv,sys; csv.field_size_limit(1<<28)\nfor _ in csv.reader(open(sys.argv[1],newline='')): pass"
_SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000)


@dataclass(frozen=True)
class Race:
    """One line of the table: what both do, and what is wanted of the ratios (None = nothing)."""

    title: str
    ours: Command
    theirs: Command
    rows: int
    cpu: float | None
    memory: float | None = None
    floor: Path | None = None


def environment(name: str, *packages: str) -> Path:
    """The folder of executables of a virtual environment with these packages, freshly installed and compiled."""
    folder = WORK / name
    venv.create(folder, with_pip=True, clear=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    subprocess.run([python, "-m", "compileall", "-q", folder / "lib"], check=False)
    return folder / "bin"


def races(ours: Path, theirs: Path, capture: Path) -> Iterator[Race]:
    """What is measured."""
    perfsheet, peer, out = ours / "perfsheet", theirs / "tt-perf-report", WORK / "out"
    yield Race("--help", [perfsheet, "--help"], [peer, "--help"], 0, 0.15)
    rows = len_of(capture)
    files = {rows: capture, **{size: WORK / f"{capture.stem}-{size}.csv" for size in (20_000, 100_000)}}
    for (size, file), cpu in zip(files.items(), (0.14, 0.08, 0.02), strict=True):
        memory = 0.25 if size == 100_000 else None
        yield Race("top-ops", [perfsheet, "top-ops", file], [peer, file], size, cpu, memory, file)
    report = partial(_report, perfsheet, peer, out)
    yield Race("report", *report(capture), rows, 0.28, None, capture)
    yield Race("report", *report(files[100_000]), 100_000, 0.2, 0.4, files[100_000])


def _report(perfsheet: Path, peer: Path, out: Path, file: Path) -> tuple[Command, Command]:
    ours: Command = [perfsheet, "report", file, "-o", out.with_suffix(".xlsx"), "--force"]
    return ours, [peer, file, "--csv", out.with_suffix(".csv")]


def len_of(capture: Path) -> int:
    """Rows of a capture without cells of several lines."""
    with capture.open("rb") as stream:
        return sum(1 for _ in stream) - 1


def show(races: Iterator[Race], runs: int) -> None:
    """Run all of them and print the table."""
    heads = ("command", "rows", *("CPU [s]", "theirs", "ratio (target)"), *("memory [MiB]", "theirs", "ratio (target)"))
    print(f"| {' | '.join((*heads, 'floor [s]', '× floor'))} |")
    print(f"| --- {'| ---: ' * (len(heads) + 1)}|")
    for race in races:
        commands: list[Command] = [race.ours, race.theirs]
        if race.floor:
            commands.append([sys.executable, "-c", _FLOOR, race.floor])
        ours, theirs, *floor = pairs(commands, min(runs, 3) if race.rows >= 100_000 else runs)
        cells = [race.title, f"{race.rows:,}" if race.rows else "–", f"{ours.cpu_s:.2f}", f"{theirs.cpu_s:.2f}"]
        cells.append(_ratio(ours.cpu_s / theirs.cpu_s, race.cpu))
        cells += [f"{ours.memory_mib:,.0f}", f"{theirs.memory_mib:,.0f}"]
        cells.append(_ratio(ours.memory_mib / theirs.memory_mib, race.memory))
        cells += [f"{floor[0].cpu_s:.2f}", f"{ours.cpu_s / floor[0].cpu_s:.1f}"] if floor else ["–", "–"]
        print(f"| {' | '.join(cells)} |", flush=True)


def _ratio(value: float, target: float | None) -> str:
    return f"{value:.3f}" + ("" if target is None else f" ({target:g})")


def growth(perfsheet: Path, capture: Path, sizes: tuple[int, ...]) -> None:
    """Print how the cost grows with the rows."""
    print("| rows | top-ops CPU [s] | µs a row beyond the first 1,000 | MiB | report CPU [s] | µs a row beyond | MiB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    first: list[Cost] = []
    for size in sizes:
        file = scaled(capture, size, WORK / f"{capture.stem}-{size}.csv")
        report: Command = [perfsheet, "report", file, "-o", WORK / "out.xlsx", "--force"]
        ranking: Command = [perfsheet, "top-ops", file]
        found = pairs([ranking, report], 1 if size > 30_000 else 3)
        first = first or found
        cells = [f"{size:,}"]
        for cost, start in zip(found, first, strict=True):
            more = size - sizes[0]
            each = f"{1e6 * (cost.cpu_s - start.cpu_s) / more:.1f}" if more else "–"
            cells += [f"{cost.cpu_s:.2f}", each, f"{cost.memory_mib:,.0f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Install, scale, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "capture", type=lambda text: Path(text).resolve(), help="an ops CSV; longer ones are made of it"
    )
    parser.add_argument(
        "--runs", type=int, default=7, help="counted runs of each command (3 at most from 100,000 rows on)"
    )
    parser.add_argument("--growth", action="store_true", help="also how the cost grows, 1,000 to 300,000 rows")
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    ours, theirs = environment("ours", str(ROOT)), environment("theirs", PEER)
    for size in (20_000, 100_000):
        scaled(given.capture, size, WORK / f"{given.capture.stem}-{size}.csv")
    print(f"{given.capture.name}; Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.machine()}")
    print(f"perfsheet beside {PEER}, which runs with --csv beside report; CPU = user + system, medians\n")
    show(races(ours, theirs, given.capture), given.runs)
    if given.growth:
        print()
        growth(ours / "perfsheet", given.capture, _SIZES)


if __name__ == "__main__":
    main()

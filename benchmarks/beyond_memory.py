"""Rank and report a capture of two million rows, 3 GB, and print what that costs.

    make benchmark-large CAPTURE=path/to/ops_perf_results.csv

The capture is made of the given one; it takes minutes and 3 GB of disk.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from measure import Command, pairs
from run import ROOT, WORK, environment
from scale import scaled

_ROWS = 2_000_000


def main() -> None:
    """Scale, run once, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", type=lambda text: Path(text).resolve())
    parser.add_argument("--rows", type=int, default=_ROWS)
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    perfsheet = environment("ours", str(ROOT)) / "perfsheet"
    large = scaled(given.capture, given.rows, WORK / f"{given.capture.stem}-{given.rows}.csv")
    book = WORK / "large.xlsx"
    print(f"{given.rows:,} rows, {large.stat().st_size / 1e9:.2f} GB\n")
    print("| command | CPU [s] | memory [MiB] |")
    print("| --- | ---: | ---: |")
    commands: dict[str, Command] = {
        "top-ops": [perfsheet, "top-ops", large],
        "report": [perfsheet, "report", large, "-o", book, "--force"],
    }
    for title, command in commands.items():
        (cost,) = pairs([command], runs=1)
        print(f"| {title} | {cost.cpu_s:.1f} | {cost.memory_mib:,.0f} |", flush=True)
    print(f"\nworkbook: {book.stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()

"""Measure how close each kind of op comes to its speed of light, and write the table that expectations use.

    python scripts/measure_best_seen.py CAPTURE.csv …

Takes every distinct op of 5 µs or more with a known speed of light. The table has the share of the speed of light that
the best quarter of them reaches, for kinds of which there are enough. It holds figures only, nothing of the captures.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

import perfsheet
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.kinds import same_work

TARGET = Path(__file__).resolve().parents[1] / "perfsheet" / "analysis" / "expectation" / "best_seen_table.py"
LONG_NS = 5000
FEWEST = 4
QUANTILE = 0.75
ALIKE = 3

_HEAD = '''"""The share of the speed of light that a quarter of the ops of each kind reaches.

Written by scripts/measure_best_seen.py. `(share, ops, captures)`: distinct ops of 5 µs or more, in how many
captures. `BY_CATEGORY` is for kinds with fewer than {fewest} of them, where others of the category reach about as much.
"""

BY_KIND: dict[str, tuple[float, int, int]] = {{
{kinds}
}}

BY_CATEGORY: dict[str, tuple[float, int, int]] = {{
{categories}
}}
'''


def main() -> None:
    """Measure the captures and write the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("captures", type=Path, nargs="+")
    by_kind: dict[str, list[tuple[float, Path]]] = defaultdict(list)
    by_category: dict[str, list[tuple[float, Path]]] = defaultdict(list)
    kinds_of: dict[str, set[str]] = defaultdict(set)
    for capture in arguments.parse_args().captures:
        try:
            seen = shares(perfsheet.analyze(perfsheet.read(capture)))
        except perfsheet.PerfsheetError as error:
            print(f"left out: {error}")
            continue
        for op_code, share in seen:
            by_kind[same_work(op_code)].append((share, capture))
            by_category[category(op_code)].append((share, capture))
            kinds_of[category(op_code)].add(same_work(op_code))
    alike = {name: seen for name, seen in by_category.items() if _are_alike([by_kind[one] for one in kinds_of[name]])}
    tables = {"kinds": _lines(by_kind), "categories": _lines(alike)}
    TARGET.write_text(_HEAD.format(fewest=FEWEST, **tables), encoding="utf-8")


def shares(analysis: perfsheet.Analysis) -> list[tuple[str, float]]:
    """The op code of each distinct op, and the share of the speed of light that it reaches."""
    ops, limits = analysis.ops, analysis.facts.speed_of_light
    usable = ops.timed & np.isfinite(limits.sol) & ~limits.contradicted & (ops.kernel_ns >= LONG_NS)
    found = []
    for index, variant in enumerate(ops.variants.all):
        here = np.flatnonzero(usable & (ops.variants.of == index))
        if len(here):
            found.append((variant.op_code, float(np.median(limits.sol[here]))))
    return found


def _are_alike(kinds: list[list[tuple[float, Path]]]) -> bool:
    """Whether a category says something about a kind that was hardly seen: several of its kinds reach about as much."""
    known = [_share(seen) for seen in kinds if len(seen) >= FEWEST]
    return len(known) > 1 and max(known) <= ALIKE * min(known)


def _share(seen: list[tuple[float, Path]]) -> float:
    return float(np.quantile([share for share, _ in seen], QUANTILE))


def _lines(seen: dict[str, list[tuple[float, Path]]]) -> str:
    lines = []
    for name, found in sorted(seen.items()):
        if len(found) >= FEWEST:
            lines.append(
                f'    "{name}": ({_share(found):.3g}, {len(found)}, {len({capture for _, capture in found})}),'
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

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
from perfsheet.analysis.ops.kinds import kind

TARGET = Path(__file__).resolve().parents[1] / "perfsheet" / "analysis" / "expectation" / "best_seen_table.py"
LONG_NS = 5000
FEWEST = 4
QUANTILE = 0.75

_HEAD = '''"""The share of the speed of light that a quarter of the ops of each kind reaches.

Written by scripts/measure_best_seen.py. `(share, ops, captures)`: distinct ops of 5 µs or more, in how many
captures. `BY_CATEGORY` is for kinds with fewer than {fewest} of them.
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
    for capture in arguments.parse_args().captures:
        try:
            seen = shares(perfsheet.analyze(perfsheet.read(capture)))
        except perfsheet.PerfsheetError as error:
            print(f"left out: {error}")
            continue
        for op_code, share in seen:
            by_kind[kind(op_code)].append((share, capture))
            by_category[category(op_code)].append((share, capture))
    tables = {"kinds": _lines(by_kind), "categories": _lines(by_category)}
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


def _lines(seen: dict[str, list[tuple[float, Path]]]) -> str:
    lines = []
    for name, found in sorted(seen.items()):
        if len(found) >= FEWEST:
            share = float(np.quantile([share for share, _ in found], QUANTILE))
            lines.append(f'    "{name}": ({share:.3g}, {len(found)}, {len({capture for _, capture in found})}),')
    return "\n".join(lines)


if __name__ == "__main__":
    main()

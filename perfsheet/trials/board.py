"""The mock board for a capture: its architecture, and its worker grid as columns × rows."""

from __future__ import annotations

from collections import Counter

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.attributes import attribute, list_numbers
from perfsheet.analysis.statistics import known_ints
from perfsheet.errors import usage
from perfsheet.hardware.boards import board
from perfsheet.trials.memory import ranges_in

_BOARDS = {"wormhole_b0": "n150", "blackhole": "p150"}
_GRIDS = {20: (5, 4), 48: (8, 6), 56: (8, 7), 64: (8, 8), 72: (8, 9), 80: (8, 10), 100: (10, 10), 110: (11, 10)}
_GRIDS |= {120: (12, 10), 130: (13, 10), 140: (14, 10)}
"""Columns and rows of the grids that boards have, for captures whose ops do not state them."""


def board_of(analysis: Analysis) -> tuple[str, tuple[int, int], bool]:
    """The board to mock, its grid, and whether its architecture is assumed, for want of any other word.

    Raises PerfsheetError (exit status 2) for one that cannot be mocked.
    """
    summary = analysis.summary
    arch = (summary.arch or (board(summary.board).arch if summary.board else "")).lower()
    if summary.plan is not None:
        name = summary.plan.board
    elif arch in _BOARDS or not arch:
        name = _BOARDS.get(arch, "n150")
    else:
        raise usage(f"no mock board of {arch}", f"known: {', '.join(_BOARDS)}")
    cores = known_ints(analysis.ops.worker_cores)
    count = cores[-1] if cores else 64
    stated = Counter(size for variant in analysis.ops.variants.all if (size := _stated(variant.attributes)))
    fitting = [size for size, _ in stated.most_common() if size[0] * size[1] == count]
    grid = next(iter(fitting), _GRIDS.get(count))
    if grid is None:
        raise usage(f"no board with {count} worker cores can be mocked", "give a capture of a whole grid")
    return name, grid, not arch


def board_named(name: str) -> tuple[str, tuple[int, int], bool]:
    """The board that is called so, its grid, and that it is not assumed.

    Raises PerfsheetError (exit status 2) for one on which ops cannot be tried alone.
    """
    found = board(name) if name in _ALONE else None
    if found is None or found.worker_cores not in _GRIDS:
        raise usage(f"no op can be tried on a board {name!r}", f"known: {', '.join(_ALONE)}")
    return name, _GRIDS[found.worker_cores], False


_ALONE = ("n150", "p100", "p150")
"""Boards of one chip, on which ops can be tried."""


def _stated(attributes: str) -> tuple[int, int] | None:
    """The grid that an op says the device has: `{[(x=0;y=0) - (x=7;y=7)]}` is 8 × 8."""
    ranges = ranges_in(attribute(attributes, "worker_grid"))
    if len(ranges) == 1:
        return ranges[0][2] + 1, ranges[0][3] + 1
    numbers = list_numbers(attribute(attributes, "user_core_coord"))
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None

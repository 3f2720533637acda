"""Find for each row of a capture the device op of a graph report that it is: by GLOBAL CALL COUNT, else by sequence.

The capture of the times and the graph report come from two runs of one target. Their counts agree when both runs
issue the same ops; op names and input shapes say whether they do. Where they don't, the sequences are aligned, as two
captures are in a comparison. A join that these don't confirm is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np

from perfsheet.alignment import align
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.variants import variants
from perfsheet.capture.table import BoolArray, IntArray, OpsTable, RowKind
from perfsheet.errors import PerfsheetError, unusable
from perfsheet.graph_report.model import GraphReport
from perfsheet.light_dataclass import dataclass

_AGREES = 0.9
"""Part of the pairs whose names (and whose shapes) must agree; fewer, and it is another run."""
_COVERS = 0.5
"""Part of the rows that an alignment must pair; fewer, and the rest of the model may be anything."""
_SAME_KIND, _SAME_INPUTS, _SAME_OUTPUTS = 2, 4, 2
_HINT = "give the graph report of a run of the same target, with the same shapes"

Extents = tuple[int, ...]


class By(str, Enum):
    """What a join goes by."""

    CALL_COUNT = "GLOBAL CALL COUNT"
    SEQUENCE = "the sequence of ops"


@dataclass(frozen=True, eq=False)
class Joined:
    """A graph report and the rows of a capture together.

    `partner` has for each row of the table the index of its device op in `report.device_ops`, -1 without one. `rows`
    counts the device rows, `joined` those with a partner; of these `replayed` come from trace replays (captured once),
    `repeated` from passes beyond those of the graph report, `cached` are of ops whose program was cached (their
    circular buffers are those of the op that built it). `unlike`: rows whose count the report has for another op.
    `doubtful`: rows that may be one of several places in the source. `unused` counts device ops of the report without
    a row.
    """

    report: GraphReport
    partner: IntArray
    by: By
    rows: int
    joined: int
    replayed: int
    repeated: int
    cached: int
    unlike: int
    doubtful: int
    unused: int

    @property
    def outside(self) -> int:
        """Device rows without a partner."""
        return self.rows - self.joined


def join(table: OpsTable, report: GraphReport) -> Joined:
    """Join a capture and a graph report. Raises PerfsheetError (exit status 3) when they don't belong together."""
    if not report.device_ops:
        raise unusable(
            f"{report.path}: the graph report names no device op",
            "capture it with enable_fast_runtime_mode false, and NORMAL or NO_DISPATCH",
        )
    rows = np.flatnonzero(table.kind == RowKind.DEVICE)
    described = _Descriptions(table, rows, report)
    found, unlike, reason = _by_call_count(table, rows, report, described)
    by, repeated, doubtful = By.CALL_COUNT, 0, 0
    if found is None:
        found, repeated, doubtful = _by_sequence(table, rows, report, described, reason)
        by = By.SEQUENCE
    partner = np.full(len(table), -1, dtype=np.int64)
    partner[rows] = found
    paired = rows[found >= 0]
    cached = np.array([op.cache_hit is True for op in report.device_ops], dtype=np.bool_)
    return Joined(
        report,
        partner,
        by,
        len(rows),
        len(paired),
        int(np.isfinite(table.number("replay_session")[paired]).sum()),
        repeated,
        int(cached[partner[paired]].sum()),
        unlike,
        doubtful,
        len(report.device_ops) - len(np.unique(partner[paired])),
    )


class _Descriptions:
    """The ops of both sides as numbers: equal tokens have name, inputs and outputs in common."""

    def __init__(self, table: OpsTable, rows: IntArray, report: GraphReport) -> None:
        listed = variants(table, rows, table.text("op_code").take(rows))
        of_rows = [(kind(one.op_code), _extents(one.inputs), _extents(one.outputs)) for one in listed.all]
        shapes = [_four(tensor.shape) for tensor in report.tensors]
        of_ops = [
            (kind(op.name) if op.name else "", _all(shapes, op.inputs), _all(shapes, op.outputs))
            for op in report.device_ops
        ]
        tokens: dict[tuple[str, tuple[Extents, ...], tuple[Extents, ...]], int] = {}
        numbered = np.array([tokens.setdefault(one, len(tokens)) for one in of_rows], dtype=np.int64)
        self.rows: IntArray = numbered[listed.of] if len(rows) else np.empty(0, dtype=np.int64)
        self.ops: IntArray = np.array([tokens.setdefault(one, len(tokens)) for one in of_ops], dtype=np.int64)
        self._kinds = _numbers([one[0] for one in tokens])
        self._inputs = _numbers([tuple(sorted(one[1])) for one in tokens])
        self._outputs = _numbers([tuple(sorted(one[2])) for one in tokens])
        self._unnamed = np.array([not one[0] for one in tokens], dtype=np.bool_)
        self._shapeless = np.array([not one[1] for one in tokens], dtype=np.bool_)

    @property
    def kin(self) -> tuple[IntArray, ...]:
        """What kind of op each token is."""
        return (self._kinds,)

    def worth(self, ours: IntArray, theirs: IntArray) -> IntArray:
        """What pairs of tokens are worth; 0 unless they are of one kind."""
        same = self._kinds[ours][:, np.newaxis] == self._kinds[theirs]
        total = _SAME_KIND + np.zeros(same.shape, dtype=np.int64)
        for values, worth in ((self._inputs, _SAME_INPUTS), (self._outputs, _SAME_OUTPUTS)):
            total += worth * (values[ours][:, np.newaxis] == values[theirs])
        return np.where(same, total, 0)

    def same_name(self, rows: IntArray, ops: IntArray) -> BoolArray:
        """Whether these pairs are of one kind; unnamed device ops are of any."""
        ours, theirs = self.rows[rows], self.ops[ops]
        return np.asarray((self._kinds[ours] == self._kinds[theirs]) | self._unnamed[theirs])

    def same_shapes(self, rows: IntArray, ops: IntArray) -> float:
        """The part of these pairs whose input shapes agree; 1 where they are not known."""
        ours, theirs = self.rows[rows], self.ops[ops]
        known = ~(self._shapeless[ours] | self._shapeless[theirs])
        return float((self._inputs[ours] == self._inputs[theirs])[known].mean()) if known.any() else 1.0


def _numbers(values: Sequence[object]) -> IntArray:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64)


def _extents(tensors: Sequence[Tensor]) -> tuple[Extents, ...]:
    return tuple(tensor.logical for tensor in tensors if tensor.logical is not None)


def _all(shapes: Sequence[Extents], tensors: Sequence[int]) -> tuple[Extents, ...]:
    return tuple(shapes[tensor] for tensor in tensors)


def _four(shape: Extents) -> Extents:
    """A shape as the ops CSV has it: four extents, the outer ones of a larger rank multiplied."""
    outer = 1
    for extent in shape[:-3]:
        outer *= extent
    return (outer, *((1,) * (3 - len(shape[-3:]))), *shape[-3:])


def _by_call_count(
    table: OpsTable, rows: IntArray, report: GraphReport, described: _Descriptions
) -> tuple[IntArray | None, int, str]:
    """The device op of each row by its count, and how many counts are of another op; None and why if it is unusable."""
    if not report.has_executions:
        return None, 0, "it states no GLOBAL CALL COUNT"
    counts = table.number("global_call_count")[rows]
    index: dict[int, int] = {}
    for place, op in enumerate(report.device_ops):
        for execution in op.executions:
            index.setdefault(execution.global_call_count, place)
    known = np.isfinite(counts)
    found = np.full(len(rows), -1, dtype=np.int64)
    found[known] = [index.get(int(count), -1) for count in counts[known].tolist()]
    paired = np.flatnonzero(found >= 0)
    if not paired.size:
        return None, 0, "no GLOBAL CALL COUNT is in both"
    same = described.same_name(paired, found[paired])
    if same.mean() < _AGREES:
        return None, 0, f"{int((~same).sum()):,} of {len(paired):,} equal GLOBAL CALL COUNTs are of different ops"
    found[paired[~same]] = -1
    paired = paired[same]
    if (shapes := described.same_shapes(paired, found[paired])) < _AGREES:
        return None, 0, f"{1 - shapes:.0%} of the ops with equal GLOBAL CALL COUNTs have other shapes"
    return found, int((~same).sum()), ""


def _by_sequence(
    table: OpsTable, rows: IntArray, report: GraphReport, described: _Descriptions, reason: str
) -> tuple[IntArray, int, int]:
    """The device op of each row by its place, and how many rows are of further passes, and how many are doubtful."""
    if not all(op.name for op in report.device_ops):
        raise _refused(report, f"it does not name the device ops of its calls, and {reason}")
    places = _places(report)
    sessions = np.nan_to_num(table.number("replay_session")[rows], nan=-1.0)
    devices = table.device[rows]
    found = np.full(len(rows), -1, dtype=np.int64)
    repeated = doubtful = 0
    known: dict[bytes, tuple[IntArray, int, int]] = {}
    for device in np.unique(devices).tolist():
        for session in np.unique(sessions[devices == device]).tolist():
            here = np.flatnonzero((devices == device) & (sessions == session))
            tokens = described.rows[here]
            key = tokens.tobytes()
            if key not in known:
                known[key] = _aligned(tokens, described, places)
            found[here] = known[key][0]
            repeated, doubtful = repeated + known[key][1], doubtful + known[key][2]
    paired = np.flatnonzero(found >= 0)
    if doubtful > (1 - _AGREES) * len(rows):
        raise _refused(report, f"{reason}, and {doubtful:,} of {len(rows):,} ops may be one of several lines")
    if len(paired) < _COVERS * len(rows):
        raise _refused(report, f"{reason}, and by their sequence only {len(paired):,} of {len(rows):,} ops agree")
    if (shapes := described.same_shapes(paired, found[paired])) < _AGREES:
        raise _refused(report, f"{reason}, and {1 - shapes:.0%} of the ops have other shapes")
    return found, repeated, doubtful


def _aligned(tokens: IntArray, described: _Descriptions, places: IntArray) -> tuple[IntArray, int, int]:
    """The partner of each row of one device, how many are of further passes, and how many are doubtful.

    Aligned from both ends, rows that get partners at two places of the source are doubtful.
    """
    ops = described.ops
    found = _pairs(tokens, ops, described)
    backwards = len(ops) - 1 - _pairs(tokens[::-1], ops[::-1], described)[::-1]
    backwards[backwards == len(ops)] = -1
    both = (found >= 0) & (backwards >= 0)
    unclear = both & (places[found] != places[backwards])
    found = np.where(found >= 0, found, backwards)
    found[unclear] = -1
    repeated = 0
    for start, stop in _gaps(found < 0):
        if unclear[start:stop].any() or stop - start < _COVERS * len(ops):
            continue
        again = _again(tokens[start:stop], described)
        repeated += int((again >= 0).sum())
        found[start:stop] = again
    return found, repeated, int(unclear.sum())


def _again(tokens: IntArray, described: _Descriptions) -> IntArray:
    """The partners of rows that repeat what the report has once: one pass after the other."""
    size = len(described.ops)
    found = np.full(len(tokens), -1, dtype=np.int64)
    for start in range(0, len(tokens), size):
        part = tokens[start : start + size]
        pairs = _pairs(part, described.ops, described)
        if (pairs >= 0).mean() >= _AGREES:
            found[start : start + size] = pairs
    return found


def _pairs(tokens: IntArray, ops: IntArray, described: _Descriptions) -> IntArray:
    found = np.full(len(tokens), -1, dtype=np.int64)
    pairs = align(tokens, ops, described.kin, described.worth)
    found[pairs[:, 0]] = pairs[:, 1]
    return found


def _gaps(missing: BoolArray) -> list[tuple[int, int]]:
    """Start and end of the runs of rows without a partner."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _places(report: GraphReport) -> IntArray:
    """A number for the place in the source of each device op; equal ones are called from the same line."""
    return _numbers([report.calls[op.call].frames or report.calls[op.call].name for op in report.device_ops])


def _refused(report: GraphReport, reason: str) -> PerfsheetError:
    return unusable(f"{report.path} is not of this capture: {reason}", _HINT)

"""Find for each row of a capture the device op of a graph report that it is: by GLOBAL CALL COUNT, else by sequence.

The capture of the times and the graph report come from two runs of one target. Their counts agree when both runs
issue the same ops; op names, and shapes, data types and memory of the inputs say whether they do. Where they don't, the
sequences are aligned, as two captures are in a comparison. A join that these don't confirm is refused. Rows that repeat
what is joined, op by op, such as further passes, take the partners of what they repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

import numpy as np

from perfsheet.alignment import align
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.variants import variants
from perfsheet.capture.table import BoolArray, IntArray, OpsTable, RowKind
from perfsheet.errors import PerfsheetError, unusable, usage
from perfsheet.graph_report.model import GraphReport
from perfsheet.graph_report.model import Tensor as Stored
from perfsheet.light_dataclass import dataclass

_AGREES = 0.9
"""Part of the pairs whose names (and whose shapes) must agree; fewer, and it is another run."""
_COVERS = 0.5
"""Part of the rows that a sequence must pair; fewer, and the rest of the model may be anything."""
_SAME_KIND, _SAME_INPUTS, _SAME_OUTPUTS = 2, 4, 2
_HINT = "give the graph report of a run of the same target, with the same shapes and memory"

Extents = tuple[int, ...]


class By(str, Enum):
    """What a join goes by."""

    CALL_COUNT = "GLOBAL CALL COUNT"
    SEQUENCE = "the sequence of ops"
    PLAN = "the plan"


@dataclass(frozen=True, eq=False)
class Joined:
    """A graph report and the rows of a capture together.

    `partner` has for each row of the table the index of its device op in `report.device_ops`, -1 without one. `rows`
    counts the device rows, `joined` those with a partner; of these `replayed` come from trace replays (captured once),
    `repeated` repeat others, such as passes beyond those of the graph report, `cached` are of ops whose program was
    cached (their circular buffers are those of the op that built it). `unlike`: rows whose count the report has for
    another op. `doubtful`: rows that may be one of several places in the source. `unused` counts device ops of the
    report without a row.
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
    if table.plan is not None:
        return _of_plan(table, report, rows)
    described = _Descriptions(table, rows, report)
    sequences = list(_sequences(table, rows))
    places = _places(report)
    ranks = _ranks(table, rows, report, described, places)
    found, unlike, reason = _by_call_count(table, rows, report, described, ranks)
    by, doubtful = By.CALL_COUNT, 0
    if found is None:
        found, doubtful = _by_sequence(report, sequences, described, places, ranks, reason)
        by = By.SEQUENCE
    repeats = _Repeats(described, places)
    repeated = sum(repeats.fill(found, here) for here in sequences)
    if by is By.SEQUENCE:
        paired = np.flatnonzero(found >= 0)
        if len(paired) < _COVERS * len(rows):
            agree = f"only {len(paired):,} of {len(rows):,} ops agree"
            raise _refused(report, f"{reason}, and by their sequence {agree}")
        if differ := described.difference(paired, found[paired]):
            raise _refused(report, f"{reason}, and of the ops aligned by their sequence {differ}")
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


def _of_plan(table: OpsTable, report: GraphReport, rows: IntArray) -> Joined:
    """A plan was made of its report, and says which op is which."""
    assert table.plan is not None
    if report.path != str(table.plan.path):
        raise usage("a plan has a graph report of its own", "leave `graph` out")
    partner = np.array(table.plan.of, dtype=np.int64)
    same = len(partner) == len(table) and (partner < len(report.device_ops)).all() and (partner[rows] >= 0).all()
    names = table.text("op_code")
    if not same or any(report.device_ops[partner[row]].name != names[row] for row in rows.tolist()):
        raise unusable(f"{report.path}: its ops are not those of its captures", "plan the target again")
    partner[table.kind != RowKind.DEVICE] = -1
    unused = len(report.device_ops) - len(np.unique(partner[rows]))
    return Joined(report, partner, By.PLAN, len(rows), len(rows), 0, 0, 0, 0, 0, unused)


class _Descriptions:
    """The ops of both sides as numbers: equal tokens have name, inputs and outputs in common."""

    def __init__(self, table: OpsTable, rows: IntArray, report: GraphReport) -> None:
        listed = variants(table, rows, table.text("op_code").take(rows))
        of_rows = [(kind(one.op_code), _extents(one.inputs), _extents(one.outputs)) for one in listed.all]
        shapes = [_four(tensor.shape) for tensor in report.tensors]
        of_ops = [
            (kind(op.name), _all(shapes, op.inputs), _all(shapes, op.outputs)) if op.name else ("", (), ())
            for op in report.device_ops
        ]
        tokens: dict[tuple[str, tuple[Extents, ...], tuple[Extents, ...]], int] = {}
        numbered = np.array([tokens.setdefault(one, len(tokens)) for one in of_rows], dtype=np.int64)
        self.rows: IntArray = numbered[listed.of] if len(rows) else np.empty(0, dtype=np.int64)
        self.ops: IntArray = np.array([tokens.setdefault(one, len(tokens)) for one in of_ops], dtype=np.int64)
        self.ranks: IntArray = np.array([report.calls[op.call].rank for op in report.device_ops], dtype=np.int64)
        self._kinds = _numbers([one[0] for one in tokens])
        self._inputs = _numbers([tuple(sorted(one[1])) for one in tokens])
        self._outputs = _numbers([tuple(sorted(one[2])) for one in tokens])
        self._unnamed = np.array([not one[0] for one in tokens], dtype=np.bool_)
        self._shapeless = np.array([not one[1] for one in tokens], dtype=np.bool_)
        # The tensors of an op without a name are those of its call.
        stored = [
            _storage(report.tensors[tensor] for tensor in op.inputs) if op.name else "" for op in report.device_ops
        ]
        storage: dict[object, int] = {"": -1}
        of_variants = [storage.setdefault(_storage(one.inputs), len(storage)) for one in listed.all]
        self._stored_rows = np.array(of_variants, dtype=np.int64)[listed.of] if len(rows) else self.rows
        self._stored_ops = np.array([storage.setdefault(one, len(storage)) for one in stored], dtype=np.int64)

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

    def same_shapes(self, rows: IntArray, ops: IntArray) -> BoolArray:
        """Whether the input shapes of these pairs agree, or are not known."""
        ours, theirs = self.rows[rows], self.ops[ops]
        unknown = self._shapeless[ours] | self._shapeless[theirs]
        return np.asarray((self._inputs[ours] == self._inputs[theirs]) | unknown)

    def difference(self, rows: IntArray, ops: IntArray) -> str:
        """In what more than a tenth of these pairs differ: `25.0 % have other shapes`; blank = they agree."""
        stored = (self._stored_rows[rows], self._stored_ops[ops])
        same_storage = (stored[0] == stored[1]) | (stored[0] < 0) | (stored[1] < 0)
        for same, what in ((self.same_shapes(rows, ops), "shapes"), (same_storage, "data types or memory")):
            if len(same) and (differing := 1 - float(same.mean())) > 1 - _AGREES:
                return f"{100 * differing:.1f} % have other {what}"
        return ""


def _storage(tensors: Iterable[Tensor | Stored]) -> str:
    """Data types and memory of inputs, in any order; blank where one is unknown (old captures lack the layout)."""
    texts = [
        (tensor.datatype, tensor.memory) if isinstance(tensor, Tensor) else (tensor.dtype, tensor.memory)
        for tensor in tensors
    ]
    return (
        " ".join(sorted(f"{dtype} {memory}" for dtype, memory in texts))
        if all(dtype and "_" in memory for dtype, memory in texts)
        else ""
    )


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


def _ranks(
    table: OpsTable, rows: IntArray, report: GraphReport, described: _Descriptions, places: IntArray
) -> IntArray:
    """For each row the rank whose ops it is one of, where that can be told: by its device, or by its host.

    Ranks that ran the same ops from the same lines are one.
    """
    every = report.ranks
    of_op = described.ranks
    lines = np.array([described.ops, places], dtype=np.int64)
    if all(np.array_equal(lines[:, of_op == rank], lines[:, of_op == every[0]]) for rank in every):
        return np.full(len(rows), every[0], dtype=np.int64)
    devices = {rank: set[int]() for rank in every}
    for op in report.device_ops:
        devices[report.calls[op.call].rank].update(execution.device_id for execution in op.executions)
    own = table.number("device_id")[rows]
    if sum(map(len, devices.values())) == len(set().union(*devices.values())) > 0:
        of_device = {device: rank for rank, some in devices.items() for device in some}
        return np.array([of_device.get(int(device), -1) for device in np.nan_to_num(own, nan=-1.0)], dtype=np.int64)
    hosts = np.array([table.file[rows], np.nan_to_num(table.number("host_id")[rows], nan=-1.0)]).T
    distinct, host = np.unique(hosts, axis=0, return_inverse=True)
    if len(distinct) != len(every):
        raise _refused(report, f"it has {len(every)} ranks, and the capture {len(distinct)} of their hosts")
    return np.array(every, dtype=np.int64)[host.reshape(-1)]


def _by_call_count(
    table: OpsTable, rows: IntArray, report: GraphReport, described: _Descriptions, ranks: IntArray
) -> tuple[IntArray | None, int, str]:
    """The device op of each row by its count, and how many counts are of another op; None and why if it is unusable."""
    if not report.has_executions:
        return None, 0, "it states no GLOBAL CALL COUNT"
    counts = table.number("global_call_count")[rows]
    index: dict[tuple[int, int], int] = {}
    for place, op in enumerate(report.device_ops):
        for execution in op.executions:
            index.setdefault((report.calls[op.call].rank, execution.global_call_count), place)
    known = np.isfinite(counts)
    found = np.full(len(rows), -1, dtype=np.int64)
    keys = zip(ranks[known].tolist(), counts[known].astype(np.int64).tolist(), strict=True)
    found[known] = [index.get(key, -1) for key in keys]
    paired = np.flatnonzero(found >= 0)
    if not paired.size:
        return None, 0, "no GLOBAL CALL COUNT is in both"
    same = described.same_name(paired, found[paired])
    if same.mean() < _AGREES:
        return None, 0, f"{int((~same).sum()):,} of {len(paired):,} equal GLOBAL CALL COUNTs are of different ops"
    if differ := described.difference(paired[same], found[paired[same]]):
        return None, 0, f"of the ops with equal GLOBAL CALL COUNTs {differ}"
    same &= described.same_shapes(paired, found[paired])
    found[paired[~same]] = -1
    return found, int((~same).sum()), ""


def _sequences(table: OpsTable, rows: IntArray) -> Iterator[IntArray]:
    """The device rows (indices of `rows`) that ran one after another: of a device, or of a trace replay of it."""
    sessions = np.nan_to_num(table.number("replay_session")[rows], nan=-1.0)
    devices = table.device[rows]
    for device in np.unique(devices).tolist():
        for session in np.unique(sessions[devices == device]).tolist():
            yield np.flatnonzero((devices == device) & (sessions == session))


def _by_sequence(
    report: GraphReport,
    sequences: Sequence[IntArray],
    described: _Descriptions,
    places: IntArray,
    ranks: IntArray,
    reason: str,
) -> tuple[IntArray, int]:
    """The device op of each row by its place, and how many rows are doubtful."""
    if not all(op.name for op in report.device_ops):
        raise _refused(report, f"it does not name the device ops of its calls, and {reason}")
    found = np.full(len(described.rows), -1, dtype=np.int64)
    doubtful = 0
    known: dict[tuple[int, bytes], tuple[IntArray, int]] = {}
    for here in sequences:
        tokens, rank = described.rows[here], int(ranks[here[0]])
        key = (rank, tokens.tobytes())
        if key not in known:
            known[key] = _aligned(tokens, np.flatnonzero(described.ranks == rank), described, places)
        found[here], unclear = known[key]
        doubtful += unclear
    if doubtful > (1 - _AGREES) * len(found):
        raise _refused(report, f"{reason}, and {doubtful:,} of {len(found):,} ops may be one of several lines")
    return found, doubtful


def _aligned(tokens: IntArray, of_rank: IntArray, described: _Descriptions, places: IntArray) -> tuple[IntArray, int]:
    """The partner of each row of one device among the ops `of_rank`, and how many rows are doubtful.

    Aligned from both ends, rows that get partners at two places of the source are doubtful.
    """
    ops = described.ops[of_rank]
    found = np.full(len(tokens), -1, dtype=np.int64)
    if not len(ops):
        return found, 0
    if (start := _occurrence(tokens, ops)) is not None:
        found[start : start + len(ops)] = of_rank
        return found, 0
    found = _pairs(tokens, ops, described)
    backwards = len(ops) - 1 - _pairs(tokens[::-1], ops[::-1], described)[::-1]
    backwards[backwards == len(ops)] = -1
    lines = places[of_rank]
    unclear = (found >= 0) & (backwards >= 0) & (lines[found] != lines[backwards])
    found = np.where(found >= 0, found, backwards)
    found[unclear] = -1
    return np.where(found >= 0, of_rank[found], -1), int(unclear.sum())


def _occurrence(tokens: IntArray, ops: IntArray) -> int | None:
    """Where all ops of the report stand among the tokens, in a row; None = nowhere."""
    text, pattern, at = tokens.tobytes(), ops.tobytes(), -1
    while (at := text.find(pattern, at + 1)) >= 0:
        if at % tokens.itemsize == 0:
            return at // tokens.itemsize
    return None


_PERIODS = 100
"""Distances at which a repetition is looked for."""


class _Repeats:
    """Rows that repeat others, op by op.

    What they repeat must be all that the report has (a pass of it), or ops of which it knows one line only: of two
    equal layers on lines of their own nobody knows which one a third one would be.
    """

    def __init__(self, described: _Descriptions, places: IntArray) -> None:
        self._tokens = described.rows
        self._lines = np.array([described.ops, places], dtype=np.int64).T
        distinct = np.unique(self._lines, axis=0)
        self._distinct = len(distinct)
        tokens, lines = np.unique(distinct[:, 0], return_counts=True)
        self._of_one_line = set(tokens[lines == 1].tolist())

    def fill(self, found: IntArray, here: IntArray) -> int:
        """Give such rows of one sequence the partners of those they repeat; returns how many there are.

        Rows without a partner are compared with what is before them, then with what is behind them.
        """
        filled = 0
        for turned in (here, here[::-1]):
            start = 0
            while start < len(turned):
                if found[turned[start]] >= 0:
                    start += 1
                    continue
                period, length = self._period(turned, found[turned], start)
                for place in range(start, start + length):
                    found[turned[place]] = found[turned[place - period]]
                filled += length
                start += max(length, 1)
        return filled

    def _period(self, turned: IntArray, partners: IntArray, start: int) -> tuple[int, int]:
        """How far back the ops from `start` on are found again, and how many of them; 0 without a repetition."""
        tokens = self._tokens[turned]
        rest = np.flatnonzero(partners[start:] >= 0)
        end = start + int(rest[0]) if rest.size else len(tokens)
        before = np.flatnonzero((tokens[:start] == tokens[start]) & (partners[:start] >= 0))[::-1][:_PERIODS]
        for place in before.tolist():
            period = start - place
            if (partners[place:start] < 0).any():
                break
            differs = np.flatnonzero(tokens[start:end] != tokens[place : end - period])
            length = int(differs[0]) if differs.size else end - start
            if (length == end - start or length >= period) and self._is_clear(
                partners[place:start], tokens[start : start + length]
            ):
                return period, length
        return 0, 0

    def _is_clear(self, partners: IntArray, tokens: IntArray) -> bool:
        if len(np.unique(self._lines[partners], axis=0)) >= _AGREES * self._distinct:
            return True
        return self._of_one_line.issuperset(tokens.tolist())


def _pairs(tokens: IntArray, ops: IntArray, described: _Descriptions) -> IntArray:
    found = np.full(len(tokens), -1, dtype=np.int64)
    pairs = align(tokens, ops, described.kin, described.worth)
    found[pairs[:, 0]] = pairs[:, 1]
    return found


def _places(report: GraphReport) -> IntArray:
    """A number for the place in the source of each device op; equal ones are called from the same line."""
    return _numbers([report.calls[op.call].frames or report.calls[op.call].name for op in report.device_ops])


def _refused(report: GraphReport, reason: str) -> PerfsheetError:
    return unusable(f"{report.path} is not of this capture: {reason}", _HINT)

"""Which torch ops TTNN has, and which of them the device ops of a capture cover."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.light_dataclass import dataclass
from perfsheet.models.torch_graph.device_ops import device_ops
from perfsheet.models.torch_graph.equivalents import LAYOUT, kind_of_convolution
from perfsheet.models.torch_graph.in_ttnn import InTtnn, Verdict, further_names_of, in_ttnn, names_of, near
from perfsheet.models.torch_graph.model import GraphOp, NeededOp, needed_ops
from perfsheet.trials.registry import Registry

Status = Literal["covered", "missing", "unclear", "layout only", "no op", "no TTNN op", "not compared"]
_ORDER: tuple[Status, ...] = ("no TTNN op", "missing", "unclear", "covered", "not compared", "layout only", "no op")


@dataclass(frozen=True)
class Coverage:
    """One type of torch op: its count, what it is in TTNN, and the device ops (code, count) that may be it.

    "covered": the capture has device ops that do this work, of a composite op all of them, though it does not say that
    they are these torch ops. "missing": it has none. "unclear": it has ops that may do other work, and no attributes to
    tell. "layout only": the port may need no op. "no op": it never needs one. "no TTNN op": TTNN has none. "not
    compared": there is no capture.
    """

    op: str
    count: int
    ttnn: InTtnn
    status: Status
    device_ops: tuple[tuple[str, int], ...] = ()

    @property
    def functions(self) -> str:
        """Its TTNN functions: `ttnn.softmax + ttnn.log`; blank without one."""
        return " + ".join(self.ttnn.functions)

    @property
    def verdict(self) -> Verdict:
        """Whether TTNN has it."""
        return self.ttnn.verdict


@dataclass(frozen=True)
class MissingOp:
    """A type of op that TTNN lacks: its configurations, the names that were looked for, and operations `near` these."""

    op: str
    configurations: tuple[NeededOp, ...]
    names: tuple[str, ...]
    near: tuple[str, ...]

    @property
    def count(self) -> int:
        """How often it runs."""
        return sum(one.count for one in self.configurations)


def find_coverage(ops: Iterable[GraphOp], analysis: Analysis | None, registry: Registry) -> tuple[Coverage, ...]:
    """The coverage of every type of op: what TTNN lacks first, then what the capture lacks, then by count."""
    recorded = None if analysis is None else _recorded(analysis)
    kinds = [_coverage(name, len(some), in_ttnn(some[0], registry), recorded) for name, some in by_type(ops).items()]
    return tuple(sorted(kinds, key=lambda kind: (_ORDER.index(kind.status), -kind.count, kind.op)))


def find_missing(ops: Iterable[GraphOp], registry: Registry) -> tuple[MissingOp, ...]:
    """The types of ops that TTNN lacks, most frequent first."""
    missing = [
        MissingOp(name, needed_ops(some), (*names_of(some[0]), *further_names_of(some[0])), near(some[0], registry))
        for name, some in by_type(ops).items()
        if in_ttnn(some[0], registry).verdict == "missing"
    ]
    return tuple(sorted(missing, key=lambda one: -one.count))


def by_type(ops: Iterable[GraphOp]) -> dict[str, list[GraphOp]]:
    """Ops by their name, convolutions also by their kind where it is not conv2d: `aten.convolution (conv1d)`."""
    found: dict[str, list[GraphOp]] = {}
    for op in ops:
        kind = kind_of_convolution(op)
        found.setdefault(f"{op.base} ({kind})" if kind not in (None, "conv2d") else op.base, []).append(op)
    return found


def _recorded(analysis: Analysis) -> list[tuple[str, str, int]]:
    """Op code, attributes and count of every configuration in the capture."""
    variants = analysis.ops.variants
    counts = np.bincount(variants.of, minlength=len(variants.all)).tolist()
    return [(variant.op_code, variant.attributes, count) for variant, count in zip(variants.all, counts, strict=True)]


def _coverage(op: str, count: int, ttnn: InTtnn, recorded: Sequence[tuple[str, str, int]] | None) -> Coverage:
    if ttnn.verdict == "not needed":
        return Coverage(op, count, ttnn, "no op")
    if ttnn.verdict == "missing":
        return Coverage(op, count, ttnn, "no TTNN op")
    if recorded is None:
        return Coverage(op, count, ttnn, "layout only" if ttnn.layout else "not compared")
    # Of a composite, what only views a tensor may be missing.
    wanted = [one for one in ttnn.functions if one.rpartition(".")[2] not in LAYOUT] or ttnn.functions
    sure, perhaps = ([_matching(function, recorded, certain) for function in wanted] for certain in (True, False))
    status: Status = "layout only" if ttnn.layout else "missing"
    if all(sure):
        status = "covered"
    elif all(one or other for one, other in zip(sure, perhaps, strict=True)):
        status = "unclear"
    shown = sum(sure if status == "covered" else [*sure, *perhaps], Counter[str]())
    return Coverage(op, count, ttnn, status, tuple(shown.most_common()))


def _matching(function: str, recorded: Sequence[tuple[str, str, int]], certain: bool) -> Counter[str]:
    """The device ops, by their op code, that do the work of a function, or of which this cannot be told."""
    found: Counter[str] = Counter()
    for op_code, attributes, number in recorded:
        if device_ops(function).match(op_code, attributes) is (True if certain else None):
            found[op_code] += number
    return found

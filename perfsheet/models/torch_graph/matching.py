"""The ops of a torch graph against those of a device capture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.models.torch_graph.equivalents import LAYOUT, NONE, Equivalent, equivalent
from perfsheet.models.torch_graph.model import GraphOp

Status = Literal["covered", "missing", "layout only", "no op", "no TTNN op known", "not compared"]


@dataclass(frozen=True)
class Coverage:
    """One kind of torch op: how often it occurs, its TTNN function, and the device ops (code, count) that may be it.

    "covered": the capture has such device ops; that they stand for these very torch ops it does not say. "missing": it
    has none. "layout only": the port may need no op; "no op": never. Without a capture: "not compared".
    """

    op: str
    count: int
    ttnn: str
    status: Status
    device_ops: tuple[tuple[str, int], ...] = ()


def coverage(ops: Iterable[GraphOp], analysis: Analysis | None) -> tuple[Coverage, ...]:
    """Every kind of op, those that are missing first, then by count."""
    counts = Counter(one.base for one in ops)
    device = None if analysis is None else _device_ops(analysis)
    found = [_covered(op, count, device) for op, count in counts.items()]
    order = ("missing", "no TTNN op known", "covered", "not compared", "layout only", "no op")
    return tuple(sorted(found, key=lambda one: (order.index(one.status), -one.count, one.op)))


def _device_ops(analysis: Analysis) -> list[tuple[str, str, int]]:
    """Code, attributes and count of every configuration of the capture."""
    variants = analysis.ops.variants
    counts = np.bincount(variants.of, minlength=len(variants.all)).tolist()
    return [(one.op_code, one.attributes, count) for one, count in zip(variants.all, counts, strict=True)]


def _covered(op: str, count: int, device: list[tuple[str, str, int]] | None) -> Coverage:
    known = equivalent(op)
    if known is None:
        return Coverage(op, count, "", "no TTNN op known")
    if known.kind == NONE:
        return Coverage(op, count, "", "no op")
    if device is None:
        return Coverage(op, count, known.ttnn, "layout only" if known.kind == LAYOUT else "not compared")
    matches: Counter[str] = Counter()
    for code, attributes, number in device:
        if _is(known, code, attributes):
            matches[code] += number
    status: Status = "covered" if matches else "layout only" if known.kind == LAYOUT else "missing"
    return Coverage(op, count, known.ttnn, status, tuple(matches.most_common()))


def _is(known: Equivalent, code: str, attributes: str) -> bool:
    if not known.codes.search(code.rsplit("::", 1)[-1]):
        return False
    if known.attributes is None or not attributes.strip():  # then the code is all that is known
        return True
    return bool(known.attributes.search(code) or known.attributes.search(attributes))

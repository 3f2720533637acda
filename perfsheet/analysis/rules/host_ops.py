"""Host ops and python fallbacks between device ops."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.signature import signature
from perfsheet.analysis.ops.variants import variants
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.capture.table import BoolArray, IntArray, RowKind

_LOOKS_AT_A_TENSOR = re.compile(
    r"(?:^|\W)(?:__get__|__set__|numel|data_ptr|contiguous|is_contiguous|size|stride|dim|element_size|storage|detach|cpu"
    r"|numpy)$"
)
"""Functions of torch that compute nothing: conversions from torch and back call them."""


def find(facts: Facts) -> Hits:
    """Every host op and python fallback from the first device op to the last.

    On a warm pass at most its own duration can be saved; on a first pass the duration includes compiling, so the saving
    is unknown.
    """
    table, rows = facts.ops.table, facts.host_rows
    codes = table.text("op_code").take(rows).mapped(lambda code: code.strip() or "(blank)")
    distinct = variants(table, rows, codes)
    subjects = [signature(variant) for variant in distinct.all]
    duration = np.clip(table.number("host_duration_ns")[rows], 0, None)
    return Hits(
        positions=np.empty(0, dtype=np.int64),
        saving_ns=np.where(_after_warm(facts, rows), duration, np.nan),
        subjects=[subjects[index] for index in distinct.of.tolist()],
        rows=rows,
    )


def _after_warm(facts: Facts, rows: IntArray) -> BoolArray:
    """Whether the device op before each row is warm."""
    order = np.empty(len(facts.ops.table), dtype=np.int64)
    order[facts.window.rows] = np.arange(len(facts.window.rows))
    every, within = facts.scope.every, facts.scope.within
    before = np.searchsorted(order[every.rows[within]], order[rows]) - 1
    return np.asarray(facts.every_warm[within[np.clip(before, 0, None)]])


def advice(facts: Facts, group: Group) -> str:
    """Keep the tensor on the device."""
    if _LOOKS_AT_A_TENSOR.search(group.signature.op_code):
        return (
            "A tensor is converted between torch and ttnn while the device waits: try ttnn.from_torch before the model "
            "runs and ttnn.to_torch after it, so that tensors stay on the device in between."
        )
    if (facts.ops.table.kind[group.rows] == RowKind.PYTHON_FALLBACK).any():
        return (
            "PyTorch runs this on the host while the device waits: try the ttnn op instead, so that the tensor stays "
            "on "
            "the device (no ttnn.to_torch and ttnn.from_torch between device ops)."
        )
    return (
        "The host works while the device waits: try to do this before the model runs, or on the device "
        "(ttnn.to_layout, ttnn.pad and ttnn.typecast take device tensors)."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The time that the host took."""
    return {"host_ns": float(np.nansum(facts.ops.table.number("host_duration_ns")[group.rows]))}


RULE = Rule(
    id="host-ops",
    former_id="host-fallback",
    title="Host ops",
    order=70,
    detects="host ops and python fallbacks between the first and the last device op",
    saving_formula="Σ host duration on warm passes; unknown on a first pass",
    find=find,
    advice=advice,
    caveat="Host time is not kernel time: it shows up as gaps, and only where the device has to wait for the host.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    saves_gaps=True,
    stage=Stage.MODEL,
)

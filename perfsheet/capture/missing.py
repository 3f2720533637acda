"""Columns that the writer of a capture prints, but that this file lacks: somebody has taken them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from perfsheet.capture.columns import BY_NAME, TENSOR_FIELDS, resolve, tensor_field
from perfsheet.capture.notes import Note
from perfsheet.capture.schema import generation

# What figures rest on; every capture of its generation has them, whichever compiler it comes from.
_EXPECTED = (
    "global_call_count",
    "device_id",
    "device_arch",
    "attributes",
    "math_fidelity",
    "core_count",
    "available_worker_cores",
    "fw_start_cycle",
    "fw_end_cycle",
    "fw_duration_ns",
    "op_to_op_latency_ns",
    "pm_ideal_ns",
)


def missing_columns(label: str, headers: list[str]) -> Iterator[Note]:
    """Which columns are missing, if any."""
    age = int(generation(headers)[1:])
    present = {column.name for _, column in resolve(headers)}
    expected = (BY_NAME[name] for name in _EXPECTED)
    names = [one.header for one in expected if int(one.since[1:]) <= age and one.name not in present]
    names += _torn_tensors(present)
    if names:
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        text = f"{label} lacks {shown}: figures that need it are unknown, or not checked"
        yield Note("missing-columns", text, len(names))


def _torn_tensors(present: set[str]) -> list[str]:
    """Columns of tensors of which others are there."""
    blocks: dict[str, set[str]] = defaultdict(set)
    for name in present:
        if found := tensor_field(name):
            blocks[name.removesuffix(f"_{found}")].add(found)
    return [
        f"{block}_{field}".upper()
        for block, fields in sorted(blocks.items())
        for field in TENSOR_FIELDS
        if field not in fields
    ]

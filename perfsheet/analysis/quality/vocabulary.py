"""Words of the capture that are blank or unknown: op codes, math fidelities, data types, architectures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from perfsheet.analysis.ops.categories import ATTENTION, CONV, MATMUL
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.quality.rows import row_check
from perfsheet.analysis.results import Check
from perfsheet.capture.notes import rows
from perfsheet.capture.table import BoolArray
from perfsheet.capture.texts import Texts
from perfsheet.hardware.boards import ARCHES, FIDELITY_PASSES

_SHOWN = 3


def words(ops: Ops) -> Iterator[Check]:
    """What is blank or unknown, and what does not follow because of it."""
    yield row_check(
        "blank-op-code",
        "Op codes",
        ops.text("op_code").where(lambda cell: not cell.strip()),
        "every op has one",
        "{rows} with a blank OP CODE, ranked as (blank)",
        salvaged=True,
    )
    known = {name.upper() for name in FIDELITY_PASSES}
    fidelity = ops.text("math_fidelity").mapped(lambda cell: cell.strip().upper())
    yield _unknown("unknown-fidelity", "Math fidelity", *_strange(fidelity, known), "MATH FIDELITY", "no compute peak")
    wants = ops.in_category(MATMUL, CONV, ATTENTION)
    blank = wants & fidelity.where(lambda cell: not cell)
    yield row_check(
        "blank-fidelity",
        "Math fidelity",
        blank & (blank != wants).any(),
        "every op that does math has one, or none",
        "{rows} of matmuls, convolutions and attention with a blank MATH FIDELITY: no compute peak is known for them",
    )
    types = [
        {one.datatype for one in (*variant.inputs, *variant.outputs) if one.bytes_per_element is None}
        for variant in ops.variants.all
    ]
    untyped = np.array([bool(found) for found in types], dtype=np.bool_)[ops.variants.of]
    yield _unknown("unknown-datatype", "Data types", sorted(set().union(*types)), untyped, "DATATYPE", "no bytes")
    arch = ops.text("device_arch").mapped(lambda cell: cell.strip().lower())
    if not ops.options.board:
        yield _unknown("unknown-arch", "Chips", *_strange(arch, ARCHES), "DEVICE ARCH", "no peaks")
    if arch.where(bool).any():
        yield row_check(
            "blank-arch",
            "Chips",
            arch.where(lambda cell: not cell),
            "every op says its chip",
            "{rows} with a blank DEVICE ARCH",
        )


def _strange(cells: Texts, known: Collection[str]) -> tuple[list[str], BoolArray]:
    """The words among the cells that are not known, and the rows that have one."""
    return [word for word in cells.present() if word and word not in known], cells.where(
        lambda word: bool(word) and word not in known
    )


def _unknown(name: str, label: str, found: Sequence[str], which: BoolArray, column: str, lacks: str) -> Check:
    """Ops with a word that nobody knows: which words, and what is not known of these ops."""
    count = int(np.count_nonzero(which))
    shown = ", ".join(repr(word[:30]) for word in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    text = f"{rows(count, 'device row')} with a {column} that is not known ({shown}): {lacks} known for them"
    return Check(name, label, not count, count, text if count else f"every {column} is known")

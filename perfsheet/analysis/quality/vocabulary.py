"""Words of the capture that are blank or unknown: op codes, math fidelities, data types, architectures."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from perfsheet.analysis.categories import ATTENTION, CONV, MATMUL
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.quality.rows import row_check
from perfsheet.analysis.result import Check
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
        ops.codes.where(lambda code: code == "(blank)"),
        "every op has one",
        "{rows} with a blank OP CODE, ranked as (blank)",
        salvaged=True,
    )
    known = {name.upper() for name in FIDELITY_PASSES}
    fidelity = ops.text("math_fidelity").mapped(lambda cell: cell.strip().upper())
    yield _unknown("unknown-fidelity", "Math fidelity", _strange(fidelity, known), "MATH FIDELITY", "no compute peak")
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
    unknown_types = sorted(set().union(*types))
    yield _unknown(
        "unknown-datatype",
        "Data types",
        {name: np.array([name in found for found in types], np.bool_)[ops.variants.of] for name in unknown_types},
        "DATATYPE",
        "no bytes",
    )
    arch = ops.text("device_arch").mapped(lambda cell: cell.strip().lower())
    if not ops.options.board:
        yield _unknown("unknown-arch", "Chips", _strange(arch, ARCHES), "DEVICE ARCH", "no peaks")
    if arch.where(bool).any():
        yield row_check(
            "blank-arch",
            "Chips",
            arch.where(lambda cell: not cell),
            "every op says its chip",
            "{rows} with a blank DEVICE ARCH",
        )


def _strange(cells: Texts, known: Collection[str]) -> dict[str, BoolArray]:
    """For each word among the cells that is not known the rows that have it."""
    found = {word: cells.codes == code for code, word in enumerate(cells.values) if word and word not in known}
    return {word: rows for word, rows in found.items() if rows.any()}


def _unknown(name: str, label: str, found: dict[str, BoolArray], column: str, lacks: str) -> Check:
    """Ops with a word that nobody knows: which words, and what is not known of these ops."""
    ops = int(np.logical_or.reduce(list(found.values())).sum()) if found else 0
    shown = ", ".join(repr(word[:30]) for word in list(found)[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    text = f"{rows(ops, 'device row')} with a {column} that is not known ({shown}): {lacks} known for them"
    return Check(name, label, not ops, ops, text if ops else f"every {column} is known")

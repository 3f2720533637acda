"""The table of variants of an op, tried on a mock board."""

from __future__ import annotations

from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import BYTES, COUNT, LABEL, PERCENT
from perfsheet.trials import Trial, Tried

VariantRows = Rows[Trial, Tried]
_PAGE = "docs/try.md"


# fmt: off
VARIANTS: Table[VariantRows] = Table(
    "variants",
    "Variants",
    "Other ways to build an op, which TTNN accepts or refuses: `try`.",
    (
        Column("number", "#", COUNT, lambda rows: list(range(1, len(rows) + 1)), "what --code takes", _PAGE,
            outputs=In.TERMINAL),
        Column("label", "Variant", LABEL, each(lambda one: one.variant.label), "what is different", _PAGE,
            flexible=True),
        Column("accepted", "Accepted", LABEL, each(lambda one: "yes" if one.built.accepted else "no"),
            "whether TTNN accepts it", _PAGE, outputs=In.JSON),
        Column("reason", "Reason", LABEL, each(lambda one: one.built.reason), "why TTNN refuses it", _PAGE,
            outputs=In.JSON),
        Column("core_count", "Cores", COUNT, each(lambda one: one.cores), "cores that can have work", _PAGE),
        Column("started_cores", "Started", COUNT, each(lambda one: one.built.cores),
            "cores that TTNN starts it on", _PAGE, outputs=In.JSON),
        Column("l1_bytes", "L1", BYTES, each(lambda one: one.built.l1_bytes),
            "tensors and circular buffers of a core at its peak", _PAGE),
        Column("l1_pct", "Of bank", PERCENT, each(lambda one: one.built.of_bank),
            "the part of an L1 bank that this takes", _PAGE),
        Column("moved", "Moved", COUNT, each(lambda one: one.moved),
            "tensors that lie elsewhere than recorded: what neighbours do not do yet takes a reshard each", _PAGE),
        Column("other_ops", "With", LABEL, each(lambda one: ", ".join(one.built.others)),
            "device ops that come with it", _PAGE, outputs=In.JSON),
        Column("code", "Code", LABEL, each(lambda one: one.variant.code.text), "the Python that builds it", _PAGE,
            outputs=In.JSON),
    ),
    outputs=In.JSON | In.TERMINAL,
)
# fmt: on

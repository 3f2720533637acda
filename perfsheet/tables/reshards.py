"""The tables of reshards: from which layout to which, and the chains of ops that only change layouts."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.analysis.reshards import Chain, Transition
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import COUNT, LABEL, NS, PERCENT, ROW

ChainRows = Rows[Analysis, Chain]
_PAGES = In.JSON | In.PAGE | In.SHEET

# fmt: off
TRANSITIONS: Table[Sequence[Transition]] = Table(
    "reshards.transitions",
    "Reshards by layout",
    "From which layout to which tensors are resharded: sheet Reshards, the page, Markdown.",
    (
        Column("from", "From", LABEL, each(lambda transition: transition.source), "layout of the input", code=True),
        Column("to", "To", LABEL, each(lambda transition: transition.target), "layout of the output", code=True),
        Column("count", "Ops", COUNT, each(lambda transition: transition.ops), "reshards"),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda transition: transition.kernel_ns),
            "Σ kernel duration of the ops", bar=True),
        Column("share_pct", "Share", PERCENT, each(lambda transition: transition.share),
            "kernel duration / Σ kernel duration of the window", outputs=_PAGES),
        Column("back_to_back", "Back to back", COUNT, each(lambda transition: transition.back_to_back),
            "those directly after another reshard"),
    ),
    outputs=In.JSON | In.PAGE | In.MARKDOWN | In.SHEET,
)

CHAINS: Table[ChainRows] = Table(
    "reshards.chains",
    "Chains",
    "Ops in a row that only change how a tensor is stored: sheet Reshards, the page.",
    (
        Column("ops", "Ops in a row", LABEL, each(lambda chain: chain.ops), "the op codes, in order", outputs=_PAGES,
            wrap=True, width=44),
        Column("length", "Length", COUNT, each(lambda chain: chain.length), "ops in the chain",
            outputs=In.JSON | In.SHEET),
        Column("count", "Times", COUNT, each(lambda chain: chain.count), "how often the chain occurs", outputs=_PAGES),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda chain: chain.kernel_ns),
            "Σ kernel duration of its ops", outputs=_PAGES, bar=True),
        Column("share_pct", "Share", PERCENT, each(lambda chain: chain.share),
            "kernel duration / Σ kernel duration of the window", outputs=_PAGES),
        Column("first_row", "First file row", ROW, lambda rows: rows.source.row_refs(chain.first for chain in rows),
            "row of the capture with the first of the ops", outputs=In.JSON | In.SHEET),
        Column("path", "Layouts on the way", LABEL, each(lambda chain: chain.path), "the layouts, in order",
            outputs=_PAGES, wrap=True, width=62),
    ),
)

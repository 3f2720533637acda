"""The tables of signposts, and of the regions between them."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis.windows.signposts import Region, Signpost
from perfsheet.tables.column import Column, In, Table, each
from perfsheet.tables.kinds import COUNT, DECIMAL, ID, LABEL, NS, PERCENT, YES_NO

_DEEPEST = 12

# fmt: off
SIGNPOSTS: Table[Sequence[Signpost]] = Table(
    "signposts",
    "Signposts",
    "Every signpost, with the device ops from it to the next one: `--signposts`, sheet Signposts.",
    (
        Column("name", "Signpost", LABEL, each(lambda signpost: signpost.name), "the header of the signpost",
            flexible=True, width=50),
        Column("row", "File row", ID, each(lambda signpost: signpost.row), "row of the capture (its header is row 1)",
            short="Row"),
        Column("host_ns", "Host time", NS, each(lambda signpost: signpost.host_ns),
            "host time since the first signpost", outputs=In.JSON | In.CSV),
        Column("host_ms", "Host time", DECIMAL,
            each(lambda signpost: None if signpost.host_ns is None else signpost.host_ns / 1e6),
            "host time since the first signpost", outputs=In.TEXT | In.SHEET, unit="ms", short="Host"),
        Column("ops", "Ops", COUNT, each(lambda signpost: signpost.ops), "device ops until the next signpost"),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda signpost: signpost.kernel_ns),
            "Σ kernel duration of these ops", short="Kernel", bar=True),
    ),
    outputs=In.JSON | In.CSV | In.TERMINAL | In.SHEET,
)

REGIONS: Table[Sequence[Region]] = Table(
    "regions",
    "Regions",
    "The regions between opening and closing signposts, as a tree: `--signposts`, sheet Signposts, the page.",
    (
        Column("name", "Region", LABEL, each(lambda region: region.name), "the name of its signposts", outputs=In.JSON),
        Column("indented_name", "Region", LABEL,
            each(lambda region: f"{'    ' * min(region.depth, _DEEPEST)}{region.name}"),
            "the name of its signposts, indented by depth", outputs=In.TEXT | In.SHEET, flexible=True, width=50),
        Column("number", "Number", COUNT, each(lambda region: region.number), "counts the regions of one name, from 1",
            drop=3, short="No.", when=lambda regions: any(region.number > 1 for region in regions)),
        Column("depth", "Depth", COUNT, each(lambda region: region.depth), "regions around it", outputs=In.JSON),
        Column("rows", "Rows", LABEL, each(lambda region: [region.first_row, region.last_row]),
            "first and last row of the capture", outputs=In.JSON),
        Column("first_row", "First row", ID, each(lambda region: region.first_row), "first row of the capture",
            outputs=In.TEXT | In.SHEET, drop=2),
        Column("ops", "Ops", COUNT, each(lambda region: region.ops), "device ops in it"),
        Column("self_ops", "Self ops", COUNT, each(lambda region: region.self_ops), "those in no inner region",
            outputs=In.JSON),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda region: region.kernel_ns),
            "Σ kernel duration of its ops", short="Kernel", bar=True),
        Column("self_kernel_duration_ns", "Self", NS, each(lambda region: region.self_ns),
            "Σ kernel duration of the ops in no inner region", drop=1),
        Column("share_pct", "Share", PERCENT, each(lambda region: region.share),
            "kernel duration / Σ kernel duration of the window", outputs=In.TEXT | In.SHEET),
        Column("closed", "Closed", YES_NO, each(lambda region: region.closed),
            "whether a closing signpost ends it; no = it lasts to the end of the window", drop=4,
            when=lambda regions: not all(region.closed for region in regions)),
    ),
    outputs=In.JSON | In.TERMINAL | In.PAGE | In.SHEET,
)

"""Tool `ops`: the ops of a capture, filtered, sorted and paged."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import CATEGORIES
from perfsheet.capture.table import BoolArray, IntArray
from perfsheet.errors import PerfsheetError, usage
from perfsheet.explanation import rule_named
from perfsheet.mcp.inputs import ROWS, CaptureInput, Limit, Natural, NaturalFloat, Offset, Positive
from perfsheet.mcp.schemas import answer_schema, figure, table_schema
from perfsheet.mcp.session import Session
from perfsheet.mcp.tools.base import Tool, context, paged
from perfsheet.outputs.json_output.parts import named
from perfsheet.tables import In
from perfsheet.tables.kinds import number
from perfsheet.tables.op_rows import OpRows
from perfsheet.tables.ops import OPS
from perfsheet.text.json_brief import BRIEF
from perfsheet.text.json_text import Streamed
from perfsheet.text.words import planned_key

Sort = Literal["kernel", "gap", "speed_of_light", "cores", "order"]


class OpsInput(CaptureInput):
    """A capture, which of its ops, and in which order."""

    op_code: Annotated[str | None, Meta(description="Only ops whose code contains this, in any case.")] = None
    category: Annotated[str | None, Meta(description=f"Only ops of this kind: {', '.join(CATEGORIES)}.")] = None
    flag: Annotated[str | None, Meta(description="Only ops that this rule hits: low-core-count, reshard, …")] = None
    cores_at_most: Annotated[Natural | None, Meta(description="Only ops on so many cores or fewer.")] = None
    kernel_at_least_ns: Annotated[NaturalFloat | None, Meta(description="Only ops that take so long or longer.")] = None
    from_row: Annotated[Positive | None, Meta(description="Only ops from this row of the file on.")] = None
    to_row: Annotated[Positive | None, Meta(description="Only ops up to this row of the file.")] = None
    sort: Annotated[
        Sort, Meta(description="Longest kernel or gap first; lowest speed of light or cores first; execution order.")
    ] = "kernel"
    fields: Annotated[
        list[str], Meta(description="Columns of table `ops` (docs/columns.md); by default those that say most.")
    ] = msgspec.field(default_factory=list)
    limit: Limit = ROWS
    offset: Offset = 0


def call(session: Session, given: OpsInput) -> dict[str, Any]:
    """The matching ops, how many there are, and Σ of their kernel durations."""
    analysis = session.analyse(given)
    keys = given.fields or list(BRIEF["ops"])
    known = {column.key for column in OPS.columns_in(In.JSON)}
    if unknown := [key for key in keys if key not in known]:
        raise usage(f"ops have no field {unknown[0]!r}", f"known: {', '.join(sorted(known))}")
    positions = _sorted(analysis, np.flatnonzero(_matching(analysis, given)), given.sort)
    rows, kernel = OpRows(analysis, positions), analysis.ops.kernel_ns[positions]

    def part(first: int, end: int) -> list[dict[str, Any]]:
        records = OPS.records(rows.part(first, end), keys)
        return [{key: op[key] for key in (*keys, *map(planned_key, keys)) if key in op} for op in records]

    return named(
        analysis,
        {
            **context(analysis),
            "ops_in_window": len(analysis.ops),
            "kernel_duration_ns": number(float(np.nansum(kernel))),
            "ops": Streamed(len(rows), part, 100),
        },
    )


def _matching(analysis: Analysis, given: OpsInput) -> BoolArray:
    ops = analysis.ops
    kept = np.ones(len(ops), dtype=np.bool_)
    if given.op_code is not None:
        wanted = given.op_code.lower()
        kept &= ops.where_code(lambda code: wanted in code.lower())
    if given.category is not None:
        if given.category not in CATEGORIES:
            raise usage(f"there is no category {given.category!r}", f"known: {', '.join(CATEGORIES)}")
        kept &= ops.in_category(given.category)
    if given.flag is not None:
        kept &= analysis.flag_masks[_flag(analysis, given.flag)]
    with np.errstate(invalid="ignore"):
        if given.cores_at_most is not None:
            kept &= ops.cores <= given.cores_at_most
        if given.kernel_at_least_ns is not None:
            kept &= ops.kernel_ns >= given.kernel_at_least_ns
        rows = ops.table.row[ops.rows]
        if given.from_row is not None:
            kept &= rows >= given.from_row
        if given.to_row is not None:
            kept &= rows <= given.to_row
    return kept


def _flag(analysis: Analysis, name: str) -> str:
    """A flag by its name, or that of its rule in any form."""
    if name in analysis.flag_masks:
        return name
    try:
        return rule_named(name).id
    except PerfsheetError:
        known = ", ".join(analysis.flag_masks)
        raise usage(f"there is no flag {name[:_NAMED]!r}", f"known: {known}") from None


_NAMED = 60


def _sorted(analysis: Analysis, positions: IntArray, by: Sort) -> IntArray:
    ops, light = analysis.ops, analysis.facts.speed_of_light
    if by == "order":
        return positions
    values = {"kernel": -ops.kernel_ns, "gap": -ops.gap_ns, "speed_of_light": light.sol, "cores": ops.cores}[by]
    return np.asarray(positions[np.argsort(values[positions], kind="stable")])  # unknown ones come last


TOOL = Tool(
    name="ops",
    title="Ops of a capture",
    about=(
        "The ops of a capture, filtered, sorted and paged: shape, data types, cores of the worker grid, kernel "
        "duration, shares of the compute and DRAM peaks, flags of rules, row of the file. `explain` has one op in "
        "depth."
    ),
    input=OpsInput,
    answer=answer_schema(
        ops_in_window=figure("ops of the window, before the filter"),
        kernel_duration_ns=figure("Σ kernel duration of the matching ops [ns]"),
        ops=table_schema(OPS, *BRIEF["ops"]),
    ),
    call=call,
    view=paged,
    order=40,
)

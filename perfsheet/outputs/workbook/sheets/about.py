"""Sheet About: every column and figure explained, the input cells, the rules, and where the formulas are proved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.analysis.rules import RULES
from perfsheet.capture.columns import BY_NAME, tensor_field
from perfsheet.outputs.workbook.live import inputs
from perfsheet.outputs.workbook.sheet import set_up_sections, write_section
from perfsheet.outputs.workbook.tables import Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In, Table, about
from perfsheet.tables.about import TERMS, Term, terms
from perfsheet.tables.evidence import EVIDENCE
from perfsheet.tables.findings import FINDINGS
from perfsheet.tables.groups import GROUPS
from perfsheet.tables.memory import HELD, MEMORY
from perfsheet.tables.ops import OPS
from perfsheet.tables.passes import LAYERS, PASS_OPS, PASSES
from perfsheet.tables.quality import CHECKS
from perfsheet.tables.repeats import REPEATS, RUNS
from perfsheet.tables.reshards import CHAINS, TRANSITIONS
from perfsheet.tables.runs import ACCURACY, INPUTS, TESTS
from perfsheet.tables.signposts import REGIONS, SIGNPOSTS
from perfsheet.tables.sources import MODULES, SOURCE_GROUPS
from perfsheet.tables.totals import DEVICES, OP_TYPES, STEPS

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

_WIDTHS = (40, 14, 100, 26)
_TENSORS = "of a tensor: padded[logical] extents W, Z, Y, X, layout, data type, memory"


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the tables one below the other."""
    set_up_sections(sheet, styles, _WIDTHS)
    cells = [Term(cell.name, cell.unit, cell.meaning) for cell in inputs(analysis.summary)]
    row = 0
    for title, note, rows in (
        ("Input cells on Summary", "change them: utilization, flags and FPS follow on every sheet", cells),
        ("Headline", "on Summary", about.HEADLINE),
        *((title, note, terms(_IN_SHEETS, *tables)) for title, note, tables in _sections(analysis)),
        ("Columns of the capture", f"schema {analysis.summary.schema}; on All Ops", list(_captured(analysis))),
    ):
        row = write_section(sheet, styles, row, len(_WIDTHS), title, note)
        row = write_table(sheet, styles, TERMS.columns_in(In.SHEET), rows, Placement(row)).after + 1
    row = write_section(sheet, styles, row, len(_WIDTHS), "Rules", "what Hotspots looks for")
    row = write_table(sheet, styles, about.RULES.columns_in(In.SHEET), RULES, Placement(row)).after + 1
    sheet.write_string(row, 0, f"perfsheet {__version__}. Pages named here are in its repository.", styles["quiet"])


_IN_SHEETS = In.SHEET | In.ALL_OPS


def _sections(analysis: Analysis) -> Iterator[tuple[str, str, tuple[Table[Any], ...]]]:
    """Title, note and tables of each section; of tables that this workbook has."""
    yield "Ops", "columns of Top Ops, All Ops and Evidence", (OPS, EVIDENCE)
    yield "Op groups", "columns of Op Groups", (GROUPS,)
    yield "Findings", "columns of Hotspots", (FINDINGS,)
    yield "Op types", "columns of By Op Type", (OP_TYPES,)
    if (graph := analysis.graph) is not None and graph.joined.report.has_stacks:
        yield "Source", "columns of Source", (SOURCE_GROUPS, MODULES)
    if graph is not None and graph.memory.known:
        yield "Memory", "columns of Memory", (MEMORY, HELD)
    yield "Reshards", "columns of Reshards", (TRANSITIONS, CHAINS)
    if analysis.summary.passes.repeats:
        yield "Passes", "columns of Passes", (PASSES, LAYERS, PASS_OPS)
    if analysis.signposts.signposts:
        yield "Signposts", "columns of Signposts", (REGIONS, SIGNPOSTS)
    if len(analysis.summary.devices) > 1:
        yield "Devices", "columns of Devices", (DEVICES, STEPS)
    if analysis.repeats:
        yield "Repeats", "columns of Repeats, and of the runs on Summary", (REPEATS, RUNS)
    if analysis.provenance.record:
        yield "Run", "columns of Run", (TESTS, ACCURACY, INPUTS)
    yield "Data quality", "columns of Data Quality", (CHECKS,)


def _captured(analysis: Analysis) -> Iterator[Term]:
    """The capture's own columns in their order, tensors in one line each."""
    tensors: set[str] = set()
    for name, header in analysis.ops.table.headers.items():
        column = BY_NAME.get(name)
        if tensor_field(name) is not None:
            tensor = "_".join(name.split("_")[:2]).upper()
            if tensor not in tensors:
                tensors.add(tensor)
                yield Term(f"{tensor}_…", "", _TENSORS)
        elif column is not None:
            yield Term(header, column.unit, column.meaning)
        else:
            yield Term(header, "", "as the capture has it")

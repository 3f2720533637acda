"""The JSON contract (docs/json.md). Percentages are numbers in percent, null is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, TextIO

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Cause
from perfsheet.outputs.json_output.comparison import calibration, check, compare, expectations
from perfsheet.outputs.json_output.parts import (
    SCHEMA_VERSION,
    Json,
    findings_keys,
    graph_keys,
    head,
    named,
    pass_ops,
    repeats,
    run,
    streamed,
    totals,
)
from perfsheet.outputs.json_output.parts import signposts as signposts_of
from perfsheet.tables.cases import CASES
from perfsheet.tables.causes import CAUSES, CauseRows
from perfsheet.tables.causes import causes as causes_of
from perfsheet.tables.groups import GROUPS
from perfsheet.tables.groups import op_groups as ranked_groups
from perfsheet.tables.kinds import row_data
from perfsheet.tables.op_rows import top_ops as ranked_ops
from perfsheet.tables.ops import OPS
from perfsheet.tables.quality import DIAGNOSES
from perfsheet.tables.sources import SOURCE_GROUPS
from perfsheet.tables.sources import source_groups as ranked_sources
from perfsheet.text.causes import verdict
from perfsheet.text.json_text import Streamed, json_text
from perfsheet.text.json_view import WHOLE, JsonView, view_pieces

if TYPE_CHECKING:
    from perfsheet.analysis.cases import Case
    from perfsheet.analysis.graph.groups import GroupBy
    from perfsheet.doctor.model import Diagnosis

# fmt: off
__all__ = [
    "SCHEMA_VERSION",
    "brief",
    "calibration",
    "case_records",
    "cases",
    "check",
    "compare",
    "doctor",
    "dumps",
    "expectations",
    "hotspots",
    "op_groups",
    "report",
    "run",
    "signposts",
    "source_groups",
    "top_ops",
    "write",
]
# fmt: on


def _tried(analysis: Analysis) -> Json:
    """What TTNN says of the causes; nothing where they were not tried."""
    if analysis.tried is None:
        return {}
    from perfsheet.outputs.json_output.trials import tried_keys

    return tried_keys(analysis, analysis.tried)


def top_ops(analysis: Analysis, count: int | None) -> Json:
    """`perfsheet top-ops --json`: the first `count` ops (None = all); shares are of the whole window."""
    return named(analysis, {**head(analysis), "ops": streamed(OPS, ranked_ops(analysis, count))})


def op_groups(analysis: Analysis, count: int | None) -> Json:
    """`perfsheet top-ops --group --json`: identical ops together, beside the ranking of single ops."""
    return {**top_ops(analysis, count), "groups": streamed(GROUPS, ranked_groups(analysis, count), len(analysis.ops))}


def source_groups(analysis: Analysis, by: GroupBy, count: int | None) -> Json:
    """`perfsheet top-ops --by --json`: the first `count` modules, lines or calls (None = all), and the module tree."""
    groups = ranked_sources(analysis, by, count)
    result = {
        **head(analysis),
        "by": by.value,
        "source_groups": streamed(SOURCE_GROUPS, groups, len(analysis.ops)),
        **graph_keys(analysis),
    }
    return named(analysis, result)


def brief(analysis: Analysis) -> Json:
    """What `--brief` has of a capture before it is made to fit: the verdict, all causes, all groups of ops."""
    every = causes_of(analysis)
    causes = Streamed(len(every), lambda *part: _causes(analysis, every.part(*part)), 1)
    return named(
        analysis, {**head(analysis), "verdict": verdict(analysis), "causes": causes, "groups": _groups(analysis)}
    )


def _groups(analysis: Analysis) -> Streamed:
    groups = ranked_groups(analysis)
    return Streamed(len(groups), lambda first, end: GROUPS.records(groups.part(first, end)), 1)


def _causes(analysis: Analysis, causes: CauseRows) -> list[Json]:
    """Their records; of the rows, which may be all of a capture, those are made that are shown."""
    keys = {column.key for column in CAUSES.columns} - {"rows"}
    return [
        {**record, "rows": Streamed(len(cause.rows), partial(_rows_of, analysis, cause))}
        for cause, record in zip(causes, CAUSES.records(causes, keys), strict=True)
    ]


def _rows_of(analysis: Analysis, cause: Cause, first: int, end: int) -> list[Json | None]:
    return [row_data(ref) for ref in analysis.table_refs(cause.rows[first:end])]


def hotspots(analysis: Analysis, count: int | None, as_brief: bool = False, of_fields: bool = False) -> Json:
    """`perfsheet hotspots --json`: totals of every rule before the cut, and the first `count` findings (None = all).

    `as_brief`: what matters instead, for `--brief`; `of_fields`: both, of which fields are chosen.
    """
    if as_brief:
        return {**brief(analysis), **_tried(analysis)}
    more: Json = {"verdict": verdict(analysis), "groups": _groups(analysis)} if of_fields else {}
    return named(analysis, {**head(analysis), **more, **findings_keys(analysis, count), **_tried(analysis)})


def report(analysis: Analysis, workbook: str | None, as_brief: bool = False) -> Json:
    """`perfsheet report --json`: everything, and where the workbook is (null where none was asked for).

    `as_brief`: what matters instead, for `--brief`.
    """
    if as_brief:
        return {**brief(analysis), "workbook": workbook, **_tried(analysis)}
    result = {
        **head(analysis),
        "workbook": workbook,
        **({"run": run(analysis.provenance, analysis.summary)} if analysis.provenance.record else {}),
        **({"repeats": repeats(analysis, analysis.repeats)} if analysis.repeats else {}),
        "ops": streamed(OPS, ranked_ops(analysis)),
        "groups": streamed(GROUPS, ranked_groups(analysis), len(analysis.ops)),
        **findings_keys(analysis, None),
        **_tried(analysis),
        **totals(analysis),
        **({"pass_ops": pass_ops(analysis, known)} if (known := analysis.facts.variation) else {}),
        **signposts_of(analysis.signposts),
        **graph_keys(analysis),
    }
    return named(analysis, result)


def cases(shown: Sequence[Case], workbook: str) -> Json:
    """`perfsheet run --split-cases --json`: one entry per case, and where the workbook is."""
    return {
        "schema_version": SCHEMA_VERSION,
        "workbook": workbook,
        "cases": [
            {**record, "report": _report_of(case)} for case, record in zip(shown, CASES.records(shown), strict=True)
        ],
    }


def case_records(shown: Sequence[Case]) -> Json:
    """The run.json of cases: how each of them was run."""
    return {
        "schema_version": SCHEMA_VERSION,
        "cases": [
            {**record, "run": run(case.analysis.provenance, case.analysis.summary) if case.analysis else None}
            for case, record in zip(shown, CASES.records(shown), strict=True)
        ],
    }


def doctor(findings: Sequence[Diagnosis]) -> Json:
    """`perfsheet doctor --json`: `ok` is null if it is unknown or does not matter; `mend` is an old name of `fix`."""
    ok = not any(finding.ok is False for finding in findings)
    return {"schema_version": SCHEMA_VERSION, "ok": ok, "checks": DIAGNOSES.records(findings)}


def signposts(analysis: Analysis) -> Json:
    """`--signposts --json`: the signposts of the window, and the regions between them."""
    return {**head(analysis), **signposts_of(analysis.signposts)}


def dumps(result: Json) -> str:
    """The text of a result; NaN never gets into it, and characters that could drive a terminal are escaped."""
    return json_text(result)


def write(result: Json, out: TextIO, view: JsonView = WHOLE) -> None:
    """Write the text of a result, as the view has it, and a newline; long tables are made while they are written.

    Raises PerfsheetError (exit status 2) for a field that the result does not have.
    """
    for piece in view_pieces(result, view):
        out.write(piece)
    out.write("\n")


def _report_of(case: Case) -> Json | None:
    """What `run --json` prints, without what is of the run as a whole; None where the case came to no report."""
    if case.analysis is None:
        return None
    return {key: value for key, value in report(case.analysis, "").items() if key not in _NOT_OF_A_CASE}


_NOT_OF_A_CASE = {"schema_version", "workbook"}

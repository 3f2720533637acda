"""The table of causes: findings of one root as one thing to fix."""

from __future__ import annotations

from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Cause
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.findings import GROUND, what_is_saved
from perfsheet.tables.kinds import COUNT, LABEL, NS, PERCENT, ROWS, SOURCES, Kind, number
from perfsheet.tables.sources import places_of, with_source
from perfsheet.text import causes as text
from perfsheet.text import formats

CauseRows = Rows[Analysis, Cause]
_RULES = "docs/rules.md"


def causes(analysis: Analysis, count: int | None = None) -> CauseRows:
    """The first `count` causes that are not minor, largest expected saving first (None = all)."""
    return Rows(analysis, analysis.first_causes(count))


def _rows(rows: CauseRows) -> list[list[Any]]:
    return [rows.source.table_refs(cause.rows) for cause in rows]


def _cures_data(cause: Cause) -> list[dict[str, Any]]:
    return [
        {
            "rule": cure.rule.id,
            "advice": cure.advice,
            "finding": cure.finding_id,
            "expected_saving_ns": number(cure.expected_saving_ns),
            "saving_ns": number(cure.bound_ns),
        }
        for cure in cause.cures
    ]


def _saving_of(rows: CauseRows) -> list[str]:
    return [what_is_saved(rows.source, cause.saves_gaps) for cause in rows]


def _first_cure(cause: Cause) -> str:
    return text.cures(cause)[0]


def _accepted(rows: CauseRows) -> list[str]:
    """What TTNN accepts, where the causes were tried; else blank."""
    tried = rows.source.tried
    if tried is None:
        return [""] * len(rows)
    from perfsheet.text.trials import way  # with all of what tries ops, which few commands need

    found = (tried.by_id.get(cause.id) for cause in rows)
    return ["" if one is None or one.best is None else way(one.best) for one in found]


_CURES = Kind("cures", _first_cure, _cures_data, "wrap", _first_cure, number=False, width=62)
_MEMBERS = Kind("findings", ", ".join, list, cell=", ".join, number=False)

# fmt: off
CAUSES: Table[CauseRows] = Table(
    "causes",
    "Causes",
    "What to fix first, largest expected saving first: `hotspots`, sheet Summary, the page, Markdown.",
    (
        Column("id", "ID", LABEL, each(lambda cause: cause.id), "C1, C2, …: largest expected saving first", _RULES,
            width=6),
        Column("title", "Cause", LABEL, each(lambda cause: cause.title), "the rule behind it", _RULES, wrap=True,
            width=24),
        Column("stage", "Stage", LABEL, each(lambda cause: cause.stage.value),
            "stage of optimisation: the op alone, its module (neighbours), or the whole model", _RULES,
            outputs=In.DATA),
        Column("subject", "Ops in question", LABEL, each(lambda cause: cause.subject), "the op, or the chain of ops",
            wrap=True, width=34, code=True),
        Column("members", "Findings", _MEMBERS, each(lambda cause: [member.id for member in cause.members]),
            "its findings", _RULES, outputs=In.DATA),
        Column("count", "Ops", COUNT, each(lambda cause: cause.count), "ops (or host rows) of the cause", width=7),
        Column("shapes", "Shapes", COUNT, each(lambda cause: cause.shapes), "different ops or chains among them",
            outputs=In.DATA),
        Column("cores_of_grid", "Cores of grid", LABEL,
            each(lambda cause: formats.span_of_grid(cause.cores, cause.worker_cores) if cause.cores else ""),
            "core counts of the ops / worker grid", right=True),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda cause: cause.kernel_ns),
            "Σ kernel duration of the ops", outputs=In.DATA),
        Column("share_pct", "Share", PERCENT, each(lambda cause: cause.share),
            "kernel duration of the ops / Σ kernel duration of the window", _RULES, width=8),
        Column("expected_saving_ns", "Expected saving", NS, each(lambda cause: cause.expected_saving_ns),
            "what fixing it is expected to save; empty = unknown", _RULES, width=15, text=formats.saving_figure,
            measured=True),
        Column("bound_ns", "Saves at most", NS, each(lambda cause: cause.bound_ns),
            "upper bound of what fixing it could save; empty = unknown", _RULES, width=15, text=formats.saving_figure),
        Column("saving_of", "Saving of", LABEL, _saving_of,
            "what the saving is of: kernel time, or gaps between ops", _RULES, outputs=In.DATA),
        Column("left_ns", "Left", NS, each(lambda cause: cause.left_ns),
            "kernel time that is expected to be left with it and all before it fixed", _RULES, outputs=In.DATA),
        Column("ground", "Ground", GROUND, each(lambda cause: cause.ground), "why that is expected", _RULES, wrap=True,
            measured=True),
        Column("cure", "Cure", _CURES, each(lambda cause: cause), "what to try, most expected saving first", _RULES,
            wrap=True, width=62),
        Column("accepted", "TTNN accepts", LABEL, _accepted, "what TTNN accepts on a mock board", "docs/try.md",
            outputs=In.SHEET | In.MARKDOWN, wrap=True, width=40, when=lambda rows: rows.source.tried is not None),
        Column("source", "Source", SOURCES, places_of,
            "the lines that its ops come from, most kernel time first, from a graph report", "docs/graph-report.md",
            outputs=In.DATA | In.SHEET | In.MARKDOWN, wrap=True, code=True, when=with_source),
        Column("rows", "Rows", ROWS, _rows, "the rows of the capture", outputs=In.DATA),
    ),
    outputs=In.JSON | In.MARKDOWN | In.SHEET,
)

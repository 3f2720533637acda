"""The tables of findings and of what each rule found."""

from __future__ import annotations

from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.analysis.expectation.grounds import Ground
from perfsheet.analysis.results import Finding, RuleTotal
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import CORES, COUNT, LABEL, NS, PERCENT, ROWS, SOURCES, TEXT, Kind, number
from perfsheet.tables.sources import places_of, with_source
from perfsheet.text import formats, sentences
from perfsheet.text.words import planned

FindingRows = Rows[Analysis, Finding]
_RULES = "docs/rules.md"


def findings(analysis: Analysis, count: int | None = None) -> FindingRows:
    """The first `count` findings, largest expected saving first (None = all)."""
    return Rows(analysis, analysis.findings[:count])


def _rows(rows: FindingRows) -> list[list[Any]]:
    return [rows.source.table_refs(finding.rows) for finding in rows]


def evidence_data(finding: Finding) -> dict[str, Any]:
    """The evidence of a finding as a JSON object."""
    return {name: number(value) if isinstance(value, float) else value for name, value in finding.evidence.items()}


def ground_data(ground: Ground | None) -> dict[str, str] | None:
    """A ground as a JSON object."""
    return None if ground is None else {"kind": ground.kind.value, "text": ground.text}


GROUND = Kind(
    "ground",
    lambda ground: ground.text if ground else "",
    ground_data,
    "wrap",
    lambda ground: ground.text if ground else None,
    number=False,
    width=48,
)

_EVIDENCE = Kind("evidence", sentences.evidence, evidence_data, "wrap", sentences.evidence, number=False, width=40)


def _saving_of(rows: FindingRows) -> list[str]:
    return [what_is_saved(rows.source, finding.rule.saves_gaps) for finding in rows]


def what_is_saved(analysis: Analysis, gaps: bool) -> str:
    """Of which time a saving is a part: `kernel`, `gaps`, of a plan `least`."""
    return "gaps" if gaps else "kernel" if analysis.plan is None else "least"


def _saving_formula(rows: FindingRows) -> list[str]:
    formulas = [finding.rule.saving_formula for finding in rows]
    return formulas if rows.source.plan is None else list(map(planned, formulas))


# fmt: off
FINDINGS: Table[FindingRows] = Table(
    "findings",
    "Findings",
    "What to fix, largest expected saving first: `hotspots`, sheets Hotspots and Summary, the page, "
    "`Analysis.findings_frame()`.",
    (
        Column("id", "ID", LABEL, each(lambda finding: finding.id), "H1, H2, …: largest expected saving first", _RULES,
            width=6),
        Column("rule", "Rule ID", LABEL, each(lambda finding: finding.rule.id), "the id of the rule", _RULES,
            outputs=In.DATA),
        Column("title", "Rule", LABEL, each(lambda finding: finding.rule.title), "what was found", _RULES,
            outputs=In.MARKDOWN | In.SHEET, wrap=True, width=24),
        Column("op_code", "Op code", LABEL, each(lambda finding: finding.signature.op_code),
            "the device operation; of a chain of ops, all of them", wrap=True, width=34, code=True),
        Column("signature", "Signature", LABEL, each(lambda finding: finding.signature.text),
            "op code, tensors, math fidelity and program config of the ops", outputs=In.DATA),
        Column("count", "Ops", COUNT, each(lambda finding: finding.count), "ops (or host rows) behind it", width=7),
        Column("core_count", "Core count", COUNT, each(lambda finding: next(iter(finding.cores), None)),
            "the least core count of the ops", outputs=In.JSON | In.CSV),
        Column("cores", "Cores", CORES, each(lambda finding: finding.cores), "the distinct core counts of the ops",
            outputs=In.JSON | In.CSV | In.SHEET),
        Column("cores_of_grid", "Cores of grid", LABEL,
            each(lambda finding: formats.span_of_grid(finding.cores, finding.worker_cores)),
            "core counts of the ops / worker grid", outputs=In.TERMINAL | In.PAGE, right=True),
        Column("worker_cores", "Worker cores", COUNT, each(lambda finding: finding.worker_cores),
            "worker grid of the ops' device", "docs/hardware.md", outputs=In.JSON | In.CSV | In.SHEET, width=9),
        Column("share_pct", "Share", PERCENT, each(lambda finding: finding.share),
            "kernel duration of the ops / Σ kernel duration of the window", _RULES, width=8),
        Column("saving_ns", "Saves at most", NS, each(lambda finding: finding.saving_ns),
            "upper bound of what a fix could save; empty = unknown", _RULES, bar=True, width=15,
            text=formats.saving_figure),
        Column("expected_saving_ns", "Expected saving", NS, each(lambda finding: finding.expected_saving_ns),
            "what a fix is expected to save, at most the bound; empty = unknown", _RULES, width=15,
            text=formats.saving_figure, measured=True),
        Column("ground", "Ground", GROUND, each(lambda finding: finding.ground), "why that is expected", _RULES,
            outputs=In.DATA | In.SHEET, wrap=True, measured=True),
        Column("cause_id", "Cause", LABEL, each(lambda finding: finding.cause_id), "the cause that it belongs to",
            _RULES, outputs=In.DATA | In.SHEET, width=7),
        Column("stage", "Stage", LABEL, each(lambda finding: finding.rule.stage.value),
            "stage of optimisation: the op alone, its module (neighbours), or the whole model", _RULES,
            outputs=In.DATA | In.SHEET, width=9),
        Column("added_saving_ns", "Adds", NS, each(lambda finding: finding.added_ns),
            "what it adds to the findings before it: these sum to the kernel time at most", _RULES,
            outputs=In.DATA | In.SHEET, width=13),
        Column("part_of", "Part of", TEXT, each(lambda finding: finding.part_of),
            "the finding before it that is mostly about the same ops", _RULES, outputs=In.DATA | In.SHEET, width=7),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda finding: finding.kernel_ns),
            "Σ kernel duration of the ops", outputs=In.DATA | In.SHEET, width=13),
        Column("saving_of", "Saving of", LABEL, _saving_of,
            "what the saving is of: kernel time, or gaps between ops", _RULES, outputs=In.DATA),
        Column("source", "Source", SOURCES, places_of,
            "the lines that its ops come from, most kernel time first, from a graph report", "docs/graph-report.md",
            outputs=In.DATA | In.SHEET | In.MARKDOWN, wrap=True, code=True, when=with_source),
        Column("rows", "Rows", ROWS, _rows, "the rows of the capture; leads to the ops on sheet Evidence",
            outputs=In.DATA, frame_data=lambda refs: [ref.row for ref in refs]),
        Column("row_count", "Rows", COUNT, each(lambda finding: finding.count), "leads to the ops on sheet Evidence",
            outputs=In.SHEET, width=12),
        Column("advice", "Advice", LABEL, each(lambda finding: finding.advice), "what to try", wrap=True, width=62),
        Column("saving_formula", "Saving is", LABEL, _saving_formula,
            "the formula of the saving", _RULES, outputs=In.JSON | In.CSV | In.SHEET, wrap=True, width=28),
        Column("caveat", "Caveat", LABEL, each(lambda finding: finding.caveat), "what speaks against it", _RULES,
            outputs=In.DATA | In.SHEET, wrap=True, width=48),
        Column("evidence", "Evidence", _EVIDENCE, each(lambda finding: finding), "the figures that it rests on", _RULES,
            outputs=In.DATA | In.SHEET, wrap=True),
        Column("tensors", "Inputs → outputs", LABEL, each(lambda finding: finding.signature.tensors),
            "all tensors: padded[logical] extents, data type, memory", outputs=In.SHEET, width=70),
        Column("math_fidelity", "Math fidelity", LABEL, each(lambda finding: finding.signature.math_fidelity),
            "passes over the matrix engine: LoFi 1, HiFi2 2, HiFi3 3, HiFi4 4", "docs/speed-of-light.md",
            outputs=In.SHEET, width=10),
        Column("program_config", "Program config", LABEL, each(lambda finding: finding.signature.program_config),
            "the op's program config in ATTRIBUTES", outputs=In.SHEET, width=60),
    ),
    outputs=In.DATA | In.TEXT | In.SHEET,
)

RULE_TOTALS: Table[Rows[Analysis, RuleTotal]] = Table(
    "rule_totals",
    "Rules",
    "All hits of each rule over the window: `hotspots`.",
    (
        Column("title", "Rule", LABEL, each(lambda total: total.rule.title), "what was found", _RULES,
            outputs=In.TERMINAL),
        Column("rows", "Ops", COUNT, each(lambda total: total.rows), "ops (or host rows) that the rule hit"),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda total: total.kernel_ns),
            "Σ kernel duration of the ops", short="Kernel"),
        Column("share_pct", "Share", PERCENT, each(lambda total: total.share),
            "kernel duration of the ops / Σ kernel duration of the window"),
    ),
    outputs=In.JSON | In.TERMINAL,
)

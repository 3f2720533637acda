"""The tables of an explanation: formulas with their numbers, cures in depth, ops that do the same work."""

from __future__ import annotations

from perfsheet.analysis.siblings import FASTER
from perfsheet.explanation.model import CureInDepth, Explanation, Formula, Other
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.findings import evidence_data
from perfsheet.tables.kinds import COUNT, ID, LABEL, NS, TEXT, YES_NO, Kind, number
from perfsheet.text import explanation as text

FormulaRows = Rows[Explanation, Formula]
CureRows = Rows[Explanation, CureInDepth]
OtherRows = Rows[Explanation, Other]
_FORMULAS, _RULES, _CALIBRATION, _TRY = "docs/formulas.md", "docs/rules.md", "docs/calibration.md", "docs/try.md"


def _differences_data(other: Other) -> list[dict[str, str]]:
    return [{"setting": name, "here": here, "there": there} for name, here, there in other.differences]


_DIFFERENCES = Kind("differences", text.differences, _differences_data, number=False)
_EVIDENCE = Kind("evidence", lambda cure: "", evidence_data, number=False)


def _accepted(rows: CureRows) -> list[bool | None]:
    return [cure.accepted for cure in rows]


_MAYBE = Kind("yes or no, or unknown", YES_NO.text, lambda value: value, number=False)


# fmt: off
FORMULAS: Table[FormulaRows] = Table(
    "formulas",
    "Formulas",
    "The formulas behind the figures of a cause, a finding or an op: `explain`.",
    (
        Column("name", "Figure", LABEL, each(lambda one: one.name), "what it is", _FORMULAS),
        Column("of", "Of", LABEL, each(lambda one: one.of), "the row, or all of the ops"),
        Column("value", "Value", LABEL, each(lambda one: one.value), "what comes of it; empty = unknown", data=number),
        Column("unit", "Unit", LABEL, each(lambda one: one.unit), "`ns` or `%`"),
        Column("formula", "Formula", LABEL, each(lambda one: one.words), "in words; Σ is over the ops", _FORMULAS),
        Column("numbers", "With numbers", TEXT, each(lambda one: one.numbers),
            "the formula with the numbers of that row put in; empty where it names what is not in the capture"),
    ),
    outputs=In.JSON,
)

CURES: Table[CureRows] = Table(
    "cures",
    "Cures",
    "What to try, most expected saving first: `explain`.",
    (
        Column("rule", "Rule", LABEL, each(lambda one: one.rule.id), "the rule that advises it", _RULES),
        Column("advice", "Advice", LABEL, each(lambda one: one.advice), "what to try", _RULES),
        Column("caveat", "But", LABEL, each(lambda one: one.caveat), "what speaks against it", _RULES),
        Column("finding", "Finding", LABEL, each(lambda one: one.finding.id), "its largest finding", _RULES),
        Column("expected_saving_ns", "Expected saving", NS, each(lambda one: one.expected_saving_ns),
            "what it is expected to save; empty = unknown", _CALIBRATION, measured=True),
        Column("saving_ns", "Saves at most", NS, each(lambda one: one.bound_ns),
            "upper bound of what it could save; empty = unknown", _RULES),
        Column("evidence", "Evidence", _EVIDENCE, each(lambda one: one.finding),
            "the figures that the finding rests on", _RULES),
        Column("code_is", "Code is", TEXT, each(lambda one: one.label), "what the code does otherwise", _TRY),
        Column("code", "Code", TEXT, each(lambda one: one.code),
            "the Python that builds the op (or what takes its place) so; empty where the capture does not tell enough",
            _TRY),
        Column("accepted", "TTNN accepts", _MAYBE, _accepted,
            "whether TTNN accepts it on a mock board; empty = it was not asked (`--try`)", _TRY),
        Column("ttnn_says", "TTNN says", TEXT, each(lambda one: one.said), "what TTNN says of it, in a sentence", _TRY),
    ),
    outputs=In.JSON,
)

OTHERS: Table[OtherRows] = Table(
    "siblings",
    "Siblings",
    f"Ops of other settings that do the same work, fastest first: `explain`. One {FASTER:g} times as fast is a ground.",
    (
        Column("row", "Row", ID, each(lambda one: one.row), "row of the first of them in its capture"),
        Column("op_code", "Op code", LABEL, each(lambda one: one.op_code), "the device operation", flexible=True),
        Column("count", "Ops", COUNT, each(lambda one: one.count), "how many of them"),
        Column("cores", "Cores", COUNT, each(lambda one: one.cores), "their cores; empty where they differ"),
        Column("median_ns", "Median", NS, each(lambda one: one.median_ns), "median kernel duration of one"),
        Column("differences", "Differs in", _DIFFERENCES, each(lambda one: one),
            "settings that differ, the most telling first: here → there", flexible=True),
        Column("in_reference", "In reference", YES_NO, each(lambda one: one.in_reference),
            "whether it is in the capture of --reference", outputs=In.JSON),
    ),
    outputs=In.JSON | In.TERMINAL,
)

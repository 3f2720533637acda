"""The tables of a calibration: what causes and rules foretold, beside what was realised."""

from __future__ import annotations

from perfsheet.analysis.results import Cause
from perfsheet.comparison.calibration import Calibration, Prediction, RuleRecord
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import COUNT, DECIMAL, LABEL, NS, PERCENT
from perfsheet.text import formats

PredictionRows = Rows[Calibration, Prediction]
_PAGE = "docs/calibration.md"


def _title(prediction: Prediction) -> str:
    subject = prediction.subject
    return subject.title if isinstance(subject, Cause) else subject.rule.title


def _subject(prediction: Prediction) -> str:
    subject = prediction.subject
    return subject.subject if isinstance(subject, Cause) else subject.signature.op_code


# fmt: off
PREDICTIONS: Table[PredictionRows] = Table(
    "predictions",
    "Predictions",
    "Causes or findings of the capture before, and what came of them: `calibrate`.",
    (
        Column("id", "ID", LABEL, each(lambda one: one.subject.id), "the id of the cause or finding"),
        Column("title", "Cause", LABEL, each(_title), "the rule behind it"),
        Column("subject", "Ops in question", LABEL, each(_subject), "the op, or the chain of ops", width=34, code=True,
            flexible=True),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda one: one.kernel_ns),
            "Σ kernel duration of its ops before", outputs=In.JSON),
        Column("bound_ns", "At most", NS, each(lambda one: one.bound_ns), "the most that it could save", _PAGE,
            text=formats.saving_figure),
        Column("expected_saving_ns", "Expected", NS, each(lambda one: one.expected_ns), "what it should save", _PAGE,
            text=formats.saving_figure),
        Column("realised_ns", "Realised", NS, each(lambda one: one.realised_ns),
            "what its ops saved, what replaced them counted; negative: they got slower", _PAGE,
            text=formats.saving_figure),
        Column("acted_on_pct", "Acted on", PERCENT, each(lambda one: one.acted_on),
            "the part of their time in ops that changed or went", _PAGE),
        Column("acted_expected_ns", "Expected of these", NS, each(lambda one: one.acted_expected_ns),
            "what the ops that changed should have saved", _PAGE, outputs=In.JSON),
        Column("acted_realised_ns", "Realised by these", NS, each(lambda one: one.acted_realised_ns),
            "what the ops that changed saved", _PAGE, outputs=In.JSON),
    ),
    outputs=In.JSON | In.TERMINAL,
)

RULE_RECORDS: Table[Rows[Calibration, RuleRecord]] = Table(
    "rule_records",
    "Records of the rules",
    "What the findings of each rule that were acted on saved of what they could at most: `calibrate`.",
    (
        Column("rule", "Rule", LABEL, each(lambda one: one.rule), "the id of the rule"),
        Column("cases", "Findings", COUNT, each(lambda one: one.cases), "its findings that were mostly acted on"),
        Column("factor", "Saved / at most", DECIMAL, each(lambda one: one.factor), "the median over these findings",
            _PAGE),
        Column("bound_ns", "At most", NS, each(lambda one: one.bound_ns), "Σ what they could save", _PAGE,
            text=formats.saving_figure),
        Column("realised_ns", "Realised", NS, each(lambda one: one.realised_ns), "Σ what their ops saved", _PAGE,
            text=formats.saving_figure),
    ),
    outputs=In.JSON | In.TERMINAL,
)

"""The tables of what was tried on a mock board: variants of an op, chains tried as one, causes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from perfsheet.analysis import Analysis
from perfsheet.light_dataclass import dataclass
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import BYTES, COUNT, LABEL, LIST, PERCENT, YES_NO
from perfsheet.text import trials as text
from perfsheet.trials import Trial, Tried
from perfsheet.trials.chain import Answer, ChainTrial
from perfsheet.trials.ways import CauseTrial, Way

CauseTrialRows = Rows[Analysis, CauseTrial]
_PAGE = "docs/try.md"
Of = TypeVar("Of")


@dataclass(frozen=True)
class Numbered(Generic[Of]):
    """What was tried, whose ways are numbered from `first` on."""

    of: Of
    first: int = 1


VariantRows = Rows[Numbered[Trial], Tried]
AnswerRows = Rows[Numbered[ChainTrial], Answer]


def _numbers(rows: Rows[Numbered[Any], Any]) -> list[int]:
    return list(range(rows.source.first, rows.source.first + len(rows)))


def _chain_labels(rows: AnswerRows) -> list[str]:
    """What takes their place; the chain as a whole is named above."""
    return [one.proposal.label.removeprefix(f"{rows.source.of.title}: ") for one in rows]


_L1 = "tensors and circular buffers of a core at its peak"
_MOVED = "tensors that lie elsewhere than recorded: what neighbours do not do yet takes a reshard each"
_LESS = "device ops of the capture that it does without"


def tried_causes(analysis: Analysis) -> CauseTrialRows:
    """The causes that were tried, in their order."""
    by_id = {} if analysis.tried is None else analysis.tried.by_id
    return Rows(analysis, [by_id[cause.id] for cause in analysis.causes if cause.id in by_id])


def _of_best(value: Callable[[Way], Any]) -> Callable[[CauseTrialRows], list[Any]]:
    """A value of the first way that TTNN accepts; None where it accepts none."""
    return lambda rows: [None if trial.best is None else value(trial.best) for trial in rows]


def _subjects(rows: CauseTrialRows) -> list[str]:
    by_id = {cause.id: cause for cause in rows.source.causes}
    return [f"{by_id[trial.cause_id].title}: {by_id[trial.cause_id].subject}" for trial in rows]


# fmt: off
VARIANTS: Table[VariantRows] = Table(
    "variants",
    "Variants",
    "Other ways to build an op, which TTNN accepts or refuses: `try`.",
    (
        Column("number", "#", COUNT, _numbers, "what --code takes", _PAGE, outputs=In.TERMINAL),
        Column("label", "Variant", LABEL, each(lambda one: one.variant.label), "what is different", _PAGE,
            flexible=True),
        Column("accepted", "Accepted", LABEL, each(lambda one: "yes" if one.built.accepted else "no"),
            "whether TTNN accepts it", _PAGE, outputs=In.JSON),
        Column("reason", "Reason", LABEL, each(lambda one: one.built.reason), "why TTNN refuses it", _PAGE,
            outputs=In.JSON),
        Column("core_count", "Cores", COUNT, each(lambda one: one.cores), "cores that can have work", _PAGE),
        Column("started_cores", "Started", COUNT, each(lambda one: one.built.cores),
            "cores that TTNN starts it on", _PAGE, outputs=In.JSON),
        Column("l1_bytes", "L1", BYTES, each(lambda one: one.built.l1_bytes), _L1, _PAGE, drop=1),
        Column("l1_pct", "Of bank", PERCENT, each(lambda one: one.built.of_bank),
            "the part of an L1 bank that this takes", _PAGE),
        Column("moved", "Moved", COUNT, each(lambda one: one.moved), _MOVED, _PAGE),
        Column("layouts", "Layouts", LABEL,
            each(lambda one: "; ".join(f"{name} {memory.words}" for name, memory in one.layouts)),
            "which, and where neighbours must bring them, or take them from", _PAGE, outputs=In.JSON),
        Column("other_ops", "With", LABEL, each(lambda one: ", ".join(one.built.others)),
            "device ops that come with it", _PAGE, outputs=In.JSON),
        Column("code", "Code", LABEL, each(lambda one: one.variant.code.text), "the Python that builds it", _PAGE,
            outputs=In.JSON),
    ),
    outputs=In.JSON | In.TERMINAL,
)
CHAINS: Table[AnswerRows] = Table(
    "tried-chains",
    "Tried as one",
    "Ops that were tried as one: a fused op in their place, or all in one shard scheme: `try`.",
    (
        Column("number", "#", COUNT, _numbers, "what --code takes", _PAGE, outputs=In.TERMINAL),
        Column("label", "Tried as one", LABEL, _chain_labels, "what takes their place", _PAGE, flexible=True),
        Column("accepted", "Accepted", LABEL, each(lambda one: "yes" if one.built.accepted else "no"),
            "whether TTNN accepts it", _PAGE, outputs=In.JSON),
        Column("reason", "Reason", LABEL, each(lambda one: one.built.reason), "why TTNN refuses it", _PAGE,
            outputs=In.JSON),
        Column("core_counts", "Cores", LIST, each(lambda one: list(one.cores)), "cores of each op, in order", _PAGE,
            text=text.arrows, right=True),
        Column("l1_bytes", "L1", BYTES, each(lambda one: one.built.l1_bytes), _L1, _PAGE, drop=1),
        Column("l1_pct", "Of bank", PERCENT, each(lambda one: one.built.of_bank),
            "the part of an L1 bank that this takes", _PAGE),
        Column("fewer_ops", "Fewer ops", COUNT, each(lambda one: one.proposal.fewer_ops), _LESS, _PAGE),
        Column("moved", "Moved", COUNT, each(lambda one: one.proposal.moved), _MOVED, _PAGE),
        Column("code", "Code", LABEL, each(lambda one: one.proposal.code.text), "the Python that builds it", _PAGE,
            outputs=In.JSON),
    ),
    outputs=In.JSON | In.TERMINAL,
)
TRIED: Table[CauseTrialRows] = Table(
    "tried",
    "Tried",
    "What TTNN accepts for each cause, on a mock board: `--try`, sheet Tried.",
    (
        Column("cause", "Cause", LABEL, each(lambda trial: trial.cause_id), "the cause", _PAGE, width=7),
        Column("subject", "Ops in question", LABEL, _subjects, "what it is about", _PAGE, wrap=True, width=40,
            outputs=In.SHEET),
        Column("label", "TTNN accepts", LABEL, _of_best(lambda way: way.label),
            "what comes first of that which TTNN accepts", _PAGE, wrap=True, width=44),
        Column("core_counts", "Cores", LIST, _of_best(lambda way: list(way.cores)), "cores of each op, in order",
            _PAGE, text=lambda cores: text.arrows(cores or ()), cell=lambda cores: text.arrows(cores or ()),
            right=True, width=14, data=lambda cores: cores),
        Column("l1_bytes", "L1", BYTES, _of_best(lambda way: way.l1_bytes), _L1, _PAGE),
        Column("l1_pct", "Of bank", PERCENT, _of_best(lambda way: way.of_bank),
            "the part of an L1 bank that this takes", _PAGE),
        Column("fewer_ops", "Fewer ops", COUNT, _of_best(lambda way: way.fewer_ops), _LESS, _PAGE, width=11),
        Column("moved", "Moved", COUNT, _of_best(lambda way: way.moved), _MOVED, _PAGE),
        Column("exact", "As exact", YES_NO, _of_best(lambda way: way.exact), "whether its values are as exact as now",
            _PAGE, text=lambda exact: "–" if exact is None else "yes" if exact else "no",
            cell=lambda exact: "" if exact is None else "yes" if exact else "no", data=lambda exact: exact, width=10),
        Column("refused", "Refused", COUNT, each(lambda trial: trial.refused), "ways that TTNN refuses", _PAGE),
        Column("says", "In words", LABEL, each(text.verdict), "the same, or why nothing is claimed", _PAGE,
            outputs=In.JSON | In.SHEET | In.PAGE, wrap=True, width=60),
        Column("code", "Code", LABEL, _of_best(lambda way: way.code), "the Python that builds it", _PAGE,
            outputs=In.JSON),
    ),
    outputs=In.JSON | In.SHEET | In.MARKDOWN,
)
# fmt: on

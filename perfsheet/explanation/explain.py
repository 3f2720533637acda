"""`explain`: from the name of a cause, a finding, a row or a rule to all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.expectation.records import RECORDS
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.kinds import same_work
from perfsheet.analysis.results import Cause, Cure, Finding
from perfsheet.analysis.rules import RULES, Rule
from perfsheet.analysis.siblings import differences, work
from perfsheet.analysis.statistics import known
from perfsheet.capture.arrays import median
from perfsheet.capture.notes import rows
from perfsheet.capture.table import FloatArray
from perfsheet.errors import usage
from perfsheet.explanation.code import NOTHING, Piece, as_recorded, proposal
from perfsheet.explanation.formulas import of_cause, of_finding, of_op
from perfsheet.explanation.model import CureInDepth, Explanation, Kind, Other
from perfsheet.text import causes as text_of_causes
from perfsheet.text import explanation as text
from perfsheet.text import trials as text_of_trials
from perfsheet.text.formats import percent, span_of_time
from perfsheet.text.words import planned, time
from perfsheet.trials.subjects import ID, NAMED, ROW, longest_of, positions_of
from perfsheet.trials.ways import CauseTrial

_MOST_OTHERS = 10


def explain(analysis: Analysis, subject: str | int) -> Explanation:
    """`C1` is a cause, `H2` a finding, `67` a row of the file, `low-core-count` (or its mark, `LCC`) a rule.

    Raises PerfsheetError (exit status 2) when the analysis has no such subject.
    """
    name = str(subject).strip()
    if ID.fullmatch(name):
        return _cause(analysis, name.upper()) if name[0] in "cC" else _finding(analysis, name.upper())
    if ROW.fullmatch(name):
        return _op(analysis, positions_of(analysis, name))
    return _rule_here(analysis, rule_named(name))


def rule_named(name: str) -> Rule:
    """The rule with this id, former id, mark or title. Raises PerfsheetError (exit status 2) if there is none."""
    wanted = name.strip().lower()
    for rule in RULES if wanted else ():
        if wanted in (rule.id, rule.former_id, rule.mark.lower(), rule.title.lower()):
            return rule
    ids = [rule.id for rule in RULES]
    close = get_close_matches(wanted.replace(" ", "-"), ids, 1, 0.5)
    meant = f"{close[0]}, perhaps; " if close else ""
    known = f"{meant}give C1, H1, a row of the file, or a rule of docs/rules.md"
    raise usage(f"{name[:NAMED]!r} is no cause, finding, row or rule", known)


def explain_rule(rule: Rule) -> Explanation:
    """A rule alone: what it hits, what it saves at most, what fixes have saved."""
    roots = {name: record for name, record in RECORDS.items() if name.partition("/")[0] == rule.id}
    why = [f"Hits {rule.detects}.", f"Saves at most: {rule.saving_formula}."]
    for name, record in roots.items():
        of = f" of {name.partition('/')[2]}" if "/" in name else ""
        cases = f"{rows(record.cases, 'case')} in before/after pairs, docs/calibration.md"
        why.append(f"Fixes{of} have saved {percent(record.factor)} of that ({cases}).")
    if isinstance(rule.caveat, str):
        why.append(f"But: {rule.caveat}")
    return Explanation(Kind.RULE, rule.id, rule.title, tuple(why))


# Causes, findings, ops, rules


def _cause(analysis: Analysis, name: str) -> Explanation:
    cause = next((one for one in analysis.causes if one.id == name), None)
    if cause is None:
        positions_of(analysis, name)  # says which there are
        raise AssertionError(f"{name} is no cause")
    at = longest_of(analysis, cause) if cause.positions.size else None
    first, *others = _leading(cause)
    why = [f"{first.rule.title}: {first.rule.detects}."]
    if others:
        why.append(f"The same ops are hit by {', '.join(one.rule.title_in_sentence for one in others)}.")
    tried = None if analysis.tried is None else analysis.tried.by_id.get(name)
    return Explanation(
        Kind.CAUSE,
        name,
        f"{cause.title}: {cause.subject} · {text_of_causes.where(cause)}",
        (f"{text_of_causes.saving(cause)}.", *why),
        tuple(of_cause(analysis, cause)),
        _cures(analysis, cause, tried),
        () if at is None else _others(analysis, at),
        tuple(member.id for member in cause.members),
        "",
        at,
        tuple(cause.positions.tolist()),
        analysis.table_refs(cause.rows),
    )


def _leading(cause: Cause) -> list[Finding]:
    """The largest finding of each of its rules."""
    first: dict[str, Finding] = {}
    for member in cause.members:
        first.setdefault(member.rule.id, member)
    return list(first.values())


def _finding(analysis: Analysis, name: str) -> Explanation:
    finding = next((one for one in analysis.findings if one.id == name), None)
    if finding is None:
        positions_of(analysis, name)
        raise AssertionError(f"{name} is no finding")
    at = int(finding.positions[np.nanargmax(np.nan_to_num(finding.savings))]) if finding.positions.size else None
    expected = text_of_causes.expected(finding)
    bound = "an unknown time" if finding.saving_ns is None else text.bound(finding.saving_ns, analysis.ops.planned)
    share = "" if finding.rule.saves_gaps else f", {percent(finding.share)} of {time(analysis)}"
    said = [f"{rows(finding.count, 'op' if finding.positions.size else 'host row')}{share}; saves at most {bound}."]
    said += [f"{expected[0].upper()}{expected[1:]}."] if expected else []
    cure = Cure(finding.rule, finding.advice, finding.id, finding.expected_saving_ns, finding.saving_ns)
    return Explanation(
        Kind.FINDING,
        name,
        f"{finding.rule.title}: {short_code(finding.signature.op_code)}",
        (*said, f"{finding.rule.title}: {finding.rule.detects}."),
        tuple(of_finding(analysis, finding)),
        (_in_depth(analysis, finding, cure, proposal(analysis, finding)),),
        () if at is None else _others(analysis, at),
        (finding.cause_id,) if finding.cause_id else (),
        "",
        at,
        tuple(finding.positions.tolist()),
        analysis.table_refs(finding.rows),
    )


def _op(analysis: Analysis, positions: Sequence[int]) -> Explanation:
    at = positions[0]
    ids = analysis.findings_of.get(at, [])
    found = [one for one in analysis.findings if one.id in set(ids)]
    named = [f"{one.id} {one.rule.title}: {one.rule.detects}." for one in found]
    signature, ops = analysis.facts.signature(at), analysis.ops
    alike = np.flatnonzero(ops.variants.of == ops.variants.of[at])
    kernel = ops.kernel_ns[alike]
    several = len(positions) > 1
    beside = f" Row {analysis.row_ref(at).row} is in several files: this is the first." if several else ""
    times, of_plan = "", analysis.ops.planned
    if len(alike) > 1 and np.isfinite(kernel).any():
        least, most = (span_of_time(float(extreme(kernel))) for extreme in (np.nanmin, np.nanmax))
        span = " to ".join(dict.fromkeys((least, most)))
        take = "take at the least" if of_plan else "take"
        times = f" {len(alike):,} identical ops {take} {span}, median {span_of_time(_median(kernel))}."
    own = float(ops.kernel_ns[at])
    unknown = "Its least time is unknown." if of_plan else "No usable kernel duration."
    took = f"Takes {'at the least ' * of_plan}{span_of_time(own)}." if np.isfinite(own) else unknown
    cures = tuple(_in_depth(analysis, one, _cure_of_op(one, at), NOTHING) for one in found)
    return Explanation(
        Kind.OP,
        str(analysis.row_ref(at).row),
        f"{short_code(signature.op_code)} {signature.tensors}".strip(),
        (f"{took}{times}{beside}".strip(), *(named or ["No rule hits it."])),
        tuple(of_op(analysis, at)),
        cures,
        _others(analysis, at),
        tuple(dict.fromkeys((*(one.cause_id for one in found if one.cause_id), *ids))),
        as_recorded(analysis, at),
        at,
        tuple(alike.tolist()),
        analysis.row_refs(alike.tolist()),
    )


def _cure_of_op(finding: Finding, position: int) -> Cure:
    """What a finding saves of one of its ops."""
    at = np.flatnonzero(finding.positions == position)
    expected, bound = (known(float(savings[at[0]])) if at.size else None
                       for savings in (finding.expectation.savings, finding.savings))  # fmt: skip
    return Cure(finding.rule, finding.advice, finding.id, expected, bound)


def _rule_here(analysis: Analysis, rule: Rule) -> Explanation:
    alone = explain_rule(rule)
    total = next(one for one in analysis.rule_totals if one.rule is rule)
    found = [one for one in analysis.findings if one.rule is rule]
    if analysis.plan is not None:
        alone = replace(alone, why=tuple(map(planned, alone.why)))
    if not found:
        return replace(alone, why=("It hits nothing in this capture.", *alone.why))
    of = "op" if found[0].positions.size else "host row"
    here = f"Here it hits {rows(total.rows, of)} in {rows(len(found), 'finding')}"
    here += "." if rule.saves_gaps else f", {percent(total.share)} of {time(analysis)}."
    causes = dict.fromkeys(one.cause_id for one in found if one.cause_id)
    first = found[0]
    cure = Cure(rule, first.advice, first.id, first.expected_saving_ns, first.saving_ns)
    return replace(
        alone,
        why=(here, *alone.why),
        formulas=tuple(of_finding(analysis, first)),
        cures=(_in_depth(analysis, first, cure, proposal(analysis, first)),),
        related=(*causes, *(one.id for one in found)),
        rows=[ref for one in found for ref in analysis.table_refs(one.rows)],
    )


# Cures


def _cures(analysis: Analysis, cause: Cause, tried: CauseTrial | None) -> tuple[CureInDepth, ...]:
    by_id = {member.id: member for member in cause.members}
    cures = []
    for cure in cause.cures:
        finding = by_id[cure.finding_id]
        one = _in_depth(analysis, finding, cure, proposal(analysis, finding))
        if tried is not None and tried.rule_id == cure.rule.id:
            best = tried.best
            said = text_of_trials.verdict(tried)
            accepted = True if best is not None else False if tried.refused else None
            one = replace(one, accepted=accepted, said=said)
            if best is not None:
                one = replace(one, label=best.label, code=best.code)
        cures.append(one)
    return tuple(cures)


def _in_depth(analysis: Analysis, finding: Finding, cure: Cure, piece: Piece) -> CureInDepth:
    return CureInDepth(
        cure.rule,
        finding,
        cure.advice,
        finding.caveat,
        cure.expected_saving_ns,
        cure.bound_ns,
        finding.evidence,
        piece.label,
        piece.code,
    )


def _median(values: FloatArray) -> float:
    """Of the known values; NaN without any."""
    return median(values[np.isfinite(values)])


# Siblings


def _others(analysis: Analysis, position: int) -> tuple[Other, ...]:
    """Ops that do the same work with other settings, fastest first."""
    facts, ops = analysis.facts, analysis.ops
    own = int(ops.variants.of[position])
    mine = ops.variants.all[own]
    if not mine.tensors.all:
        return ()
    kind, wanted = same_work(mine.op_code), work(mine)
    found = []
    for index, variant in enumerate(ops.variants.all):
        if index == own or same_work(variant.op_code) != kind or work(variant) != wanted:
            continue
        here = np.flatnonzero(ops.variants.of == index)
        middle = _median(ops.kernel_ns[here])
        cores = {int(count) for count in ops.cores[here].tolist() if np.isfinite(count)}
        told = differences(ops, own, index)
        one = next(iter(cores)) if len(cores) == 1 else None
        found.append(Other(analysis.row_ref(int(here[0])).row, variant.op_code, len(here), middle, one, told))
    fastest = facts.siblings[own]
    if fastest is not None and fastest.in_reference:
        row, code = facts.sibling_row(fastest), mine.op_code
        found.append(Other(row, code, 1, fastest.kernel_ns, fastest.cores, fastest.differences, in_reference=True))
    return tuple(sorted(found, key=lambda other: other.median_ns)[:_MOST_OTHERS])

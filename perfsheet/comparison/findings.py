"""Which findings are fixed, new, or remaining, by the counterparts of their ops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.results import Finding
from perfsheet.comparison.results import ComparedOp, FindingChange, FindingChanges


def finding_changes(base: Sequence[Finding], new: Sequence[Finding], ops: Sequence[ComparedOp]) -> FindingChanges:
    """Pair findings of the same rule about counterparts, those that share most ops first."""
    base_place = {position: number for number, op in enumerate(ops) for position in op.base}
    new_place = {position: number for number, op in enumerate(ops) for position in op.new}
    base_subjects = [_subjects(finding, base_place) for finding in base]
    new_subjects = [_subjects(finding, new_place) for finding in new]
    about: dict[tuple[str, int | str], list[int]] = {}
    for other, finding in enumerate(new):
        for subject in new_subjects[other]:
            about.setdefault((finding.rule.id, subject), []).append(other)
    shared: Counter[tuple[int, int]] = Counter(
        (index, other)
        for index, finding in enumerate(base)
        for subject in base_subjects[index]
        for other in about.get((finding.rule.id, subject), ())
    )
    # The sum makes the result independent of which side comes first.
    candidates = sorted(shared, key=lambda pair: (-shared[pair], sum(pair)))
    counterpart: dict[int, int] = {}
    taken: set[int] = set()
    for index, other in candidates:
        if index not in counterpart and other not in taken:
            counterpart[index] = other
            taken.add(other)
    return FindingChanges(
        fixed=_ordered(FindingChange(finding, None) for index, finding in enumerate(base) if index not in counterpart),
        new=_ordered(FindingChange(None, finding) for index, finding in enumerate(new) if index not in taken),
        remaining=_ordered(FindingChange(base[index], new[other]) for index, other in counterpart.items()),
    )


def _subjects(finding: Finding, place: dict[int, int]) -> set[int | str]:
    """What a finding is about: its ops by their index in the comparison, or for host rows the kind of op."""
    if not len(finding.positions):
        return {kind(finding.signature.op_code)}
    return {place[position] for position in finding.positions.tolist()}


def _ordered(changes: Iterable[FindingChange]) -> tuple[FindingChange, ...]:
    return tuple(sorted(changes, key=lambda change: -change.finding.kernel_ns))

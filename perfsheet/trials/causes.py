"""Causes tried on a mock board: their longest op, the fused form of their chain, and the op with its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.results import Cause, Finding, RowRef
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.chain import Answer, ChainTrial, Proposal, answer
from perfsheet.trials.cures import CURES
from perfsheet.trials.cures.base import Chain
from perfsheet.trials.kinds.base import NOT_FIT
from perfsheet.trials.neighbours import Around, Link, Member, is_shared, joined, link_after, link_before, proposals
from perfsheet.trials.plain import is_plain_code
from perfsheet.trials.results import Trial
from perfsheet.trials.session import Session
from perfsheet.trials.subjects import longest_of
from perfsheet.trials.trial import built_again, describe, identical, in_other_ways, texts_of, variants_of
from perfsheet.trials.ways import MORE_CORES, RESHARDS, WANTED, CauseTrial, TriedCauses


@dataclass(frozen=True)
class _Plan:
    """What is to be tried for a cause."""

    cause_id: str
    rule_id: str
    finding_id: str
    op: Trial | None
    chain: ChainTrial | None
    proposals: tuple[Proposal, ...]
    around: tuple[Trial, ...] = ()
    links: tuple[Link | None, Link | None] = (None, None)
    shared: frozenset[int] | None = None

    def rows_of(self, positions: Sequence[int]) -> tuple[RowRef, ...]:
        """The rows of the ops at these positions."""
        by_position = {trial.positions[0]: trial.row for trial in self.around}
        return tuple(by_position[position] for position in positions)


def try_causes(analysis: Analysis, causes: Sequence[Cause], board: Session, also: Sequence[str] = ()) -> TriedCauses:
    """Try the cures of these causes, but for those that cannot be built alone; `also`: further Python to build.

    Raises PerfsheetError when TTNN opens no board.
    """
    plans = [plan for cause in causes if (plan := _plan_of(analysis, cause, board.grid)) is not None]
    return TriedCauses(board, {one.cause_id: one for one in _tried(plans, board, also)})


def try_finding(analysis: Analysis, finding: Finding, board: Session, also: Sequence[str] = ()) -> CauseTrial:
    """Try the cure of one finding; `also`: further Python to build with it.

    Raises PerfsheetError when TTNN opens no board.
    """
    position = identical(analysis, finding.positions.tolist())[0][0]
    return _tried([_plan(analysis, finding, position, board.grid)], board, also)[0]


def try_together(analysis: Analysis, position: int, board: Session, also: Sequence[str] = ()) -> ChainTrial | None:
    """Try an op and its neighbours in one shard scheme; None where that cannot be. `also`: further Python to build.

    Raises PerfsheetError when TTNN opens no board.
    """
    around, links = _around(analysis, position, board.grid)
    plan = _Plan("", "", "", None, None, (), around, links, _shared(analysis, around))
    return _tried([plan], board, also)[0].together


def proposed(analysis: Analysis, finding: Finding, grid: tuple[int, int]) -> tuple[str, str]:
    """What the first way of a finding's cure is, and its Python; blank where the capture does not tell enough of it.

    No board is asked: TTNN may refuse it.
    """
    if finding.rule.id in CURES:
        _, found = _fused(analysis, finding, grid)
        return (found[0].label, found[0].code.text) if found else ("", "")
    wanted = WANTED.get(finding.rule.id, ())
    if not wanted or not finding.positions.size:
        return "", ""
    position = identical(analysis, finding.positions.tolist())[0][0]
    variants = list(variants_of(describe(analysis, [position], grid)))
    for what in wanted:
        for variant in variants:
            if variant.what == what:
                return variant.label, variant.code.text
    return "", ""


def is_tried(rule_id: str) -> bool:
    """Whether the cure of a rule is one that can be built alone."""
    return rule_id in WANTED or rule_id in RESHARDS or rule_id in CURES


def _plan_of(analysis: Analysis, cause: Cause, grid: tuple[int, int]) -> _Plan | None:
    """What to try of a cause; None for a rule whose cure cannot be built alone."""
    by_id = {member.id: member for member in cause.members}
    finding = next((by_id[cure.finding_id] for cure in cause.cures if cure.rule.id in CURES), cause.members[0])
    if not is_tried(finding.rule.id) or not cause.positions.size or cause.expected_saving_ns == 0:
        return None
    return _plan(analysis, finding, longest_of(analysis, cause), grid)


def _plan(analysis: Analysis, finding: Finding, position: int, grid: tuple[int, int]) -> _Plan:
    """What to try of a finding, whose op to try is at this position."""
    if finding.rule.id in CURES:
        chain, found = _fused(analysis, finding, grid)
        return _Plan(finding.cause_id, finding.rule.id, finding.id, None, chain, found)
    place = 0
    if finding.rule.id in RESHARDS and (reader := link_after(analysis.facts, position)) is not None:
        position, place = reader.position, reader.place
    around, links = _around(analysis, position, grid, place)
    beside = finding.rule.id in (*RESHARDS, *MORE_CORES)
    along = around if beside else ()
    shared = _shared(analysis, along)
    return _Plan(finding.cause_id, finding.rule.id, finding.id, around[0], None, (), along, links, shared)


def _fused(analysis: Analysis, finding: Finding, grid: tuple[int, int]) -> tuple[ChainTrial, tuple[Proposal, ...]]:
    """The first chain of a finding, and what may take its place."""
    positions = finding.group.first_chain
    of_kind = {int(analysis.facts.ops.variants.of[position]): position for position in reversed(positions)}
    ops = tuple(describe(analysis, [position], grid) for position in sorted(of_kind.values()))
    trial = ChainTrial(
        finding.signature.op_code, _rows(analysis, positions), tuple(positions), finding.group.chain_count, ops
    )
    found: list[Proposal] = []
    with suppress(*NOT_FIT):
        proposed = CURES[finding.rule.id](Chain(analysis.facts, positions, grid))
        found = [one for one in proposed if is_plain_code(one.code)]
    return trial, tuple(found)


def _rows(analysis: Analysis, positions: Sequence[int]) -> tuple[RowRef, ...]:
    return tuple(analysis.row_ref(position) for position in positions)


def _around(
    analysis: Analysis, position: int, grid: tuple[int, int], place: int = 0
) -> tuple[tuple[Trial, ...], tuple[Link | None, Link | None]]:
    """An op, then those before and after it, where these are known."""
    before, after = link_before(analysis.facts, position, place), link_after(analysis.facts, position)
    beside = [link.position for link in (before, after) if link is not None]
    return tuple(describe(analysis, [one], grid) for one in (position, *beside)), (before, after)


def _shared(analysis: Analysis, around: Sequence[Trial]) -> frozenset[int] | None:
    """The positions of those whose output several ops read; None where no graph report tells that."""
    if analysis.graph is None:
        return None
    return frozenset(trial.positions[0] for trial in around if is_shared(analysis.facts, trial.positions[0]))


def _tried(plans: Sequence[_Plan], board: Session, also: Sequence[str] = ()) -> list[CauseTrial]:
    """All of it in two steps, each in one process, whose start takes seconds: what needs no answer, and `also`; then
    chains of three. What is of ops that do not come out as recorded counts for nothing.
    """
    board.build([*also, *(text for plan in plans for text in _texts(plan))])
    plans = [_again(plan, board) for plan in plans]
    arounds = [_known(plan, lambda trial: trial.reproduced) for plan in plans]
    pairs = [_pairs(around) for around in arounds]
    answered = [_answers(some, board) for some in pairs]
    threes = [
        [] if around is None else [one for one in joined(around, _accepted(some)) if is_plain_code(one.code)]
        for around, some in zip(arounds, answered, strict=True)
    ]
    board.build([one.code.text for some in threes for one in some])
    return [
        _cause_trial(plan, around, [*some, *_answers(more, board)], board)
        for plan, around, some, more in zip(plans, arounds, answered, threes, strict=True)
    ]


def _texts(plan: _Plan) -> Iterator[str]:
    """The Python of all that may be asked of a plan without the answer to anything else."""
    yield from texts_of(plan.chain.ops if plan.chain else (), variants=False)
    yield from texts_of(plan.around, variants=False)
    yield from texts_of((plan.op,) if plan.op else ())
    yield from (one.code.text for one in (*plan.proposals, *_pairs(_known(plan, lambda trial: True))))


def _pairs(around: Around | None) -> list[Proposal]:
    return [] if around is None else [one for one in proposals(around) if is_plain_code(one.code)]


def _again(plan: _Plan, board: Session) -> _Plan:
    op = plan.op and built_again([plan.op], board)[0]
    chain = plan.chain and replace(plan.chain, ops=tuple(built_again(plan.chain.ops, board)))
    return replace(plan, op=op, chain=chain, around=tuple(built_again(plan.around, board)))


def _unlike(plan: _Plan) -> str:
    """Why nothing is claimed of a chain: an op of it that comes out otherwise than recorded."""
    for one in plan.chain.ops if plan.chain else ():
        if one.again is not None and not one.reproduced:
            return f"its {short_code(one.op_code)} in row {one.row.row} does not come out as recorded"
    return ""


def _known(plan: _Plan, takes: Callable[[Trial], bool]) -> Around | None:
    """The op and those of its neighbours that are taken; None without any of them."""
    members = {trial.positions[0]: _member(trial) for trial in plan.around if takes(trial)}
    middle = members.get(plan.around[0].positions[0]) if plan.around else None
    if middle is None:
        return None
    front, back = (members.get(link.position) if link is not None else None for link in plan.links)
    # What makes several tensors hands on one of them, of which the calls of a chain know nothing.
    front = None if front is None or len(front.op.outputs) > 1 else front
    back = None if len(middle.op.outputs) > 1 else back
    return Around(middle, front, back, *plan.links, plan.shared or frozenset()) if front or back else None


def _member(trial: Trial) -> Member | None:
    if trial.kind is None or trial.op is None or trial.code is None:
        return None
    return (
        None if trial.kind.brings_others else Member(trial.positions[0], trial.kind, trial.op, trial.code, trial.pieces)
    )


def _answers(found: Sequence[Proposal], board: Session) -> list[Answer]:
    outcomes = board.build([one.code.text for one in found])
    return [answer(one, outcome) for one, outcome in zip(found, outcomes, strict=True)]


def _accepted(answers: Sequence[Answer]) -> list[Proposal]:
    return [one.proposal for one in answers if one.built.accepted]


def _cause_trial(plan: _Plan, around: Around | None, answers: Sequence[Answer], board: Session) -> CauseTrial:
    chain = plan.chain
    if chain is not None:
        problem = _unlike(plan) or ("" if plan.proposals else "the capture does not tell enough of it")
        chain = replace(chain, problem=problem, answers=() if problem else tuple(_answers(plan.proposals, board)))
    together = None
    if around is not None and answers:
        members = [one for one in (around.front, around.middle, around.back) if one is not None]
        title = " → ".join(member.name for member in members)
        covered = tuple(trial for trial in plan.around if trial.reproduced)
        positions = tuple(one.position for one in members)
        rows, known = plan.rows_of(positions), plan.shared is not None
        together = ChainTrial(title, rows, positions, 1, covered, tuple(answers), readers_known=known)
    op = plan.op and in_other_ways([plan.op], board)[0]
    return CauseTrial(plan.cause_id, plan.rule_id, plan.finding_id, op, chain, together)

"""What `perfsheet try` is asked for: a row, a finding or a cause, with all that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from perfsheet.analysis import Analysis
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.causes import is_tried, try_causes, try_finding, try_together
from perfsheet.trials.chain import ChainTrial
from perfsheet.trials.results import Trial
from perfsheet.trials.session import Session
from perfsheet.trials.subjects import positions_of
from perfsheet.trials.trial import describe, identical, texts_of, try_ops
from perfsheet.trials.ways import WANTED, CauseTrial


@dataclass(frozen=True)
class Asked:
    """What came of it: `chains` that were tried as one, and single ops; `left_out`: further ops that were not tried.

    `chains_first`: whether the cure that is looked for is one of a chain.
    """

    chains: tuple[ChainTrial, ...]
    trials: tuple[Trial, ...]
    left_out: int = 0
    chains_first: bool = False

    @property
    def every(self) -> tuple[Trial | ChainTrial, ...]:
        """All of it, the cure that is looked for first."""
        return (*self.chains, *self.trials) if self.chains_first else (*self.trials, *self.chains)


def try_subject(analysis: Analysis, subject: str, board: Session, most: int | None) -> Asked:
    """Try what is meant: `54` is a row of the file, `C1` a cause, `H2` a finding.

    Of a chain that one op may replace, and of reshards between ops, only these; else each different op, the `most`
    longest (None = all), and the longest of them with its neighbours. Raises PerfsheetError when the analysis has no
    such subject (exit status 2), or when TTNN opens no board.
    """
    positions = positions_of(analysis, subject)
    groups = identical(analysis, positions)[:most]
    ops = list(texts_of([describe(analysis, group, board.grid) for group in groups]))
    found = _cure(analysis, subject, board, ops)
    together = try_together(analysis, positions[0], board, ops) if found is None else found.together
    fused = None if found is None else found.chain
    chains = tuple(one for one in (fused, together) if one is not None)
    if chains and found is not None and (fused is not None or found.of_reshards):
        return Asked(chains, ())
    wanted = () if found is None else WANTED.get(found.rule_id, ())
    trials = tuple(replace(one, wanted=wanted) for one in try_ops(analysis, positions, board, most))
    first = found is not None and found.best is not None and len(found.best.cores) > 1
    if found is not None and found.best is not None and together is not None and first:
        chains = tuple(replace(one, first=found.best.label) for one in chains)
    return Asked(chains, trials, len(identical(analysis, positions)) - len(trials), first)


def _cure(analysis: Analysis, subject: str, board: Session, also: Sequence[str]) -> CauseTrial | None:
    """What came of the cure of a cause or a finding; None for a row, and for gaps. `also`: further Python to build."""
    name = subject.upper()
    for cause in analysis.causes:
        if cause.id == name:
            return try_causes(analysis, [cause], board, also).by_id.get(name)
    finding = next((one for one in analysis.findings if one.id == name), None)
    if finding is None or not is_tried(finding.rule.id) or not finding.positions.size:
        return None
    return try_finding(analysis, finding, board, also)

"""What an explanation consists of."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from perfsheet.analysis.results import Finding, RowRef
from perfsheet.analysis.rules.base import Evidence, Rule
from perfsheet.light_dataclass import dataclass


class Kind(Enum):
    """What can be explained."""

    CAUSE = "cause"
    FINDING = "finding"
    OP = "op"
    RULE = "rule"


@dataclass(frozen=True)
class Formula:
    """A figure: its formula in words, the same with the numbers of one op put in, and what comes of it.

    `of` says of what it is (`row 67`, `all 65 ops`). `numbers` come to `value`; blank where the words name what cannot
    be put in. `value` in `unit` (ns, %, …; blank for counts); None = unknown.
    """

    name: str
    of: str
    words: str
    numbers: str
    value: float | None
    unit: str

    def __str__(self) -> str:
        from perfsheet.text.explanation import formula

        return formula(self)


@dataclass(frozen=True)
class CureInDepth:
    """A way to fix it: what to try, what speaks against it, and its Python, as far as the capture tells that.

    `label` says what the code is; `accepted`: whether TTNN accepts it on a mock board, None = it was not asked.
    `expected_saving_ns` and `bound_ns`: None = unknown.
    """

    rule: Rule
    finding: Finding
    advice: str
    caveat: str
    expected_saving_ns: float | None
    bound_ns: float | None
    evidence: Evidence
    label: str = ""
    code: str = ""
    accepted: bool | None = None
    said: str = ""


@dataclass(frozen=True)
class Other:
    """Ops that do the same work: `count` of them, their median kernel duration and cores, and what differs.

    `in_reference`: they are in the capture of the option `reference`.
    """

    row: int
    op_code: str
    count: int
    median_ns: float
    cores: int | None
    differences: tuple[tuple[str, str, str], ...]
    in_reference: bool = False


@dataclass(frozen=True, eq=False)
class Explanation:
    """A cause, a finding, an op or a rule in depth.

    `why`: sentences, the reason first. `code`: the Python of an op as it was recorded, built alone; blank where the
    capture does not tell enough of it. `position`: the op that the formulas are of, None for host rows and for a rule
    alone. `related`: ids of causes and findings. `positions`: all its ops; `rows`: all its rows. `doc`: the page that
    has the long form.
    """

    kind: Kind
    id: str
    title: str
    why: tuple[str, ...]
    formulas: tuple[Formula, ...] = ()
    cures: tuple[CureInDepth, ...] = ()
    others: tuple[Other, ...] = ()
    related: tuple[str, ...] = ()
    code: str = ""
    position: int | None = None
    positions: Sequence[int] = ()
    rows: Sequence[RowRef] = ()
    doc: str = "docs/rules.md"

"""An op and its neighbours: whether all can keep one shard scheme, so that no reshard is between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import RESHARD, short_code
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.chain import Proposal
from perfsheet.trials.chain_code import ChainCode, moved_between
from perfsheet.trials.code import Code
from perfsheet.trials.kinds import Kind, Variant
from perfsheet.trials.kinds.base import NOT_FIT
from perfsheet.trials.memory import Memory
from perfsheet.trials.recorded import Recorded
from perfsheet.trials.shards import maker_of

_MOST_AFTER = 20
"""Ops after an op among which the one that reads its output is looked for."""
_SCHEMES, _WAYS = 4, 3
"""Shard schemes of an op that are tried with its neighbours, and ways of a neighbour to keep one, at most."""


@dataclass(frozen=True)
class Link:
    """The op beside another one, the reshards between the two, and which input of the later one connects them."""

    position: int
    reshards: int
    place: int


@dataclass(frozen=True)
class Member:
    """An op of the chain, as recorded; `pieces`: into how many its work can be cut (None = unknown)."""

    position: int
    kind: Kind
    op: Recorded
    code: Code
    pieces: int | None = None

    @property
    def name(self) -> str:
        """Its op code, short."""
        return short_code(self.op.op_code)

    @property
    def output(self) -> Memory | None:
        """Where it puts its output now."""
        return self.op.output_memory

    def working(self, code: Code) -> int | None:
        """The cores that can have work when it is run so; None = unknown."""
        memory = code.output or self.output
        if self.kind.on_shards and memory is not None and memory.shard is not None:
            return memory.shard.cores
        before = self.op.inputs[0].memory if self.op.inputs else None
        # The pieces of a sharded op are those of its shards, which bind no other way.
        return None if before is not None and before.sharded else self.pieces

    def tensor(self, place: int) -> str | None:
        """The name of an input in its Python."""
        return next(islice(self.code.tensors, place, None), None)


@dataclass(frozen=True)
class Form:
    """A way to run the op in the middle: where it reads and writes, and how that is said."""

    code: Code
    reads: Memory | None
    writes: Memory | None
    label: str


@dataclass(frozen=True)
class Around:
    """An op with the one before it and the one after it, as far as these are known and covered.

    `shared`: the positions of those whose output other ops read, too.
    """

    middle: Member
    front: Member | None
    back: Member | None
    before: Link | None
    after: Link | None
    shared: frozenset[int] = frozenset()


def link_before(facts: Facts, position: int, place: int = 0) -> Link | None:
    """The op that made an input, through reshards; None = unknown."""
    at, reshards = position, 0
    while (maker := maker_of(facts, at, place if at == position else 0)) is not None:
        if not _connected(facts, maker, at):
            return None
        if not facts.in_category(RESHARD)[maker]:
            return Link(maker, reshards, place)
        at, reshards = maker, reshards + 1
    return None


def link_after(facts: Facts, position: int) -> Link | None:
    """The first op that reads the output, through reshards; None = unknown."""
    at, reshards = position, 0
    while (found := next(_readers(facts, at), None)) is not None:
        if not facts.in_category(RESHARD)[found[0]]:
            return Link(found[0], reshards, found[1])
        at, reshards = found[0], reshards + 1
    return None


def is_shared(facts: Facts, position: int) -> bool:
    """Whether more than one op reads what an op makes, by the graph report."""
    steps = () if facts.graph is None else facts.graph.flow.written(position)
    return len({step.consumer for step in steps}) > 1


def _readers(facts: Facts, position: int) -> Iterator[tuple[int, int]]:
    """The ops that read what an op makes, and as which input."""
    made = facts.variant(position).outputs
    for later in range(position + 1, min(position + 1 + _MOST_AFTER, len(facts.ops))) if made else ():
        for place, tensor in enumerate(facts.variant(later).inputs):
            if tensor == made[0] and maker_of(facts, later, place) == position and _connected(facts, position, later):
                yield later, place


def _connected(facts: Facts, maker: int, reader: int) -> bool:
    """Whether the graph report, where there is one, does not deny it."""
    return facts.graph is None or facts.graph.flow.feeds(maker, reader) is not False


def proposals(around: Around) -> Iterator[Proposal]:
    """Pairs without a reshard: the op with the one before it, and with the one after it."""
    as_recorded = {member.code.text for member in (around.middle, around.front, around.back) if member is not None}
    for form in islice(_forms(around), _SCHEMES + 2):
        for one in (
            *(_in_front(around, form, front) for front in _fronts(around, form)),
            *(_behind(around, form, back) for back in _backs(around, form)),
        ):
            calls = one.code.calls if isinstance(one.code, ChainCode) else ()
            if one.fewer_ops or not {code.text for code in calls} <= as_recorded:
                yield one


def joined(around: Around, accepted: list[Proposal]) -> Iterator[Proposal]:
    """All three at once, for each scheme that both neighbours were accepted with."""
    for form in islice(_forms(around), _SCHEMES + 2):
        fronts = [code for code in _fronts(around, form) if _in_front(around, form, code) in accepted]
        backs = [code for code in _backs(around, form) if _behind(around, form, code) in accepted]
        if fronts and backs:
            yield _chain(around, form, fronts[0], backs[0])


def _forms(around: Around) -> Iterator[Form]:
    """As it is now where a reshard could go, reading what the op before it writes, then its shard schemes."""
    middle, front = around.middle, around.front
    reads = _first(middle, around.before)
    if (around.before and around.before.reshards) or (around.after and around.after.reshards):
        yield Form(middle.code, reads, middle.output, "")
    if front is not None and around.before and around.before.reshards and front.output is not None:
        name = middle.tensor(around.before.place)
        if name is not None and front.output != reads:
            code = middle.code.reading(**{name: replace(middle.code.tensors[name], memory=front.output)})
            yield Form(code, front.output, middle.output, "")
    seen = {reads}
    with suppress(*NOT_FIT):
        name = middle.tensor(around.before.place if around.before else 0)
        for variant in _other_ways(middle):
            memory = variant.code.tensors[name].memory if name is not None and name in variant.code.tensors else None
            if memory is not None and memory.sharded and memory not in seen:
                seen.add(memory)
                yield Form(variant.code, memory, variant.code.output or middle.output, variant.label)


def _first(member: Member, link: Link | None) -> Memory | None:
    name = member.tensor(link.place if link else 0)
    return None if name is None else member.code.tensors[name].memory


def _fronts(around: Around, form: Form) -> list[Code]:
    """Ways of the op before to write what the op in the middle reads."""
    front, link = around.front, around.before
    if front is None or link is None or form.reads is None or "memory_config" not in front.code.options:
        return []
    if front.code.options.get("output_tensor"):
        return []  # it could lie nowhere else
    found = [front.code.put(form.reads), front.code.given(program_config="", core_grid="").put(form.reads)]
    with suppress(*NOT_FIT):
        found += [one.code for one in _other_ways(front) if one.code.output == form.reads]
    return _distinct(found)


def _backs(around: Around, form: Form) -> list[Code]:
    """Ways of the op after to read what the op in the middle writes."""
    back, link = around.back, around.after
    name = None if back is None or link is None else back.tensor(link.place)
    if back is None or name is None or form.writes is None:
        return []
    given = back.code.reading(**{name: replace(back.code.tensors[name], memory=form.writes)})
    found = [given, given.given(program_config="", core_grid="")]
    with suppress(*NOT_FIT):
        found += [
            one.code
            for one in _other_ways(back)
            if name in one.code.tensors and one.code.tensors[name].memory == form.writes
        ]
    return _distinct(found)


def _other_ways(member: Member) -> Iterator[Variant]:
    """Its variants that compute the same, as exactly."""
    for variant in member.kind.variants(member.op, member.code):
        if variant.exact and variant.what in ("cores", "blocks"):
            yield variant


def _distinct(codes: list[Code]) -> list[Code]:
    return list({code.text: code for code in codes}.values())[:_WAYS]


def _in_front(around: Around, form: Form, front: Code) -> Proposal:
    return _chain(around, form, front, None)


def _behind(around: Around, form: Form, back: Code) -> Proposal:
    return _chain(around, form, None, back)


def _chain(around: Around, form: Form, front: Code | None, back: Code | None) -> Proposal:
    members, codes, reads, gone = [around.middle], [form.code], [], 0
    if front is not None and around.front is not None and around.before is not None:
        members.insert(0, around.front)
        codes.insert(0, front)
        reads.append(around.middle.tensor(around.before.place) or "")
        gone += around.before.reshards
    if back is not None and around.back is not None and around.after is not None:
        members.append(around.back)
        codes.append(back)
        reads.append(around.back.tensor(around.after.place) or "")
        gone += around.after.reshards
    moved = moved_between([member.code for member in members], codes, reads)
    # Others that read what is handed on find it elsewhere, too.
    moved += sum(
        member.position in around.shared and code.put_elsewhere(member.code)
        for member, code in zip(members[:-1], codes[:-1], strict=True)
    )
    patterns = tuple(member.kind.makes or member.kind.ops for member in members)
    code = ChainCode(tuple(codes), tuple(reads))
    most = tuple(member.working(one) for member, one in zip(members, codes, strict=True))
    return Proposal(_label(members, form, front), code, patterns, gone, moved, 0 if front is None else 1, most)


def _label(members: list[Member], form: Form, front: Code | None) -> str:
    names = " → ".join(member.name for member in members)
    where = form.reads if front is not None else form.writes
    lies = form.label or ("" if where is None else where.words)
    return f"{names}: {lies}"

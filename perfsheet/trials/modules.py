"""Modules of a graph report as calls in a row: an op reads what one before it made, or a tensor from outside."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count

from perfsheet.analysis import Analysis
from perfsheet.analysis.graph.beside import Graph
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.code import Code
from perfsheet.trials.results import Trial
from perfsheet.trials.tensors import Tensor
from perfsheet.trials.trial import describe

MOST_OPS = 200
"""Ops of a module that is tested, at most."""


@dataclass(frozen=True)
class Made:
    """A tensor that an earlier step made: the number of the step, and which of its outputs it is (None = its only one).

    `shape`: the shape that it is read in, where it is another one (a view).
    """

    step: int
    output: int | None
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Step:
    """A call, and where its tensors come from: each an earlier step, or the name of a tensor from outside."""

    code: Code
    sources: dict[str, Made | str]


@dataclass(frozen=True)
class ModuleCall:
    """A module of the graph report, by its path, as often as `count`: its steps, and the tensors from outside by name.

    `on_host`: those of them that stay there. `problem`: why it cannot be built as a whole, blank if it can.
    """

    path: tuple[str, ...]
    count: int
    rows: tuple[int, ...]
    steps: tuple[Step, ...] = ()
    tensors: tuple[tuple[str, Tensor], ...] = ()
    on_host: tuple[str, ...] = ()
    problem: str = ""


def module_calls(analysis: Analysis, grid: tuple[int, int]) -> tuple[ModuleCall, ...]:
    """The modules of two ops or more, each before those in it; none without a graph report that has stacks."""
    graph = analysis.graph
    if graph is None or not graph.joined.report.has_stacks:
        return ()
    paths = [() if source is None else source.module for source in graph.sources]
    found = [_module_call(analysis, graph, module.path, paths, grid) for module in graph.modules.walk() if module.path]
    return tuple(one for one in found if one is not None)


def _module_call(
    analysis: Analysis, graph: Graph, path: tuple[str, ...], paths: Sequence[tuple[str, ...]], grid: tuple[int, int]
) -> ModuleCall | None:
    of = analysis.facts.ops.variants.of.tolist()
    calls = list(_calls(path, paths, of))
    sequences = Counter(tuple(of[position] for position in call) for call in calls)
    if not sequences:
        return None
    sequence, times = sequences.most_common(1)[0]
    if not 1 < len(sequence) <= MOST_OPS:
        return None
    positions = next(call for call in calls if tuple(of[position] for position in call) == sequence)
    rows = tuple(analysis.row_ref(position).row for position in positions)
    trials = [describe(analysis, [position], grid) for position in positions]
    lacking = next((trial for trial in trials if trial.code is None), None)
    if lacking is not None:
        return ModuleCall(path, times, rows, problem=f"{lacking.op_code} in row {lacking.row.row}: {lacking.problem}")
    return _wired(graph, path, times, rows, positions, trials)


def _calls(path: tuple[str, ...], paths: Sequence[tuple[str, ...]], of: Sequence[int]) -> Iterator[list[int]]:
    """The calls of a module: ops in a row that are in it, a run of several equal calls cut into these."""
    run: list[int] = []
    for position in range(len(paths) + 1):
        if position < len(paths) and paths[position][: len(path)] == path:
            run.append(position)
        elif run:
            # Equal blocks in one module that calls nothing else are no calls of that module.
            one_child = len({paths[one][: len(path) + 1] for one in run}) == 1 and paths[run[0]] != path
            size = len(run) if one_child else _period([of[one] for one in run])
            yield from (run[start : start + size] for start in range(0, len(run), size))
            run = []


def _period(sequence: Sequence[int]) -> int:
    """The length of the shortest piece of two ops or more that, repeated, is the sequence."""
    whole = len(sequence)
    sizes = (size for size in range(2, whole + 1) if whole % size == 0)
    return next((size for size in sizes if sequence == list(sequence[:size]) * (whole // size)), whole)


def _wired(
    graph: Graph,
    path: tuple[str, ...],
    times: int,
    rows: tuple[int, ...],
    positions: Sequence[int],
    trials: Sequence[Trial],
) -> ModuleCall:
    """The steps, each tensor from the op of the module that made it, where the graph report knows that."""
    step_of = {int(graph.flow.partner[position]): number for number, position in enumerate(positions)}
    tensors: dict[str, Tensor] = {}
    by_tensor: dict[tuple[int, Tensor], str] = {}
    on_host: list[str] = []
    steps: list[Step] = []
    for position, trial in zip(positions, trials, strict=True):
        code = trial.code
        assert code is not None
        sources: dict[str, Made | str] = {}
        of_input = places(trial)
        for name, tensor in code.tensors.items():
            place = of_input[name]
            made = _made(graph, position, place, tensor, step_of, steps, trials)
            if made is not None and name not in code.on_host:
                sources[name] = made
                continue
            key = (_tensor(graph, position, place), tensor)
            outside = by_tensor.get(key) if key[0] >= 0 else None
            if outside is None:
                outside = next(free for number in count(1) if (free := f"{name}{number}") not in tensors)
                tensors[outside] = tensor
                by_tensor[key] = outside
                on_host += [outside] if name in code.on_host else []
            sources[name] = outside
        steps.append(Step(code, sources))
    return ModuleCall(path, times, rows, tuple(steps), tuple(tensors.items()), tuple(on_host))


def places(trial: Trial) -> dict[str, int]:
    """Which input of the op each tensor of its Python is: the first that looks like it."""
    code, op = trial.code, trial.op
    assert code is not None
    assert op is not None
    left = list(range(len(op.inputs)))
    found: dict[str, int] = {}
    for name, tensor in code.tensors.items():
        alike = [
            place
            for place in left
            if op.inputs[place].dtype == tensor.dtype and math.prod(op.inputs[place].shape) == math.prod(tensor.shape)
        ]
        found[name] = next(iter(alike or left), len(op.inputs))
        left = [place for place in left if place != found[name]]
    return found


def _tensor(graph: Graph, position: int, place: int) -> int:
    """The number of an input in the report; -1 = unknown."""
    op = graph.flow.op(position)
    return op.inputs[place] if op is not None and place < len(op.inputs) else -1


def _made(
    graph: Graph,
    position: int,
    place: int,
    tensor: Tensor,
    step_of: dict[int, int],
    steps: Sequence[Step],
    trials: Sequence[Trial],
) -> Made | None:
    """The step before that made an input; None if it comes from outside."""
    flow = graph.flow
    read = flow.read(position, place)
    number = None if read is None or read.producer is None else step_of.get(read.producer)
    if read is None or read.producer is None or number is None or number >= len(steps):
        return None
    outputs = flow.report.device_ops[read.producer].outputs
    wanted = flow.report.views.get(_tensor(graph, position, place), _tensor(graph, position, place))
    output = outputs.index(wanted) if wanted in outputs and len(outputs) > 1 else None
    op = trials[number].op
    made = op.outputs[output or 0].shape if op is not None and len(op.outputs) > (output or 0) else tensor.shape
    return Made(number, output, None if made == tensor.shape else tensor.shape)

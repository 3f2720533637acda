"""A traced torch module as a picture: its modules in the order in which they run, and what flows between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perfsheet.light_dataclass import dataclass
from perfsheet.models.torch_graph.equivalents import running
from perfsheet.models.torch_graph.model import Graph, GraphOp, Module
from perfsheet.models.torch_graph.modules import ops_inside
from perfsheet.outputs.workbook.theme import BAR, INK, PAPER
from perfsheet.text.safe import escaped

_MOST = 24
"""Boxes of modules: those of one class at one level are opened together, while there is room."""
_BOX, _LEFT, _TOP, _HEIGHT, _STEP = 520, 20, 64, 40, 64
_LANE, _MOST_LANES = 14, 16
_JOINED = 2
_FONT = "font-family='Calibri, Carlito, Arial, sans-serif'"


@dataclass(frozen=True)
class Box:
    """A module, or an op outside of all boxes that joins what comes from several."""

    name: str
    type: str
    of_torch: bool
    ops: int
    parameters: int
    calls: int
    output: str


@dataclass(frozen=True)
class Flow:
    """A tensor that goes from one box to another, by their places."""

    source: int
    target: int


def shown_modules(graph: Graph) -> list[Module]:
    """The modules with a box: the parts of the whole, opened while there is room; none for those that run nothing."""
    counts = ops_inside(graph.modules, running(graph.forward))
    inner: dict[str, list[Module]] = {}
    for module in graph.modules:
        if module.name and counts.get(module.name):
            inner.setdefault(module.name.rpartition(".")[0], []).append(module)
    parts = {name: _parts(name, inner) for name in inner}
    shown = parts.get("") or [graph.modules[0]]
    if len(shown) > _MOST:
        shown = inner[""]
    while group := _next_to_open(shown, parts, counts):
        shown = [part for module in shown for part in (parts[module.name] if module in group else [module])]
    return list(shown)


def _parts(name: str, inner: Mapping[str, Sequence[Module]]) -> list[Module]:
    """The parts of a module, of mere lists what is in them."""
    found = []
    for module in inner[name]:
        found += [module] if module.calls or module.name not in inner else _parts(module.name, inner)
    return found


def _next_to_open(
    shown: Sequence[Module], parts: Mapping[str, Sequence[Module]], counts: Mapping[str, int]
) -> list[Module]:
    """The highest, then largest modules of one class at one level that can be opened; none if there is no room."""
    groups: dict[tuple[int, str], list[Module]] = {}
    for module in shown:
        if module.name and parts.get(module.name):
            groups.setdefault((module.level, module.type), []).append(module)
    fitting = [
        group for group in groups.values() if len(shown) + sum(len(parts[module.name]) - 1 for module in group) <= _MOST
    ]
    return max(fitting, key=lambda group: (-group[0].level, sum(counts[one.name] for one in group)), default=[])


def picture_of(graph: Graph) -> tuple[list[Box], list[Flow]]:
    """The boxes in the order in which they first run, and what flows between them."""
    counts = ops_inside(graph.modules, running(graph.forward))
    modules = {module.name: module for module in shown_modules(graph)}
    boxes: list[Box] = []
    places: dict[str, int] = {}
    comes_from: list[frozenset[int]] = []
    found: dict[Flow, None] = {}
    for op in graph.forward:
        sources = frozenset[int]().union(*(comes_from[source] for source in op.sources))
        name = _shown_around(op.module, modules)
        if name is None and len(sources) < _JOINED:
            comes_from.append(sources)
            continue
        place = len(boxes) if name is None else places.setdefault(name, len(boxes))
        if place == len(boxes):
            boxes.append(_joining(op) if name is None else _of_module(modules[name], counts[name]))
        found.update({Flow(source, place): None for source in sorted(sources) if source != place})
        comes_from.append(frozenset((place,)))
    return boxes, list(found)


def _shown_around(name: str, modules: Mapping[str, Module]) -> str | None:
    """The module with a box that a module is, or is inside of."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name if name in modules else None


def _joining(op: GraphOp) -> Box:
    return Box(op.name, "op of torch", True, 1, 0, 1, ", ".join(op.outputs))


def _of_module(module: Module, ops: int) -> Box:
    name = module.name or module.type
    return Box(name, module.type, module.of_torch, ops, module.all_parameters, module.calls, module.output_shape)


def module_picture(graph: Graph) -> str:
    """The picture as SVG."""
    boxes, between = picture_of(graph)
    lanes = _lanes([flow for flow in between if flow.target != flow.source + 1])
    width = _LEFT + _BOX + 30 + _LANE * (max(lanes.values(), default=0) + 1)
    height = _TOP + _STEP * len(boxes) + 10
    name = _short(graph.name.rpartition("/")[2], 32)
    title = f"{name}: {len(running(graph.forward)):,} ops, {graph.parameters:,} parameters"
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}'>",
        f"<defs><marker id='tip' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' orient='auto'>"
        f"<path d='M0 0 8 4 0 8z' fill='{INK}'/></marker></defs>",
        f"<rect width='{width}' height='{height}' fill='{PAPER}'/>",
        _text(_LEFT, 24, title, 16, bold=True),
        _text(_LEFT, 44, f"inputs {', '.join(graph.inputs) or 'without tensors'}", 12),
    ]
    for place, box in enumerate(boxes):
        parts += _drawn(box, place)
    parts += [_arrow(flow, lanes) for flow in between]
    return "\n".join([*parts, "</svg>", ""])


def _drawn(box: Box, place: int) -> list[str]:
    y = _TOP + _STEP * place
    right = _LEFT + _BOX - 10
    figures = f"{box.ops:,} {'op' if box.ops == 1 else 'ops'}"
    if box.parameters:
        figures += f", {box.parameters:,} parameters"
    if box.calls > 1:
        figures += f", {box.calls:,} calls"
    fill = "#FFFFFF" if box.of_torch else "#E3EEF7"
    return [
        f"<rect x='{_LEFT}' y='{y}' width='{_BOX}' height='{_HEIGHT}' rx='4' fill='{fill}' stroke='{BAR}'/>",
        _text(_LEFT + 10, y + 17, _short(box.name, 44), 13, bold=True),
        _text(_LEFT + 10, y + 33, _short(box.type, 44), 11),
        _text(right, y + 17, figures, 11, end=True),
        _text(right, y + 33, _short(box.output, 44), 11, end=True),
    ]


def _text(x: int, y: int, text: str, size: int, bold: bool = False, end: bool = False) -> str:
    weight = " font-weight='bold'" if bold else ""
    anchor = " text-anchor='end'" if end else ""
    return f"<text x='{x}' y='{y}' font-size='{size}'{weight}{anchor} fill='{INK}' {_FONT}>{escaped(text)}</text>"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _lanes(skips: Sequence[Flow]) -> dict[Flow, int]:
    """A lane beside the boxes for each flow that skips some: short ones inside, none over another of its lane."""
    taken: list[list[tuple[int, int]]] = []
    lanes: dict[Flow, int] = {}
    for flow in sorted(skips, key=lambda one: (abs(one.target - one.source), one.source)):
        low, high = sorted((flow.source, flow.target))
        free = (lane for lane, spans in enumerate(taken) if all(high <= start or low >= end for start, end in spans))
        lane = next(free, min(len(taken), _MOST_LANES - 1))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        lanes[flow] = lane
    return lanes


def _arrow(flow: Flow, lanes: Mapping[Flow, int]) -> str:
    start = _TOP + _STEP * flow.source
    end = _TOP + _STEP * flow.target
    style = f"fill='none' stroke='{INK}' marker-end='url(#tip)'"
    if flow not in lanes:
        x = _LEFT + _BOX // 2
        return f"<path d='M{x} {start + _HEIGHT} V{end - 1}' {style}/>"
    right = _LEFT + _BOX
    x = right + 16 + _LANE * lanes[flow]
    return f"<path d='M{right} {start + _HEIGHT - 12} H{x} V{end + 12} H{right + 1}' {style} stroke-opacity='0.6'/>"

"""Ops in the terminal: the ranking, groups, findings, and the signposts of the capture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from perfsheet.analysis import Analysis
from perfsheet.analysis.analyze import HIDDEN, NOISY, NOT_PHYSICAL
from perfsheet.analysis.results import Cause, Finding
from perfsheet.analysis.rules import RULES
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.analysis.time_split import COLLECTIVES, COMPUTE, IDLE, MOVEMENT, UNKNOWN
from perfsheet.capture.notes import rows
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import Line, Screen, line, lines_of, screen_for
from perfsheet.tables import Column, In, Rows
from perfsheet.tables.findings import RULE_TOTALS
from perfsheet.tables.groups import GROUPS, op_groups
from perfsheet.tables.op_rows import OpRows, folded_ops
from perfsheet.tables.ops import OPS
from perfsheet.tables.signposts import REGIONS, SIGNPOSTS
from perfsheet.tables.sources import MODULES, SOURCE_GROUPS, modules, source_groups
from perfsheet.text import causes as text_of_causes
from perfsheet.text import formats, sentences, words
from perfsheet.text import graph as text_of_graph
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from perfsheet.analysis.graph.groups import GroupBy


def print_head(screen: Screen, analysis: Analysis) -> None:
    """The lines above every table: capture, kernel time and FPS, what they are of, elapsed time, data quality."""
    summary = analysis.summary
    if summary.plan is not None:
        _print_head_of_plan(screen, analysis)
        return
    if summary.provenance.replayed:
        screen.print(line(formats.REPLAYED, "bold yellow"))
    if summary.provenance.tests:
        screen.print(line(f"tests: {summary.provenance.tests}", "red" if summary.provenance.tests_failed else "green"))
    names = ", ".join(Path(path).name for path in summary.paths)
    facts = (names, summary.arch or "arch not stated", formats.worker_cores(summary), f"schema {summary.schema}")
    print_wrapped(screen, " · ".join((*facts, summary.window)), "bold")
    time = f"kernel time {formats.span_of_time(summary.kernel_ns)}"
    print_wrapped(screen, " · ".join((formats.device_ops(summary), time, sentences.fps(summary))))
    for text in sentences.figures_of(summary):
        print_wrapped(screen, text)
    _print_time_split(screen, summary)
    print_wrapped(
        screen, " · ".join(filter(None, (sentences.speed_of_light(summary), sentences.pm_generation(summary))))
    )
    print_wrapped(screen, sentences.capture(summary), "yellow" if summary.warnings else "")
    for text in text_of_graph.of_head(analysis):
        print_wrapped(screen, text)
    screen.print()


def _print_head_of_plan(screen: Screen, analysis: Analysis) -> None:
    """The same of a plan: what it is, its ops and their least time, how its target ended, memory."""
    summary = analysis.summary
    print_wrapped(screen, sentences.plan(summary), "bold yellow")
    names = ", ".join(Path(path).name for path in summary.paths)
    facts = (names, summary.arch or "arch not stated", formats.worker_cores(summary), summary.window)
    print_wrapped(screen, " · ".join(facts), "bold")
    print_wrapped(screen, f"{formats.device_ops(summary)} · least time {formats.span_of_time(summary.kernel_ns)}")
    for text in sentences.figures_of(summary):
        print_wrapped(screen, text)
    print_wrapped(screen, sentences.capture(summary), "yellow" if summary.warnings else "")
    for warning in summary.warnings:
        print_wrapped(screen, warning, "yellow")
    for text in text_of_graph.of_head(analysis):
        print_wrapped(screen, text)
    screen.print()


_BAR = 60
_COLOURS = {COMPUTE: "green", MOVEMENT: "yellow", COLLECTIVES: "cyan", UNKNOWN: "magenta", IDLE: "red"}


def _print_time_split(screen: Screen, summary: CaptureSummary) -> None:
    """Where the elapsed time goes: a bar, and its parts in words."""
    if pieces := sentences.time_bar(summary, min(_BAR, screen.width)):
        screen.print(Line((piece, _COLOURS[group]) for group, piece in pieces), wrap=False)
        print_wrapped(screen, sentences.time_split(summary, sentences.BLOCKS))


_WIDE = 280
"""Columns from which FLAGS names rules in full."""
_MARKS = {**{rule.id: rule.mark for rule in RULES}, HIDDEN: "~", NOISY: "±", NOT_PHYSICAL: "!"}
_MEANINGS = {NOISY: "± noisy", NOT_PHYSICAL: "! above 100 %, not physical"}
_HIDDEN = "~ hidden: a longer op of another sub-device or queue runs all the time, so its SHARE % is 0"


def print_top_ops(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The first `count` ops, by device kernel duration."""
    screen = screen_for(out)
    summary = analysis.summary
    print_head(screen, analysis)
    ops = folded_ops(analysis, count)
    if not len(ops):
        screen.print(line("Nothing to rank: no device op has a kernel duration."))
        return
    wide = screen.width >= _WIDE
    columns = [column if wide else _narrow(column) for column in OPS.columns_in(In.TERMINAL, ops)]
    left_out = print_rows(screen, OPS, ops, columns, dense=True)
    shown = {column.key for column in columns} - {column.key for column in left_out}
    legend = [f"{int(ops.counts.sum()):,} of {summary.timed_ops:,} ops shown."]
    legend[0] += (
        " LEAST: of the op's FLOPs on its cores and of its DRAM bytes the longer time; – = unknown (docs/plan.md)."
        if summary.plan is not None
        else f" UTIL. % = {formats.formula(summary)}; – = no model."
    )
    if "identical" in shown:
        longest = "KERNEL" if summary.plan is None else "LEAST"
        legend.append(f"×N: so many identical ops in a row of the ranking; {longest} is the longest, SHARE their sum.")
    legend += [text for key, text in _LEGEND.items() if key in shown]
    flags = {flag for flags in ops.flags for flag in flags}
    if not wide and flags:
        named = [f"{rule.mark} {rule.title_in_sentence}" for rule in RULES if rule.id in flags]
        named += [text for flag, text in _MEANINGS.items() if flag in flags]
        legend += [f"FLAGS: {', '.join(named)}."] if named else []
    if HIDDEN in flags:
        legend.append(f"{_HIDDEN}.".removeprefix("~ " if wide else ""))
    if NOT_PHYSICAL in flags:
        reasons = OPS["not_physical_reason"].listed(ops)
        rank, reason = next((rank, reason) for rank, reason in enumerate(reasons, 1) if reason)
        legend.append(f"! = not physical, e.g. # {rank}: {reason}.")
    _print_legend(screen, legend, left_out)


_LEGEND = {
    "utilization_grid_pct": "GRID % = the same, with the op's own worker grid as reference.",
    "utilization_corrected_pct": "CORR. % = GRID % without the errors of the PM columns (docs/formulas.md).",
    "sol_pct": "SOL % = speed of light: the larger share of the grid's compute peak and of the DRAM peak; – = unknown.",
}


_SPREAD = "device_spread_pct"


def _narrow(column: Column[OpRows]) -> Column[OpRows]:
    """The column for a narrow terminal: of the flags their marks; the spread of a mesh's op stays beside its time."""
    if column.key == "flags":
        return column.changed(text=_flag_marks, flexible=False)
    return column.changed(drop=1) if column.key == _SPREAD else column


def _flag_marks(flags: tuple[str, ...]) -> str:
    return " ".join(_MARKS[flag] for flag in flags if flag in _MARKS)


def print_groups(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """Identical ops together, by the sum of their kernel durations."""
    screen = screen_for(out)
    print_head(screen, analysis)
    groups = op_groups(analysis, count)
    left_out = print_rows(screen, GROUPS, groups)
    same = "same op, shapes, data types, memory, fidelity and program config"
    _print_legend(screen, [f"{len(groups):,} of {len(analysis.groups):,} groups shown ({same})."], left_out)


def print_sources(analysis: Analysis, by: GroupBy, count: int | None, out: TextIO) -> None:
    """The kernel time by module (as a tree), line or call, most first."""
    from perfsheet.analysis.graph.groups import GroupBy

    screen = screen_for(out)
    print_head(screen, analysis)
    left_out: list[Column[Any]] = []
    if by is GroupBy.MODULE:
        tree = modules(analysis)
        print_rows(screen, MODULES, Rows(analysis, tree.items[:count]))
        shown, every, what = len(tree.items[:count]), len(tree.items), "modules"
    else:
        groups = source_groups(analysis, by, count)
        columns = [column for column in SOURCE_GROUPS.columns_in(In.TERMINAL, groups) if column.key != f"{by.value}s"]
        columns = [column.changed(flexible=False) if column.key == "name" else column for column in columns]
        left_out += print_rows(screen, SOURCE_GROUPS, groups, columns)
        assert analysis.graph is not None
        shown, every, what = len(groups), len(analysis.graph.by(by)), f"{by.value}s"
    _print_legend(screen, [f"{shown:,} of {every:,} {what} shown."], left_out)


def _print_legend(screen: Screen, legend: list[str], left_out: Sequence[Column[Any]]) -> None:
    screen.print()
    if left_out:
        names = ", ".join(column.header(In.TERMINAL) for column in left_out)
        legend = [*legend, f"No room for {names}; --csv and --json have everything."]
    for text in legend:
        print_wrapped(screen, text, "dim")


_NAMED = 8


def print_signposts(analysis: Analysis, out: TextIO) -> None:
    """Every signpost with the ops up to the next, then the regions as a tree."""
    screen = screen_for(out)
    print_head(screen, analysis)
    signposts = analysis.signposts
    if not signposts.signposts:
        screen.print(line("The window has no signposts."))
        return
    print_rows(screen, SIGNPOSTS, signposts.signposts)
    screen.print(
        line("HOST: time since the first signpost. OPS and KERNEL: device ops up to the next signpost.", "dim")
    )
    screen.print()
    if not signposts.regions:
        screen.print(line("No signpost opens a region (… start, … started, … begin)."))
        return
    print_rows(screen, REGIONS, signposts.regions)
    outside = f"{formats.whole(signposts.outside_ns)} ns in {signposts.outside_ops:,} ops are outside all regions."
    notes = [f"SELF: ops in no inner region. {outside}"]
    if left_open := [region.name for region in signposts.regions if not region.closed]:
        notes.append(f"Never closed: {_named(left_open)}.")
    if signposts.unmatched:
        notes.append(f"Closes no region: {_named([signpost.name for signpost in signposts.unmatched])}.")
    for note in notes:
        screen.print(line(note, "dim"))


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


_ROWS_NAMED = 8
_INDENT = "   "
_TENSORS_SHOWN = 220


_SCREEN, _TEXT_LINES = 40, 2
"""Lines of the first screen, and of a cure and of its ground where there is room for that many."""


def print_hotspots(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The verdict, then the first `count` causes: what and where, the cure, what that should save and why.

    If they were tried, also what TTNN says of each.
    """
    screen, tried = screen_for(out), _tried(analysis)
    shown = analysis.first_causes(count)

    def above(screen: Screen) -> None:
        print_head(screen, analysis)
        print_wrapped(screen, text_of_causes.verdict(analysis), "bold")
        if unchecked := formats.unchecked(analysis.summary):
            screen.print(line(unchecked, "yellow"))
        screen.print()

    def below(screen: Screen) -> None:
        print_wrapped(screen, text_of_causes.left(analysis, shown), "dim")
        of_all = f"{len(shown):,} of {rows(len(analysis.causes), 'cause')}"
        more = ", -n 0 all" if len(shown) < len(analysis.causes) else ""
        print_wrapped(screen, f"{of_all}; -v lists their findings{more}. {sentences.sums(analysis.summary)}", "dim")

    above(screen)
    if not shown:
        return
    room = _SCREEN - lines_of(above, screen.width) - lines_of(below, screen.width)
    for cause, block in zip(shown, _blocks(analysis, shown, screen.width, room - len(tried)), strict=True):
        for text, style in block:
            screen.print(line(text, style))
        _print_tried(screen, tried.get(cause.id, ""))
    below(screen)


def _tried(analysis: Analysis) -> dict[str, str]:
    """What TTNN says of the causes that were tried, by their ids."""
    if analysis.tried is None:
        return {}
    from perfsheet.text.trials import verdict

    said = {name: verdict(trial) for name, trial in analysis.tried.by_id.items()}
    return {name: text for name, text in said.items() if text}


def _print_tried(screen: Screen, said: str) -> None:
    for text in _shortened(said, screen.width - len(_INDENT), _TEXT_LINES) if said else ():
        screen.print(line(_INDENT + text, "yellow"))


def _blocks(analysis: Analysis, causes: Sequence[Cause], width: int, room: int) -> list[list[tuple[str, str]]]:
    """The lines of each cause. Where there is no room, grounds are cut to a line first, then cures, the last first."""
    cures, grounds = [_TEXT_LINES] * len(causes), [_TEXT_LINES] * len(causes)
    blocks = [_cause_lines(analysis, cause, width, _TEXT_LINES, _TEXT_LINES) for cause in causes]
    for lines in (grounds, cures):
        for place in reversed(range(len(causes))):
            if sum(map(len, blocks)) > room:
                lines[place] = 1
                blocks[place] = _cause_lines(analysis, causes[place], width, cures[place], grounds[place])
    return blocks


def _cause_lines(analysis: Analysis, cause: Cause, width: int, cure: int, ground: int) -> list[tuple[str, str]]:
    room = width - len(_INDENT)
    return [
        (_shortened(text_of_causes.title(cause, width), width, 1)[0], "bold"),
        *((_INDENT + text, "cyan") for text in _at(text_of_graph.lines(analysis, cause.positions), room)),
        *((_INDENT + text, "") for text in _shortened(cause.cures[0].advice, room, cure)),
        *((_INDENT + text, "green") for text in _shortened(text_of_causes.saving(cause), room, ground)),
    ]


def _at(lines: str, room: int) -> list[str]:
    """The lines of source behind a cause, on one line of the screen; none where they are unknown."""
    return _shortened(f"at {lines}", room, 1) if lines else []


def _shortened(text: str, width: int, lines: int) -> list[str]:
    return textwrap.wrap(clean(text), width, max_lines=lines, placeholder=" …") or [""]


def print_findings(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The verdict, totals of every rule, then the first `count` causes with each of their findings.

    If they were tried, also what TTNN says of each.
    """
    screen, tried = screen_for(out), _tried(analysis)
    print_head(screen, analysis)
    print_wrapped(screen, text_of_causes.verdict(analysis), "bold")
    screen.print()
    if hit := [total for total in analysis.rule_totals if total.rows]:
        print_rows(screen, RULE_TOTALS, Rows(analysis, hit))
    if unchecked := formats.unchecked(analysis.summary):
        screen.print(line(unchecked, "yellow"))
    if analysis.reshard_pairs:
        screen.print(line(f"{rows(analysis.reshard_pairs, 'reshard')} directly after another one."))
    screen.print()
    shown = analysis.first_causes(count)
    for cause in shown:
        for text, style in _cause_lines(analysis, cause, screen.width, 9, 9):
            screen.print(line(text, style))
        _print_tried(screen, tried.get(cause.id, ""))
        screen.print()
        for finding in cause.members:
            _print_finding(screen, analysis, finding)
    if not shown:
        return
    screen.print(
        line(f"{len(shown):,} of {rows(len(analysis.causes), 'cause')}, largest {_saving(analysis)} first.", "dim")
    )
    print_wrapped(screen, text_of_causes.left(analysis, shown), "dim")
    print_wrapped(screen, sentences.upper_bounds(analysis.summary), "dim")


def _saving(analysis: Analysis) -> str:
    return "expected saving" if analysis.plan is None else "saving of least time"


def _rows_of(analysis: Analysis, finding: Finding) -> str:
    """The rows of its first ops in the capture."""
    shown = analysis.table_refs(finding.rows[:_ROWS_NAMED])
    several = len(analysis.summary.paths) > 1
    places = [formats.place(ref, several) for ref in shown]
    what = "capture" if analysis.plan is None else "plan"
    more = "" if len(shown) == finding.count else f" and {finding.count - len(shown):,} more"
    return f"{'row' if finding.count == 1 else 'rows'} {', '.join(places)}{more} of the {what}"


def _print_finding(screen: Screen, analysis: Analysis, finding: Finding) -> None:
    times = "op" if finding.count == 1 else "ops"
    screen.print(
        line(f"{finding.id} {finding.rule.title}: {finding.signature.op_code}, {finding.count:,} {times}", "bold")
    )
    if finding.rule.saves_gaps:
        figures = sentences.evidence(finding)
    else:
        cores = f", on {formats.span_of_grid(finding.cores, finding.worker_cores)} cores" if finding.cores else ""
        figures = (
            f"{formats.whole(finding.kernel_ns)} ns, {formats.percent(finding.share)} of {words.time(analysis)}{cores}"
        )
    facts = f"{sentences.saving_of(finding)}; {figures}"
    tensors = finding.signature.tensors if finding.signature.has_tensors else ""
    shown = (
        (facts, ""),
        (text_of_causes.expected(finding), ""),
        (clean(tensors, _TENSORS_SHOWN), "dim"),
        (_rows_of(analysis, finding), "dim"),
        (text_of_graph.lines(analysis, finding.positions), "cyan"),
        (finding.advice, ""),
        (finding.caveat, "dim"),
    )
    for text, style in (item for item in shown if item[0]):
        for part in textwrap.wrap(clean(text), screen.width - len(_INDENT)):
            screen.print(line(_INDENT + part, style))
    screen.print()

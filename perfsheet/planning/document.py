"""The file of a plan: written from what TTNN captured on a mock board."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from perfsheet.atomic_write import replace_text
from perfsheet.capture.planned import PLAN_VERSION
from perfsheet.graph_report.json_report import PlanCapture, PlanContent, report_of
from perfsheet.graph_report.model import GraphReport
from perfsheet.masking import masked_text
from perfsheet.planning.captures import Capture, sources, trimmed, without_arguments
from perfsheet.planning.failures import nothing_planned, refusal
from perfsheet.planning.rows import HEADERS, Row, rows
from perfsheet.run import MockRun


def write(path: Path, made: MockRun, board: str, mesh: str, command: str) -> None:
    """Write the plan of what was captured. Raises PerfsheetError where it cannot be written, or no device op was."""
    captures, typed, problems = _usable(made)
    texts = sources(captures)
    report = report_of(path, PlanContent(typed, texts))
    verdict = made.verdict
    failed = verdict is not None and not verdict.succeeded
    refused, ended = refusal(report)
    if refused and not (ended or failed):
        problems.append(f"TTNN refused {refused}; the target went on without it")
        refused = ""
    planned = list(_rows(report, captures))
    if all(index < 0 for _, index in planned):
        raise nothing_planned(made, refused, problems)
    head = {
        "perfsheet_plan": PLAN_VERSION,
        "board": board,
        "mesh": mesh or _mesh(captures),
        "ttnn": made.versions.get("ttnn") or "",
        "command": command,
        "tests": "" if verdict is None else verdict.summary,
        "tests_failed": failed,
        "reason": masked_text(made.reason),
        "refused": masked_text(refused),
        "stopped": made.stopped,
        "problems": list(map(masked_text, problems)),
        "columns": list(HEADERS),
    }
    lists = {
        "ops": [row for row, _ in planned],
        "of": [index for _, index in planned],
        "captures": list(map(without_arguments, captures)),
        "sources": texts,
    }
    replace_text(path, _text(head, lists), True)


def _usable(made: MockRun) -> tuple[list[Capture], list[PlanCapture], list[str]]:
    """The captures that TTNN finished, as they are and with their types, and what is wrong with the others."""
    import msgspec

    captures, damaged = trimmed(made.captures)
    usable, typed, problems = [], [], [*made.problems, *damaged]
    for number, capture in enumerate(captures, start=1):
        try:
            typed.append(msgspec.convert(capture, PlanCapture))
        except msgspec.ValidationError as error:  # noqa: PERF203
            problems.append(f"capture {number} is not what TTNN writes, and left out: {error}")
        else:
            usable.append(capture)
    return usable, typed, problems


def _text(head: Mapping[str, Any], lists: Mapping[str, Any]) -> str:
    """One op to a line, so that two plans can be compared as text, too."""
    parts = [f'"{key}":{json.dumps(value, ensure_ascii=False)}' for key, value in head.items()]
    for key, value in lists.items():
        if key == "ops":
            body = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in value)
            parts.append(f'"ops":[\n{body}\n]')
        else:
            parts.append(f'"{key}":{json.dumps(value, ensure_ascii=False, separators=(",", ":"))}')
    return "{" + ",\n".join(parts) + "}\n"


def _rows(report: GraphReport, captures: Sequence[Capture]) -> Iterator[tuple[Row, int]]:
    listed = [device for capture in captures for device in capture["devices"]]
    arch = str(listed[0].get("arch", "")).lower() if listed else ""
    cores = max(
        (int(one.get("num_x_compute_cores") or 0) * int(one.get("num_y_compute_cores") or 0) for one in listed),
        default=0,
    )
    devices = {int(tensor): some for capture in captures for tensor, some in capture["tensor_devices"].items()}
    return rows(report, arch, cores, devices)


def _mesh(captures: Sequence[Capture]) -> str:
    most = max((len(some) for capture in captures for some in capture["tensor_devices"].values()), default=1)
    return f"1x{most}"

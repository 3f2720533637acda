"""The file of a plan: written from what TTNN captured on a mock board."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from perfsheet.atomic_write import replace_text
from perfsheet.capture.planned import PLAN_VERSION
from perfsheet.graph_report.json_report import IO_SUFFIX, PlanContent, report_of
from perfsheet.graph_report.model import GraphReport
from perfsheet.masking import masked_text
from perfsheet.plan.failures import nothing_planned
from perfsheet.plan.rows import HEADERS, rows
from perfsheet.run import MockRun

_LONGEST_ARGUMENT, _LONGEST_SOURCE = 4000, 1 << 19
_BUFFER = ("type", "layout", "device_id", "address", "size", "max_size_per_bank")
_ON_CORES = ("core_range_set", "size", "globally_allocated", "borrows_memory")
_KEPT = {
    "function_start": ("name", "program_cache_hit", "program_factory_type"),
    "function_end": (),
    "tensor": ("tensor_id", "shape", "dtype", "layout", "memory_config", "size", "address"),
    "buffer_allocate": _BUFFER,
    "buffer_deallocate": _BUFFER,
    "circular_buffer_allocate": _ON_CORES,
    "dataflow_buffer_allocate": _ON_CORES,
}
"""What a plan keeps of a capture: these kinds of nodes, and of each these parameters."""
_CALL = ("name", "input_tensor_ids", "output_tensor_ids", "python_stack_trace", "error")
_FRAME = re.compile(r'File "([^"]+\.py)"')
_OF_NOBODY = re.compile(r'File "(?:<frozen|[^"]*[\\/](?:perfsheet_\w+\.py|(?:_pytest|pluggy|pytest|ttnn)[\\/]))')
"""Frames of Python's start, of pytest, of TTNN and of perfsheet itself."""
_OF_PACKAGES = re.compile(r"[\\/](?:site|dist)-packages[\\/]|[\\/]python3\.\d+[\\/]")
_FATAL = re.compile(r"TT_(?:FATAL|THROW) @ \S+:\d+: [^\n]*\n?(?:info:\n)?([^\n]*)")


def write(path: Path, made: MockRun, board: str, mesh: str, command: str) -> None:
    """Write the plan of what was captured. Raises PerfsheetError where it cannot be written, or no device op was."""
    captures = [_trimmed(capture) for capture in made.captures]
    sources = _sources(captures)
    content = {"captures": captures, "sources": sources}
    report = report_of(path, _typed(content))
    refused = _refused(report, captures)
    planned = list(_rows(report, captures))
    if not planned:
        raise nothing_planned(made, refused)
    verdict = made.verdict
    head = {
        "perfsheet_plan": PLAN_VERSION,
        "board": board,
        "mesh": mesh or _mesh(captures),
        "ttnn": made.versions.get("ttnn") or "",
        "command": command,
        "tests": "" if verdict is None else verdict.summary,
        "tests_failed": verdict is not None and not verdict.succeeded,
        "reason": masked_text(made.reason),
        "refused": masked_text(refused),
        "stopped": made.stopped,
        "problems": list(made.problems),
        "columns": list(HEADERS),
    }
    lists = {
        "ops": [row for row, _ in planned],
        "of": [index for _, index in planned],
        "captures": list(map(_without_arguments, captures)),
        "sources": sources,
    }
    replace_text(path, _text(head, lists), True)


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


def _typed(content: Mapping[str, Any]) -> PlanContent:
    import msgspec

    return msgspec.convert(content, PlanContent)


def _trimmed(path: Path) -> dict[str, Any]:
    """A capture with its Python calls, without what no analysis reads."""
    capture = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    beside = path.with_suffix(IO_SUFFIX)
    calls = json.loads(beside.read_text(encoding="utf-8", errors="replace")) if beside.is_file() else []
    described: set[Any] = set()
    return {
        "metadata": {key: capture.get("metadata", {}).get(key) for key in ("version", "git_sha", "rank")},
        "devices": capture.get("devices", []),
        "graph": [_node(node, described) for node in capture["graph"] if node["node_type"] in _KEPT],
        "python_io": [_call(call) for call in calls],
        "tensor_devices": _devices(capture["graph"]),
    }


def _node(node: dict[str, Any], described: set[Any]) -> dict[str, Any]:
    kind, params = node["node_type"], node.get("params") or {}
    names: Sequence[str] = _KEPT[kind]
    if kind == "tensor":  # only its first node describes it
        names = ("tensor_id",) if params.get("tensor_id") in described else names
        described.add(params.get("tensor_id"))
    kept: dict[str, Any] = {"counter": node["counter"], "node_type": kind}
    if names:
        kept["params"] = {name: params[name] for name in names if name in params}
    if kind in ("function_end", "buffer_allocate", "buffer_deallocate") and node.get("connections"):
        kept["connections"] = node["connections"]
    if node.get("input_tensors"):
        kept["input_tensors"] = node["input_tensors"]
    if params.get("program_factory_type"):
        kept["arguments"] = [text[:_LONGEST_ARGUMENT] for text in node.get("arguments", [])[:1]]
    return kept


def _call(call: dict[str, Any]) -> dict[str, Any]:
    kept = {key: call[key] for key in _CALL if call.get(key)}
    if frames := kept.get("python_stack_trace"):
        kept["python_stack_trace"] = [frame for frame in frames if not _OF_NOBODY.search(frame)]
    given = {
        name: text
        for name, text in call.get("arguments", {}).items()
        if isinstance(text, str) and not name.isdigit() and "Tensor(" not in text and " object at 0x" not in text
    }
    return {**kept, **({"arguments": given} if given else {})}


def _without_arguments(capture: dict[str, Any]) -> dict[str, Any]:
    """A capture without what the ops have as ATTRIBUTES by now."""
    kept = dict(capture)
    for key in ("graph", "python_io"):
        kept[key] = [{name: value for name, value in one.items() if name != "arguments"} for one in capture[key]]
    return kept


def _devices(graph: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    """The devices of each tensor that is on several, by its id."""
    found: dict[str, list[int]] = {}
    for node in graph:
        params = node.get("params") or {}
        if node["node_type"] == "tensor" and "device_tensors" in params:
            try:
                each = json.loads(params["device_tensors"])
            except ValueError:
                continue
            found[str(params.get("tensor_id"))] = sorted({int(one["device_id"]) for one in each})
    return {tensor: devices for tensor, devices in found.items() if len(devices) > 1}


def _sources(captures: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The texts of the files that the stacks name, as they are now: those of installed packages are left out."""
    files = {
        found
        for capture in captures
        for call in capture["python_io"]
        for frame in call.get("python_stack_trace", ())
        for found in _FRAME.findall(frame)
        if not _OF_PACKAGES.search(found)
    }
    texts: dict[str, str] = {}
    for file in sorted(files):
        place = Path(file)
        try:
            if place.is_file() and place.stat().st_size <= _LONGEST_SOURCE:
                texts[file] = place.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
    return texts


def _rows(report: GraphReport, captures: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, ...], int]]:
    listed = [device for capture in captures for device in capture["devices"]]
    arch = str(listed[0].get("arch", "")).lower() if listed else ""
    cores = max(
        (int(one.get("num_x_compute_cores") or 0) * int(one.get("num_y_compute_cores") or 0) for one in listed),
        default=0,
    )
    devices = {int(tensor): some for capture in captures for tensor, some in capture["tensor_devices"].items()}
    given = [dict(call.given) for call in report.calls]
    return rows(report, arch, cores, given, devices)


def _mesh(captures: Sequence[Mapping[str, Any]]) -> str:
    most = max((len(some) for capture in captures for some in capture["tensor_devices"].values()), default=1)
    return f"1x{most}"


def _refused(report: GraphReport, captures: Sequence[Mapping[str, Any]]) -> str:
    """The last call, if TTNN refused it: what it says, and the line of the user's that called it."""
    from perfsheet.analysis.graph.sources import users_frames

    for call in reversed(report.calls):
        if call.error:
            frames = users_frames(call.frames)
            place = f" at {Path(frames[0].file).name}:{frames[0].line}" if frames else ""
            found = _FATAL.search(call.error)
            text = (found[1] if found and found[1].strip() else call.error.strip().splitlines()[0]).strip()
            return f"{call.name}{place}: {text}"
    return ""

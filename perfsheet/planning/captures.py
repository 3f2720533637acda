"""What a plan keeps of TTNN's captures, and the source files that their stacks name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from perfsheet.graph_report.json_report import IO_SUFFIX

Capture = dict[str, Any]

_LONGEST_SOURCE = 1 << 19
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
"""These kinds of nodes, and of each these parameters."""
_CALL = ("name", "python_stack_trace", "error")
_FRAME = re.compile(r'File "([^"]+\.py)"')
_OF_NOBODY = re.compile(r'File "(?:<frozen|[^"]*[\\/](?:perfsheet_\w+\.py|(?:_pytest|pluggy|pytest|ttnn)[\\/]))')
"""Frames of Python's start, of pytest, of TTNN and of perfsheet itself."""
_OF_PACKAGES = re.compile(r"[\\/](?:site|dist)-packages[\\/]|[\\/]python3\.\d+[\\/]")
_IDS_OF_A_PROCESS = 1 << 32
"""TTNN numbers the tensors of each process from 1."""


def trimmed(paths: Sequence[Path]) -> tuple[list[Capture], list[str]]:
    """The captures with their Python calls, without what no analysis reads; and why others cannot be used.

    Captures of one folder are of one process.
    """
    captures: list[Capture] = []
    problems: list[str] = []
    processes = list(dict.fromkeys(path.parent for path in paths))
    for path in paths:
        try:
            captures.append(_trimmed(path, processes.index(path.parent) * _IDS_OF_A_PROCESS))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:  # noqa: PERF203
            problems.append(
                f"{path.parent.name}/{path.name} is damaged, and left out ({type(error).__name__}: {error})"
            )
    return captures, problems


def _trimmed(path: Path, first_id: int) -> Capture:
    capture = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    beside = path.with_suffix(IO_SUFFIX)
    calls = json.loads(beside.read_text(encoding="utf-8", errors="replace")) if beside.is_file() else []
    metadata = capture.get("metadata", {})
    described: set[int] = set()
    return {
        "metadata": {key: metadata[key] for key in ("version", "rank") if metadata.get(key) is not None},
        "devices": capture.get("devices", []),
        "graph": [_node(node, first_id, described) for node in capture["graph"] if node["node_type"] in _KEPT],
        "python_io": [_call(call, first_id) for call in calls],
        "tensor_devices": _devices(capture["graph"], first_id),
    }


def _node(node: Mapping[str, Any], first_id: int, described: set[int]) -> dict[str, Any]:
    kind, params = node["node_type"], dict(node.get("params") or {})
    names: Sequence[str] = _KEPT[kind]
    if kind == "tensor":  # only its first node describes it
        params["tensor_id"] = tensor = first_id + int(params["tensor_id"])
        names = ("tensor_id",) if tensor in described else names
        described.add(tensor)
    kept: dict[str, Any] = {"counter": node["counter"], "node_type": kind}
    if names:
        kept["params"] = {name: params[name] for name in names if name in params}
    if kind in ("function_end", "buffer_allocate", "buffer_deallocate") and node.get("connections"):
        kept["connections"] = node["connections"]
    if node.get("input_tensors"):
        kept["input_tensors"] = node["input_tensors"]
    if params.get("program_factory_type"):
        kept["arguments"] = node.get("arguments", [])[:1]
    return kept


def _call(call: Mapping[str, Any], first_id: int) -> dict[str, Any]:
    kept = {key: call[key] for key in _CALL if call.get(key)}
    for key in ("input_tensor_ids", "output_tensor_ids"):
        if call.get(key):
            kept[key] = [first_id + int(tensor) for tensor in call[key]]
    if frames := kept.get("python_stack_trace"):
        kept["python_stack_trace"] = [frame for frame in frames if not _OF_NOBODY.search(frame)]
    given = {
        name: text
        for name, text in call.get("arguments", {}).items()
        if isinstance(text, str) and not name.isdigit() and "Tensor(" not in text and " object at 0x" not in text
    }
    return {**kept, **({"arguments": given} if given else {})}


def without_arguments(capture: Mapping[str, Any]) -> Capture:
    """A capture without what the ops have as ATTRIBUTES by now."""
    kept = dict(capture)
    for key in ("graph", "python_io"):
        kept[key] = [{name: value for name, value in one.items() if name != "arguments"} for one in capture[key]]
    return kept


def _devices(graph: Sequence[Mapping[str, Any]], first_id: int) -> dict[str, list[int]]:
    """The devices of each tensor that is on several, by its id."""
    found: dict[str, list[int]] = {}
    for node in graph:
        params = node.get("params") or {}
        if node["node_type"] == "tensor" and "device_tensors" in params:
            try:
                each = json.loads(params["device_tensors"])
            except ValueError:
                continue
            found[str(first_id + int(params["tensor_id"]))] = sorted({int(one["device_id"]) for one in each})
    return {tensor: devices for tensor, devices in found.items() if len(devices) > 1}


def sources(captures: Sequence[Mapping[str, Any]]) -> dict[str, str]:
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

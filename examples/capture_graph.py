"""Capture TTNN's graph report of the encoder: ``python examples/capture_graph.py before REPORT.json``.

It runs what the pytest target runs on the device, the same ops in the same order, and writes ``REPORT.json`` and
``REPORT.python_io.json``. Without a device it runs on a mock board (``tests/standins/mock_board.py``), where TTNN
checks, places and builds every op but executes none: ``make graph-report`` makes the committed report that way.

``--no-dispatch`` captures without dispatching: the report then knows the cores of every op, but no addresses and no
GLOBAL CALL COUNT. ``--trim`` keeps what perfsheet reads, and leaves out the machine's paths and times.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

if __package__ in {None, ""}:  # run as a script: the folder above `examples` isn't on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.encoder_block.config import VARIANTS, BlockConfig, Variant
from examples.encoder_block.reference import make_input, make_weights
from examples.encoder_block.test_encoder_block import PASSES
from examples.generate.capture import HOST_OPS_FIRST

ROOT = Path(__file__).resolve().parent.parent
IO_SUFFIX = ".python_io.json"
NEUTRAL_ROOT = "/home/user/perfsheet"
"""Where the paths of a trimmed report say that this repository is."""

_BUFFER = ("type", "layout", "device_id", "address", "size", "max_size_per_bank")
_ON_CORES = ("core_range_set", "size", "globally_allocated", "borrows_memory")
PARAMS = {
    "function_start": ("name", "program_cache_hit", "program_factory_type"),
    "function_end": (),
    "tensor": ("tensor_id", "shape", "dtype", "layout", "memory_config", "size", "address"),
    "buffer_allocate": _BUFFER,
    "buffer_deallocate": _BUFFER,
    "circular_buffer_allocate": _ON_CORES,
    "dataflow_buffer_allocate": _ON_CORES,
    "program_execution": ("global_call_count", "physical_device_id"),
}
"""What a trimmed report keeps: these kinds of nodes, and of each these parameters."""
CALL_KEYS = ("name", "input_tensor_ids", "output_tensor_ids", "python_stack_trace")
METADATA_KEYS = ("git_sha", "rank", "version", "world_size")


def record(variant: Variant, report: Path, dispatch: bool = True) -> None:
    """Write the graph report of two passes through the encoder, on device 0."""
    import ttnn

    from examples.encoder_block.ttnn_block import Encoder

    config = BlockConfig()
    weights, x = make_weights(config), make_input(config)
    # In fast runtime mode TTNN records neither the Python calls nor their stacks.
    ttnn.CONFIG.enable_fast_runtime_mode = False
    ttnn.CONFIG.enable_graph_python_stack_traces = True
    device: Any = ttnn.open_device(device_id=0)
    try:
        # The profiler counts the host ops before the first device op, too; a capture counts from 1.
        ttnn._ttnn.set_device_operation_id(1 + len(HOST_OPS_FIRST))
        ttnn.graph.begin_graph_capture(ttnn.graph.RunMode.NORMAL if dispatch else ttnn.graph.RunMode.NO_DISPATCH)
        model = Encoder(device, weights, config, variant)
        stream = model.embed(np.arange(config.seq_len), x)
        for _ in PASSES:
            model(stream)
            ttnn.synchronize_device(device)
        ttnn.graph.end_graph_capture_to_file(str(report))
    finally:
        ttnn.close_device(device)


def trim(report: Path) -> None:
    """Cut a report down to what perfsheet reads of it; the same capture gives the same bytes on any machine."""
    _rewrite(report, _trimmed_capture)
    _rewrite(report.with_suffix(IO_SUFFIX), lambda calls: [{key: call[key] for key in CALL_KEYS} for call in calls])


def _trimmed_capture(capture: dict[str, Any]) -> dict[str, Any]:
    described: set[int] = set()
    nodes = [_trimmed_node(node, described) for node in capture["graph"] if node["node_type"] in PARAMS]
    metadata = {key: capture["metadata"][key] for key in METADATA_KEYS}
    return {"version": capture["version"], "metadata": metadata, "devices": capture["devices"], "graph": nodes}


def _trimmed_node(node: dict[str, Any], described: set[int]) -> dict[str, Any]:
    """A node without what is not read. Only the first node of a tensor describes it, and it joins `described`."""
    kind, params = node["node_type"], node["params"]
    names = PARAMS[kind]
    if kind == "tensor":
        names = ("tensor_id",) if params["tensor_id"] in described else names
        described.add(params["tensor_id"])
    kept = {"counter": node["counter"], "node_type": kind}
    if names:
        kept["params"] = {name: _trimmed(params[name]) for name in names if name in params}
    if kind == "function_end":  # they are its results
        kept["connections"] = node["connections"]
    if node["input_tensors"]:
        kept["input_tensors"] = node["input_tensors"]
    return kept


def _trimmed(value: object) -> object:
    """A value as it is; a memory config without what follows its shard spec."""
    return re.sub(r",nd_shard_spec=.*", ")", value) if isinstance(value, str) else value


def _rewrite(path: Path, change: Callable[[Any], Any]) -> None:
    """Change a JSON file; one line of the new one holds one node, call or device."""
    changed = change(json.loads(path.read_text(encoding="utf-8").replace(json.dumps(str(ROOT))[1:-1], NEUTRAL_ROOT)))

    def lines(items: list[Any]) -> str:
        return "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n]"

    if isinstance(changed, list):
        text = lines(changed)
    else:
        parts = ((key, lines(part) if isinstance(part, list) else json.dumps(part)) for key, part in changed.items())
        text = "{" + ",\n".join(f'"{key}":{part}' for key, part in parts) + "}"
    path.write_text(text + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Capture TTNN's graph report of the encoder.")
    parser.add_argument("variant", choices=VARIANTS)
    parser.add_argument("report", type=Path, help="the file to write: REPORT.json")
    parser.add_argument("--no-dispatch", action="store_true", help="capture without running the ops")
    parser.add_argument("--trim", action="store_true", help="keep what perfsheet reads, without paths and times")
    options = parser.parse_args(arguments)
    record(VARIANTS[options.variant], options.report, dispatch=not options.no_dispatch)
    if options.trim:
        trim(options.report)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The texts of issues for torch ops that TTNN lacks, ready to file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from perfsheet.atomic_write import replace_text
from perfsheet.models.torch_graph import Graph, MissingOp, NeededOp, Registry
from perfsheet.models.torch_graph.model import TensorShape, TorchName, Value
from perfsheet.outputs import paths
from perfsheet.outputs.markdown import code, plain

_SHOWN = 20


def write_issues(
    folder: Path, graph: Graph, missing: Sequence[MissingOp], registry: Registry, force: bool
) -> list[Path]:
    """Write a Markdown file for each missing op to a folder, which is made if it is not there; returns the files.

    Raises PerfsheetError (exit status 7) for a file that is there already, unless `force` is set.
    """
    files = [folder / f"{re.sub(r'[^a-z0-9_.]+', '-', one.op.lower()).strip('-')}.md" for one in missing]
    if files:
        folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        paths.check_file(path, [], force)
    for path, one in zip(files, missing, strict=True):
        replace_text(path, "\n".join(_issue(graph, one, registry)) + "\n", force)
    return files


def _issue(graph: Graph, missing: MissingOp, registry: Registry) -> Iterator[str]:
    first = missing.configurations[0]
    yield f"# {missing.op} is missing in TTNN"
    yield ""
    times = "once" if missing.count == 1 else f"{missing.count:,} times"
    ways = "one configuration" if len(missing.configurations) == 1 else f"{len(missing.configurations)} configurations"
    yield f"A forward pass of {code(graph.name)} runs {code(missing.op)} {times}, in {ways}. TTNN has no op for it."
    yield ""
    yield "## Configurations"
    yield ""
    yield "| count | inputs | outputs | arguments |"
    yield "| ---: | --- | --- | --- |"
    for one in missing.configurations[:_SHOWN]:
        cells = (", ".join(one.inputs), ", ".join(one.outputs), one.parameters)
        yield f"| {one.count:,} | {' | '.join(plain(cell) or '–' for cell in cells)} |"
    if len(missing.configurations) > _SHOWN:
        yield ""
        yield f"{len(missing.configurations) - _SHOWN} more are in `ops_needed.csv`."
    yield ""
    yield "## Reproduction in torch"
    yield ""
    yield "```python"
    yield from reproduction(first)
    yield "```"
    yield ""
    yield "## What was looked for"
    yield ""
    names = ", ".join(code(f"ttnn.{name}") for name in missing.names)
    yield f"- in the registry of ttnn {plain(registry.version)} ({len(registry.operations)} operations): {names}"
    yield "- a golden function that computes just this op, and operations that are known to make it up: none"
    near = ", ".join(map(code, missing.near))
    yield f"- operations with a similar name, or whose golden function calls it: {near or 'none'}"


def reproduction(op: NeededOp) -> Iterator[str]:
    """A script that runs an op in torch alone, with random inputs of the same shapes."""
    written = [
        f"{one.name}={python}" if one.keyword else python
        for one in op.first.arguments
        if (python := _python(one.value)) or not one.keyword
    ]
    yield "import torch"
    yield ""
    yield f"output = torch.ops.{op.op}("
    for one in written:
        yield f"    {one},"
    yield ")"
    yield f"# {', '.join(op.outputs) or 'nothing'}"


def _python(value: Value) -> str:
    if isinstance(value, TensorShape):
        return _tensor(value)
    if isinstance(value, TorchName):
        return value.python
    if isinstance(value, list):
        return f"[{', '.join(map(_python, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _tensor(tensor: TensorShape) -> str:
    """Random floats; zeros of other types, which are valid as indices and as masks."""
    shape = str(list(tensor.shape))
    if tensor.dtype == "float32":
        return f"torch.randn({shape})"
    if tensor.dtype.startswith(("float", "bfloat", "complex")):
        return f"torch.randn({shape}).to(torch.{tensor.dtype})"
    return f"torch.zeros({shape}, dtype=torch.{tensor.dtype})"

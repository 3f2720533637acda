"""torch's own profile of a module on the CPU, as a Chrome trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perfsheet.errors import not_written
from perfsheet.models.torch_graph.building import guarded, torch_module


def profiled(module: Any, inputs: tuple[Any, ...], named: dict[str, Any], path: Path) -> Path:
    """Run the module once to warm up and once under torch's profiler; the trace (chrome://tracing, ui.perfetto.dev).

    Raises PerfsheetError (exit status 7) when it cannot be written.
    """
    torch = torch_module()
    activities = [torch.profiler.ProfilerActivity.CPU]
    profile = torch.profiler.profile(activities=activities, record_shapes=True)

    def run() -> None:
        with torch.no_grad():
            module(*inputs, **named)
            with profile:
                module(*inputs, **named)

    guarded("the module", run, "run it in torch alone")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        profile.export_chrome_trace(str(path))
    except OSError as error:
        raise not_written(f"{path} cannot be written: {error.strerror or error}", "give another folder") from None
    return path

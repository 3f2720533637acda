"""Prints what the target's interpreter has, as one JSON line: versions, and the profiler's tool names and options.

    python -m perfsheet_probe

It runs in the target's interpreter, so it imports nothing from perfsheet and needs no more than Python 3.8.
"""

import contextlib
import importlib
import importlib.metadata
import importlib.util
import io
import json
import platform
import re
import runpy
import sys
from typing import Any

PACKAGES = ("ttnn", "pytest", "numpy", "pandas", "websockets")


def _version(package: str) -> "str | None":
    try:
        return importlib.metadata.version(package)
    except Exception:  # a broken installation must not end the probe
        return None


def _origin(module: str) -> "str | None":
    """The file of a module; None for a folder that happens to have its name, which is a namespace package."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec else None


def _profiler() -> "dict[str, Any]":
    """The names of the capture tools that this profiler looks for, and its options; null if unknown."""
    tracy = importlib.import_module("tracy")
    tools = [getattr(tracy, name, None) for name in ("TRACY_CAPTURE_TOOL", "TRACY_CSVEXPROT_TOOL")]
    printed = io.StringIO()
    sys.argv[:] = ["tracy", "--help"]
    status: Any = 0
    with contextlib.redirect_stdout(printed):
        try:
            runpy.run_module("tracy", run_name="__main__")
        except SystemExit as stop:
            status = stop.code
    options = re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", printed.getvalue())
    return {"tools": tools if all(tools) else None, "options": None if status else sorted(set(options))}


def main() -> None:
    """Print the facts; anything that importing the profiler prints goes to standard error."""
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in PACKAGES},
        "ttnn_file": _origin("ttnn"),
        "tracy_file": _origin("tracy"),
        "tracy_error": None,
        "tools": None,
        "options": None,
    }
    if facts["tracy_file"]:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                facts.update(_profiler())
        except BaseException as error:  # any of them would stop the run too
            facts["tracy_error"] = f"{type(error).__name__}: {error}"
    print("perfsheet-probe:", json.dumps(facts))  # noqa: T201


if __name__ == "__main__":
    main()

"""The tools: every module of this folder that defines TOOL is one."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from perfsheet.mcp.tools.base import Tool


def _discover() -> tuple[Tool, ...]:
    names = sorted(path.stem for folder in __path__ for path in Path(folder).glob("[!_]*.py"))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    found: list[Tool] = [module.TOOL for module in modules if hasattr(module, "TOOL")]
    return tuple(sorted(found, key=lambda tool: (tool.order, tool.name)))


TOOLS: tuple[Tool, ...] = _discover()

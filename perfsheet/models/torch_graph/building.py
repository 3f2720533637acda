"""Building the torch module and its inputs from `module.py:function`."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from perfsheet.errors import PerfsheetError, unusable, usage

Result = TypeVar("Result")

_imported: set[str] = set()
"""Modules imported from the folder of the last build: the next folder may have others with these names."""


def torch_module() -> Any:
    """Import torch. Raises PerfsheetError (exit status 2) that says how to install it."""
    try:
        import torch
    except ImportError:
        raise usage(
            "torch is not installed here", "pip install torch, or '.[torch]' in a checkout of perfsheet"
        ) from None
    return torch


def build(spec: str, shapes: Sequence[str]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Call the function; returns the module, its positional inputs, and its named inputs.

    The function returns the module, or the module and its inputs (a tensor, a tuple, or a dictionary). `shapes`
    (`1,3,224,224` or `1,128:int64`) replace them by random tensors. Raises PerfsheetError: exit status 2 for invalid
    arguments, 3 if the function fails.
    """
    torch = torch_module()
    result = _call(spec)
    module, inputs = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    if not isinstance(module, torch.nn.Module):
        raise usage(
            f"{spec} returns {type(module).__name__}, not a torch module", "return the module, or (module, inputs)"
        )
    if isinstance(module, torch.jit.ScriptModule):
        raise usage(f"{spec} returns a scripted module", "return the module itself")
    if shapes:
        inputs = tuple(_random(torch, shape) for shape in shapes)
    if inputs is None:
        raise usage(f"{spec} returns no inputs", "return (module, inputs), or give `input` 1,3,224,224")
    if isinstance(inputs, dict):
        return module, (), inputs
    return module, tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,), {}


def _call(spec: str) -> Any:
    path, colon, name = spec.rpartition(":")
    if not colon or not name.isidentifier():
        raise usage(f"{spec!r} does not name a function", "give module.py:build_model")
    if not Path(path).is_file():
        raise usage(f"there is no module {path}", "give module.py:build_model")
    module_spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if module_spec is None or module_spec.loader is None:
        raise usage(f"{path} is not a Python module", "give module.py:build_model")
    loader = module_spec.loader
    module = importlib.util.module_from_spec(module_spec)

    def run() -> Any:
        folder = Path(path).absolute().parent
        for old in _imported:
            sys.modules.pop(old, None)
        sys.path.insert(0, str(folder))
        sys.modules[module_spec.name] = module
        try:
            loader.exec_module(module)
        finally:
            sys.path.remove(str(folder))
            _imported.update(name for name, imported in list(sys.modules.items()) if _is_in(imported, folder))
        function = getattr(module, name, None)
        if not callable(function):
            raise usage(f"{path} has no function {name}", "give module.py:build_model")
        return function()

    return run_user_code(spec, run, "run it by itself first")


def _is_in(module: Any, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(folder) and "site-packages" not in file


def run_user_code(name: str, run: Callable[[], Result], hint: str) -> Result:
    """Run user code with its standard output sent to standard error.

    Raises PerfsheetError (exit status 3) if it fails or tries to exit.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return run()
    except (PerfsheetError, KeyboardInterrupt):
        raise
    except BaseException as error:
        reason = str(error).strip().split("\n")[0]
        raise unusable(f"{name} failed: {type(error).__name__}{f': {reason}' if reason else ''}", hint) from error


def _random(torch: Any, text: str) -> Any:
    shape_text, _, dtype_text = text.replace(" ", "").partition(":")
    dtype = getattr(torch, dtype_text or "float32", None)
    extents = shape_text.replace("x", ",").split(",")
    if not isinstance(dtype, torch.dtype) or not all(extent.isdecimal() for extent in extents):
        raise usage(f"`input` {text}: not a shape", "give 1,3,224,224 or 1,128:int64")
    shape = [int(extent) for extent in extents]
    try:
        if dtype.is_floating_point or dtype.is_complex:
            return torch.randn(shape).to(dtype)
        return torch.zeros(shape, dtype=dtype) if dtype == torch.bool else torch.randint(0, 2, shape, dtype=dtype)
    except (RuntimeError, TypeError, OverflowError) as error:
        raise usage(
            f"`input` {text}: torch has no such tensor ({str(error).splitlines()[0]})",
            "give another shape or data type",
        ) from None

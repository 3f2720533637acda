"""The torch module and its inputs, from `module.py:function`."""

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
"""Modules of the folder of the last one that was built: the next may have others of the same names."""


def torch_module() -> Any:
    """torch, or PerfsheetError (exit status 2) that says how to get it."""
    try:
        import torch
    except ImportError:
        raise usage("torch is not installed here", "pip install 'perfsheet[torch]'") from None
    return torch


def built(spec: str, shapes: Sequence[str]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The module that a function builds, and its positional and named inputs.

    The function returns the module, or module and inputs (a tensor, a tuple, or a dictionary of names). `shapes`
    (`1,3,224,224` or `1,128:int64`) stand for inputs that it does not return; random numbers fill them. Raises
    PerfsheetError: exit status 2 for what cannot be followed, 3 when the function fails.
    """
    torch = torch_module()
    made = _called(spec)
    module, inputs = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(module, torch.nn.Module):
        raise usage(
            f"{spec} returns {type(module).__name__}, no torch module", "return the module, or (module, inputs)"
        )
    if isinstance(module, torch.jit.ScriptModule):
        raise usage(f"{spec} returns a script of a module", "return the module itself")
    if shapes:
        inputs = tuple(_random(torch, shape) for shape in shapes)
    if inputs is None:
        raise usage(f"{spec} returns no inputs", "return (module, inputs), or give --input 1,3,224,224")
    if isinstance(inputs, dict):
        return module, (), inputs
    return module, tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,), {}


def _called(spec: str) -> Any:
    path, mark, name = spec.rpartition(":")
    if not mark or not name.isidentifier():
        raise usage(f"{spec!r} names no function", "give module.py:build_model")
    if not Path(path).is_file():
        raise usage(f"there is no module {path}", "give module.py:build_model")
    found = importlib.util.spec_from_file_location(Path(path).stem, path)
    if found is None or found.loader is None:
        raise usage(f"{path} is no Python module", "give module.py:build_model")
    loader = found.loader
    module = importlib.util.module_from_spec(found)

    def run() -> Any:
        folder = Path(path).absolute().parent
        for old in _imported:
            sys.modules.pop(old, None)
        sys.path.insert(0, str(folder))
        sys.modules[found.name] = module
        try:
            loader.exec_module(module)
        finally:
            sys.path.remove(str(folder))
            _imported.update(name for name, one in list(sys.modules.items()) if _lies_in(one, folder))
        function = getattr(module, name, None)
        if not callable(function):
            raise usage(f"{path} has no function {name}", "give module.py:build_model")
        return function()

    return guarded(spec, run, "run it by itself first")


def _lies_in(module: Any, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(folder) and "site-packages" not in file


def guarded(name: str, run: Callable[[], Result], hint: str) -> Result:
    """What the user's code gives. Whatever it raises, or prints, does not reach the output of the command.

    Raises PerfsheetError (exit status 3) when it fails or wants to end the process.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return run()
    except (PerfsheetError, KeyboardInterrupt):
        raise
    except BaseException as error:
        said = str(error).strip().split("\n")[0]
        raise unusable(f"{name} failed: {type(error).__name__}{f': {said}' if said else ''}", hint) from error


def _random(torch: Any, text: str) -> Any:
    shape_text, _, dtype_text = text.replace(" ", "").partition(":")
    dtype = getattr(torch, dtype_text or "float32", None)
    extents = shape_text.replace("x", ",").split(",")
    if not isinstance(dtype, torch.dtype) or not all(extent.isdecimal() for extent in extents):
        raise usage(f"--input {text}: no shape", "give 1,3,224,224 or 1,128:int64")
    shape = [int(extent) for extent in extents]
    try:
        if dtype.is_floating_point or dtype.is_complex:
            return torch.randn(shape).to(dtype)
        return torch.zeros(shape, dtype=dtype) if dtype == torch.bool else torch.randint(0, 2, shape, dtype=dtype)
    except (RuntimeError, TypeError, OverflowError) as error:
        raise usage(
            f"--input {text}: torch has no such tensor ({str(error).splitlines()[0]})", "give another"
        ) from None

"""The torch module and its inputs, from `module.py:function`."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from perfsheet.errors import PerfsheetError, unusable, usage

_INPUT = re.compile(r"(\d+(?:,\d+)*)(?::(\w+))?")


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
    sys.path.insert(0, str(Path(path).absolute().parent))
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    try:
        found.loader.exec_module(module)
        function = getattr(module, name, None)
        if not callable(function):
            raise usage(f"{path} has no function {name}", "give module.py:build_model")
        return function()
    except PerfsheetError:
        raise
    except Exception as error:
        raise unusable(f"{spec} failed: {type(error).__name__}: {error}", "run it by itself first") from error


def _random(torch: Any, text: str) -> Any:
    match = _INPUT.fullmatch(text.replace(" ", "").replace("x", ","))
    dtype = getattr(torch, match[2] or "float32", None) if match else None
    if match is None or not isinstance(dtype, torch.dtype):
        raise usage(f"--input {text}: no shape", "give 1,3,224,224 or 1,128:int64")
    shape = [int(extent) for extent in match[1].split(",")]
    if dtype.is_floating_point or dtype.is_complex:
        return torch.randn(shape, dtype=dtype)
    return torch.zeros(shape, dtype=dtype) if dtype == torch.bool else torch.randint(0, 2, shape, dtype=dtype)

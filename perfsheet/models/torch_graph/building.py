"""Building the torch module and its inputs from `module.py:function`."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from perfsheet.errors import PerfsheetError, unusable, usage
from perfsheet.models.torch_graph.libraries import is_config, of_config, usual_inputs
from perfsheet.text.safe import file_stem

Result = TypeVar("Result")

_LONGEST_NAME = 80
_PACKAGE = "perfsheet_traced"
"""The package of files with relative imports whose folder is none."""
_FORMS = "give module.py:build_model, or a dotted name such as torchvision.models:resnet18"
_RELATIVE = re.compile(rb"^[ \t]*from[ \t]+\.", re.MULTILINE)
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

    `spec` is `module.py:function`, or the dotted name of a function or class that is installed:
    `torchvision.models:resnet18`, `transformers:GPT2Config`. It returns the module, the module and its inputs (a
    tensor, a tuple, or a dictionary), or a configuration of transformers, whose model then has random weights. What a
    dotted name gives is set to evaluation, and has inputs of its kind unless `shapes` are given.
    `shapes` (`1,3,224,224` or `1,128:int64`) replace the inputs by random tensors. Raises PerfsheetError: exit status 2
    for invalid arguments, 3 if the function fails.
    """
    torch = torch_module()
    result = _call(spec)
    module, inputs = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    if is_config(module):
        module, usual = run_user_code(spec, partial(of_config, torch, module), "build the model by itself first")
        inputs = usual if inputs is None else inputs
    elif isinstance(module, torch.nn.Module) and not is_file(spec) and inputs is None:
        module, inputs = module.eval(), usual_inputs(torch, module)
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
        raise usage(f"{spec!r} does not name a function", _FORMS)
    if is_file(spec) and not Path(path).is_file():
        raise usage(f"there is no module {path}", _FORMS)

    def run() -> Any:
        if not is_file(spec):
            return _function(_installed(path), path, name)()
        with _importable(Path(path)) as module:
            return _function(module, path, name)()

    return run_user_code(spec, run, "run it by itself first")


def _function(module: Any, path: str, name: str) -> Callable[[], Any]:
    function = getattr(module, name, None)
    if not callable(function):
        raise usage(f"{path} has no function {name}", _FORMS)
    return function  # type: ignore[no-any-return]


def names_of(specs: Sequence[str]) -> list[str]:
    """The name of each model among the files, as the tracer of pytorch2.0_ttnn numbers them: `resnet18_0`.

    Functions of one name in several files have that of the file, too: `vit_build_0`.
    """
    counts: dict[str, int] = {}
    names = []
    files: dict[str, set[str]] = {}
    for spec in specs:
        files.setdefault(spec.rpartition(":")[2], set()).add(spec)
    for spec in specs:
        path, _, function = spec.rpartition(":")
        full = function if len(files[function]) == 1 else f"{Path(path).stem}_{function}"
        name = file_stem(full, _LONGEST_NAME, "model")
        names.append(f"{name}_{counts.get(name, 0)}")
        counts[name] = counts.get(name, 0) + 1
    return names


def is_file(spec: str) -> bool:
    """Whether it names a file, `module.py:function`, not an installed module."""
    path = spec.rpartition(":")[0]
    return not all(part.isidentifier() for part in path.split(".")) or path.endswith(".py") or "/" in path


def _installed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise usage(f"{error.name} is not installed here", f"pip install it, or give a file: {_FORMS}") from None
        raise


def import_root(path: Path) -> Path:
    """The folder that Python must know to import this file: that of the outermost package around it, else its own."""
    root = Path(os.path.abspath(path)).parent  # also of a/../b  # noqa: PTH100
    while (root / "__init__.py").exists() and root != root.parent:
        root = root.parent
    return root


def has_relative_imports(path: Path) -> bool:
    """Whether the file imports its neighbours as parts of a package. Raises OSError."""
    return bool(_RELATIVE.search(path.read_bytes()))


@contextlib.contextmanager
def _importable(path: Path) -> Iterator[Any]:
    """A file as a module, one of a package or with relative imports as a part of its package.

    Within, its neighbours can be imported by name.
    """
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100
    root = import_root(path)
    for old in _imported:
        sys.modules.pop(old, None)
    added = list(dict.fromkeys((str(root), str(folder))))
    sys.path[:0] = added
    importlib.invalidate_caches()
    before = set(sys.modules)
    try:
        if root != folder:
            yield importlib.import_module(".".join((*folder.relative_to(root).parts, path.stem)))
        elif has_relative_imports(path):
            around = ModuleType(_PACKAGE)
            around.__path__ = [str(folder)]
            sys.modules[_PACKAGE] = around
            yield importlib.import_module(f"{_PACKAGE}.{path.stem}")
        else:
            yield _module_alone(path)
    finally:
        for one in added:
            sys.path.remove(one)
        new = {name: sys.modules[name] for name in set(sys.modules) - before | {path.stem} if name in sys.modules}
        _imported.update(name for name, module in new.items() if name == _PACKAGE or _is_in(module, root))


def _module_alone(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise usage(f"{path} is not a Python module", _FORMS)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


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

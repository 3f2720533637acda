"""Recording the aten ops of a torch module while it runs, and torch's own profile of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from perfsheet.errors import not_written, unusable
from perfsheet.models.op_stats import Operand
from perfsheet.models.torch_graph.building import run_user_code, torch_module
from perfsheet.models.torch_graph.model import Argument, Graph, GraphOp, TorchName, Value
from perfsheet.models.torch_graph.modules import ModuleRecorder
from perfsheet.models.torch_graph.tensors import dtype_of, shape_of, tensor_shape, tensors_of

_LONGEST = 400


def trace(name: str, module: Any, inputs: tuple[Any, ...], named: dict[str, Any], backward: bool = False) -> Graph:
    """Run a module once on the CPU, and record every aten op, in every iteration of every loop.

    With `backward` also those of differentiating its outputs (with gradients of one). Raises PerfsheetError (exit
    status 3) if the module fails, or runs no op.
    """
    torch = torch_module()
    module_recorder = ModuleRecorder(torch, module)
    forward_recorder, backward_recorder = _recorder(torch, module_recorder), _recorder(torch, module_recorder)

    def run() -> None:
        with _unfused(torch), torch.set_grad_enabled(backward):
            with module_recorder, forward_recorder:
                output = module(*inputs, **named)
            if backward:
                _differentiate(torch, output, backward_recorder)

    run_user_code(name, run, "run it in torch alone")
    if not forward_recorder.ops:
        raise unusable(f"{name}: the module runs no torch op", "check that its forward uses tensors")
    input_shapes = tuple(map(shape_of, tensors_of(torch, [list(inputs), named])))
    modules = run_user_code(name, lambda: module_recorder.modules, "give lazy modules their shapes")
    return Graph(name, tuple(forward_recorder.ops), tuple(backward_recorder.ops), modules, input_shapes)


def _recorder(torch: Any, modules: ModuleRecorder) -> Any:
    """A context manager that records the aten ops that run in it, in `ops`."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.weak import WeakIdKeyDictionary

    class Recorder(TorchDispatchMode):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.ops: list[GraphOp] = []
            self._made_by = WeakIdKeyDictionary()

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            if function.namespace == "aten":
                read = tensors_of(torch, [list(args), kwargs or {}])
                sources = tuple(dict.fromkeys(self._made_by[one] for one in read if one in self._made_by))
                op = _op(torch, function, args, kwargs or {}, result)
                self.ops.append(replace(op, module=modules.innermost, sources=sources))
                for tensor in tensors_of(torch, result):
                    self._made_by[tensor] = len(self.ops) - 1
            return result

    return Recorder()


@contextmanager
def _unfused(torch: Any) -> Iterator[None]:
    """Turn off torch's fused encoder layer and LSTM: a port needs the ops inside them."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    without_onednn = torch.backends.mkldnn.flags(enabled=False)
    with _no_warnings():  # about hardware that tracing does not need
        without_onednn.__enter__()
    try:
        yield
    finally:
        with _no_warnings():
            without_onednn.__exit__(None, None, None)
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _differentiate(torch: Any, output: Any, recorder: Any) -> None:
    tensors = [tensor for tensor in tensors_of(torch, output) if tensor.requires_grad]
    if not tensors:
        raise ValueError("no output depends on a trainable parameter")
    ones = [torch.ones_like(tensor) for tensor in tensors]
    with recorder:
        torch.autograd.backward(tensors, ones)


def _op(torch: Any, function: Any, args: Any, kwargs: Any, result: Any) -> GraphOp:
    inputs = tensors_of(torch, [list(args), kwargs])
    outputs = [tensor for tensor in tensors_of(torch, result) if tensor.numel()]  # outputs for training only are empty
    return GraphOp(
        str(function),
        tuple(map(shape_of, inputs)),
        tuple(map(shape_of, outputs)),
        _parameters(torch, function, args, kwargs),
        tuple(map(_operand, inputs)),
        tuple(map(_operand, outputs)),
        _arguments(torch, function, args, kwargs),
        tuple(map(tensor_shape, outputs)),
    )


def _arguments(torch: Any, function: Any, args: Any, kwargs: Any) -> tuple[Argument, ...]:
    """What an op was given, by the names of its schema."""
    names = [argument.name for argument in function._schema.arguments]
    return (
        *(Argument(name, _value(torch, value)) for name, value in zip(names, args, strict=False)),
        *(Argument(name, _value(torch, value), keyword=True) for name, value in kwargs.items()),
    )


def _value(torch: Any, value: Any) -> Value:
    if isinstance(value, torch.Tensor):
        return tensor_shape(value)
    if isinstance(value, (list, tuple)):
        return [_value(torch, one) for one in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, torch.device):
        return TorchName(f"torch.device({str(value)!r})")
    written = str(value)
    return TorchName(written if written.startswith("torch.") else "")


def _parameters(torch: Any, function: Any, args: Any, kwargs: Any) -> str:
    """The arguments that are not tensors, by name; those with their default value are left out."""
    schema = function._schema.arguments
    arguments = dict(zip((argument.name for argument in schema), args, strict=False)) | dict(kwargs)
    defaults = {argument.name: argument.default_value for argument in schema if argument.has_default_value()}
    shown = {
        name: value
        for name, value in arguments.items()
        if value is not None and not tensors_of(torch, value) and not (name in defaults and defaults[name] == value)
    }
    return ", ".join(f"{name}={value}" for name, value in shown.items())[:_LONGEST]


def _operand(tensor: Any) -> Operand:
    return Operand(tensor_shape(tensor).size, datatype=dtype_of(tensor))


def write_profile(
    module: Any, inputs: tuple[Any, ...], named: dict[str, Any], path: Path, backward: bool = False
) -> Path:
    """Write a Chrome trace (chrome://tracing, ui.perfetto.dev) of a module's second run on the CPU; returns its path.

    With `backward` the run includes differentiating its outputs.

    Raises PerfsheetError (exit status 7) if it cannot be written.
    """
    torch = torch_module()
    activities = [torch.profiler.ProfilerActivity.CPU]
    profile = torch.profiler.profile(activities=activities, record_shapes=True)

    def step() -> None:
        output = module(*inputs, **named)
        if backward:
            _differentiate(torch, output, nullcontext())

    def run() -> None:
        with torch.set_grad_enabled(backward):
            step()
            with profile:
                step()

    run_user_code("the module", run, "run it in torch alone")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        profile.export_chrome_trace(str(path))
    except OSError as error:
        raise not_written(f"{path} cannot be written: {error.strerror or error}", "give another folder") from None
    return path

"""Recording the aten ops of a torch module while it runs, and torch's own profile of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perfsheet.errors import not_written, unusable
from perfsheet.models.op_stats import Operand
from perfsheet.models.torch_graph.building import run_user_code, torch_module
from perfsheet.models.torch_graph.model import Argument, Graph, GraphOp, LeafModule, TensorShape, TorchName, Value

_LONGEST = 400


def trace(name: str, module: Any, inputs: tuple[Any, ...], named: dict[str, Any], backward: bool = False) -> Graph:
    """Run a module once on the CPU, and record every aten op, in every iteration of every loop.

    With `backward` also those of differentiating its outputs (with gradients of one). Raises PerfsheetError (exit
    status 3) if the module fails, or runs no op.
    """
    torch = torch_module()
    forward_recorder, backward_recorder = _recorder(torch), _recorder(torch)
    leaf_recorder = _LeafRecorder(torch, module)

    def run() -> None:
        with _unfused(torch), torch.set_grad_enabled(backward):
            with leaf_recorder, forward_recorder:
                output = module(*inputs, **named)
            if backward:
                _differentiate(torch, output, backward_recorder)

    run_user_code(name, run, "run it in torch alone")
    if not forward_recorder.ops:
        raise unusable(f"{name}: the module runs no torch op", "check that its forward uses tensors")
    input_shapes = tuple(map(_shape, _tensors(torch, [list(inputs), named])))
    return Graph(name, tuple(forward_recorder.ops), tuple(backward_recorder.ops), leaf_recorder.modules, input_shapes)


def _recorder(torch: Any) -> Any:
    """A context manager that records the aten ops that run in it, in `ops`."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Recorder(TorchDispatchMode):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.ops: list[GraphOp] = []

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            if function.namespace == "aten":
                self.ops.append(_op(torch, function, args, kwargs or {}, result))
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
    tensors = [tensor for tensor in _tensors(torch, output) if tensor.requires_grad]
    if not tensors:
        raise ValueError("no output depends on a trainable parameter")
    ones = [torch.ones_like(tensor) for tensor in tensors]
    with recorder:
        torch.autograd.backward(tensors, ones)


def _tensors(torch: Any, value: Any) -> list[Any]:
    """The tensors in nested lists, tuples and dictionaries, and in the output classes of model libraries."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for item in value for tensor in _tensors(torch, item)] if isinstance(value, list | tuple) else []


def _op(torch: Any, function: Any, args: Any, kwargs: Any, result: Any) -> GraphOp:
    inputs = _tensors(torch, [list(args), kwargs])
    outputs = [tensor for tensor in _tensors(torch, result) if tensor.numel()]  # outputs for training only are empty
    return GraphOp(
        str(function),
        tuple(map(_shape, inputs)),
        tuple(map(_shape, outputs)),
        _parameters(torch, function, args, kwargs),
        tuple(map(_operand, inputs)),
        tuple(map(_operand, outputs)),
        _arguments(torch, function, args, kwargs),
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
        return TensorShape(tuple(map(int, value.shape)), _dtype(value))
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
        if value is not None and not _tensors(torch, value) and not (name in defaults and defaults[name] == value)
    }
    return ", ".join(f"{name}={value}" for name, value in shown.items())[:_LONGEST]


def _shape(tensor: Any) -> str:
    extents = "×".join(str(int(extent)) for extent in tensor.shape) or "scalar"
    return f"{extents} {_dtype(tensor)}"


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _operand(tensor: Any) -> Operand:
    return Operand(int(tensor.numel()) * tensor.element_size(), datatype=_dtype(tensor))


class _LeafRecorder:
    """A context manager around a run that records the leaf modules, with the shapes of their first call."""

    def __init__(self, torch: Any, module: Any) -> None:
        self._torch, self._root = torch, module
        self._hooks: list[Any] = []
        self._modules: dict[str, LeafModule] = {}

    @property
    def modules(self) -> tuple[LeafModule, ...]:
        return tuple(self._modules.values())

    def __enter__(self) -> None:
        for name, module in self._root.named_modules():
            if not any(True for _ in module.children()):
                self._hooks.append(module.register_forward_hook(self._hook(name or "(the module)")))

    def __exit__(self, *_error: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _hook(self, name: str) -> Callable[[Any, Any, Any], None]:
        def record(module: Any, inputs: Any, output: Any) -> None:
            self._modules.setdefault(
                name,
                LeafModule(
                    name,
                    type(module).__name__,
                    sum(parameter.numel() for parameter in module.parameters(recurse=False)),
                    module.extra_repr()[:_LONGEST],
                    ", ".join(map(_shape, _tensors(self._torch, inputs))),
                    ", ".join(map(_shape, _tensors(self._torch, output))),
                ),
            )

        return record


def write_profile(module: Any, inputs: tuple[Any, ...], named: dict[str, Any], path: Path) -> Path:
    """Write a Chrome trace (chrome://tracing, ui.perfetto.dev) of a module's second run on the CPU; returns its path.

    Raises PerfsheetError (exit status 7) if it cannot be written.
    """
    torch = torch_module()
    activities = [torch.profiler.ProfilerActivity.CPU]
    profile = torch.profiler.profile(activities=activities, record_shapes=True)

    def run() -> None:
        with torch.no_grad():
            module(*inputs, **named)
            with profile:
                module(*inputs, **named)

    run_user_code("the module", run, "run it in torch alone")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        profile.export_chrome_trace(str(path))
    except OSError as error:
        raise not_written(f"{path} cannot be written: {error.strerror or error}", "give another folder") from None
    return path

"""Recording the aten ops of a torch module while it runs: every op, in every pass of every loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from perfsheet.errors import unusable
from perfsheet.models.op_stats import Operand
from perfsheet.models.torch_graph.building import guarded, torch_module
from perfsheet.models.torch_graph.model import Graph, GraphOp, ModuleLine

_LONGEST = 400


def traced(name: str, module: Any, inputs: tuple[Any, ...], named: dict[str, Any], backward: bool = False) -> Graph:
    """Run a module once on the CPU, and record the aten ops that it runs.

    With `backward` its outputs are differentiated, too (with gradients of one). Raises PerfsheetError (exit status 3)
    when the module fails, or runs no op.
    """
    torch = torch_module()
    forward, backwards = _recorder(torch), _recorder(torch)
    summary = _Summary(torch, module)

    def run() -> None:
        with _unfused(torch), torch.set_grad_enabled(backward):
            with summary, forward:
                output = module(*inputs, **named)
            if backward:
                _differentiate(torch, output, backwards)

    guarded(name, run, "run it in torch alone")
    if not forward.ops:
        raise unusable(f"{name}: the module runs no torch op", "check that its forward works on tensors")
    given = _tensors(torch, [list(inputs), named])
    return Graph(name, tuple(forward.ops), tuple(backwards.ops), summary.lines, tuple(map(_shape, given)))


def _recorder(torch: Any) -> Any:
    """A context manager that keeps every aten op that runs in it, in `ops`."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Recorder(TorchDispatchMode):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.ops: list[GraphOp] = []

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = function(*args, **(kwargs or {}))
            if function.namespace == "aten":
                self.ops.append(_op(torch, function, args, kwargs or {}, made))
            return made

    return Recorder()


@contextmanager
def _unfused(torch: Any) -> Iterator[None]:
    """Without torch's own fused encoder layer and LSTM: a port needs the ops in them."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    without_onednn = torch.backends.mkldnn.flags(enabled=False)
    with _quiet():  # about hardware that no tracing needs
        without_onednn.__enter__()
    try:
        yield
    finally:
        with _quiet():
            without_onednn.__exit__(None, None, None)
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _differentiate(torch: Any, output: Any, recorder: Any) -> None:
    tensors = [one for one in _tensors(torch, output) if one.requires_grad]
    if not tensors:
        raise ValueError("no output depends on a parameter that is trained")
    ones = [torch.ones_like(one) for one in tensors]
    with recorder:
        torch.autograd.backward(tensors, ones)


def _tensors(torch: Any, value: Any) -> list[Any]:
    """The tensors in nested lists, tuples and dictionaries, and in the output classes of model libraries."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for one in value for tensor in _tensors(torch, one)] if isinstance(value, list | tuple) else []


def _op(torch: Any, function: Any, args: Any, kwargs: Any, made: Any) -> GraphOp:
    given = _tensors(torch, [list(args), kwargs])
    outputs = [one for one in _tensors(torch, made) if one.numel()]  # what training alone would keep is empty
    return GraphOp(
        str(function),
        tuple(map(_shape, given)),
        tuple(map(_shape, outputs)),
        _parameters(torch, function, args, kwargs),
        tuple(map(_operand, given)),
        tuple(map(_operand, outputs)),
    )


def _parameters(torch: Any, function: Any, args: Any, kwargs: Any) -> str:
    """Arguments that are no tensors, under their names; those that are as by default are left out."""
    schema = function._schema.arguments
    given = dict(zip((one.name for one in schema), args, strict=False)) | dict(kwargs)
    defaults = {one.name: one.default_value for one in schema if one.has_default_value()}
    plain = {
        name: value
        for name, value in given.items()
        if value is not None and not _tensors(torch, value) and not (name in defaults and defaults[name] == value)
    }
    return ", ".join(f"{name}={value}" for name, value in plain.items())[:_LONGEST]


def _shape(tensor: Any) -> str:
    extents = "×".join(str(int(extent)) for extent in tensor.shape) or "scalar"
    return f"{extents} {str(tensor.dtype).removeprefix('torch.')}"


def _operand(tensor: Any) -> Operand:
    return Operand(int(tensor.numel()) * tensor.element_size(), datatype=str(tensor.dtype).removeprefix("torch."))


class _Summary:
    """The leaf modules that run, with the shapes that they see first; a context manager around a run."""

    def __init__(self, torch: Any, module: Any) -> None:
        self._torch, self._module = torch, module
        self._hooks: list[Any] = []
        self._seen: dict[str, ModuleLine] = {}

    @property
    def lines(self) -> tuple[ModuleLine, ...]:
        return tuple(self._seen.values())

    def __enter__(self) -> None:
        for name, module in self._module.named_modules():
            if not any(True for _ in module.children()):
                self._hooks.append(module.register_forward_hook(self._hook(name or "(the module)")))

    def __exit__(self, *_error: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _hook(self, name: str) -> Callable[[Any, Any, Any], None]:
        def seen(module: Any, inputs: Any, output: Any) -> None:
            self._seen.setdefault(
                name,
                ModuleLine(
                    name,
                    type(module).__name__,
                    sum(one.numel() for one in module.parameters(recurse=False)),
                    module.extra_repr()[:_LONGEST],
                    ", ".join(map(_shape, _tensors(self._torch, inputs))),
                    ", ".join(map(_shape, _tensors(self._torch, output))),
                ),
            )

        return seen

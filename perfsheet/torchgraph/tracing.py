"""Tracing a torch module into its aten graphs: torch.compile with a backend that only looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from perfsheet.errors import unusable
from perfsheet.opstats import Operand
from perfsheet.torchgraph.building import torch_module
from perfsheet.torchgraph.model import Graph, GraphOp, ModuleLine

_LONGEST = 400


def traced(name: str, module: Any, inputs: tuple[Any, ...], named: dict[str, Any], backward: bool = False) -> Graph:
    """Run a module once on the CPU, and record the aten ops of its graphs.

    With `backward` the sum of its outputs is differentiated, too: the forward graph is that of training then. Raises
    PerfsheetError (exit status 3) when the module fails or torch cannot trace it.
    """
    torch = torch_module()
    graphs: list[tuple[str, Any]] = []
    summary = _Summary(torch, module)
    try:
        torch._dynamo.reset()
        compiled = torch.compile(module, backend=_backend(graphs), dynamic=False)
        with _unfused(torch), torch.set_grad_enabled(backward):
            with summary:
                module(*inputs, **named)
            output = compiled(*inputs, **named)
            if backward:
                _differentiate(torch, output)
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise unusable(f"{name} cannot be traced: {type(error).__name__}: {reason}", "run it in torch alone") from error
    if not graphs:
        raise unusable(f"{name}: torch traced no op of it", "check that its forward works on tensors")
    return Graph(
        name,
        tuple(op for kind, graph in graphs if kind == "forward" for op in _ops(torch, graph)),
        tuple(op for kind, graph in graphs if kind == "backward" for op in _ops(torch, graph)),
        summary.lines,
        tuple(_shape(one) for one in [*inputs, *named.values()] if isinstance(one, torch.Tensor)),
        len(graphs),
    )


@contextmanager
def _unfused(torch: Any) -> Iterator[None]:
    """Without torch's own fused encoder layer: a port needs the ops in it."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _backend(graphs: list[tuple[str, Any]]) -> Callable[..., Any]:
    from functorch.compile import make_boxed_func
    from torch._dynamo.backends.common import aot_autograd

    def looking(kind: str) -> Callable[..., Any]:
        def compiler(graph: Any, _examples: Any) -> Any:
            graphs.append((kind, graph))
            return make_boxed_func(graph.forward)

        return compiler

    found: Callable[..., Any] = aot_autograd(
        fw_compiler=looking("forward"), bw_compiler=looking("backward"), inference_compiler=looking("forward")
    )
    return found


def _differentiate(torch: Any, output: Any) -> None:
    tensors = [one for one in _tensors(torch, output) if one.requires_grad]
    if not tensors:
        raise ValueError("no output depends on a parameter that is trained")
    sum(one.sum() for one in tensors).backward()


def _tensors(torch: Any, value: Any) -> list[Any]:
    """The tensors in nested lists, tuples and dictionaries, and in the output classes of model libraries."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for one in value for tensor in _tensors(torch, one)] if isinstance(value, list | tuple) else []


def _ops(torch: Any, graph: Any) -> Iterable[GraphOp]:
    for node in graph.graph.nodes:
        if node.op == "call_function" and isinstance(node.target, torch._ops.OpOverload):
            yield _op(torch, node)


def _op(torch: Any, node: Any) -> GraphOp:
    inputs = [one.meta.get("val") for one in node.all_input_nodes]
    given = [one for one in inputs if isinstance(one, torch.Tensor)]
    made = _outputs(torch, node)
    return GraphOp(
        str(node.target),
        tuple(map(_shape, given)),
        tuple(map(_shape, made)),
        _parameters(torch, node),
        tuple(map(_operand, given)),
        tuple(map(_operand, made)),
    )


def _outputs(torch: Any, node: Any) -> list[Any]:
    """The tensors that it makes; of several those that somebody uses."""
    value = node.meta.get("val")
    if isinstance(value, torch.Tensor):
        return [value]
    if not isinstance(value, list | tuple):
        return []
    used = {user.args[1] for user in node.users if getattr(user.target, "__name__", "") == "getitem"}
    return [one for place, one in enumerate(value) if place in used and isinstance(one, torch.Tensor)]


def _parameters(torch: Any, node: Any) -> str:
    """Arguments that are no tensors, under their names; those that are as by default are left out."""
    schema = node.target._schema.arguments
    given = dict(zip((one.name for one in schema), node.args, strict=False)) | dict(node.kwargs)
    defaults = {one.name: one.default_value for one in schema if one.has_default_value()}
    plain = {
        name: value
        for name, value in given.items()
        if value is not None and not _holds_node(torch, value) and defaults.get(name, node) != value
    }
    return ", ".join(f"{name}={value}" for name, value in plain.items())[:_LONGEST]


def _holds_node(torch: Any, value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_node(torch, one) for one in value)
    return isinstance(value, torch.fx.Node)


def _shape(tensor: Any) -> str:
    extents = "×".join(str(int(extent)) for extent in tensor.shape) or "scalar"
    return f"{extents} {str(tensor.dtype).removeprefix('torch.')}"


def _operand(tensor: Any) -> Operand:
    return Operand(int(tensor.numel()) * tensor.dtype.itemsize, datatype=str(tensor.dtype).removeprefix("torch."))


class _Summary:
    """The modules that run, in their order, with the shapes that they see; a context manager around one run."""

    def __init__(self, torch: Any, module: Any) -> None:
        self._torch, self._module = torch, module
        self._hooks: list[Any] = []
        self._seen: dict[str, ModuleLine] = {}

    @property
    def lines(self) -> tuple[ModuleLine, ...]:
        return tuple(self._seen.values())

    def __enter__(self) -> None:
        for name, module in self._module.named_modules():
            if not any(True for _ in module.children()):  # a leaf
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

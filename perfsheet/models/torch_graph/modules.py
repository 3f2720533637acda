"""The modules of a torch module at every level, recorded while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from perfsheet.models.torch_graph.model import GraphOp, Module
from perfsheet.models.torch_graph.tensors import shape_of, tensors_of

_LONGEST = 400


class ModuleRecorder:
    """A context manager around a run that counts the calls of every module, with the shapes of its first one.

    `innermost` is the module that runs now, by its dotted name.
    """

    def __init__(self, torch: Any, root: Any) -> None:
        self._torch, self._root = torch, root
        self._names = {id(module): name for name, module in root.named_modules()}
        self._hooks: list[Any] = []
        self._running: list[str] = []
        self._calls: dict[str, int] = {}
        self._shapes: dict[str, tuple[str, str]] = {}

    @property
    def innermost(self) -> str:
        """The module that runs now; blank outside of all, and in the whole itself."""
        return self._running[-1] if self._running else ""

    @property
    def modules(self) -> tuple[Module, ...]:
        """Every module in the order of its definition, called or not."""
        seen: set[int] = set()
        return tuple(self._module(name, module, seen) for name, module in self._root.named_modules())

    def _module(self, name: str, module: Any, seen: set[int]) -> Module:
        own = [one for one in module.parameters(recurse=False) if id(one) not in seen]
        seen.update(map(id, own))
        input_shape, output_shape = self._shapes.get(name, ("", ""))
        return Module(
            name,
            type(module).__name__,
            type(module).__module__.startswith("torch."),
            not any(True for _ in module.children()),
            self._calls.get(name, 0),
            sum(int(one.numel()) for one in own),
            sum(int(one.numel()) for one in module.parameters()),
            module.extra_repr().replace("\n", " ")[:_LONGEST],
            input_shape,
            output_shape,
        )

    def __enter__(self) -> None:
        for module in self._root.modules():
            self._hooks.append(module.register_forward_pre_hook(self._enter))
            self._hooks.append(module.register_forward_hook(self._leave(), with_kwargs=True, always_call=True))

    def __exit__(self, *_error: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _enter(self, module: Any, _inputs: Any) -> None:
        name = self._names[id(module)]
        self._running.append(name)
        self._calls[name] = self._calls.get(name, 0) + 1

    def _leave(self) -> Callable[..., None]:
        def leave(module: Any, inputs: Any, named: Any, output: Any) -> None:
            name = self._running.pop()
            if name not in self._shapes:
                given = tensors_of(self._torch, [inputs, named])
                returned = tensors_of(self._torch, output)
                self._shapes[name] = (", ".join(map(shape_of, given)), ", ".join(map(shape_of, returned)))

        return leave


def ops_inside(modules: Sequence[Module], ops: Sequence[GraphOp]) -> dict[str, int]:
    """How many of these ops run in each module, those of its inner modules included."""
    counts = dict.fromkeys((module.name for module in modules), 0)
    for op in ops:
        name = op.module
        counts[name] = counts.get(name, 0) + 1
        while name:
            name = name.rpartition(".")[0]
            counts[name] = counts.get(name, 0) + 1
    return counts

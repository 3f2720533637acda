"""The Python of several ops in a row, each of which reads what the one before it makes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from perfsheet.light_dataclass import dataclass
from perfsheet.trials.code import MEMORIES, Code, written


@dataclass(frozen=True)
class ChainCode:
    """Calls in a row: `reads` names for each but the first the tensor of it that the one before makes."""

    calls: tuple[Code, ...]
    reads: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that it may assign, but for `output`."""
        return (*(name for name, _ in self._statements), *MEMORIES)

    @property
    def text(self) -> str:
        """The Python: the tensors of a call, then the call; the last one makes `output`."""
        return written(self._statements)

    @property
    def _statements(self) -> list[tuple[str, str]]:
        made = [*(_made(number) for number in range(1, len(self.calls))), "output"]
        steps = zip(self._steps, made, strict=True)
        return [statement for code, name in steps for statement in code.statements(name)]

    @property
    def _steps(self) -> Iterator[Code]:
        """The calls with names of their own, and without the tensors that the one before makes."""
        for number, code in enumerate(self.calls, start=1):
            given = self.reads[number - 2] if number > 1 else ""
            names = {name: f"{name}{number}" for name in code.tensors}
            yield _renamed(code, {**names, **({given: _made(number - 1)} if given else {})}, given)


def _made(number: int) -> str:
    return f"made{number}"


def _renamed(code: Code, names: Mapping[str, str], given: str) -> Code:
    return replace(
        code,
        tensors={names[name]: tensor for name, tensor in code.tensors.items() if name != given},
        operands=tuple(with_names(operand, names) for operand in code.operands),
        options={option: with_names(value, names) for option, value in code.options.items()},
        on_host=tuple(names[name] for name in code.on_host if name != given),
    )


def with_names(python: str, names: Mapping[str, str]) -> str:
    """An expression with other names for its tensors; keywords that are called like one stay."""
    if not python or not any(name in python for name in names):
        return python
    tree = ast.parse(python, mode="eval")
    places = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in names]
    for node in sorted(places, key=lambda place: -place.col_offset):
        start, end = _characters(python, node)
        python = python[:start] + names[node.id] + python[end:]
    return python


def _characters(python: str, node: ast.Name) -> tuple[int, int]:
    """Where a name stands; the parser counts bytes."""
    start = len(python.encode()[: node.col_offset].decode())
    return start, start + len(node.id)


def moved_between(before: Sequence[Code], after: Sequence[Code], reads: Sequence[str]) -> int:
    """How many tensors of a chain lie elsewhere than recorded, but for those that one op hands to the next."""
    found = 0
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        given = reads[number - 1] if number else ""
        found += sum(
            tensor.memory != old.tensors[name].memory
            for name, tensor in new.tensors.items()
            if name != given and name in old.tensors
        )
    last = after[-1].options.get("memory_config") != before[-1].options.get("memory_config")
    return found + last

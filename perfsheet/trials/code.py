"""The Python of one op: the tensors that it reads, and the call."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from perfsheet.light_dataclass import dataclass
from perfsheet.trials.memory import DRAM, Memory
from perfsheet.trials.tensors import Tensor

_DTYPES = {"FLOAT32": "float32", "UINT32": "uint32", "INT32": "int32", "UINT16": "uint16", "UINT8": "uint8"}
_LAYOUTS = {"TILE": "ttnn.TILE_LAYOUT", "ROW_MAJOR": "ttnn.ROW_MAJOR_LAYOUT"}
_LINE = 100
_CLOSING = {"(": ")", "[": "]"}


def dtype_code(dtype: str) -> str:
    """`ttnn.bfloat16` of `BFLOAT16`; blank for none."""
    return dtype and f"ttnn.{_DTYPES.get(dtype, dtype.lower())}"


def layout_code(layout: str) -> str:
    """`ttnn.TILE_LAYOUT` of `TILE`."""
    return _LAYOUTS.get(layout, f"ttnn.{layout}_LAYOUT")


@dataclass(frozen=True)
class Code:
    """How an op is built: its `tensors` by name, and the call of `function` with operands and options as Python.

    An option that is blank is left out. `on_host` are tensors that stay there. `output`: where it was told to put its
    output by `put` (None = as recorded).
    """

    tensors: Mapping[str, Tensor]
    function: str
    operands: tuple[str, ...]
    options: Mapping[str, str]
    on_host: tuple[str, ...] = ()
    output: Memory | None = None

    def put(self, memory: Memory) -> Code:
        """The same call with its output elsewhere."""
        return replace(self.given(memory_config=memory.code), output=memory)

    def put_elsewhere(self, before: Code) -> bool:
        """Whether its output lies elsewhere than that of the same call `before`."""
        return self.options.get("memory_config") != before.options.get("memory_config")

    def given(self, **options: str) -> Code:
        """The same call with other options."""
        return replace(self, options={**self.options, **options})

    def reading(self, **tensors: Tensor) -> Code:
        """The same call of other tensors."""
        return replace(self, tensors={**self.tensors, **tensors})

    @property
    def text(self) -> str:
        """The Python: a line to each tensor, then the call; `ttnn` and `device` are there."""
        return written(self.statements("output"))

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that it may assign, but for `output`."""
        return (*self.tensors, *MEMORIES)

    def statements(self, output: str) -> list[tuple[str, str]]:
        """What it assigns, in order: each name with its Python; `output` is the name of what the call makes."""
        return [*((name, self._tensor(name)) for name in self.tensors), (output, self.call)]

    @property
    def call(self) -> str:
        """The call, on one line."""
        given = [*self.operands, *(f"{name}={value}" for name, value in self.options.items() if value)]
        return f"{self.function}({', '.join(given)})"

    def _tensor(self, name: str) -> str:
        tensor, host = self.tensors[name], name in self.on_host
        options = [f"dtype={dtype_code(tensor.dtype)}", f"layout={layout_code(tensor.layout)}"]
        options += [] if host else ["device=device"]
        # Interleaved in DRAM is what TTNN takes without a word.
        said = not (host or tensor.memory in (None, DRAM))
        options += [f"memory_config={tensor.memory.code}"] if said and tensor.memory is not None else []
        return f"ttnn.{'zeros' if host else 'empty'}({', '.join([str(list(tensor.shape)), *options])})"


MEMORIES = tuple(f"sharded{number}" for number in ("", *range(2, 10)))
"""Names for memory configs that are needed more than once."""
_MEMORY = re.compile(r"ttnn\.(?:create_sharded_memory_config|MemoryConfig)\(")


def written(statements: Sequence[tuple[str, str]]) -> str:
    """Assignments as text, memory configs that are needed more than once ahead, with a name."""
    found = Counter(config for _, python in statements for config in _memory_configs(python))
    named = dict(zip((config for config, count in found.items() if count > 1), MEMORIES, strict=False))
    lines = [(name, config) for config, name in named.items()]
    for name, python in statements:
        for config, instead in named.items():
            python = python.replace(config, instead)  # noqa: PLW2901 one after another
        lines.append((name, python))
    return "\n".join(laid_out(f"{name} = {python}") for name, python in lines)


def _memory_configs(python: str) -> Iterator[str]:
    """The calls in an expression that make a memory config."""
    for start in _MEMORY.finditer(python):
        depth, at = 1, start.end()
        while depth and at < len(python):
            depth += (python[at] == "(") - (python[at] == ")")
            at += 1
        yield python[start.start() : at]


def laid_out(statement: str, indent: str = "") -> str:
    """A statement with the arguments of its outermost call one to a line, where it is too long for one line."""
    opened = min((at for at in (statement.find("("), statement.find("[")) if at >= 0), default=-1)
    if len(indent) + len(statement) < _LINE or opened < 0 or statement[-1] != _CLOSING[statement[opened]]:
        return indent + statement
    inner = indent + "    "
    arguments = [f"{laid_out(one, inner)}," for one in _arguments(statement[opened + 1 : -1])]
    return "\n".join([f"{indent}{statement[: opened + 1]}", *arguments, f"{indent}{statement[-1]}"])


def _arguments(text: str) -> list[str]:
    """The arguments of a call: its text split at each comma outside of brackets."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            found.append(text[start:at].strip())
            start = at + 1
    return [*found, text[start:].strip()]

"""The Python of one op: the tensors that it reads, and the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from perfsheet.light_dataclass import dataclass
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

    An option that is blank is left out. `on_host` are tensors that stay there.
    """

    tensors: Mapping[str, Tensor]
    function: str
    operands: tuple[str, ...]
    options: Mapping[str, str]
    on_host: tuple[str, ...] = ()

    def given(self, **options: str) -> Code:
        """The same call with other options."""
        return replace(self, options={**self.options, **options})

    def reading(self, **tensors: Tensor) -> Code:
        """The same call of other tensors."""
        return replace(self, tensors={**self.tensors, **tensors})

    @property
    def text(self) -> str:
        """The Python: a line to each tensor, then the call; `ttnn` and `device` are there."""
        statements = [(name, self._tensor(name)) for name in self.tensors]
        return "\n".join(laid_out(f"{name} = {made}") for name, made in [*statements, ("output", self.call)])

    @property
    def call(self) -> str:
        """The call, on one line."""
        given = [*self.operands, *(f"{name}={value}" for name, value in self.options.items() if value)]
        return f"{self.function}({', '.join(given)})"

    def _tensor(self, name: str) -> str:
        tensor, host = self.tensors[name], name in self.on_host
        options = [f"dtype={dtype_code(tensor.dtype)}", f"layout={layout_code(tensor.layout)}"]
        options += [] if host else ["device=device"]
        options += [] if host or tensor.memory is None else [f"memory_config={tensor.memory.code}"]
        return f"ttnn.{'zeros' if host else 'empty'}({', '.join([str(list(tensor.shape)), *options])})"


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

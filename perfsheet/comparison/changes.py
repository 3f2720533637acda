"""What differs between an op and its counterpart, attribute by attribute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest

from perfsheet.analysis.ops.attributes import flatten, without_scopes
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.tensors import Extents, Tensor
from perfsheet.analysis.ops.variants import Variant, Variants
from perfsheet.capture.table import OpsTable
from perfsheet.light_dataclass import dataclass

Written = dict[str, set[str]]
"""The names of the attributes that a capture has for each kind of op."""

_OF_OUTPUT = {
    "output_mem_config",
    "output_mem_config.memory_layout",
    "output_mem_config.buffer_type",
    "output_mem_config.shard_spec",
    "output_dtype",
    "dtype",
}
# Handles of a run, not settings of the op.
_NO_SETTING = {"semaphore", "barrier_semaphore", "global_cb", "global_semaphore"}
# Structs whose type is a choice of the user's; other types only have other names in other builds.
_TYPED = frozenset({"program_config", "config"})
_WORDS = re.compile(r"[A-Za-z_]\w*|(?:(?<!\d)-)?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COORDINATES = {"x", "y", "start", "end"}
_TRUTH = {"true": "1", "false": "0"}


@dataclass(frozen=True)
class Change:
    """One attribute before and after; None = missing or not set."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Describing:
    """How two captures describe their ops: the attributes that each writes, and whether one has padded shapes only."""

    base_written: Written
    new_written: Written
    padded_only: bool

    @classmethod
    def of(cls, base: Ops, new: Ops) -> Describing:
        """How the captures of these ops do it."""
        padded_only = _padded_only(base.table) or _padded_only(new.table)
        return cls(written(base.variants), written(new.variants), padded_only)

    def extents(self, tensor: Tensor) -> Extents | None:
        """The shape of a tensor that both captures have: padded or logical."""
        return tensor.padded if self.padded_only else tensor.logical


def _padded_only(table: OpsTable) -> bool:
    """Whether a capture has padded shapes only, as those before August 2025."""
    header = table.headers.get("input_0_y", table.headers.get("output_0_y", ""))
    return bool(header) and "LOGICAL" not in header.upper()


def written(variants: Variants) -> Written:
    """The attributes that a capture has for each kind of op."""
    names_of_kind: Written = {}
    for variant in variants.all:
        names = {name for name in flatten(variant.attributes) if "." not in name}
        names_of_kind.setdefault(kind(variant.op_code), set()).update(names)
    return names_of_kind


def changes(
    before: Variant, after: Variant, cores: tuple[str | None, str | None], describing: Describing
) -> tuple[Change, ...]:
    """Everything that differs, except attributes that only one of the builds writes."""
    same_kind = kind(before.op_code) == kind(after.op_code)
    return tuple(
        change
        for change in (
            *([] if same_kind else [Change("op_code", before.op_code, after.op_code)]),
            Change("core_count", *cores),
            Change("math_fidelity", before.math_fidelity or None, after.math_fidelity or None),
            *_tensors("input", before.inputs, after.inputs, describing),
            *_tensors("output", before.outputs, after.outputs, describing),
            *(_attributes(before, after, describing) if same_kind else ()),
        )
        if change.before != change.after
    )


def _tensors(
    side: str, before: tuple[Tensor, ...], after: tuple[Tensor, ...], describing: Describing
) -> Iterator[Change]:
    for number, (was, now) in enumerate(zip_longest(before, after)):
        name = f"{side}_{number}"
        if was is None or now is None:
            yield Change(name, _text(was, describing), _text(now, describing))
            continue
        if describing.extents(was) != describing.extents(now):
            yield Change(f"{name}_shape", *(_shape(describing.extents(tensor)) for tensor in (was, now)))
        yield Change(f"{name}_layout", was.layout or None, now.layout or None)
        yield Change(f"{name}_datatype", was.datatype or None, now.datatype or None)
        yield Change(f"{name}_memory", was.memory or None, now.memory or None)


def _text(tensor: Tensor | None, describing: Describing) -> str | None:
    if tensor is None:
        return None
    return " ".join(filter(None, (_shape(describing.extents(tensor)), tensor.datatype, tensor.memory)))


def _shape(extents: Extents | None) -> str | None:
    return None if extents is None else "×".join(map(str, extents))


def _attributes(before: Variant, after: Variant, describing: Describing) -> Iterator[Change]:
    if before.attributes == after.attributes:
        return
    was, now = flatten(before.attributes), flatten(after.attributes)
    name_of = kind(before.op_code)
    both = describing.base_written.get(name_of, set()) & describing.new_written.get(name_of, set())
    for name in (*was, *(name for name in now if name not in was)):
        top, _, inner = name.partition(".")
        if top not in both or top in _NO_SETTING or _has_own_column(name, before, after):
            continue
        # A member that only one side has follows from its struct being unset, of another type, or of another build.
        if inner and (name not in was or name not in now):
            continue
        if not _same_value(name, was, now):
            values = [was.get(name) or None, now.get(name) or None]
            # Two types with members in common: these are compared one by one.
            if name in _TYPED and any(other.startswith(f"{name}.") and other in now for other in was):
                values = [value and _type(value) for value in values]
            yield Change(name, *values)


def _has_own_column(name: str, before: Variant, after: Variant) -> bool:
    """Whether a capture column has the value too: math fidelity, and the memory of the output."""
    if name.endswith("math_fidelity"):
        return bool(before.math_fidelity and after.math_fidelity)
    return name in _OF_OUTPUT and bool(before.outputs and after.outputs)


def _same_value(name: str, before: dict[str, str], after: dict[str, str]) -> bool:
    """Whether an attribute has the same value in both. Two structs do: their members are compared one by one."""
    was, now = before.get(name, ""), after.get(name, "")
    if was == now or _normalised(was) == _normalised(now):
        return True
    if not (was and now and _is_struct(name, before) and _is_struct(name, after)):
        return False
    return name not in _TYPED or _type(was) == _type(now)


def _is_struct(name: str, values: dict[str, str]) -> bool:
    return any(key.startswith(f"{name}.") for key in values) or values[name].endswith("()")


def _type(struct: str) -> str:
    return re.split(r"[({]", struct, maxsplit=1)[0].strip()


@lru_cache(maxsize=65536)
def _normalised(value: str) -> tuple[str, ...]:
    """The words of a value, without the brackets, scopes and names of coordinates that builds write differently."""
    words = (_TRUTH.get(word.lower(), word) for word in _WORDS.findall(without_scopes(value)))
    return tuple(word for word in words if word not in _COORDINATES)

"""Siblings: the same op on as many tiles of the same data types, which ran faster with other settings."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from perfsheet.analysis.ops.attributes import entries, flatten, is_set, without_scopes
from perfsheet.analysis.ops.categories import COLLECTIVE, RESHARD, category, short_code
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.elementwise import fused_activation
from perfsheet.analysis.ops.kinds import kind, same_work
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.variants import TensorSet, Variant
from perfsheet.capture.arrays import median
from perfsheet.capture.table import BoolArray, FloatArray
from perfsheet.hardware.data_types import round_up_to_tile
from perfsheet.light_dataclass import dataclass

MORE_CORES = "more cores"
FASTER = 1.25
"""A sibling is at least this many times as fast; less may be noise."""

# Attributes that say how an op runs, and not what it computes.
_SETTINGS = {
    "activation_reuse",
    "block_config",
    "chunk_size",
    "compute_kernel_config",
    "config",
    "core_grid",
    "fp32_dest_acc_en",
    "full_inner_dim",
    "inplace",
    "memory_config",
    "num_cores",
    "num_cores_nhw",
    "num_cores_c",
    "output_mem_config",
    "output_memory_config",
    "parallelization_config",
    "program_config",
    "sub_core_grids",
    "sub_device_id",
    "use_multicore",
    "use_pack_untilize",
    "worker_grid",
}
_SETTING_STARTS = ("enable_", "use_", "user_core", "mm_dram", "move_op")
# All that decides on what a matmul computes; others of its attributes only some builds and kinds of it write.
_OF_MATMUL = ("transpose_a", "transpose_b", "untilize_out")
# What these do follows from the memory of their output, which the op after them asks for.
_FIXED_BY_OTHERS = {"halo", "move", "clone", "copy"}
_TOLD = 3


@dataclass(frozen=True)
class Sibling:
    """The fastest sibling of an op: its median kernel duration, an example of it, and what differs.

    `position` is that op's place among the ops it was found in, those of the reference if `in_reference`.
    `differences` are `(setting, here, there)`, the most telling first; `more_cores`: whether it has more than here.
    """

    kernel_ns: float
    cores: int | None
    position: int
    in_reference: bool
    differences: tuple[tuple[str, str, str], ...]
    more_cores: bool

    def differs_in(self, settings: tuple[str, ...] | None) -> bool:
        """Whether one of these differs (`input 0`, `program_config` with its members), or MORE_CORES; None = any."""
        if settings is None or (MORE_CORES in settings and self.more_cores):
            return True
        return any(name.partition(".")[0] in settings for name, _, _ in self.differences)

    def told(self, separator: str) -> str:
        """The most telling differences in words: `cores 1 → 64, input 0 DRAM_INTERLEAVED → L1_INTERLEAVED`."""
        return separator.join(f"{name} {here} → {there}" for name, here, there in self.differences[:_TOLD])


@dataclass(frozen=True, eq=False)
class _Member:
    """One description among siblings."""

    variant: Variant
    kernel_ns: float
    cores: int | None
    position: int
    in_reference: bool


def siblings(
    ops: Ops, trusted: BoolArray, reference: Ops | None = None, trusted_there: BoolArray | None = None
) -> tuple[Sibling | None, ...]:
    """For each distinct description among the ops its fastest sibling, None without one.

    Siblings share the op, its shapes, layouts and data types, and all attributes that say what it computes. They are
    looked for among these ops and those of a reference; only `trusted` ops count (there `trusted_there`), whose tensors
    are their own.
    """
    sides = [(ops, trusted, False)]
    if reference is not None and trusted_there is not None:
        sides.append((reference, trusted_there, True))
    # Parsing attributes takes time: only ops of a kind that share their shapes with others can have siblings.
    alike: dict[Hashable, list[tuple[int, int]]] = {}
    for side, (of_side, _, _) in enumerate(sides):
        for index, key in enumerate(_shapes(of_side)):
            alike.setdefault(key, []).append((side, index))
    several = [each for each in alike.values() if len(each) > 1]
    members = [
        _members(*side, {index for each in several for at, index in each if at == n}) for n, side in enumerate(sides)
    ]
    families: dict[Hashable, list[_Member]] = {}
    for member in (member for of_side in members for member in of_side.values()):
        families.setdefault(work(member.variant), []).append(member)
    found = {index: _fastest(member, families[work(member.variant)]) for index, member in members[0].items()}
    return tuple(found.get(index) for index in range(len(ops.variants.all)))


def _shapes(ops: Ops) -> list[Hashable]:
    """For each distinct description its kind and shapes."""
    kinds = {code: same_work(code) for code in ops.codes.values}
    of_tensors = ops.variants.by_tensors(_operands)
    return [(kinds[variant.op_code], shapes) for variant, shapes in zip(ops.variants.all, of_tensors, strict=True)]


def _described(tensors: Sequence[Tensor]) -> Hashable:
    return tuple((_extents(one), one.layout, one.datatype) for one in tensors)


def _operands(tensors: TensorSet) -> Hashable:
    """The first two inputs and the output, all that is compared of matmuls: a bias hardly takes time."""
    return _described((*tensors.inputs[:2], *tensors.outputs[:1]))


def _extents(tensor: Tensor) -> Hashable:
    """The extents that decide on the time: in TILE layout rows and columns are whole tiles."""
    if tensor.layout != "TILE" or tensor.logical is None:
        return tensor.logical
    *outer, rows, columns = tensor.logical
    return (*outer, round_up_to_tile(rows), round_up_to_tile(columns))


def _members(ops: Ops, trusted: BoolArray, in_reference: bool, wanted: set[int]) -> dict[int, _Member]:
    """The descriptions that are wanted, by their index."""
    members: dict[int, _Member] = {}
    of = ops.variants.of
    is_wanted = np.zeros(len(ops.variants.all), dtype=np.bool_)
    is_wanted[list(wanted)] = True
    usable = np.flatnonzero(ops.timed & trusted & is_wanted[of])
    order = usable[np.argsort(of[usable], kind="stable")]
    edges = np.flatnonzero(np.diff(of[order])) + 1
    for here in np.split(order, edges) if len(order) else []:
        variant = ops.variants.all[int(of[here[0]])]
        if variant.tensors.all and not _is_fixed_by_others(variant):
            members[int(of[here[0]])] = _member(variant, ops, here.tolist(), in_reference)
    return members


def _member(variant: Variant, ops: Ops, here: Sequence[int], in_reference: bool) -> _Member:
    times: FloatArray = ops.kernel_ns[here]
    middle = median(times)
    cores = ops.cores[here[0]]
    nearest = here[int(np.argmin(np.abs(times - middle)))]
    return _Member(variant, middle, int(cores) if np.isfinite(cores) else None, nearest, in_reference)


def _is_fixed_by_others(variant: Variant) -> bool:
    return category(variant.op_code) in (RESHARD, COLLECTIVE) or kind(variant.op_code) in _FIXED_BY_OTHERS


def work(variant: Variant) -> Hashable:
    """What an op computes, whatever memory and settings it runs with."""
    name, tensors = same_work(variant.op_code), variant.tensors
    sizes = _operands(tensors) if name == "matmul" else (_described(tensors.inputs), _described(tensors.outputs))
    return name, sizes, _meaning(variant)


def _meaning(variant: Variant) -> Hashable:
    if same_work(variant.op_code) == "matmul":
        return *(is_set(variant.attributes, name) for name in _OF_MATMUL), fused_activation(variant)
    return tuple(
        sorted(
            (name, without_scopes(value)) for name, value in entries(variant.attributes).items() if _is_meaning(name)
        )
    )


def _is_meaning(name: str) -> bool:
    return name not in _SETTINGS and not name.startswith(_SETTING_STARTS)


def differences(ops: Ops, own: int, other: int) -> tuple[tuple[str, str, str], ...]:
    """What differs between two descriptions of the same work: `(setting, here, there)`, the most telling first."""
    of = ops.variants.of
    here, there = (_member(ops.variants.all[at], ops, np.flatnonzero(of == at).tolist(), False) for at in (own, other))
    return tuple(_differences(here, there))


def _fastest(own: _Member, family: Sequence[_Member]) -> Sibling | None:
    best = min(family, key=lambda member: member.kernel_ns)
    if not own.kernel_ns >= FASTER * best.kernel_ns > 0:
        return None
    differences = tuple(_differences(own, best))
    if not differences:
        return None
    more_cores = (best.cores or 0) > (own.cores or 0)
    return Sibling(best.kernel_ns, best.cores, best.position, best.in_reference, differences, more_cores)


def _differences(own: _Member, best: _Member) -> list[tuple[str, str, str]]:
    """Switches first, then cores and memory, then the members of configs."""
    here, there = flatten(own.variant.attributes), flatten(best.variant.attributes)
    changed = [
        (name, without_scopes(here.get(name, "")) or "none", without_scopes(there.get(name, "")) or "none")
        for name in sorted({*here, *there})
        if here.get(name, "") != there.get(name, "") and not (_is_struct(here, name) or _is_struct(there, name))
    ]
    switches = [change for change in changed if change[0].startswith("use_")]
    found = [*switches]
    if kind(own.variant.op_code) != kind(best.variant.op_code):
        found, changed = [("op", short_code(own.variant.op_code), short_code(best.variant.op_code))], []
    if own.cores != best.cores:
        found.append(("cores", str(own.cores or "?"), str(best.cores or "?")))
    for side in ("inputs", "outputs"):
        pairs = zip(getattr(own.variant, side), getattr(best.variant, side), strict=False)
        found += [
            (f"{side[:-1]} {number}", mine.memory, theirs.memory)
            for number, (mine, theirs) in enumerate(pairs)
            if mine.memory != theirs.memory
        ]
    if own.variant.math_fidelity != best.variant.math_fidelity:
        found.append(("math fidelity", own.variant.math_fidelity, best.variant.math_fidelity))
    return found + [change for change in changed if change not in switches and "mem_config" not in change[0]]


def _is_struct(values: dict[str, str], name: str) -> bool:
    return any(other.startswith(f"{name}.") for other in values)

"""Sentences of explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.text.formats import span_of_time, whole

if TYPE_CHECKING:
    from perfsheet.explanation.model import CureInDepth, Explanation, Formula, Other

_TOLD = 4


def heading(found: Explanation) -> str:
    """`C4 Low core count: LayerNorm · 65 ops`, `Row 958 Matmul …`, `Rule reshard: Reshard`."""
    if found.kind.value == "rule":
        return f"Rule {found.id}: {found.title}"
    return f"{'Row ' if found.kind.value == 'op' else ''}{found.id} {found.title}"


def formula(one: Formula) -> str:
    """`Saves at most, row 1001: Σ kernel duration × … = 53,707 ns × (1 − 1 / 64) = 52,868 ns`."""
    head = f"{one.name[0].upper()}{one.name[1:]}, {one.of}: {one.words}"
    if one.value is None:
        return head
    amount = _amount(one.value, one.unit)
    if not one.numbers or one.numbers == amount:
        return f"{head} = {amount}"
    return f"{head} = {one.numbers} = {amount}"


def _amount(value: float, unit: str) -> str:
    if unit == "ns":
        return f"{whole(round(value))} ns"
    return f"{value:,.2f} {unit}".rstrip()


def differences(other: Other) -> str:
    """`cores 64 → 40, input 0 DRAM_INTERLEAVED → L1_INTERLEAVED`."""
    told = [f"{name} {here} → {there}" for name, here, there in other.differences[:_TOLD]]
    return ", ".join(told) + (", …" if len(other.differences) > _TOLD else "")


def bound(saving_ns: float, planned: bool) -> str:
    """`1.711 ms`, of a plan `1.711 ms of least time`."""
    return f"{span_of_time(saving_ns)}{' of least time' if planned else ''}"


def saving(cure: CureInDepth) -> str:
    """`should save 1.7 ms, at most 1.711 ms`."""
    most = "saves at most an unknown time"
    if cure.bound_ns is not None:
        most = f"saves at most {bound(cure.bound_ns, cure.finding.facts.ops.planned)}"
    if cure.expected_saving_ns is None:
        return most
    return f"should save {span_of_time(cure.expected_saving_ns)}, {most.removeprefix('saves ')}"


def state(cure: CureInDepth) -> str:
    """Whether anybody has asked TTNN for the code."""
    if cure.accepted is None:
        return "not tried: TTNN may refuse it, --try asks"
    return "TTNN accepts it on a mock board" if cure.accepted else "TTNN refuses it"

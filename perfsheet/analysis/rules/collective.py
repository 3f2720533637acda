"""Ops that only move data between devices."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import attribute
from perfsheet.analysis.ops.categories import COLLECTIVE, MATMUL
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage


def find(facts: Facts) -> Hits:
    """Every collective; at most all of its time could overlap with other work (unknown in a plan)."""
    positions = np.flatnonzero(facts.in_category(COLLECTIVE) & facts.ops.timed)
    known = np.nan if facts.ops.planned else 1.0
    return Hits(positions, facts.ops.kernel_ns[positions] * known)


_NEAR = 3
"""Other ops at most between a collective and the matmul that it can be fused with."""


def advice(facts: Facts, group: Group) -> str:
    """Overlap, links and topology, with the current settings."""
    attributes = facts.variant(int(group.positions[0])).attributes
    links, topology = attribute(attributes, "num_links"), re.split(r"::|\.", attribute(attributes, "topology"))[-1]
    now = ", ".join(filter(None, (f"num_links {links}" if links else "", f"a {topology} topology" if topology else "")))
    ring = ", topology=ttnn.Topology.Ring where the links allow it" if topology == "Linear" else ""
    return (
        f"Only moves data between devices{f' (now {now})' if now else ''}: try {_overlap(facts, group)}more "
        f"num_links{ring}, or a narrower data type for the transfer."
    )


def _overlap(facts: Facts, group: Group) -> str:
    """The op that does its work and its neighbour's together, if that is a matmul or a reduction; else blank."""
    position = int(group.positions[0])
    here = facts.sequence_of(position)
    place, code = int(facts.place[position]), facts.variant(position).op_code.lower()
    before, after = here[max(place - _NEAR, 0) : place], here[place + 1 : place + 1 + _NEAR]
    matmul = facts.in_category(MATMUL)
    if "scatter" in code and matmul[before].any():
        return "ttnn.experimental.matmul_reduce_scatter_async with the matmul before it, "
    if "gather" in code and matmul[after].any():
        return "ttnn.experimental.all_gather_matmul_async with the matmul after it, "
    if "gather" in code and facts.in_category("reduction")[after].any():
        return "ttnn.all_reduce or ttnn.reduce_scatter instead of it and the reduction after it, "
    return ""


def evidence(facts: Facts, group: Group) -> Evidence:
    """Links and topology, and the fastest and slowest device."""
    attributes = facts.variant(int(group.positions[0])).attributes
    kernel = facts.ops.kernel_ns[group.positions]
    settings = {name: text for name in ("num_links", "topology", "ring_size") if (text := attribute(attributes, name))}
    return {**settings, "fastest_ns": float(kernel.min()), "slowest_ns": float(kernel.max())}


def caveat(facts: Facts, group: Group) -> str:
    """Outside of a trace, part of its time is how unevenly the host launches it."""
    if np.isfinite(facts.ops.number("replay_session")[group.positions]).all():
        return (
            "Its duration includes the wait for the slowest device. Only time that overlaps with other work is saved."
        )
    return (
        "This is no trace replay, so part of its duration is launch skew: devices spin at its start barrier until the "
        "host has started all of them (spread 1.6 to 2.5 times, 1.03 to 1.07 in a trace, tt-metal#47803). Only time "
        "that overlaps with other work is saved."
    )


RULE = Rule(
    id="collective",
    title="Collective",
    order=200,
    detects="all-gather, reduce-scatter, all-reduce and other collectives",
    saving_formula="Σ kernel duration",
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    keeps_work=False,
    stage=Stage.MODEL,
)

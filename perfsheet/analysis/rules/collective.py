"""Ops that only move data between devices."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import attribute
from perfsheet.analysis.ops.categories import COLLECTIVE
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule


def find(facts: Facts) -> Hits:
    """Every collective; all of its time could hide behind other work."""
    positions = np.flatnonzero(facts.in_category(COLLECTIVE) & facts.ops.timed)
    return Hits(positions, facts.ops.kernel_ns[positions])


def advice(facts: Facts, group: Group) -> str:
    """Overlap, links, topology, beside what is set now."""
    attributes = facts.variant(int(group.positions[0])).attributes
    links, topology = attribute(attributes, "num_links"), attribute(attributes, "topology").rsplit("::", 1)[-1]
    now = ", ".join(filter(None, (f"num_links {links}" if links else "", f"a {topology} topology" if topology else "")))
    ring = " topology=ttnn.Topology.Ring where the links allow it," if topology == "Linear" else ""
    return (
        f"Devices exchange data and compute nothing{f' (now {now})' if now else ''}: try more num_links,{ring} a "
        "narrower data type on the wire, or an op that overlaps it with a matmul "
        "(ttnn.experimental.all_gather_matmul_async, ttnn.experimental.matmul_reduce_scatter_async)."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """Links and topology, and how the devices' times differ."""
    attributes = facts.variant(int(group.positions[0])).attributes
    kernel = facts.ops.kernel_ns[group.positions]
    said = {name: text for name in ("num_links", "topology", "ring_size") if (text := attribute(attributes, name))}
    return {**said, "fastest_ns": float(kernel.min()), "slowest_ns": float(kernel.max())}


RULE = Rule(
    id="collective",
    letter="X",
    title="Collective",
    saving_formula="Σ kernel duration",
    find=find,
    advice=advice,
    caveat="Its duration holds the wait for the slowest device; only what other work can hide is saved.",
    evidence=evidence,
    keeps_work=False,
)

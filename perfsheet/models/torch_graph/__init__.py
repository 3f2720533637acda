"""The ops of a torch module: what its TTNN port needs, and what of that a device capture shows.

    graph = traced("build_model", *built("module.py:build_model", ()))
    needed(graph.forward), coverage(graph.forward, analysis)

torch is imported by `building`, `tracing` and `profiling` only, when one of their functions is called.
"""

from perfsheet.models.torch_graph.matching import Coverage, coverage
from perfsheet.models.torch_graph.model import Graph, ModuleLine, NeededOp, needed

__all__ = ["Coverage", "Graph", "ModuleLine", "NeededOp", "coverage", "needed"]

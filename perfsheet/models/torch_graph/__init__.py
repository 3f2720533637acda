"""The ops of a torch module: what its TTNN port needs, and which of that a device capture covers.

    graph = trace("build_model", *build("module.py:build_model", ()))
    needed_ops(graph.forward), find_coverage(graph.forward, analysis)

Only functions of `building` and `tracing` import torch, when they are called.
"""

from perfsheet.models.torch_graph.model import Coverage, Graph, LeafModule, NeededOp, find_coverage, needed_ops

__all__ = ["Coverage", "Graph", "LeafModule", "NeededOp", "find_coverage", "needed_ops"]

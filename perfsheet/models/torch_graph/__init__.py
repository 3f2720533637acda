"""The ops of a torch module: what its TTNN port needs, and which of that a device capture covers.

    graph = trace("build_model", *build("module.py:build_model", ()))
    needed_ops(graph.forward), find_coverage(graph.forward, analysis, registry(None))

Only functions of `building` and `tracing` import torch, when they are called.
"""

from perfsheet.models.torch_graph.coverage import Coverage, MissingOp, find_coverage, find_missing
from perfsheet.models.torch_graph.model import Graph, Module, NeededOp, needed_ops
from perfsheet.trials.registry import Registry, bundled, registry

__all__ = [
    "Coverage",
    "Graph",
    "MissingOp",
    "Module",
    "NeededOp",
    "Registry",
    "bundled",
    "find_coverage",
    "find_missing",
    "needed_ops",
    "registry",
]

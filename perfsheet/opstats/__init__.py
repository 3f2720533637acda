"""How often which op occurs, and how large its tensors are: over captures, or over the graphs of a torch module.

found = statistics([of_analysis("block", analysis)])
found.counts[0].op, found.inputs["MatmulDeviceOperation"].sizes
"""

from perfsheet.opstats.model import Node, Operand, OpStatistics, SizeDistribution, Source
from perfsheet.opstats.statistics import statistics

__all__ = ["Node", "OpStatistics", "Operand", "SizeDistribution", "Source", "statistics"]

"""The time of a window broken down as reports of a bring-up have it: layers, collectives, host ops."""

from perfsheet.analysis.breakdown.collectives import CollectiveGroup, collectives
from perfsheet.analysis.breakdown.host import HostScope, host_scopes
from perfsheet.analysis.breakdown.layers import DeviceSplit, LayerClass, layer_classes

__all__ = [
    "CollectiveGroup",
    "DeviceSplit",
    "HostScope",
    "LayerClass",
    "collectives",
    "host_scopes",
    "layer_classes",
]

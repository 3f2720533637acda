"""Analysis: pure functions from the ops table to small typed results."""

from perfsheet.analysis.analyze import Analysis, analyze
from perfsheet.analysis.options import Options, Selection
from perfsheet.analysis.window import Window, whole

__all__ = ["Analysis", "Options", "Selection", "Window", "analyze", "whole"]

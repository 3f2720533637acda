"""The profiler's own model (PM IDEAL): the constants behind a capture, and utilization without their errors."""

from perfsheet.analysis.pm.corrected import corrected_utilization
from perfsheet.analysis.pm.generations import GENERATIONS, Evidence, Generation, evidence

__all__ = ["GENERATIONS", "Evidence", "Generation", "corrected_utilization", "evidence"]

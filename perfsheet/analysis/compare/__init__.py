"""Before and after: `compare` sets two analyses side by side."""

from perfsheet.analysis.compare.compare import Comparison, compare

__all__ = ["Comparison", "compare"]

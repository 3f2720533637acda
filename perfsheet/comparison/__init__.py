"""Before and after: `compare` compares two analyses op by op."""

from perfsheet.comparison.compare import Comparison, compare

__all__ = ["Comparison", "compare"]

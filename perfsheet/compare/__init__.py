"""Before and after: `compare` sets two analyses side by side."""

from perfsheet.compare.compare import Comparison, compare

__all__ = ["Comparison", "compare"]

"""A target from its command to its analysis: profiled once or several times, replayed, or case by case.

done = profiled(RunRequest("pytest tests/test_block.py"), Plan(repeat=5), Options(), Watch())
done.analysis.summary, done.analysis.repeats, done.status
"""

from perfsheet.profiling.cases import profiled_cases
from perfsheet.profiling.model import Plan, Profiled
from perfsheet.profiling.series import profiled, replayed

__all__ = ["Plan", "Profiled", "profiled", "profiled_cases", "replayed"]

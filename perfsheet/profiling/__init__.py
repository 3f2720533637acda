"""From a target's command to its analysis: profiled once or several times, replayed, or case by case.

result = profile_target(RunRequest("pytest tests/test_block.py"), Plan(repeat=5), Options(), Watch())
result.analysis.summary, result.analysis.repeats, result.status
"""

from perfsheet.profiling.cases import profile_cases
from perfsheet.profiling.model import Plan, ProfilingResult
from perfsheet.profiling.series import check_expectations, profile_target, replay_target

__all__ = ["Plan", "ProfilingResult", "check_expectations", "profile_cases", "profile_target", "replay_target"]

"""The finding rules. To add one, copy a file of this folder and name it here (CONTRIBUTING.md)."""

from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.rules.base import Rule

RULES: tuple[Rule, ...] = (low_core_count.RULE, reshard.RULE)

__all__ = ["RULES", "Rule"]

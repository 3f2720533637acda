"""One cause, finding, op or rule in depth: why, the formulas with their numbers, cures with code, siblings."""

from perfsheet.explanation.explain import explain, explain_rule, rule_named
from perfsheet.explanation.model import CureInDepth, Explanation, Formula, Kind, Other

__all__ = ["CureInDepth", "Explanation", "Formula", "Kind", "Other", "explain", "explain_rule", "rule_named"]

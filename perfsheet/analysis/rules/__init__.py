"""The finding rules: every module of this folder that defines RULE is one (CONTRIBUTING.md has the walk-through)."""

from importlib import import_module
from pathlib import Path

from perfsheet.analysis.rules.base import Rule


def _discover() -> tuple[Rule, ...]:
    names = sorted(path.stem for folder in __path__ for path in Path(folder).glob("[!_]*.py"))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    rules: list[Rule] = [module.RULE for module in modules if hasattr(module, "RULE")]
    return tuple(sorted(rules, key=lambda rule: (rule.order, rule.id)))


RULES: tuple[Rule, ...] = _discover()
"""All rules, in the order in which the outputs list them."""

__all__ = ["RULES", "Rule"]

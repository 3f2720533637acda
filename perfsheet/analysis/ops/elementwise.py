"""What an elementwise op computes."""

from __future__ import annotations

import re
from functools import lru_cache

from perfsheet.analysis.ops.attributes import attribute, flatten
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.variants import Variant

_UNARY = re.compile(r"UnaryOpType::(\w+)")
_BINARY = re.compile(r"BinaryOpType::(\w+)")


def function(variant: Variant) -> str:
    """`SILU`, `MUL`; blank for a chain of several, where the capture does not say, and for other ops."""
    return _function(kind(variant.op_code), variant.attributes)


def fused_activation(variant: Variant) -> str:
    """The activation that an op applies to its result, `RELU`; blank without one."""
    return _fused_activation(variant.attributes)


@lru_cache(maxsize=4096)
def _fused_activation(attributes: str) -> str:
    if "UnaryOpType" not in attributes:
        return ""
    values = flatten(attributes)
    set_ones = (text for name, text in values.items() if "fused_activation" in name)
    return next((found[1] for text in set_ones if (found := _UNARY.search(text))), "")


@lru_cache(maxsize=4096)
def _function(what: str, attributes: str) -> str:
    if what == "unary":
        found = _UNARY.findall(attribute(attributes, "op_chain"))
    elif what == "binary":
        found = _BINARY.findall(attribute(attributes, "binary_op_type") or attribute(attributes, "op_type"))
    else:
        return ""
    return found[0] if len(found) == 1 else ""

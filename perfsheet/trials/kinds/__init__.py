"""The kinds of ops that can be built alone."""

from perfsheet.trials.kinds import (
    attention,
    cache,
    conv,
    cuts,
    elementwise,
    embedding,
    heads,
    layout,
    matmul,
    minimal_matmul,
    norm,
    reduction,
    softmax,
)
from perfsheet.trials.kinds.base import Kind, Variant

KINDS: tuple[Kind, ...] = (
    matmul.KIND,
    minimal_matmul.KIND,
    norm.KIND,
    softmax.KIND,
    attention.KIND,
    attention.DECODE,
    *heads.KINDS,
    elementwise.BINARY,
    elementwise.UNARY,
    elementwise.TYPECAST,
    conv.KIND,
    conv.POOL,
    *layout.KINDS,
    embedding.KIND,
    *cuts.KINDS,
    reduction.KIND,
    cache.KIND,
)


def kind_of(op_code: str) -> Kind | None:
    """The kind of an op; None for those that are not covered."""
    return next((kind for kind in KINDS if kind.has(op_code)), None)


__all__ = ["KINDS", "Kind", "Variant", "kind_of"]

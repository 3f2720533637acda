"""Heads split and joined in one op."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from perfsheet.analysis.rules.unfused_heads import keys_differ_in_length
from perfsheet.hardware.data_types import round_up_to_tile
from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.cures.base import Chain, moves, whole
from perfsheet.trials.memory import DRAM
from perfsheet.trials.recorded import Recorded

_SPLIT, _JOINED = r"N[Ll][Pp]Create\w*", r"N[Ll][Pp]ConcatHeads\w*"


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.experimental.nlp_concat_heads for what joins heads, nlp_create_qkv_heads for what splits them.

    Heads are joined where the chain reads [batch, heads, rows, size] and makes rows of heads × size, and split where it
    is the other way round. A chain that only exchanges heads and rows is taken to have fewer heads than rows.
    """
    first, last = chain.ops[0], chain.ops[-1]
    if not first.inputs or not last.outputs or not any(map(_swaps, chain.ops)):
        return
    given, made = first.inputs[0], last.output
    fewer = len(chain.ops) - 1
    if len(given.shape) != 4 or len(made.shape) != 4:
        return
    if _is_joined(given.shape, made.shape):
        heads = replace(whole(given), layout="TILE")
        code = Code({"x": heads}, "ttnn.experimental.nlp_concat_heads", ("x",), {"memory_config": DRAM.code})
        yield Proposal(code.function, code, (_JOINED,), fewer, moves(first, last, heads))
    elif _is_joined(made.shape, given.shape):
        batch, count, rows, size = made.shape
        name = "ttnn.experimental.nlp_create_qkv_heads"
        joined = replace(whole(given), layout="TILE", shape=(batch, 1, rows, 3 * count * size))
        options = {"num_heads": str(count), "num_kv_heads": str(count), "transpose_k_heads": "False"}
        code = Code({"qkv": joined}, name, ("qkv",), options)
        moved = moves(first, last, joined)
        together = Proposal(f"{name}, on Q, K and V as one tensor", code, (_SPLIT,), fewer, moved)
        alone = code.reading(qkv=replace(joined, shape=(batch, 1, rows, count * size))).given(
            num_heads="", num_kv_heads="", transpose_k_heads=""
        )
        label = f"{name}_segformer, on a tensor of its own"
        apart = Proposal(label, replace(alone, function=f"{name}_segformer"), (_SPLIT,), fewer, moved)
        # Q, K and V of different lengths are hardly one tensor.
        yield from (apart, together) if keys_differ_in_length(chain.facts) else (together, apart)


def _is_joined(heads: tuple[int, ...], rows: tuple[int, ...]) -> bool:
    """Whether [batch, heads, rows, size] are the heads of rows of heads × size, however the batch lies in these, or of
    [batch, rows, heads, size], where heads may be padded to a tile."""
    batch, count, length, size = heads
    if count > 1 and rows[-1] == count * size:
        return math.prod(rows[:-1]) == batch * length
    apart = (batch, length, size) == (rows[0], rows[1], rows[3])
    return 1 < count < length and apart and rows[2] in (count, round_up_to_tile(count))


def _swaps(op: Recorded) -> bool:
    """Whether it exchanges heads and rows."""
    if (
        not op.inputs
        or not op.outputs
        or len(op.inputs[0].shape) != 4
        or op.inputs[0].shape[1] == op.inputs[0].shape[2]
    ):
        return False
    batch, second, third, size = op.inputs[0].shape
    return op.output.shape == (batch, third, second, size)

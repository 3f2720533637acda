"""Two ops for which TTNN has one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.cures.base import Chain
from perfsheet.trials.kinds.elementwise import BINARY, UNARY
from perfsheet.trials.memory import Memory, Shard
from perfsheet.trials.recorded import Recorded
from perfsheet.trials.tensors import Tensor


def proposals(chain: Chain) -> Iterator[Proposal]:
    """The op that does both: a product with an activation, the update of two caches, the rotation of Q and K."""
    if len(chain.ops) != 2:
        return
    first, second = chain.ops
    name = first.op_code.lower()
    if name.startswith("pagedupdatecache"):
        yield from _caches(first, second)
    elif name.startswith("rotaryembeddingllama"):
        yield from _rotations(first, second)
    elif UNARY.has(first.op_code) and "MUL" in second.get("binary_op_type") and first.inputs and len(second.inputs) > 1:
        yield from _product(chain, first, second)


def _product(chain: Chain, first: Recorded, second: Recorded) -> Iterator[Proposal]:
    """ttnn.multiply with the activation of its first input."""
    index = int(chain.facts.ops.variants.of[chain.positions[0]])
    activation = chain.facts.functions[index]
    code = Code(
        {"a": first.inputs[0], "b": second.inputs[1]},
        "ttnn.multiply",
        ("a", "b"),
        {
            "input_tensor_a_activations": f"[ttnn.UnaryOpType.{activation}]",
            "memory_config": second.memory_code,
        },
    )
    yield Proposal(f"ttnn.multiply with {activation.lower()} of its first input", code, (BINARY.ops,), 1)


def _caches(first: Recorded, second: Recorded) -> Iterator[Proposal]:
    """ttnn.experimental.paged_fused_update_cache, what is written to the second cache on cores of its own."""
    if min(len(first.inputs), len(second.inputs)) < 4:
        return
    cache, new, index, table = first.inputs[:4]
    tensors = {
        "cache1": cache,
        "x1": new,
        "cache2": second.inputs[0],
        "x2": _beside(second.inputs[1], new, first.grid),
        "index": replace(index, shape=index.shape[-1:]),
        "table": replace(table, shape=table.shape[-2:]),
    }
    options = {"update_idxs_tensor": "index", "page_table": "table"}
    name = "ttnn.experimental.paged_fused_update_cache"
    code = Code(tensors, name, ("cache1", "x1", "cache2", "x2"), options)
    yield Proposal(f"{name}, K and V on cores of their own", code, (r"PagedFusedUpdateCache\w*",), 1, moved=1)


def _rotations(first: Recorded, second: Recorded) -> Iterator[Proposal]:
    """ttnn.experimental.rotary_embedding_llama_fused_qk, K on cores of its own, cosines and sines for both."""
    if min(len(first.inputs), len(second.inputs)) < 4:
        return
    q, cos, sin, turn = first.inputs[:4]
    k = _beside(second.inputs[0], q, first.grid)
    twice = {name: _twice(one, 1, first.grid) for name, one in (("cos", cos), ("sin", sin))}
    tensors = {"q": q, "k": k, **twice, "turn": _twice(turn, 2, first.grid)}
    name = "ttnn.experimental.rotary_embedding_llama_fused_qk"
    code = Code(tensors, name, ("q", "k", "cos", "sin", "turn"), {})
    yield Proposal(f"{name}, Q and K on cores of their own", code, (r"RotaryEmbedding\w*",), 1, moved=1)


def _beside(tensor: Tensor, other: Tensor, grid: tuple[int, int]) -> Tensor:
    """A tensor in as many shards as now, on the cores after those of another one, row by row."""
    memory, taken = tensor.memory, other.memory
    if memory is None or memory.shard is None or taken is None or taken.shard is None:
        return tensor
    ranges = _one_by_one(taken.shard.cores, memory.shard.cores, grid[0])
    return replace(tensor, memory=replace(memory, shard=replace(memory.shard, ranges=ranges)))


def _twice(tensor: Tensor, dimension: int, grid: tuple[int, int]) -> Tensor:
    """A tensor of Q with the same of K behind it, in twice as many shards."""
    memory = tensor.memory
    shape = tuple(2 * extent if place == dimension else extent for place, extent in enumerate(tensor.shape))
    if memory is None or memory.shard is None:
        return replace(tensor, shape=shape)
    cores = 2 * memory.shard.cores
    shard = Shard(_one_by_one(0, cores, grid[0]), memory.shard.shape)
    return replace(tensor, shape=shape, memory=Memory(memory.layout, memory.buffer, shard))


def _one_by_one(first: int, count: int, columns: int) -> tuple[tuple[int, int, int, int], ...]:
    """So many cores from this one on, one by one."""
    return tuple((at % columns, at // columns, at % columns, at // columns) for at in range(first, first + count))

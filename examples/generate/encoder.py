"""The encoder as a sequence of device ops, in the order in which ``encoder_block/ttnn_block.py`` calls them."""

from __future__ import annotations

from dataclasses import dataclass, field

from examples.encoder_block.config import BlockConfig, Variant
from examples.generate.ops import Op, OpFactory
from examples.generate.tensors import DRAM, L1, Memory, Tensor, block_sharded


@dataclass
class _Recorder:
    """Collects ops and hands on what each returns, so that the code below reads like the TT-NN code."""

    ops: list[Op] = field(default_factory=list)

    def __call__(self, op: Op) -> Tensor:
        self.ops.append(op)
        return op.outputs[0]


def embedding_ops(config: BlockConfig, variant: Variant) -> list[Op]:
    """Ops before the first block: look up, tilize, and for the sharded variant the one conversion that it keeps."""
    run, make = _Recorder(), OpFactory(config, variant)
    ids = Tensor((1, 1, 1, config.seq_len), dtype="UINT32", layout="ROW_MAJOR")
    table = Tensor((1, 1, config.seq_len, config.hidden), layout="ROW_MAJOR")  # the target's: a row per token
    stream = (1, 1, config.seq_len, config.hidden)
    rows = run(make.embedding(ids, table, Tensor(stream, layout="ROW_MAJOR")))
    x = run(make.tilize(rows, Tensor(stream)))
    if variant.sharded:
        run(make.reshard(x, block_sharded(config.seq_len, config.hidden)))
    return run.ops


def block_ops(config: BlockConfig, variant: Variant) -> list[Op]:
    """Ops of one encoder block."""
    return _sharded_block(config, variant) if variant.sharded else _interleaved_block(config, variant)


def _interleaved_block(config: BlockConfig, variant: Variant) -> list[Op]:
    run, make = _Recorder(), OpFactory(config, variant)
    x = Tensor((1, 1, config.seq_len, config.hidden))
    vectors = Tensor((1, 1, 1, config.hidden))

    def shard(tensor: Tensor) -> Tensor:
        return run(make.reshard(tensor, _shards(config, tensor.shape[-1])))

    def wrapped_linear(tensor: Tensor, width: int) -> Tensor:
        return run(make.reshard(run(make.linear(shard(tensor), width, _shards(config, width))), DRAM))

    normed = run(make.layer_norm(x, vectors, x))
    context = _attention(run, make, wrapped_linear(normed, config.qkv_width), DRAM)
    x = run(make.add(x, wrapped_linear(context, config.hidden)))

    normed = run(make.layer_norm(x, vectors, x))
    hidden = run(make.linear(shard(normed), config.ff_hidden, _shards(config, config.ff_hidden)))
    hidden = run(make.reshard(run(make.gelu(hidden)), DRAM))
    run(make.add(x, wrapped_linear(hidden, config.hidden)))
    return run.ops


def _sharded_block(config: BlockConfig, variant: Variant) -> list[Op]:
    run, make = _Recorder(), OpFactory(config, variant)
    stream = _shards(config, config.hidden)
    x = Tensor((1, 1, config.seq_len, config.hidden), stream)
    vectors = Tensor((1, 1, 1, config.hidden))

    normed = run(make.layer_norm(x, vectors, x))
    context = _attention(run, make, run(make.linear(normed, config.qkv_width, L1)), L1)
    x = run(make.add(x, run(make.linear(context, config.hidden, stream))))

    normed = run(make.layer_norm(x, vectors, x))
    hidden = run(make.linear(normed, config.ff_hidden, _shards(config, config.ff_hidden), fuse_gelu=True))
    run(make.add(x, run(make.linear(hidden, config.hidden, stream))))
    return run.ops


def _attention(run: _Recorder, make: OpFactory, qkv: Tensor, memory: Memory) -> Tensor:
    head = run(make.split_heads(qkv, memory))
    return run(make.concat_heads(run(make.attention(head))))


def _shards(config: BlockConfig, width: int) -> Memory:
    return block_sharded(config.seq_len, width)

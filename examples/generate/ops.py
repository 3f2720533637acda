"""The device ops that the encoder dispatches: one builder per TT-NN op, with its attributes, models and tensors."""

from __future__ import annotations

from dataclasses import dataclass, field

from examples.encoder_block.config import SHARD_GRID, TILE, WORKER_GRID, BlockConfig, Variant, matmul_blocking
from examples.generate import attributes, kernels, model
from examples.generate.kernels import Kernels, stable_hash
from examples.generate.tensors import DRAM, Memory, Tensor


@dataclass(frozen=True)
class Op:
    """One dispatched program, before it gets a place in time."""

    code: str
    attributes: dict[str, str]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    cores: int
    kernels: Kernels
    kernel_ns: float
    fidelity: str = ""
    pm: model.PerformanceModel = field(default=model.NO_MODEL)

    def attributes_text(self) -> str:
        """Render the attributes like a Python dict of strings, sorted by name as the profiler has them."""
        return str(dict(sorted(self.attributes.items())))

    def program_hash(self) -> int:
        """Identify op and configuration, as the program cache does."""
        return stable_hash(self.code, self.attributes_text(), repr(self.inputs))


@dataclass(frozen=True)
class OpFactory:
    """Builds the ops of one variant of the encoder."""

    config: BlockConfig
    variant: Variant

    @property
    def tile_rows(self) -> int:
        """Rows of tiles in the sequence: as many cores as ops use that give each core whole rows."""
        return self.config.seq_len // TILE

    def embedding(self, ids: Tensor, table: Tensor, output: Tensor) -> Op:
        cores = self.config.seq_len // 16  # 16 rows, one tile face, per core
        time = model.per_tile_ns(self.config.seq_len, cores, 480, output.dram_bytes)
        attrs = attributes.embedding(output.memory)
        return Op("EmbeddingsDeviceOperation", attrs, (ids, table), (output,), cores, kernels.EMBEDDING, time)

    def tilize(self, x: Tensor, output: Tensor) -> Op:
        time = model.per_tile_ns(output.tiles, self.tile_rows, 260)
        attrs = attributes.tilize(output.memory)
        return Op("TilizeDeviceOperation", attrs, (x,), (output,), self.tile_rows, kernels.TILIZE, time, "HiFi4")

    def layer_norm(self, x: Tensor, vectors: Tensor, output: Tensor) -> Op:
        sharded = bool(x.memory.shard)
        cores = SHARD_GRID.cores if sharded else self.tile_rows
        # Sharded rows span a row of cores, which exchange partial sums twice: 2 us, whatever the shard's size.
        time = model.per_tile_ns(x.tiles, cores, 700 if sharded else 1400) + (2000 if sharded else 0)
        return Op(
            "LayerNormDeviceOperation",
            attributes.layer_norm(self.config, self.variant, output.memory),
            (x, vectors, vectors),
            (output,),
            cores,
            kernels.LAYER_NORM_SHARDED if sharded else kernels.LAYER_NORM,
            time,
            self.variant.norm_fidelity,
        )

    def reshard(self, x: Tensor, memory: Memory) -> Op:
        """Convert between interleaved and block-sharded, in the direction that ``memory`` asks for."""
        output = Tensor(x.shape, memory, x.dtype)
        to_shards = bool(memory.shard)
        time = model.per_tile_ns(x.tiles, SHARD_GRID.cores, 60, x.dram_bytes + output.dram_bytes)
        return Op(
            "InterleavedToShardedDeviceOperation" if to_shards else "ShardedToInterleavedDeviceOperation",
            attributes.reshard(output.dtype, memory),
            (x,),
            (output,),
            SHARD_GRID.cores,
            kernels.INTERLEAVED_TO_SHARDED if to_shards else kernels.SHARDED_TO_INTERLEAVED,
            time,
        )

    def linear(self, x: Tensor, width: int, memory: Memory, fuse_gelu: bool = False) -> Op:
        rows, depth = x.shape[-2:]
        weights = Tensor((1, 1, depth, width), dtype=self.variant.weight_dtype)
        bias = Tensor((1, 1, 1, width))
        output = Tensor((1, 1, rows, width), memory)
        fidelity = self.variant.matmul_fidelity
        flops = 2 * rows * depth * width
        gelu_ns = output.tiles / SHARD_GRID.cores * 280 if fuse_gelu else 0.0
        blocking = matmul_blocking(self.config, self.variant, depth, width)
        return Op(
            "MatmulDeviceOperation",
            attributes.matmul(blocking, self.variant, memory, fuse_gelu),
            (x, weights, bias),
            (output,),
            SHARD_GRID.cores,
            kernels.MATMUL if x.memory.shard else kernels.MATMUL_INTERLEAVED_INPUT,
            model.matmul_ns(flops, fidelity, SHARD_GRID.cores, weights, gelu_ns),
            fidelity,
            model.gemm_model(flops, fidelity, (x, weights), (output,)),
        )

    def split_heads(self, qkv: Tensor, memory: Memory) -> Op:
        head = Tensor((1, self.config.heads, self.config.seq_len, self.config.head_dim), memory)
        time = model.per_tile_ns(qkv.tiles, self.tile_rows, 220 if memory == DRAM else 110)
        return Op(
            "NlpCreateHeadsDeviceOperation",
            attributes.split_heads(self.config, memory),
            (qkv,),
            (head, head, head),
            self.tile_rows,
            kernels.SPLIT_HEADS,
            time,
        )

    def attention(self, head: Tensor) -> Op:
        fidelity = self.variant.attention_fidelity
        flops = 4 * self.config.seq_len**2 * self.config.hidden
        return Op(
            "SDPAOperation",
            attributes.attention(self.config, self.variant, head.memory),
            (head, head, head),
            (head,),
            WORKER_GRID.cores,
            kernels.ATTENTION,
            model.attention_ns(flops, fidelity, WORKER_GRID.cores),
            fidelity,
            model.gemm_model(flops, fidelity, (head, head, head), (head,)),
        )

    def concat_heads(self, context: Tensor) -> Op:
        output = Tensor((1, 1, self.config.seq_len, self.config.hidden), context.memory)
        time = model.per_tile_ns(context.tiles, self.tile_rows, 220 if context.memory == DRAM else 110)
        attrs = attributes.concat_heads(context.memory)
        code = "NLPConcatHeadsDeviceOperation"
        return Op(code, attrs, (context,), (output,), self.tile_rows, kernels.CONCAT_HEADS, time)

    def add(self, x: Tensor, y: Tensor) -> Op:
        cores = SHARD_GRID.cores if x.memory.shard else WORKER_GRID.cores
        time = model.per_tile_ns(x.tiles, cores, 220, x.dram_bytes + y.dram_bytes + x.dram_bytes)
        attrs = attributes.add(x.memory)
        return Op("BinaryNgDeviceOperation", attrs, (x, y), (x,), cores, kernels.ADD, time, "HiFi4")

    def gelu(self, x: Tensor) -> Op:
        time = model.per_tile_ns(x.tiles, SHARD_GRID.cores, 900)
        attrs = attributes.gelu(x.memory)
        return Op("UnaryDeviceOperation", attrs, (x,), (x,), SHARD_GRID.cores, kernels.GELU, time, "HiFi4")

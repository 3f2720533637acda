"""The encoder in TT-NN, for one Wormhole n150. Import it only where ttnn and torch are installed.

Both variants compute the same block. ``before`` is a first port: tensors live in DRAM, LayerNorm runs on as many cores
as the sequence has tile rows, and each matmul is sharded by itself, with a conversion before and after it. ``after``
keeps the residual stream block-sharded in L1, so that LayerNorm, matmuls and additions work on the shards in place.
Only attention, whose op takes interleaved tensors, leaves them; the matmuls next to it read and write interleaved L1
directly, so no conversion is left between two ops.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import ttnn

from examples.encoder_block.config import SHARD_GRID, TILE, WORKER_GRID, BlockConfig, Variant, matmul_blocking
from examples.encoder_block.numerics import FloatArray
from examples.encoder_block.reference import LayerWeights
from examples.encoder_block.ttnn_weights import DeviceWeights, upload

FIDELITIES = {
    "LoFi": ttnn.MathFidelity.LoFi,
    "HiFi2": ttnn.MathFidelity.HiFi2,
    "HiFi3": ttnn.MathFidelity.HiFi3,
    "HiFi4": ttnn.MathFidelity.HiFi4,
}


class Encoder:
    """The encoder's weights and op configurations for one variant on one device."""

    def __init__(self, device: ttnn.Device, weights: list[LayerWeights], config: BlockConfig, variant: Variant) -> None:
        self.device = device
        self.config = config
        self.variant = variant
        self.layers = [upload(layer, device, variant.weight_dtype) for layer in weights]
        self.norm_kernel = self._kernel(variant.norm_fidelity)
        self.matmul_kernel = self._kernel(variant.matmul_fidelity)
        self.attention_kernel = self._kernel(variant.attention_fidelity)
        self.attention_config = ttnn.SDPAProgramConfig(
            compute_with_storage_grid_size=(WORKER_GRID.x, WORKER_GRID.y),
            q_chunk_size=variant.q_chunk,
            k_chunk_size=variant.k_chunk,
            exp_approx_mode=variant.sharded,
        )
        self.norm_config = self._norm_config() if variant.sharded else ttnn.LayerNormDefaultProgramConfig()

    def embed(self, token_ids: npt.NDArray[np.integer], table: FloatArray) -> ttnn.Tensor:
        """Look up the tokens and lay them out as the first block expects them."""
        ids = ttnn.from_torch(
            torch.from_numpy(token_ids.astype("int32")).reshape(1, -1), dtype=ttnn.uint32, device=self.device
        )
        rows = ttnn.from_torch(torch.from_numpy(table).to(torch.bfloat16), dtype=ttnn.bfloat16, device=self.device)
        embedded = ttnn.embedding(ids, rows, memory_config=ttnn.DRAM_MEMORY_CONFIG)
        embedded = ttnn.reshape(embedded, (1, 1, self.config.seq_len, self.config.hidden))
        x = ttnn.to_layout(embedded, ttnn.TILE_LAYOUT)
        return self._shard(x, self.config.hidden) if self.variant.sharded else x

    def __call__(self, x: ttnn.Tensor) -> ttnn.Tensor:
        """Run all blocks; ``x`` is left as it was, so that a second pass can start from it."""
        block = self._sharded_block if self.variant.sharded else self._interleaved_block
        for layer in self.layers:
            x = block(x, layer)
        return x

    def download(self, x: ttnn.Tensor) -> FloatArray:
        """Bring a result to the host as ``[seq, hidden]``."""
        result: FloatArray = ttnn.to_torch(x).to(torch.float32).reshape(self.config.seq_len, -1).numpy()
        return result

    def _interleaved_block(self, x: ttnn.Tensor, layer: DeviceWeights) -> ttnn.Tensor:
        dram = ttnn.DRAM_MEMORY_CONFIG
        normed = self._norm(x, layer.norm1_gain, layer.norm1_shift, dram)
        qkv = self._wrapped_linear(normed, layer.qkv, layer.qkv_bias)
        context = self._wrapped_linear(self._attention(qkv, dram), layer.out, layer.out_bias)
        x = ttnn.add(x, context, memory_config=dram)

        normed = self._norm(x, layer.norm2_gain, layer.norm2_shift, dram)
        hidden = self._linear(self._shard(normed, self.config.hidden), layer.ff1, layer.ff1_bias)
        hidden = ttnn.gelu(hidden, memory_config=hidden.memory_config())
        # Back to DRAM, only for the next linear to shard it again: the back-to-back pair that `after` loses.
        hidden = ttnn.sharded_to_interleaved(hidden, dram)
        return ttnn.add(x, self._wrapped_linear(hidden, layer.ff2, layer.ff2_bias), memory_config=dram)

    def _sharded_block(self, x: ttnn.Tensor, layer: DeviceWeights) -> ttnn.Tensor:
        stream = self._block_sharded(self.config.hidden)
        l1 = ttnn.L1_MEMORY_CONFIG
        normed = self._norm(x, layer.norm1_gain, layer.norm1_shift, stream)
        qkv = self._linear(normed, layer.qkv, layer.qkv_bias, memory_config=l1)
        context = self._linear(self._attention(qkv, l1), layer.out, layer.out_bias)
        x = ttnn.add(x, context, memory_config=stream)

        normed = self._norm(x, layer.norm2_gain, layer.norm2_shift, stream)
        hidden = self._linear(normed, layer.ff1, layer.ff1_bias, fuse_gelu=True)
        return ttnn.add(x, self._linear(hidden, layer.ff2, layer.ff2_bias), memory_config=stream)

    def _norm(
        self, x: ttnn.Tensor, gain: ttnn.Tensor, shift: ttnn.Tensor, memory_config: ttnn.MemoryConfig
    ) -> ttnn.Tensor:
        return ttnn.layer_norm(
            x,
            epsilon=self.config.epsilon,
            weight=gain,
            bias=shift,
            memory_config=memory_config,
            program_config=self.norm_config,
            compute_kernel_config=self.norm_kernel,
        )

    def _attention(self, qkv: ttnn.Tensor, memory_config: ttnn.MemoryConfig) -> ttnn.Tensor:
        query, key, value = ttnn.experimental.nlp_create_qkv_heads(
            qkv, num_heads=self.config.heads, transpose_k_heads=False, memory_config=memory_config
        )
        context = ttnn.transformer.scaled_dot_product_attention(
            query,
            key,
            value,
            is_causal=False,
            scale=self.config.scale,
            memory_config=memory_config,
            program_config=self.attention_config,
            compute_kernel_config=self.attention_kernel,
        )
        return ttnn.experimental.nlp_concat_heads(context, memory_config=memory_config)

    def _wrapped_linear(self, x: ttnn.Tensor, weight: ttnn.Tensor, bias: ttnn.Tensor) -> ttnn.Tensor:
        sharded = self._shard(x, x.shape[-1])
        return ttnn.sharded_to_interleaved(self._linear(sharded, weight, bias), ttnn.DRAM_MEMORY_CONFIG)

    def _linear(
        self,
        x: ttnn.Tensor,
        weight: ttnn.Tensor,
        bias: ttnn.Tensor,
        memory_config: ttnn.MemoryConfig | None = None,
        fuse_gelu: bool = False,
    ) -> ttnn.Tensor:
        """Multiply on the shard grid; the result is block-sharded unless ``memory_config`` says otherwise."""
        blocking = matmul_blocking(self.config, self.variant, x.shape[-1], weight.shape[-1])
        program_config = ttnn.MatmulMultiCoreReuseMultiCastProgramConfig(
            compute_with_storage_grid_size=(SHARD_GRID.x, SHARD_GRID.y),
            in0_block_w=blocking.in0_block_w,
            out_subblock_h=blocking.out_subblock_h,
            out_subblock_w=blocking.out_subblock_w,
            per_core_M=blocking.per_core_m,
            per_core_N=blocking.per_core_n,
            transpose_mcast=False,
            fused_activation=ttnn.UnaryWithParam(ttnn.UnaryOpType.GELU, True) if fuse_gelu else None,
        )
        return ttnn.linear(
            x,
            weight,
            bias=bias,
            dtype=ttnn.bfloat16,
            memory_config=memory_config or self._block_sharded(weight.shape[-1]),
            program_config=program_config,
            compute_kernel_config=self.matmul_kernel,
        )

    def _shard(self, x: ttnn.Tensor, width: int) -> ttnn.Tensor:
        return ttnn.interleaved_to_sharded(x, self._block_sharded(width))

    def _block_sharded(self, width: int) -> ttnn.MemoryConfig:
        return ttnn.create_sharded_memory_config(
            (1, 1, self.config.seq_len, width),
            core_grid=ttnn.CoreGrid(x=SHARD_GRID.x, y=SHARD_GRID.y),
            strategy=ttnn.ShardStrategy.BLOCK,
        )

    def _norm_config(self) -> ttnn.LayerNormShardedMultiCoreProgramConfig:
        block_w = self.config.hidden // TILE // SHARD_GRID.x
        return ttnn.LayerNormShardedMultiCoreProgramConfig(
            compute_with_storage_grid_size=(SHARD_GRID.x, SHARD_GRID.y),
            subblock_w=block_w,
            block_h=self.config.seq_len // TILE // SHARD_GRID.y,
            block_w=block_w,
            inplace=False,
        )

    def _kernel(self, fidelity: str) -> ttnn.WormholeComputeKernelConfig:
        return ttnn.WormholeComputeKernelConfig(
            math_fidelity=FIDELITIES[fidelity],
            math_approx_mode=self.variant.sharded,
            fp32_dest_acc_en=not self.variant.sharded,
            packer_l1_acc=True,
        )

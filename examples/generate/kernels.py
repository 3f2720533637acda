"""Kernel sources that tt-metal builds for the ops of the encoder, and stable stand-ins for their hashes and sizes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_OPS = "ttnn/cpp/ttnn/operations"
_UNARY = f"{_OPS}/eltwise/unary/device/kernels"
_SHARDED = f"{_OPS}/data_movement/sharded/device/kernels/dataflow"
_MATMUL = f"{_OPS}/matmul/device/kernels"
_NORM = f"{_OPS}/normalization/layernorm/device/kernels"
_HEADS = f"{_OPS}/experimental/transformer"
_SDPA = f"{_OPS}/transformer/sdpa/device/kernels"
_BINARY = f"{_OPS}/eltwise/binary_ng/device"


@dataclass(frozen=True)
class Kernels:
    """Compute and data-movement kernels of a program; the sizes are the largest per processor."""

    compute: tuple[str, ...] = ()
    dataflow: tuple[str, ...] = ()

    def cells(self, program: str) -> dict[str, str]:
        """Return the columns about kernels; ``program`` identifies the configuration that they were built for."""
        cells = {
            "COMPUTE KERNEL SOURCE": str(list(self.compute)),
            "COMPUTE KERNEL HASH": str([_hash_text(source, program) for source in self.compute]),
            "DATA MOVEMENT KERNEL SOURCE": str(list(self.dataflow)),
            "DATA MOVEMENT KERNEL HASH": str([_hash_text(source, program) for source in self.dataflow]),
        }
        for index in range(2):
            used = index < len(self.dataflow)
            cells[f"TENSIX DM {index} MAX KERNEL SIZE [B]"] = str(_size(program, f"dm{index}", 700) if used else 0)
        for index in range(3):
            size = _size(program, f"compute{index}", 900) if self.compute else 0
            cells[f"TENSIX COMPUTE {index} MAX KERNEL SIZE [B]"] = str(size)
        for kind in ("ACTIVE", "IDLE"):
            cells |= {f"{kind} ETH DM {index} MAX KERNEL SIZE [B]": "0" for index in range(2)}
        return cells


def stable_hash(*parts: str) -> int:
    """Hash to 64 bits, the same on every machine and in every run."""
    return int.from_bytes(hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest(), "little")


def _hash_text(source: str, program: str) -> str:
    name = source.rsplit("/", 1)[-1].removesuffix(".cpp")
    return f"{name}/{stable_hash(source, program)}/"


def _size(program: str, processor: str, base: int) -> int:
    return base + 4 * (stable_hash(program, processor) % 500)


EMBEDDING = Kernels(
    dataflow=(
        f"{_OPS}/embedding/device/kernels/dataflow/embeddings.cpp",
        "ttnn/cpp/ttnn/deprecated/tt_dnn/kernels/dataflow/writer_unary_stick_layout_interleaved_start_id.cpp",
    )
)
TILIZE = Kernels(
    compute=("ttnn/cpp/ttnn/kernel/compute/tilize.cpp",),
    dataflow=(
        f"{_OPS}/data_movement/tilize/device/kernels/dataflow/reader_unary_stick_layout_split_rows_interleaved.cpp",
        f"{_UNARY}/dataflow/writer_unary_interleaved_start_id.cpp",
    ),
)
INTERLEAVED_TO_SHARDED = Kernels(
    dataflow=(
        f"{_SHARDED}/reader_unary_sharded_blocks_interleaved_start_id.cpp",
        f"{_SHARDED}/writer_unary_sharded.cpp",
    )
)
SHARDED_TO_INTERLEAVED = Kernels(
    dataflow=(
        f"{_UNARY}/dataflow/reader_unary_sharded.cpp",
        f"{_SHARDED}/writer_unary_sharded_blocks_interleaved_start_id.cpp",
    )
)
MATMUL = Kernels(
    compute=(f"{_MATMUL}/compute/bmm_large_block_zm_fused_bias_activation.cpp",),
    dataflow=(
        f"{_MATMUL}/dataflow/reader_bmm_tile_layout_in0_sender_receiver_padding_block_sharded.cpp",
        f"{_MATMUL}/dataflow/reader_bmm_tile_layout_in1_sender_writer_padding.cpp",
        f"{_MATMUL}/dataflow/reader_bmm_tile_layout_in1_receiver_writer_padding.cpp",
    ),
)
MATMUL_INTERLEAVED_INPUT = Kernels(
    compute=MATMUL.compute,
    dataflow=(f"{_MATMUL}/dataflow/reader_bmm_tile_layout_in0_sender_padding.cpp", *MATMUL.dataflow[1:]),
)
LAYER_NORM = Kernels(
    compute=(f"{_NORM}/compute/layernorm.cpp",),
    dataflow=(
        f"{_NORM}/dataflow/reader_unary_interleaved_ln.cpp",
        f"{_NORM}/dataflow/writer_unary_interleaved_start_id_blocked.cpp",
    ),
)
LAYER_NORM_SHARDED = Kernels(
    compute=(f"{_NORM}/compute/layernorm_sharded.cpp",),
    dataflow=(
        f"{_NORM}/dataflow/reader_mcast_sender_unary_sharded_ln.cpp",
        f"{_NORM}/dataflow/writer_unary_sharded_ln.cpp",
    ),
)
SPLIT_HEADS = Kernels(
    dataflow=(
        f"{_HEADS}/nlp_create_qkv_heads/device/kernels/dataflow/reader_tm_tile_layout_nlp_create_qkv_heads.cpp",
        f"{_HEADS}/nlp_create_qkv_heads/device/kernels/dataflow/writer_tm_tile_layout_nlp_create_qkv_heads.cpp",
    )
)
ATTENTION = Kernels(
    compute=(f"{_SDPA}/compute/sdpa.cpp",),
    dataflow=(f"{_SDPA}/dataflow/reader_interleaved.cpp", f"{_SDPA}/dataflow/writer_interleaved.cpp"),
)
CONCAT_HEADS = Kernels(
    dataflow=(
        f"{_HEADS}/nlp_concat_heads/device/kernels/dataflow/reader_tm_tile_layout_nlp_concat_heads.cpp",
        f"{_UNARY}/dataflow/writer_unary_interleaved_start_id.cpp",
    )
)
ADD = Kernels(
    compute=(f"{_BINARY}/kernels/compute/eltwise_binary_no_bcast.cpp",),
    dataflow=(
        f"{_BINARY}/kernels_ng/dataflow/reader_interleaved_no_bcast.cpp",
        f"{_BINARY}/kernels_ng/dataflow/writer_interleaved_no_bcast.cpp",
    ),
)
GELU = Kernels(
    compute=(f"{_UNARY}/compute/eltwise_sfpu.cpp",), dataflow=(f"{_UNARY}/dataflow/reader_unary_sharded.cpp",)
)

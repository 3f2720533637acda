"""The encoder's weights on the device. Import it only where ttnn and torch are installed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import ttnn

from examples.encoder_block.config import DType
from examples.encoder_block.numerics import FloatArray
from examples.encoder_block.reference import LayerWeights

DTYPES = {"BFLOAT16": ttnn.bfloat16, "BFLOAT8_B": ttnn.bfloat8_b}
MATRICES = ("qkv", "out", "ff1", "ff2")


@dataclass(frozen=True)
class DeviceWeights:
    """One layer's weights on the device, named as in the reference."""

    norm1_gain: ttnn.Tensor
    norm1_shift: ttnn.Tensor
    qkv: ttnn.Tensor
    qkv_bias: ttnn.Tensor
    out: ttnn.Tensor
    out_bias: ttnn.Tensor
    norm2_gain: ttnn.Tensor
    norm2_shift: ttnn.Tensor
    ff1: ttnn.Tensor
    ff1_bias: ttnn.Tensor
    ff2: ttnn.Tensor
    ff2_bias: ttnn.Tensor


def upload(layer: LayerWeights, device: ttnn.Device, matrix_dtype: DType) -> DeviceWeights:
    """Put one layer into DRAM, its matrices as ``matrix_dtype``.

    Only the matrices change format: vectors are small, and a block exponent would cost them precision for nothing.
    """

    def put(name: str, values: FloatArray) -> ttnn.Tensor:
        return ttnn.from_torch(
            torch.from_numpy(values).to(torch.float32).reshape(1, 1, -1, values.shape[-1]),
            dtype=DTYPES[matrix_dtype] if name in MATRICES else ttnn.bfloat16,
            layout=ttnn.TILE_LAYOUT,
            device=device,
            memory_config=ttnn.DRAM_MEMORY_CONFIG,
        )

    return DeviceWeights(**{name: put(name, values) for name, values in vars(layer).items()})

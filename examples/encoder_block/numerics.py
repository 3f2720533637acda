"""The number formats that the device stores, done in numpy, and the measure that compares two results."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
Rounding = Callable[[FloatArray], FloatArray]

BLOCK = 16
"""Values that share one exponent in a block float: one row of a 16 x 16 tile face."""


def to_bfloat16(values: FloatArray) -> npt.NDArray[np.float32]:
    """Round to bfloat16 (nearest, ties to even) and return the values as float32."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    # Half of the last kept bit, less one where that bit is even: carries exactly when nearest-even says so.
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    result = (rounded & np.uint32(0xFFFF0000)).view(np.float32)
    # The carry would turn a NaN with a full mantissa into a zero.
    return np.where(np.isnan(result) | np.isfinite(values), result, np.asarray(values, dtype=np.float32))


def to_bfloat8_b(values: FloatArray) -> npt.NDArray[np.float32]:
    """Round to bfloat8_b: 16 neighbours of a row share the largest one's exponent, each keeps sign and 7 bits."""
    source = np.asarray(values, dtype=np.float32)
    if source.shape[-1] % BLOCK:
        raise ValueError(f"the last dimension must be a multiple of {BLOCK}, not {source.shape[-1]}")
    blocks = source.reshape(*source.shape[:-1], -1, BLOCK)
    # frexp's mantissa is in [0.5, 1), so with this exponent the largest magnitude uses all 7 bits.
    _, exponent = np.frexp(np.abs(blocks).max(axis=-1, keepdims=True))
    step = np.ldexp(np.float32(1.0), exponent - 7)
    steps = np.clip(np.rint(blocks / step), -127, 127)
    stored: npt.NDArray[np.float32] = (steps * step).astype(np.float32).reshape(source.shape)
    return stored


def exact(values: FloatArray) -> FloatArray:
    """Keep the values as they are: the reference's rounding."""
    return values


ROUNDINGS: dict[str, Rounding] = {"BFLOAT16": to_bfloat16, "BFLOAT8_B": to_bfloat8_b}


def pcc(expected: FloatArray, actual: FloatArray) -> float:
    """Pearson correlation of two tensors of one shape; 0 when either holds a NaN, an infinity or a constant."""
    if expected.shape != actual.shape:
        raise ValueError(f"shapes differ: {expected.shape} and {actual.shape}")
    x = np.asarray(expected, dtype=np.float64).ravel()
    y = np.asarray(actual, dtype=np.float64).ravel()
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return 0.0
    x = x - x.mean()
    y = y - y.mean()
    norm = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / norm if norm else 0.0

"""PCC, the measure of accuracy: how it is computed, which values cannot be, and how it is written.

    >>> perfsheet.pcc(ttnn.to_torch(output), golden)
    0.99981...

Imports numpy only when it computes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from perfsheet.errors import usage

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

NOISE = 1e-5
"""How far rounding in float32 may lift a PCC above 1."""
RANGE = "a PCC is from -1 to 1"
MARKED = " (impossible)"
"""Stands behind a figure that no measurement can give; a terminal may put `!` in front instead."""
_DIGITS = "0.000001"
_RTOL, _ATOL = 1e-5, 1e-4
_STEPS = 4
"""Constants may differ by as many steps of a 16-bit float."""
_EPSILON = {"bfloat16": 2.0**-7, "float16": 2.0**-10}
_HINT = "give two numpy arrays or torch tensors of one shape (ttnn.to_torch reads a tensor back)"


def pcc(a: Any, b: Any) -> float:
    """The Pearson correlation coefficient of two tensors: Σ(a−ā)(b−b̄) / √(Σ(a−ā)² · Σ(b−b̄)²), from -1 to 1.

    Takes numpy arrays, whatever has `__array__`, and torch tensors, bfloat16 too, on any device. Shapes must agree but
    for dimensions of 1. All is computed in float64.

    - Equal tensors, NaNs and infinities at the same places included, have 1.
    - Places where both have a NaN, or both the same infinity, are left out of the sums.
    - A NaN or an infinity that the other tensor does not have at that place gives 0: it is wrong, whatever the rest is.
    - A constant tensor has no correlation: 1 if all values are close (to 1e-4 + 1e-5 of the value, or four steps of a
      16-bit float where either tensor is one), else 0.

    What differs from TTNN's own comparison is in docs/accuracy.md. Raises PerfsheetError (exit status 2) for other
    shapes, and for what holds no numbers.
    """
    import numpy as np

    x, y = _array(a), _array(b)
    if _squeezed(x) != _squeezed(y):
        raise usage(f"no PCC of tensors of shapes {list(x.shape)} and {list(y.shape)}", _HINT)
    slack = max(_RTOL, _STEPS * max(_epsilon(a), _epsilon(b)))
    x, y = _numbers(x), _numbers(y)
    finite = np.isfinite(x) & np.isfinite(y)
    if not np.array_equal(x[~finite], y[~finite], equal_nan=True):
        return 0.0
    x, y = x[finite], y[finite]
    if np.array_equal(x, y):
        return 1.0
    if x.min() == x.max() or y.min() == y.max():
        return float(np.allclose(x, y, rtol=slack, atol=_ATOL))
    return max(-1.0, min(1.0, float(_centred(x) @ _centred(y))))


def _centred(values: FloatArray) -> FloatArray:
    """The values less their mean, as a vector of length 1; scaled first, so that no square overflows."""
    import numpy as np

    scaled = values / np.abs(values).max()
    scaled = scaled - scaled.mean()
    scaled = scaled / np.abs(scaled).max()
    return np.asarray(scaled / np.linalg.norm(scaled))


def _array(tensor: Any) -> npt.NDArray[Any]:
    """A tensor as an array; numpy has no bfloat16, so torch makes one of those float32."""
    import numpy as np

    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        try:
            tensor = tensor.numpy()
        except TypeError:
            tensor = tensor.float().numpy()
    try:
        return np.asarray(tensor)
    except ValueError as error:
        raise usage(f"no PCC of what holds no numbers ({error})", _HINT) from None


def _numbers(array: npt.NDArray[Any]) -> FloatArray:
    """All numbers in a row, complex ones as two."""
    import numpy as np

    try:
        if np.iscomplexobj(array):
            array = np.stack([array.real, array.imag])
        return array.astype(np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise usage(f"no PCC of what holds no numbers ({error})", _HINT) from None


def _squeezed(array: npt.NDArray[Any]) -> tuple[int, ...]:
    return tuple(size for size in array.shape if size != 1)


def _epsilon(tensor: Any) -> float:
    """The step of a 16-bit float at 1; 0 of other types."""
    return _EPSILON.get(str(getattr(tensor, "dtype", "")).rpartition(".")[2], 0.0)


PROPERTY = "pcc"
"""The pytest user property in which a test records its PCC; `pcc:encoder.attention` is that of a module."""


def property_of(module: str) -> str:
    """The property for the PCC of a module; blank = of the test as a whole."""
    return f"{PROPERTY}:{module}" if module else PROPERTY


def module_of(name: str) -> str | None:
    """The module whose PCC a property has, blank = the test as a whole; None for other properties."""
    kind, _, module = name.partition(":")
    return module.strip() if kind.strip().lower() == PROPERTY else None


def why_impossible(value: float) -> str:
    """Why no two tensors have this PCC; blank if they may."""
    if not math.isfinite(value):
        return "it is not a finite number"
    return RANGE if abs(value) > 1 + NOISE else ""


def possible(value: float | None) -> float | None:
    """The PCC without the noise of float32 above 1; None if it is unknown or cannot be."""
    return None if value is None or why_impossible(value) else max(-1.0, min(1.0, value))


def text(value: float) -> str:
    """`0.9998`, six decimals at most; rounded down, so that a PCC below a limit never reads like it."""
    from decimal import ROUND_FLOOR, Decimal

    return f"{Decimal(repr(float(value))).quantize(Decimal(_DIGITS), ROUND_FLOOR).normalize():f}"

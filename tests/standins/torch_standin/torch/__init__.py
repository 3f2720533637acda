"""A stand-in for torch, for a TTNN that must import it but has no use for its values.

TTNN asks `isinstance(value, torch.Tensor)` at every call that it records, and its golden functions name dtypes and
functions of torch while they are imported. On a mock board nothing is computed, so the 200 MB of the real package buy
nothing: here every name is a class, and no tensor is ever one of them. `from_numpy` alone does something: it gives a
numpy array, which `ttnn.from_torch` accepts as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class _Name(type):
    """A class whose every attribute is one more such class, and which can be called, or joined to others with `|`."""

    def __getattr__(cls, name: str) -> _Name:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(name, (), {})

    def __call__(cls, *_arguments: object, **_keywords: object) -> Any:
        return object.__new__(cls)

    def __or__(cls, _other: object) -> _Name:
        return cls

    def __ror__(cls, _other: object) -> _Name:
        return cls


class Tensor(metaclass=_Name):
    """What no value is an instance of."""


class _Array(np.ndarray):
    """A numpy array that can be asked for a dtype of torch; it stays as it is, for `ttnn.from_torch` converts it."""

    def to(self, _dtype: object) -> _Array:
        return self


# The bindings take an object for one of torch if its class lives in a module of this name.
_Array.__module__ = "numpy"


def from_numpy(values: npt.NDArray[Any]) -> _Array:
    """These values, as 32-bit floats where they are floats: the widest that TTNN takes."""
    if values.dtype == np.float64:
        values = values.astype(np.float32)
    return values.view(_Array)


def __getattr__(name: str) -> _Name:
    if name.startswith("__"):
        raise AttributeError(name)
    made = globals()[name] = _Name(name, (), {})
    return made

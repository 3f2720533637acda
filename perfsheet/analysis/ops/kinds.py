"""Op names across builds.

Builds write `Matmul` or `MatmulDeviceOperation` for the same op, and some ops were renamed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SUFFIX = re.compile(r"(?:device)?(?:operation|op)$")

# Earlier names of current ops, as seen in captures of 2023 to 2026 (docs/compare.md).
_RENAMED = {
    "optimizedconvnew": "conv2d",
    "optimizedconv": "conv2d",
    "eltwisebinary": "binary",
    "binaryng": "binary",
    "bcast": "binary",
    "eltwiseunary": "unary",
    "embedding": "embeddings",
    "maxpool": "pool2d",
    "maxpoolnew": "pool2d",
    "reshapeview": "reshape",
    "scaleddotproductattention": "sdpa",
    "scaleddotproductattentiondecode": "sdpadecode",
    "unpad": "slice",
    "untilizewithhalov2": "halo",
}


@lru_cache(maxsize=1 << 16)
def kind(op_code: str) -> str:
    """The kind of an op, independent of the build: `matmul`, `conv2d`."""
    stem = _stem(op_code)
    return _RENAMED.get(stem, stem)


_SAME_WORK = {"minimalmatmul": "matmul"}


def same_work(op_code: str) -> str:
    """The kind of the op that computes the same, if TTNN has several: `matmul` for a minimal matmul."""
    return _SAME_WORK.get(kind(op_code), kind(op_code))


def label(op_codes: Iterable[str]) -> str:
    """The name to show for several names of one kind: the current full name, independent of their order."""
    return max(
        op_codes, key=lambda name: (name.endswith("DeviceOperation"), _stem(name) not in _RENAMED, len(name), name)
    )


def _stem(op_code: str) -> str:
    """The name without its namespace and its ending."""
    bare = op_code.rsplit("::", 1)[-1].strip().replace("_", "").lower()
    return _SUFFIX.sub("", bare) or bare

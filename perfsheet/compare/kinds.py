"""Which op is which across builds: the same device op goes by several names.

Builds write `Matmul` or `MatmulDeviceOperation` for one op; some ops were renamed for good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SUFFIX = re.compile(r"(?:device)?(?:operation|op)$")

# Earlier names of today's ops, as captures of 2023 to 2026 have them (docs/compare.md says where each was seen).
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


@lru_cache(maxsize=4096)
def kind(op_code: str) -> str:
    """What an op is, whatever the build calls it: `matmul`, `conv2d`."""
    stem = _stem(op_code)
    return _RENAMED.get(stem, stem)


def label(op_codes: Iterable[str]) -> str:
    """Of several names of one kind the one that is shown: today's full name, however the sides are ordered."""
    return max(
        op_codes, key=lambda name: (name.endswith("DeviceOperation"), _stem(name) not in _RENAMED, len(name), name)
    )


def _stem(op_code: str) -> str:
    """The name without its namespace and its ending."""
    bare = op_code.rsplit("::", 1)[-1].strip().replace("_", "").lower()
    return _SUFFIX.sub("", bare) or bare

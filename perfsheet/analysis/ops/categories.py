"""The category of each op code, by one table.

The first pattern that occurs in the op code decides. Order matters when names contain one another: ConvertToChw is data
movement, not a convolution; a fused AllGatherMatmul counts as matmul.
"""

from __future__ import annotations

import re
from functools import lru_cache

MATMUL = "matmul"
CONV = "conv"
RESHARD = "reshard"
ATTENTION = "attention"
COLLECTIVE = "collective"
LAYOUT = "layout"
DATA_MOVEMENT = "data movement"
CACHE = "cache"
OTHER = "other"

_TABLE: tuple[tuple[str, str], ...] = (
    (RESHARD, r"Reshard|InterleavedToSharded|ShardedToInterleaved"),
    (DATA_MOVEMENT, r"(?i:convert_?to_?(?:chw|hwc))"),
    (DATA_MOVEMENT, r"ConcatHeads|CreateHeads|CreateQKVHeads|SplitQueryKeyValue|SplitFused"),
    (MATMUL, r"(?i:matmul|\bbmm\b|^linear)"),
    (ATTENTION, r"(?i:sdpa|scaled_?dot_?product|flash_?mla|attention)"),
    (CONV, r"(?i:conv(?:_?transpose)?_?[123]d|optimizedconv|convnew|^conv$|^conv(?:op|device))"),
    (
        COLLECTIVE,
        r"(?i:all_?gather|reduce_?scatter|all_?reduce|all_?to_?all|all_?broadcast|point_?to_?point|barrier|mesh_?partition"
        r"|^dispatch|^combine)",
    ),
    ("normalisation", r"(?i:layer_?norm|rms_?norm|group_?norm|batch_?norm|norm)"),
    ("softmax", r"(?i:softmax)"),
    (CACHE, r"(?i:kv_?cache|update_?cache|fill_?cache|paged)"),
    ("rotary", r"(?i:rotary)"),
    ("embedding", r"(?i:embedding)"),
    ("pooling", r"(?i:pool|upsample|grid_?sample)"),
    (LAYOUT, r"(?i:tilize|typecast)"),
    (
        DATA_MOVEMENT,
        r"(?i:halo|move|copy|clone|transpose|permute|reshape|slice|split|concat|pad|repeat|expand|gather|scatter|fold"
        r"|roll|flip|fill|^full|^zeros|^ones|index)",
    ),
    ("reduction", r"(?i:reduce|sum|mean|argmax|argmin|topk|sampling|prod|accumulation|intimg|cumsum|sort)"),
    (
        "elementwise",
        r"(?i:binary|unary|ternary|eltwise|where|\badd|multiply|subtract|gelu|relu|sigmoid|dropout|rand|pow)",
    ),
)
CATEGORIES = (*dict.fromkeys(name for name, _ in _TABLE), OTHER)
_COMPILED = tuple((category, re.compile(pattern)) for category, pattern in _TABLE)


def short_code(op_code: str) -> str:
    """`Matmul` for `MatmulDeviceOperation`."""
    return op_code.removesuffix("DeviceOperation") or op_code


_NUMBER = re.compile(r"\d{2,}")


def without_number(op_code: str) -> str:
    """The op code with `00` for a number of two digits or more, which no table of op codes looks at."""
    return _NUMBER.sub("00", op_code)


@lru_cache(maxsize=1 << 16)
def category(op_code: str) -> str:
    """The category of an op code, `other` if it is not in the table."""
    return _category(without_number(op_code))


@lru_cache(maxsize=1 << 16)
def _category(op_code: str) -> str:
    bare = op_code.rsplit("::", 1)[-1].strip()
    for name, pattern in _COMPILED:
        if pattern.search(bare):
            return name
    return OTHER

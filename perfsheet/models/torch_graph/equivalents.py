"""The table of TTNN equivalents of aten ops.

Each row: aten ops without overload; the TTNN function; the device ops that it runs (pattern on OP CODE), and what
distinguishes them from others with this code (pattern on ATTRIBUTES, blank = nothing is needed). Sources: the API list
at docs.tenstorrent.com/ttnn/latest/ttnn/api.html, and the lowerings of the pytorch2.0_ttnn project.
Ops that only rename or re-view a tensor are LAYOUT: a port may need no op for them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from perfsheet.light_dataclass import dataclass

LAYOUT = "layout"
NONE = "none"


@dataclass(frozen=True)
class Equivalent:
    """The TTNN function for an aten op; `kind` is LAYOUT if the port may need no op, NONE if it never needs one."""

    ttnn: str
    codes: re.Pattern[str]
    attributes: re.Pattern[str] | None
    kind: str = ""


_UNARY = r"Unary|EltwiseUnary"
_BINARY = r"Binary|EltwiseBinary"

_TABLE: tuple[tuple[str, str, str, str], ...] = (
    ("convolution conv2d _convolution", "ttnn.conv2d", r"(?i)conv(?!ert)", ""),
    ("mm addmm bmm matmul linear baddbmm dot mv", "ttnn.linear / ttnn.matmul", r"(?i)matmul|linear|bmm", ""),
    ("native_layer_norm layer_norm", "ttnn.layer_norm", r"(?i)layer_?norm", ""),
    ("native_group_norm group_norm", "ttnn.group_norm", r"(?i)group_?norm", ""),
    ("rms_norm _fused_rms_norm", "ttnn.rms_norm", r"(?i)rms_?norm|layer_?norm", ""),
    (
        "_native_batch_norm_legit_no_training native_batch_norm batch_norm _native_batch_norm_legit "
        "_native_batch_norm_legit_functional cudnn_batch_norm _batch_norm_no_update _batch_norm_with_update",
        "ttnn.batch_norm (or folded into the convolution before it)",
        r"(?i)batch_?norm",
        "",
    ),
    ("_softmax softmax _safe_softmax", "ttnn.softmax", r"(?i)softmax", ""),
    ("_log_softmax", "ttnn.softmax, ttnn.log", r"(?i)softmax", ""),
    (
        "scaled_dot_product_attention _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_flash_attention "
        "_scaled_dot_product_efficient_attention",
        "ttnn.transformer.scaled_dot_product_attention",
        r"(?i)sdpa|scaled_?dot_?product",
        "",
    ),
    ("max_pool2d_with_indices max_pool2d", "ttnn.max_pool2d", r"(?i)pool", ""),
    ("avg_pool2d _adaptive_avg_pool2d adaptive_avg_pool2d", "ttnn.avg_pool2d / ttnn.mean", r"(?i)pool|^reduce", ""),
    ("mean", "ttnn.mean", r"(?i)^(?:reduce|mean)", ""),
    ("sum", "ttnn.sum", r"(?i)^(?:reduce|sum)", "SUM"),
    ("amax max", "ttnn.max", r"(?i)^(?:reduce|max\b)", "MAX"),
    ("amin min", "ttnn.min", r"(?i)^(?:reduce|min\b)", "MIN"),
    ("var var_mean std", "ttnn.var / ttnn.std", r"(?i)^reduce", ""),
    ("prod", "ttnn.prod", r"(?i)^prod", ""),
    ("argmax", "ttnn.argmax", r"(?i)argmax", ""),
    ("topk", "ttnn.topk", r"(?i)topk", ""),
    ("sort argsort", "ttnn.sort", r"(?i)sort", ""),
    ("cumsum", "ttnn.cumsum", r"(?i)cumsum|accumulation", ""),
    ("embedding", "ttnn.embedding", r"(?i)embedding", ""),
    ("cat concat", "ttnn.concat", r"(?i)^concat(?!_?heads)", ""),
    ("stack", "ttnn.stack", r"(?i)^(?:concat(?!_?heads)|stack)", ""),
    ("slice narrow select", "ttnn.slice", r"(?i)slice", ""),
    (
        "split split_with_sizes chunk unbind unsafe_split unsafe_split_with_sizes unsafe_chunk",
        "ttnn.split",
        r"(?i)split|slice",
        "",
    ),
    ("nonzero", "ttnn.nonzero", r"(?i)^non_?zero", ""),
    ("bernoulli", "ttnn.bernoulli", r"(?i)^bernoulli", ""),
    ("constant_pad_nd pad", "ttnn.pad", r"(?i)^(?:fill_?)?pad(?!ded)", ""),
    ("repeat", "ttnn.repeat", r"(?i)repeat", ""),
    ("gather", "ttnn.gather", r"(?i)^gather", ""),
    ("scatter", "ttnn.scatter", r"(?i)^scatter", ""),
    ("index index_select", "ttnn.embedding / ttnn.gather", r"(?i)^(?:index|gather|embedding)", ""),
    ("roll", "ttnn.roll", r"(?i)roll", ""),
    ("upsample_nearest2d upsample_bilinear2d", "ttnn.upsample", r"(?i)upsample", ""),
    ("grid_sampler_2d", "ttnn.grid_sample", r"(?i)grid_?sample", ""),
    ("where masked_fill", "ttnn.where", r"(?i)where|ternary", ""),
    ("addcmul", "ttnn.addcmul", r"(?i)addcmul|ternary", ""),
    ("lerp", "ttnn.lerp", r"(?i)lerp|ternary", ""),
    ("clone copy contiguous", "ttnn.clone", r"(?i)clone|copy|move", ""),
    ("_to_copy to", "ttnn.typecast", r"(?i)typecast|copy|unary", ""),
    ("full full_like fill ones zeros ones_like zeros_like scalar_tensor new_full", "ttnn.full", r"(?i)full|fill", ""),
    ("arange", "ttnn.arange", r"(?i)arange", ""),
    ("hardtanh clamp", "ttnn.clamp", _UNARY, r"CLAMP|HARDTANH|RELU6"),
    ("hardswish", "ttnn.hardswish", _UNARY, "HARDSWISH|HARDSIGMOID"),
)

_LAYOUT = (
    ("view _unsafe_view reshape flatten _reshape_alias unflatten", "ttnn.reshape", r"(?i)reshape|view"),
    ("permute transpose t", "ttnn.permute / ttnn.transpose", r"(?i)permute|transpose"),
    ("unsqueeze squeeze", "ttnn.reshape", r"(?i)reshape"),
    ("expand expand_as broadcast_to", "ttnn.expand", r"(?i)expand|repeat"),
)
_NO_OP = (
    "detach alias lift_fresh_copy lift_fresh _assert_async sym_size dropout native_dropout _local_scalar_dense item "
    "is_same_size empty empty_like empty_strided new_empty new_empty_strided"
)

_UNARY_NAMES = (
    "relu relu6 gelu silu sigmoid tanh exp log sqrt rsqrt abs neg reciprocal sin cos erf floor ceil sign softplus mish "
    "leaky_relu elu hardsigmoid logical_not isnan isinf log1p expm1 square bitwise_not round trunc"
)
_BINARY_NAMES = {
    "add": "ADD",
    "sub": "SUB",
    "rsub": "SUB|RSUB",
    "mul": "MUL",
    "div": "DIV",
    "maximum": "MAXIMUM",
    "minimum": "MINIMUM",
    "eq": "EQ",
    "ne": "NE",
    "gt": "GT",
    "lt": "LT",
    "ge": "GE",
    "le": "LE",
    "logical_and": "LOGICAL_AND",
    "logical_or": "LOGICAL_OR",
    "bitwise_and": "BITWISE_AND",
    "pow": "POW(?:ER)?|SQUARE",
    "remainder": "REMAINDER",
    "fmod": "FMOD",
    "floor_divide": "DIV_FLOOR|FLOOR",
}


_BINARY_FUNCTIONS = {"sub": "subtract", "mul": "multiply", "div": "divide", "floor_divide": "floor_div"}
"""Those that TTNN calls otherwise."""


@lru_cache(maxsize=1)
def _equivalents() -> dict[str, Equivalent]:
    table: dict[str, Equivalent] = {}
    for names, ttnn, codes, attributes in _TABLE:
        for name in names.split():
            table[name] = Equivalent(ttnn, re.compile(codes), _whole_word(attributes))
    for names, ttnn, codes in _LAYOUT:
        for name in names.split():
            table[name] = Equivalent(ttnn, re.compile(codes), None, LAYOUT)
    for name in _NO_OP.split():
        table[name] = Equivalent("", re.compile("(?!)"), None, NONE)
    for name in _UNARY_NAMES.split():
        # An activation may be fused into another op, whose attributes then name it.
        table[name] = Equivalent(
            f"ttnn.{name}", re.compile(f"(?i){name}|{_UNARY}|matmul|conv|binary"), _whole_word(name)
        )
    for name, attribute in _BINARY_NAMES.items():
        # With a scalar operand it is a unary op.
        ttnn = f"ttnn.{_BINARY_FUNCTIONS.get(name, name)}"
        table[name] = Equivalent(ttnn, re.compile(f"(?i){_BINARY}|{_UNARY}|addalpha"), _whole_word(attribute))
    return table


def _whole_word(pattern: str) -> re.Pattern[str] | None:
    return re.compile(rf"(?i)(?<!\w)(?:{pattern})(?!\w)") if pattern else None


def every_equivalent() -> tuple[Equivalent, ...]:
    """All that the table has."""
    return tuple(_equivalents().values())


def find_equivalent(op: str) -> Equivalent | None:
    """The TTNN equivalent of an aten op (`aten.add.Tensor`, `aten.relu_`); None if the table has none."""
    name = op.removeprefix("aten.").split(".")[0]
    table = _equivalents()
    return table.get(name) or table.get(name.removesuffix("_"))

"""Which device ops a TTNN function runs: what says in a capture that it was there.

Patterns on OP CODE and, where several functions run ops of one code, on ATTRIBUTES. Sources: the device operations in
`ttnn/cpp/ttnn/operations` of tt-metal, and captures.
"""

from __future__ import annotations

import re
from functools import cache

from perfsheet.light_dataclass import dataclass

_UNARY = r"Unary|EltwiseUnary"
_BINARY = r"Binary|EltwiseBinary"
_REDUCE = r"^(?:fast_?)?reduce(?!_?scatter)"
_OF_MEAN = r"scaler\W+(?!1(?:\.0*)?(?![\d.]))[\d.e-]+"
"""The factor of a sum that makes a mean of it."""
_ATTENTION = r"sdpa|scaled_?dot_?product|attention"
_TABLE: tuple[tuple[str, str, str, str], ...] = (
    ("experimental.conv3d", r"(?i)conv3d", "", ""),
    ("matmul", r"(?i)matmul|linear|bmm", "", _ATTENTION),
    ("linear addmm", r"(?i)matmul|linear|bmm", "", ""),
    ("layer_norm", r"(?i)layer_?norm", "", ""),
    ("group_norm", r"(?i)group_?norm", "", ""),
    ("rms_norm", r"(?i)rms_?norm|layer_?norm", "", ""),
    ("batch_norm", r"(?i)batch_?norm", "", ""),
    ("softmax", rf"(?i)softmax|{_ATTENTION}", "", ""),
    ("transformer.scaled_dot_product_attention", r"(?i)sdpa|scaled_?dot_?product", "", ""),
    ("max_pool2d", r"(?i)pool", r"MAX_POOL2D|max_?pool\w*", ""),
    ("avg_pool2d adaptive_avg_pool2d", rf"(?i)pool|{_REDUCE}", r"AVG_POOL2D|avg_?pool\w*", r"\b(?:SUM|AVG|MEAN)\b"),
    ("mean", rf"(?i){_REDUCE}|^mean", rf"AVG|MEAN|{_OF_MEAN}", r"\bSUM\b"),
    ("sum", rf"(?i){_REDUCE}|^sum", rf"SUM(?![\s\S]*{_OF_MEAN})|fast_?reduce_?nc\w*", r"\bSUM\b"),
    ("max", rf"(?i){_REDUCE}|^max\b", "MAX", ""),
    ("min", rf"(?i){_REDUCE}|^min\b", "MIN", ""),
    ("var std", f"(?i){_REDUCE}", "VAR|STD", r"\bSUM\b"),
    ("prod", r"(?i)^prod", "", ""),
    ("sort", r"(?i)sort", "", ""),
    ("cumsum cumprod", r"(?i)cumsum|cumprod|accumulation", "", ""),
    ("concat", r"(?i)^concat(?!_?heads)", "", ""),
    ("stack", r"(?i)^(?:concat(?!_?heads)|stack)", "", ""),
    ("slice narrow", r"(?i)slice", "", ""),
    ("split chunk", r"(?i)split|slice", "", ""),
    ("nonzero", r"(?i)^non_?zero", "", ""),
    ("pad", r"(?i)^(?:fill_?)?pad(?!ded)", "", ""),
    ("gather", r"(?i)^gather", "", ""),
    ("scatter", r"(?i)^scatter", "", ""),
    ("upsample", r"(?i)upsample", "", ""),
    ("grid_sample", r"(?i)grid_?sample", "", ""),
    ("where", r"(?i)where|ternary", "", ""),
    ("addcmul", r"(?i)addcmul|ternary", "", ""),
    ("lerp", r"(?i)lerp|ternary", "", ""),
    ("clone copy", r"(?i)clone|copy|move", "", ""),
    ("typecast", _UNARY, "TYPECAST", ""),
    ("full full_like fill ones zeros ones_like zeros_like", r"(?i)full|fill", "", ""),
    ("hardtanh clamp", _UNARY, "CLAMP|CLAMP_TSS|HARDTANH|RELU6", ""),
    ("hardswish", _UNARY, "HARDSWISH|HARDSIGMOID", ""),
    ("view reshape", r"(?i)reshape|view", "", ""),
    ("permute transpose", r"(?i)permute|transpose", "", ""),
    ("unsqueeze squeeze", r"(?i)reshape", "", ""),
    ("expand", r"(?i)expand|repeat", "", ""),
)
_BINARY_TYPES = {
    "add": "ADD",
    "subtract": "SUB",
    "rsub": "SUB|RSUB",
    "multiply": "MUL",
    "divide": "DIV",
    "div": "DIV",
    "pow": "POW(?:ER)?|SQUARE",
    "floor_div": "DIV_FLOOR|FLOOR",
}
"""Types of binary ops that are not called like the function."""
_SCALES = ("multiply", "divide", "div")
"""Ops by which attention may scale its scores."""


@dataclass(frozen=True)
class DeviceOps:
    """The device ops of a function: one with its name (`own`), or those of some `codes` and, where these do not say
    enough, `attributes`. `key` is the attribute that tells (blank = any), `unless` what tells that it is another op,
    `perhaps` what says, as a code or an attribute, that it may be a part of what this op does."""

    own: re.Pattern[str]
    codes: re.Pattern[str]
    attributes: re.Pattern[str] | None
    key: str = ""
    unless: re.Pattern[str] | None = None
    perhaps: re.Pattern[str] | None = None

    def match(self, op_code: str, attributes: str) -> bool | None:
        """Whether a device op of a capture does the work of the function; None if it may do it with others, or if only
        the attributes could tell, and it has none."""
        code = op_code.rsplit("::", 1)[-1]
        if self.unless is not None and self.unless.search(attributes):
            return False
        if self.own.search(code):
            return True
        of_code = bool(self.codes.search(code))
        if of_code and (self.attributes is None or any(map(self.attributes.search, (op_code, attributes)))):
            return True
        if self.perhaps is not None and any(map(self.perhaps.search, (code, attributes if of_code else ""))):
            return None
        return False if not of_code or (attributes.strip() and self.key in attributes) else None


_CONV = re.compile(r"(?i)conv(?!ert|3d)")
_OF_COLUMNS = re.compile(r"input_hw=\(\d+[;,]\s*1\)")
"""The sliding window of a convolution in one dimension: TTNN runs it on an input one column wide."""
_CONVOLUTIONS = {
    "conv2d": (_CONV, None, "", _OF_COLUMNS),
    "conv1d": (_CONV, _OF_COLUMNS, "input_hw", None),
    # Of a transposed one the halo op says so; the convolution after it is an ordinary one.
    "conv_transpose2d": (re.compile("(?i)halo"), re.compile("(?i)is_transpose=(?:true|1)"), "is_transpose", None),
}


@cache
def device_ops(function: str) -> DeviceOps:
    """The device ops of `ttnn.conv2d`.

    A function that the table lacks is a type of unary or binary op, if it has no code of its own; it may be fused into
    another op, whose attributes then name it.
    """
    name = function.removeprefix("ttnn.")
    plain = name.rpartition(".")[2].replace("_", "_?")
    own = re.compile(rf"(?i)^{plain}s?(?:_?(?:device_?)?op(?:eration)?)?$")
    if name in _CONVOLUTIONS:
        return DeviceOps(own, *_CONVOLUTIONS[name])
    for names, codes, attributes, parts in _TABLE:
        if name in names.split():
            return DeviceOps(own, re.compile(codes), _whole_word(attributes), perhaps=_part(parts))
    codes = f"(?i){_BINARY}|{_UNARY}|addalpha" if name in _BINARY_TYPES else f"(?i){_UNARY}|matmul|conv|{_BINARY}"
    perhaps = _part(_ATTENTION if name in _SCALES else "")
    return DeviceOps(own, re.compile(codes), _whole_word(_BINARY_TYPES.get(name, plain)), perhaps=perhaps)


def _part(pattern: str) -> re.Pattern[str] | None:
    return re.compile(f"(?i){pattern}") if pattern else None


def _whole_word(pattern: str) -> re.Pattern[str] | None:
    return re.compile(rf"(?i)(?<!\w)(?:{pattern})(?!\w)") if pattern else None

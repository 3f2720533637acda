"""What aten ops are in TTNN where its registry cannot tell: other names, several functions together, or no op at all.

An op that is registered under its own name is not here. Tests hold every function that is named to the registry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from perfsheet.models.torch_graph.model import GraphOp, TensorShape

_FUNCTIONS: Mapping[str, str] = {
    "mm bmm mv dot": "matmul",
    "_scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_flash_attention "
    "_scaled_dot_product_efficient_attention": "transformer.scaled_dot_product_attention",
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
    "_fused_rms_norm": "rms_norm",
    "_native_batch_norm_legit_no_training native_batch_norm _native_batch_norm_legit cudnn_batch_norm "
    "_native_batch_norm_legit_functional _batch_norm_no_update _batch_norm_with_update": "batch_norm",
    "_safe_softmax": "softmax",
    "max_pool2d_with_indices": "max_pool2d",
    "amax": "max",
    "amin": "min",
    "argsort": "sort",
    "cat": "concat",
    "split_with_sizes unsafe_split unsafe_split_with_sizes": "split",
    "unsafe_chunk": "chunk",
    "constant_pad_nd": "pad",
    "upsample_nearest2d upsample_bilinear2d": "upsample",
    "clamp_min clamp_max": "clamp",
    "grid_sampler_2d": "grid_sample",
    "masked_fill": "where",
    "_to_copy to": "typecast",
    "contiguous": "clone",
    "new_full scalar_tensor": "full",
    "new_zeros": "zeros",
    "new_ones": "ones",
    "flatten unflatten _unsafe_view _reshape_alias": "reshape",
    "t": "transpose",
    "expand_as broadcast_to": "expand",
    "_fft_r2c _fft_c2c": "experimental.fft",
    "_fft_c2r": "experimental.ifft",
    # Several together.
    "_log_softmax log_softmax": "softmax log",
    "logsumexp": "exp sum log",
    "baddbmm": "matmul add",
    "argmin": "neg argmax",
    "any": "nez max",
    "all": "nez min",
    "var_mean": "var mean",
    "select": "slice squeeze",
    "unbind": "split squeeze",
    "index index_select": "permute embedding",
    "slice_scatter select_scatter": "slice concat",
    "pixel_shuffle pixel_unshuffle": "reshape permute",
    "aminmax": "min max",
    "nan_to_num": "isnan where",
}
"""Names of aten ops, and the TTNN functions (without `ttnn.`): one is another name, several together are the op."""

_LAYOUT = (
    "view reshape permute transpose unsqueeze squeeze expand flatten unflatten _unsafe_view _reshape_alias t expand_as "
    "broadcast_to"
)
_NO_OP = (
    "detach alias lift_fresh_copy lift_fresh _assert_async sym_size sym_stride sym_numel sym_storage_offset dropout "
    "native_dropout _local_scalar_dense item is_same_size empty empty_like empty_strided new_empty new_empty_strided"
)
LAYOUT = frozenset(_LAYOUT.split())
"""Ops that only rename or view a tensor: a port may need no op for them."""
NO_OP = frozenset(_NO_OP.split())
"""Ops that a port never needs."""
_OVERLOADS = {"max.dim": ("max", "argmax"), "min.dim": ("min", "neg", "argmax")}
"""Overloads that also tell where the values are."""
_BY_NAME = {name: tuple(functions.split()) for names, functions in _FUNCTIONS.items() for name in names.split()}


def running(ops: Iterable[GraphOp]) -> tuple[GraphOp, ...]:
    """The ops that run something: `empty` and `detach` do not."""
    return tuple(op for op in ops if op.name not in NO_OP)


def equivalent(op: GraphOp) -> tuple[str, ...]:
    """The TTNN functions of an op (without `ttnn.`); none where this cannot tell."""
    return _BY_NAME.get(op.name, ())


def of_overload(op: GraphOp) -> tuple[str, ...]:
    """The TTNN functions of an overload that does more than the operation of its name; none for all others."""
    return _OVERLOADS.get(op.op.removeprefix("aten."), ())


def kind_of_convolution(op: GraphOp) -> str | None:
    """The name that a convolution has outside of aten, which has one op for all: `conv_transpose2d`; None = another
    op."""
    if op.name not in ("convolution", "_convolution"):
        return None
    weight = op.argument("weight")
    dimensions = len(weight.shape) - 2 if isinstance(weight, TensorShape) else 2
    return f"conv{'_transpose' if op.argument('transposed') is True else ''}{dimensions}d"


def every_function() -> frozenset[str]:
    """All functions that are named here, with `ttnn.`."""
    named = {function for functions in _BY_NAME.values() for function in functions}
    return frozenset(f"ttnn.{name}" for name in named)


def every_name() -> frozenset[str]:
    """All aten ops that have an entry here, but for those that a port never needs."""
    return frozenset(_BY_NAME)

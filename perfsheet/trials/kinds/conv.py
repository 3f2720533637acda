"""Convolutions and pools, with the halo that comes with them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perfsheet.analysis.ops.attributes import key_numbers, list_numbers
from perfsheet.hardware.data_types import TILE_SIDE
from perfsheet.trials.code import Code, dtype_code, layout_code
from perfsheet.trials.configs import compute_kernel_config, has_activation
from perfsheet.trials.kinds.base import Kind, Variant
from perfsheet.trials.memory import scheme as scheme_name
from perfsheet.trials.recorded import Recorded
from perfsheet.trials.tensors import Tensor

_EACH_SIDE = re.compile(r"padding=\(\((\d+);\s*(\d+)\);\s*\((\d+);\s*(\d+)\)\)")


def _pair(text: str, key: str) -> tuple[int, ...]:
    return key_numbers(text, key)[:2]


def _padding(text: str) -> str:
    """`[3, 3]`, or top, bottom, left, right."""
    plain = key_numbers(text, "pad_hw")
    found = _EACH_SIDE.search(text)
    numbers = plain if len(plain) == 2 else tuple(int(number) for number in found.groups()) if found else (0, 0)
    return str(list(numbers))


_DOUBLE = ("enable_act_double_buffer", "enable_weights_double_buffer")


def _recorded(op: Recorded) -> dict[str, str]:
    """The double buffers and the height of the blocks that were recorded."""
    given = {name: "True" for name in _DOUBLE if op.has(name)}
    height = key_numbers(op.get("block_config"), "act_block_h_ntiles")
    return {**given, **({"act_block_h_override": str(TILE_SIDE * height[0])} if height else {})}


def _fidelity(op: Recorded) -> str:
    """The compute kernel config of a build that records the fidelity alone."""
    fidelity = op.get("math_fidelity").rpartition("::")[2]
    return f"ttnn.WormholeComputeKernelConfig(math_fidelity=ttnn.MathFidelity.{fidelity})" if fidelity else ""


def conv_config(shard_layout: str = "", **options: str) -> str:
    """The Python of a Conv2dConfig."""
    layout = {"shard_layout": f"ttnn.TensorMemoryLayout.{shard_layout}"} if shard_layout else {}
    return f"ttnn.Conv2dConfig({', '.join(f'{name}={value}' for name, value in {**options, **layout}.items())})"


def build(op: Recorded) -> Code | None:
    """ttnn.conv2d of a picture in the layout that the recorded op had its input in."""
    window = op.get("sliding_window_config", "config")
    batch, height, width, channels = (*list_numbers(op.get("input_tensor_shape")), 0, 0, 0, 0)[:4]
    kernel, stride, dilation = (_pair(window, key) for key in ("window_hw", "stride_hw", "dilation_hw"))
    made = op.get("output_channels")
    fused = has_activation(op) or op.has("fuse_relu")
    if not (batch and height and width and channels and len(kernel) == 2 and len(stride) == 2 and made) or fused:
        return None
    groups = op.get("groups") or "1"
    memory = op.inputs[0].memory
    scheme = memory.layout if memory is not None and memory.sharded else ""
    dtype = op.inputs[1].dtype if len(op.inputs) > 1 else "BFLOAT16"
    host = Tensor((int(made), channels // int(groups), *kernel), "BFLOAT16", "ROW_MAJOR", None)
    picture = Tensor((1, 1, batch * height * width, channels), "BFLOAT16", "ROW_MAJOR", None)
    options = {
        "input_tensor": "x",
        "weight_tensor": "weight",
        "device": "device",
        "in_channels": str(channels),
        "out_channels": made,
        "batch_size": str(batch),
        "input_height": str(height),
        "input_width": str(width),
        "kernel_size": str(list(kernel)),
        "stride": str(list(stride)),
        "padding": _padding(window),
        "dilation": str(list(dilation)) if len(dilation) == 2 else "",
        "groups": groups,
        "dtype": dtype_code(op.output.dtype) if op.outputs else "",
        "conv_config": conv_config(scheme, weights_dtype=dtype_code(dtype), **_recorded(op)),
        "compute_config": compute_kernel_config(op.attributes) or _fidelity(op),
        # A convolution that was cut into slices of DRAM is recorded as several, each of which is whole.
        "slice_config": "ttnn.Conv2dL1FullSliceConfig",
    }
    tensors = {"x": picture, "weight": host}
    if len(op.inputs) > 2:
        tensors["bias"] = Tensor((1, 1, 1, int(made)), "BFLOAT16", "ROW_MAJOR", None)
        options["bias_tensor"] = "bias"
    return Code(tensors, "ttnn.conv2d", (), options, on_host=("weight", "bias"))


def build_pool(op: Recorded) -> Code | None:
    """ttnn.max_pool2d or ttnn.avg_pool2d."""
    window = op.get("sliding_window_config")
    batch = next(iter(key_numbers(window, "batch_size")), 0)
    picture, kernel, stride = (_pair(window, key) for key in ("input_hw", "window_hw", "stride_hw"))
    if not (batch and len(picture) == 2 and len(kernel) == 2 and len(stride) == 2 and op.inputs):
        return None
    x = op.inputs[0]
    rows = batch * picture[0] * picture[1]
    channels = x.shape[-1]
    tensor = Tensor((1, 1, rows, channels), "BFLOAT16", "ROW_MAJOR", None)
    scheme = x.memory.layout if x.memory is not None and x.memory.sharded else ""
    function = "ttnn.avg_pool2d" if "AVG" in op.get("pool_type") else "ttnn.max_pool2d"
    options = {
        "batch_size": str(batch),
        "input_h": str(picture[0]),
        "input_w": str(picture[1]),
        "channels": str(channels),
        "kernel_size": str(list(kernel)),
        "stride": str(list(stride)),
        "padding": _padding(window),
        "dilation": "[1, 1]" if function.endswith("max_pool2d") else "",
        "applied_shard_scheme": f"ttnn.TensorMemoryLayout.{scheme}" if scheme else "",
        "dtype": dtype_code(op.output.dtype) if op.outputs and op.output.dtype != "BFLOAT16" else "",
        "output_layout": layout_code("TILE") if op.outputs and op.output.layout == "TILE" else "",
    }
    return Code({"x": tensor}, function, ("x",), options)


def variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """The other shard layouts, double buffers, narrow weights."""
    weights = dtype_code(op.inputs[1].dtype if len(op.inputs) > 1 else "BFLOAT16")
    memory = op.inputs[0].memory
    scheme = memory.layout if memory is not None and memory.sharded else ""
    for layout in ("HEIGHT_SHARDED", "BLOCK_SHARDED", "WIDTH_SHARDED"):
        if layout != scheme:
            # The height of the blocks belongs to the recorded layout.
            config = conv_config(layout, weights_dtype=weights)
            yield Variant(scheme_name(layout), code.given(conv_config=config), "cores", moved=2)
    double = conv_config(scheme, weights_dtype=weights, **{**_recorded(op), **dict.fromkeys(_DOUBLE, "True")})
    yield Variant("double buffers", code.given(conv_config=double), "blocks")
    if weights == "ttnn.bfloat16":
        narrow = conv_config(scheme, weights_dtype="ttnn.bfloat8_b", **_recorded(op))
        yield Variant("weights as bfloat8_b", code.given(conv_config=narrow), "data type", exact=False)


def pool_variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """The other shard layouts."""
    for layout in ("HEIGHT_SHARDED", "BLOCK_SHARDED", "WIDTH_SHARDED"):
        scheme = f"ttnn.TensorMemoryLayout.{layout}"
        if code.options.get("applied_shard_scheme") != scheme:
            yield Variant(scheme_name(layout), code.given(applied_shard_scheme=scheme), "cores", moved=2)


KIND = Kind(
    "convolution",
    r"Conv2d(?:DeviceOperation)?|OptimizedConvNew",
    build,
    r"Conv2d(?:DeviceOperation)?",
    variants,
    "act_block_h, slices in DRAM, fused activations",
    brings_others=True,
)
POOL = Kind(
    "pool",
    r"Pool2D(?:DeviceOperation)?|MaxPool\w*",
    build_pool,
    r"Pool2D(?:DeviceOperation)?",
    pool_variants,
    "fewer cores, other data types",
    brings_others=True,
)

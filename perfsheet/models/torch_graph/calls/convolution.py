"""Convolutions, pools and upsampling: pictures lie as [1, 1, batch × height × width, channels]."""

from __future__ import annotations

from collections.abc import Mapping

from perfsheet.models.torch_graph.calls.base import Build, listed, pair
from perfsheet.models.torch_graph.equivalents import kind_of_convolution
from perfsheet.models.torch_graph.model import GraphOp, TensorShape
from perfsheet.trials.code import Code
from perfsheet.trials.memory import DRAM
from perfsheet.trials.tensors import Tensor


def convolution(op: GraphOp) -> Code | None:
    """ttnn.conv2d or ttnn.conv_transpose2d; of one and of three dimensions none."""
    kind = kind_of_convolution(op)
    x, weight = op.argument("input"), op.argument("weight")
    if kind not in ("conv2d", "conv_transpose2d") or not isinstance(x, TensorShape) or len(x.shape) != 4:
        return None
    if not isinstance(weight, TensorShape):
        return None
    settings = {name: pair(op.argument(name), default) for name, default in _SETTINGS.items()}
    if kind == "conv2d":
        settings.pop("output_padding")
    groups = op.argument("groups")
    made = weight.shape[0] if kind == "conv2d" else weight.shape[1] * (groups if isinstance(groups, int) else 1)
    batch, channels, height, width = x.shape
    tensors = {"x": _picture(batch, channels, height, width), "weight": _on_host(weight.shape)}
    options = {
        "input_tensor": "x",
        "weight_tensor": "weight",
        "device": "device",
        "in_channels": str(channels),
        "out_channels": str(made),
        "batch_size": str(batch),
        "input_height": str(height),
        "input_width": str(width),
        "kernel_size": listed(weight.shape[2:]),
        **{name: listed(value) for name, value in settings.items() if value is not None},
        "groups": str(groups if isinstance(groups, int) else 1),
    }
    if isinstance(op.argument("bias"), TensorShape):
        tensors["bias"] = _on_host((1, 1, 1, made))
        options["bias_tensor"] = "bias"
    return Code(tensors, f"ttnn.{kind}", (), options, on_host=("weight", "bias"))


_SETTINGS = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}


def _picture(batch: int, channels: int, height: int, width: int) -> Tensor:
    return Tensor((1, 1, batch * height * width, channels), "BFLOAT16", "ROW_MAJOR", DRAM)


def _on_host(shape: tuple[int, ...]) -> Tensor:
    return Tensor(shape, "BFLOAT16", "ROW_MAJOR", None)


def max_pool(op: GraphOp) -> Code | None:
    """ttnn.max_pool2d."""
    dilation = pair(op.argument("dilation"), 1)
    return _pool("max_pool2d", op, dilation=listed(dilation)) if dilation is not None else None


def average_pool(op: GraphOp) -> Code | None:
    """ttnn.avg_pool2d."""
    counted = op.argument("count_include_pad")
    if op.argument("divisor_override") is not None:
        return None
    return _pool("avg_pool2d", op, count_include_pad="False" if counted is False else "")


def _pool(function: str, op: GraphOp, **options: str) -> Code | None:
    x = op.argument("self")
    kernel, padding = pair(op.argument("kernel_size"), 1), pair(op.argument("padding"), 0)
    if not isinstance(x, TensorShape) or len(x.shape) != 4 or kernel is None or padding is None:
        return None
    stride = pair(op.argument("stride"), 1) if op.argument("stride") else kernel
    if stride is None:
        return None
    batch, channels, height, width = x.shape
    given = {
        "batch_size": str(batch),
        "input_h": str(height),
        "input_w": str(width),
        "channels": str(channels),
        "kernel_size": listed(kernel),
        "stride": listed(stride),
        "padding": listed(padding),
        "ceil_mode": "True" if op.argument("ceil_mode") is True else "",
        **options,
    }
    return Code({"x": _picture(*x.shape)}, f"ttnn.{function}", ("x",), given)


def upsample(op: GraphOp) -> Code | None:
    """ttnn.upsample by whole factors."""
    x, size = op.argument("self"), pair(op.argument("output_size"), 1)
    if not isinstance(x, TensorShape) or len(x.shape) != 4 or size is None:
        return None
    batch, channels, height, width = x.shape
    if size[0] % height or size[1] % width or op.argument("align_corners") is True:
        return None
    mode = "bilinear" if "bilinear" in op.name else "nearest"
    picture = Tensor((batch, height, width, channels), "BFLOAT16", "ROW_MAJOR", DRAM)
    factors = listed([size[0] // height, size[1] // width])
    return Code({"x": picture}, "ttnn.upsample", ("x", factors), {"mode": f'"{mode}"'})


CALLS: Mapping[str, Build] = {
    "convolution": convolution,
    "_convolution": convolution,
    "max_pool2d_with_indices": max_pool,
    "max_pool2d": max_pool,
    "avg_pool2d": average_pool,
    "upsample_nearest2d": upsample,
    "upsample_bilinear2d": upsample,
}

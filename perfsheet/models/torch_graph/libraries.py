"""Models of libraries: built from a configuration with random weights, and given inputs of their kind."""

from __future__ import annotations

import inspect
from typing import Any

_IMAGE = (1, 3, 224, 224)
"""The input of torchvision's classifiers."""
_LENGTH = 128
"""Tokens of a text."""
_LENGTHS = ("max_position_embeddings", "n_positions", "max_target_positions")
"""Where configurations say the longest text."""
_MOST_TOKENS = 1000
_SAMPLES = 16_000
"""A second of sound."""


def is_config(value: Any) -> bool:
    """Whether it is a configuration of transformers, or one of its classes."""
    kinds = value.__mro__ if isinstance(value, type) else type(value).__mro__
    return any(kind.__name__ in ("PretrainedConfig", "PreTrainedConfig") for kind in kinds)


def of_config(torch: Any, config: Any) -> tuple[Any, Any]:
    """The model of a configuration with random weights, in evaluation, and inputs for it; nothing is downloaded."""
    from transformers import AutoModel

    config = config() if isinstance(config, type) else config
    module = AutoModel.from_config(config).eval()
    return module, usual_inputs(torch, module)


def usual_inputs(torch: Any, module: Any) -> Any:
    """Random inputs for a model of transformers, by what it is configured for and what its forward takes; an image for
    others. None if nothing is known of its main input."""
    config, main = getattr(module, "config", None), getattr(module, "main_input_name", None)
    if config is None or main is None:
        return (torch.randn(*_IMAGE),)
    takes = {main, *inspect.signature(module.forward).parameters}
    inputs = {}
    if main == "input_ids" or ("input_ids" in takes and hasattr(config, "text_config")):
        inputs["input_ids"] = _tokens(torch, config)
    if main == "pixel_values" or ("pixel_values" in takes and _sees(config)):
        inputs["pixel_values"] = torch.randn(1, *_frames(config), *_image(getattr(config, "vision_config", config)))
    if main in ("input_features", "input_values") and (shape := _sound(config)):
        inputs[main] = torch.randn(1, *shape)
    if "decoder_input_ids" in takes and getattr(config, "is_encoder_decoder", False):
        inputs["decoder_input_ids"] = _tokens(torch, config)
    return inputs if main in inputs else None


def _number(config: Any, name: str, default: int) -> int:
    value = getattr(config, name, None)
    return value if isinstance(value, int) and value > 0 else default


def _tokens(torch: Any, config: Any) -> Any:
    text = getattr(config, "text_config", config)
    length = min(_LENGTH, *(_number(text, name, _LENGTH) for name in _LENGTHS))
    return torch.randint(0, min(_MOST_TOKENS, _number(text, "vocab_size", _MOST_TOKENS)), (1, length))


def _sees(config: Any) -> bool:
    return hasattr(config, "vision_config") or hasattr(config, "image_size")


def _frames(config: Any) -> tuple[int, ...]:
    """The frames of a video model."""
    frames = _number(config, "num_frames", 0)
    return (frames,) if frames else ()


def _image(config: Any) -> tuple[int, int, int]:
    """Channels, height and width."""
    size = getattr(config, "image_size", None) or _IMAGE[-1]
    height, width = size if isinstance(size, list | tuple) else (size, size)
    return _number(config, "num_channels", _IMAGE[1]), int(height), int(width)


def _sound(config: Any) -> tuple[int, ...] | None:
    """The shape of a sound: a spectrum where the model has mel bins, else a second of samples."""
    mels, frames = _number(config, "num_mel_bins", 0), _number(config, "max_source_positions", 0)
    if mels and frames:
        return mels, 2 * frames  # its convolutions halve them
    if mels and (frames := _number(config, "max_length", 0)):
        return frames, mels
    return (_SAMPLES,) if hasattr(config, "conv_kernel") else None

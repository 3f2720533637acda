"""Models of libraries: built from a configuration with random weights, and given inputs of their kind."""

from __future__ import annotations

from typing import Any

_IMAGE = (1, 3, 224, 224)
"""The input of torchvision's classifiers."""
_LENGTH = 128
"""Tokens of a text."""
_MOST_TOKENS = 1000


def is_config(value: Any) -> bool:
    """Whether it is a configuration of transformers, or one of its classes."""
    kinds = value.__mro__ if isinstance(value, type) else type(value).__mro__
    return any(kind.__name__ in ("PretrainedConfig", "PreTrainedConfig") for kind in kinds)


def of_config(torch: Any, config: Any) -> tuple[Any, Any]:
    """The model of a configuration with random weights, in evaluation, and inputs for it; nothing is downloaded."""
    from transformers import AutoModel  # type: ignore[import-not-found,unused-ignore]

    config = config() if isinstance(config, type) else config
    if hasattr(config, "use_cache"):
        config.use_cache = False  # what is kept for the next token is no output of the model
    module = AutoModel.from_config(config).eval()
    return module, usual_inputs(torch, module)


def usual_inputs(torch: Any, module: Any) -> Any:
    """Random inputs for a model of transformers, by what it names its main input; an image for others."""
    config, name = getattr(module, "config", None), getattr(module, "main_input_name", None)
    if config is None or name is None:
        return (torch.randn(*_IMAGE),)
    if name == "input_ids":
        length = min(_LENGTH, int(getattr(config, "max_position_embeddings", _LENGTH)))
        tokens = min(_MOST_TOKENS, int(getattr(config, "vocab_size", _MOST_TOKENS)))
        return {name: torch.randint(0, tokens, (1, length))}
    if name == "pixel_values":
        size = getattr(config, "image_size", _IMAGE[-1])
        height, width = size if isinstance(size, list | tuple) else (size, size)
        return {name: torch.randn(1, int(getattr(config, "num_channels", _IMAGE[1])), int(height), int(width))}
    return None

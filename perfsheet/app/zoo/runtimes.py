"""What the models of the zoo share: runtimes, weights, text as tokens, and their answer.

The modules of this folder run in the interpreter of the user's models, which need not have perfsheet: they import torch
and transformers only, and each other by name.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

RANDOM = "random"
SEED = 0


def on_runtime(model: Any, runtime: str) -> Any:
    """The model, whose forward pass runs on the runtime: `torch`, `torch.compile`, `torch_ttnn` or `tt-xla`."""
    model.eval()
    if runtime == "torch.compile":
        model.forward = torch.compile(model.forward)
    elif runtime == "torch_ttnn":
        import torch_ttnn
        import ttnn

        option = torch_ttnn.TorchTtnnOption(device=ttnn.open_device(device_id=0))
        model.forward = torch.compile(model.forward, backend=torch_ttnn.backend, options=option)
    elif runtime == "tt-xla":
        import torch_xla
        import torch_xla.runtime

        torch_xla.runtime.set_device_type("TT")
        model = model.to(torch_xla.device())
        model.forward = torch.compile(model.forward, backend="tt")
    elif runtime != "torch":
        raise ValueError(f"unknown runtime {runtime!r}")
    return model


def placed(tensors: dict[str, Any], model: Any) -> dict[str, Any]:
    """The tensors on the device of the model's parameters."""
    device = next(model.parameters()).device
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def loaded(kind: Any, config: Any, weights: str, download: bool) -> Any:
    """A model of transformers: with the weights of a folder or of the hub, or random ones for this configuration."""
    torch.manual_seed(SEED)
    if weights == RANDOM:
        return kind(config)
    return kind.from_pretrained(weights, local_files_only=not download)


def tokenizer(weights: str, download: bool) -> Any:
    """The tokenizer of the weights; of random ones the bytes of the text."""
    if weights == RANDOM:
        return Bytes()
    from transformers import AutoTokenizer

    folder = Path(weights)
    if folder.is_dir() and not any(any(folder.glob(name)) for name in ("tokenizer*", "vocab*", "*.model")):
        raise FileNotFoundError(f"{weights} has weights but no tokenizer: save that there, too")
    return AutoTokenizer.from_pretrained(weights, local_files_only=not download)


class Bytes:
    """Text as tokens without a vocabulary: its UTF-8 bytes, after the token of padding."""

    pad_token_id = 0
    size = 257

    def encode(self, text: str) -> list[int]:
        """A token per byte."""
        return [1 + byte for byte in text.encode()]

    def decode(self, tokens: Any) -> str:
        """The text; what is no text shows as such."""
        return bytes(token - 1 for token in map(int, tokens) if token > 0).decode(errors="replace")


def padded(tokens: list[int], length: int, pad: int, left: bool = False) -> tuple[Any, Any]:
    """Tokens cut or padded to a length, and the mask of those that count; both have a batch of one.

    What is cut is the beginning with `left`, where generation goes on after the end; else the end.
    """
    kept = (tokens[-length:] if left else tokens[:length]) or [pad]
    missing = length - len(kept)
    filler, mask = [pad] * missing, [1] * len(kept)
    tokens, mask = (filler + kept, [0] * missing + mask) if left else (kept + filler, mask + [0] * missing)
    return torch.tensor([tokens]), torch.tensor([mask])


def picture(path: str) -> Any:
    """A picture of a PPM file (P6) as a tensor 1 × 3 × height × width, from 0 to 1."""
    data = Path(path).read_bytes()
    magic, width, height, rest = data.split(maxsplit=3)
    count = 3 * int(width) * int(height)
    if magic != b"P6" or not rest.startswith(b"255") or len(rest) < count:
        raise ValueError(f"{path} is no PPM file of 8 bits")
    flat = torch.frombuffer(bytearray(data[-count:]), dtype=torch.uint8)
    return flat.reshape(int(height), int(width), 3).permute(2, 0, 1).unsqueeze(0).float() / 255


def best(scores: Any, names: list[str], count: int = 3) -> str:
    """The likeliest classes with their probabilities: `7 (91 %), 1 (4 %)`."""
    chances = torch.softmax(scores.float().flatten().cpu(), 0)
    top = torch.topk(chances, min(count, len(chances)))
    named = zip(top.indices.tolist(), top.values.tolist(), strict=True)
    return ", ".join(
        f"{names[index] if index < len(names) else index} ({100 * chance:.0f} %)" for index, chance in named
    )


def answering(run: Callable[[], Any], answer: Callable[[Any], str]) -> Callable[[], Any]:
    """What to time: the run, which brings its result to the host, so that no device is still at work on it.

    After the first run its answer is printed as `output: "…"`, outside of the later times.
    """
    said = False

    def timed() -> Any:
        nonlocal said
        with torch.no_grad():
            result = run()
        if not said:
            said = True
            print("output:", json.dumps(answer(result)), flush=True)
        return result

    return timed


def generating(model: Any, words: Any, prompt: str, sequence_length: int, new_tokens: int) -> Callable[[], Any]:
    """A whole generation: the prompt padded or cut to its length, then always the likeliest of the new tokens."""
    pad = words.pad_token_id if words.pad_token_id is not None else words.eos_token_id
    tokens, mask = padded(words.encode(prompt), sequence_length, pad, left=True)
    inputs = placed({"input_ids": tokens, "attention_mask": mask}, model)

    def run() -> Any:
        return model.generate(
            **inputs, do_sample=False, max_new_tokens=new_tokens, min_new_tokens=new_tokens, pad_token_id=pad
        ).cpu()

    return answering(run, lambda result: words.decode(result[0][sequence_length:].tolist()))

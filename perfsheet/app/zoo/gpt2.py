"""Text generation with GPT-2."""

from collections.abc import Callable
from typing import Any

from runtimes import generating, loaded, on_runtime, tokenizer
from transformers import GPT2Config, GPT2LMHeadModel


def run(
    runtime: str, weights: str, download: bool, prompt: str, sequence_length: int, new_tokens: int
) -> Callable[[], Any]:
    """The generation of all new tokens after the prompt."""
    longest = max(1024, sequence_length + new_tokens)
    config = GPT2Config(
        vocab_size=257, n_positions=longest, n_embd=128, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    model = on_runtime(loaded(GPT2LMHeadModel, config, weights, download), runtime)
    return generating(model, tokenizer(weights, download), prompt, sequence_length, new_tokens)

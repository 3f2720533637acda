"""Code generation with CodeGen."""

from collections.abc import Callable
from typing import Any

from runtimes import generating, loaded, on_runtime, tokenizer
from transformers import CodeGenConfig, CodeGenForCausalLM


def run(
    runtime: str, weights: str, download: bool, prompt: str, sequence_length: int, new_tokens: int
) -> Callable[[], Any]:
    """The generation of all new tokens after the prompt."""
    longest = max(2048, sequence_length + new_tokens)
    config = CodeGenConfig(
        vocab_size=257,
        n_positions=longest,
        n_ctx=longest,
        n_embd=128,
        n_layer=2,
        n_head=4,
        rotary_dim=16,
        bos_token_id=0,
        eos_token_id=0,
    )
    model = on_runtime(loaded(CodeGenForCausalLM, config, weights, download), runtime)
    return generating(model, tokenizer(weights, download), prompt, sequence_length, new_tokens)

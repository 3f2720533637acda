"""Question answering with BERT: the span of the context that answers the question."""

from collections.abc import Callable
from typing import Any

import torch
from runtimes import answering, loaded, on_runtime, padded, placed, tokenizer
from transformers import BertConfig, BertForQuestionAnswering

_LONGEST_ANSWER = 30


def run(
    runtime: str, weights: str, download: bool, question: str, context: str, sequence_length: int
) -> Callable[[], Any]:
    """A forward pass over question and context, padded or cut to the sequence length."""
    words = tokenizer(weights, download)
    config = BertConfig(
        vocab_size=257,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        max_position_embeddings=max(512, sequence_length),
    )
    model = on_runtime(loaded(BertForQuestionAnswering, config, weights, download), runtime)
    asked, given = words.encode(question), words.encode(context)
    first = getattr(words, "cls_token_id", None)
    given = given[1:] if given[:1] == [first] else given  # its own start, where the tokenizer writes one
    tokens, mask = padded([*asked, *given], sequence_length, words.pad_token_id or 0)
    kinds = torch.zeros_like(tokens)
    kinds[0, len(asked) : len(asked) + len(given)] = 1
    inputs = placed({"input_ids": tokens, "attention_mask": mask, "token_type_ids": kinds}, model)

    def answer(result: Any) -> str:
        # Only what is in the context can be the answer, and its end follows its start.
        inside = kinds[0].bool() & mask[0].bool()
        starts, ends = (scores[0].float().masked_fill(~inside, -1e9) for scores in result)
        start = int(starts.argmax())
        end = start + int(ends[start : start + _LONGEST_ANSWER].argmax())
        return str(words.decode(tokens[0][start : end + 1].tolist()))

    def forward() -> tuple[Any, Any]:
        result = model(**inputs)
        return result.start_logits.cpu(), result.end_logits.cpu()

    return answering(forward, answer)

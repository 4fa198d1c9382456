"""The shape of a Llama that is too small to know anything."""

from __future__ import annotations

from typing import Any

from transformers import LlamaConfig


def llama_config(vocabulary: int, positions: int, **more: Any) -> LlamaConfig:
    """Return two layers with grouped queries, and first weights so large that logits differ by far more than rounding."""
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=positions,
        initializer_range=0.4,
        **more,
    )

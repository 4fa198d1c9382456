"""Chapter 1: what is asked of the student's code, one module an exercise, imported in the order of the notebook."""

# ruff: noqa: I001 - sorting would change that order
from autograder.probes.next_token.chapter import chapter
from autograder.probes.next_token import (
    ngram_prob,
    softmax_temperature,
    top_k_filter,
    top_p_filter,
    generate,
    perplexity,
)
from autograder.probes.next_token import bpe_merges, bpe_tokenizer, causal_attention, multi_head_attention

__all__ = [
    "bpe_merges",
    "bpe_tokenizer",
    "causal_attention",
    "chapter",
    "generate",
    "multi_head_attention",
    "ngram_prob",
    "perplexity",
    "softmax_temperature",
    "top_k_filter",
    "top_p_filter",
]

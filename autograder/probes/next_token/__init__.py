"""Chapter 1: what is asked of the student's code, one module an exercise, imported in the order of the notebook."""

# ruff: noqa: I001 - sorting would change that order
from autograder.probes.next_token.chapter import chapter
from autograder.probes.next_token import softmax_temperature, bpe_tokenizer, generate

__all__ = ["bpe_tokenizer", "chapter", "generate", "softmax_temperature"]

"""Chapter 2: what is asked of the student's code, one module an exercise, imported in the order of the notebook."""

# ruff: noqa: I001 - sorting would change that order
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag import chunk_tokens, cosine_top_k, bm25_scores, reciprocal_rank_fusion
from autograder.probes.rag import precision_at_k, recall_at_k, mrr, ndcg, exact_match, token_f1, faithfulness
from autograder.probes.rag import rag_marginal, build_prompt, ivf_search, maxsim_rerank
from autograder.probes.rag import expected_relevant, k_star, rag_experiment

__all__ = [
    "bm25_scores",
    "build_prompt",
    "chapter",
    "chunk_tokens",
    "cosine_top_k",
    "exact_match",
    "expected_relevant",
    "faithfulness",
    "ivf_search",
    "k_star",
    "maxsim_rerank",
    "mrr",
    "ndcg",
    "precision_at_k",
    "rag_experiment",
    "rag_marginal",
    "recall_at_k",
    "reciprocal_rank_fusion",
    "token_f1",
]

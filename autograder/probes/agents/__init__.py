"""Chapter 3: what is asked of the student's code, one module an exercise, imported in the order of the notebook."""

# ruff: noqa: I001 - sorting would change that order
from autograder.probes.agents.chapter import chapter
from autograder.probes.agents import parse_step, safe_calculate, react_loop

__all__ = ["chapter", "parse_step", "react_loop", "safe_calculate"]

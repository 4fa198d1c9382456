"""Chapter 3: what is asked of the student's code, one module an exercise, imported in the order of the notebook."""

# ruff: noqa: I001 - sorting would change that order
from autograder.probes.agents.chapter import chapter
from autograder.probes.agents import parse_step, safe_calculate, react_loop, validate_call, plan_order, memory, guard
from autograder.probes.agents import trajectory_metrics, react_experiment

__all__ = [
    "chapter",
    "guard",
    "memory",
    "parse_step",
    "plan_order",
    "react_experiment",
    "react_loop",
    "safe_calculate",
    "trajectory_metrics",
    "validate_call",
]

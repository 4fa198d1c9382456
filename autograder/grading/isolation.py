"""How far students' processes are held in, and what the warm one has ready for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

from nbformat import NotebookNode

from autograder.enclosure import landlock_version
from autograder.grading.layers import LANDLOCK, LAYERS, Layer, demand_layers
from autograder.grading.open_process import OpenProcesses
from autograder.grading.process import Limits, Processes
from autograder.grading.sandbox import Nursery

Isolation = Literal["bubblewrap", "none"]

#: Libraries that take long to import, and that a released notebook may ask for.
HEAVY = ("numpy", "torch", "transformers", "sentence_transformers", "open_clip", "peft", "matplotlib.pyplot")


def open_processes(isolation: Isolation, package: bytes, released: NotebookNode, limits: Limits) -> Processes:
    """Return where the processes for one assignment's submissions come from.

    Raises
    ------
    InfrastructureError
        If they would be held in less than was asked for.
    """
    if isolation == "none":
        return OpenProcesses(package, limits)
    nursery = Nursery(package, heavy_imports(released), limits)
    try:
        demand_layers(nursery, limits, demanded_layers())
    except BaseException:
        nursery.close()
        raise
    return nursery


def demanded_layers() -> tuple[Layer, ...]:
    """Return the layers without which nothing is graded: all that this kernel can have."""
    return (*LAYERS, LANDLOCK) if landlock_version() else LAYERS


def heavy_imports(notebook: NotebookNode) -> list[str]:
    """Return those of `HEAVY` that a notebook's cells import, directly or a part of them."""
    asked = set(_imported(notebook))
    return [name for name in HEAVY if any(one == name or one.startswith(f"{name}.") for one in asked)]


def _imported(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # a magic, or a stub with a hole
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module

"""The notebook behind each demo, made when it is served: no outputs, nothing of this machine in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat

from nexttoken.exhibits import Exhibit


def notebook(demo: Exhibit) -> nbformat.NotebookNode:
    """Return the notebook of a demo; two calls return the same."""
    words = nbformat.v4.new_markdown_cell(f"# {demo.widget}\n\n{demo.sentence} {demo.kernel}", id="words")
    source = f"from widgets import {demo.widget}\n\n{demo.widget}.example()"
    cells = [words, nbformat.v4.new_code_cell(source, id="widget")]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "title": demo.title}
    made: nbformat.NotebookNode = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    return made


def write(demos: Sequence[Exhibit], folder: Path) -> None:
    """Write each demo's notebook as ``<name>.ipynb`` into a new folder."""
    folder.mkdir()
    for demo in demos:
        (folder / f"{demo.name}.ipynb").write_text(nbformat.writes(notebook(demo)), encoding="utf-8")

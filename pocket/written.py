"""The functions that a reader has written in a notebook of exercises, to use them in another place."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def functions(notebook: str | Path) -> dict[str, Callable[..., Any]]:
    """Return the functions of a notebook that have been written, by name.

    Of each cell, what it imports and what it defines is taken; nothing else in it is run. A function that still raises
    `NotImplementedError` has not been written. Without a notebook there are none, and a cell that Python cannot read
    is passed over.

    Parameters
    ----------
    notebook
        The path of an `.ipynb` file.
    """
    space: dict[str, Any] = {"__name__": Path(notebook).stem}
    names = []
    for statement in _statements(Path(notebook)):
        try:
            exec(compile(ast.Module([statement], []), str(notebook), "exec"), space)  # noqa: S102 - the reader's own code
        except Exception:  # noqa: S112 - a package that is missing here, or a decorator that fails
            continue
        if isinstance(statement, ast.FunctionDef):
            names.append(statement.name)
    return {name: space[name] for name in names}


def _statements(path: Path) -> Iterator[ast.stmt]:
    """Yield what may be taken: imports, classes, plain constants, and functions with a body."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    for cell in cells:
        if cell.get("cell_type") != "code":
            continue
        try:
            body = ast.parse("".join(cell["source"])).body
        except SyntaxError:
            continue
        for statement in body:
            if isinstance(statement, ast.FunctionDef):
                wanted = not _is_stub(statement)
            else:
                wanted = isinstance(statement, ast.Import | ast.ImportFrom | ast.ClassDef) or _is_constant(statement)
            if wanted:
                yield statement


def _is_constant(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign):
        return False
    try:
        ast.literal_eval(statement.value)
    except ValueError:
        return False
    return True


def _is_stub(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id == "NotImplementedError"
        for node in ast.walk(function)
    )

"""Mutants of a reference: the same code with one small change.

An operator, a number, a comparison or a keyword becomes another (these changes are cosmic-ray's), or something is left
out: a statement, an argument, an operand, the call around a value.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.trusted.reference import load_reference


@dataclass(frozen=True)
class Mutant:
    """A reference with one change."""

    exercise: str
    #: The function or method in which something changed.
    function: str
    #: The line before and after the change.
    before: str
    after: str
    source: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from the others, wherever its line stands."""
        return self.exercise, self.function, self.before, self.after


def make_mutants(chapter: str, exercise: str) -> list[Mutant]:
    """Return each mutant of an exercise's reference once; what is no valid code is none."""
    source = plain_source(getattr(load_reference(chapter), exercise))
    seen = {_meaning(source)}
    found = []
    for changed in (*_replaced(source), *_left_out(source)):
        meaning = _meaning(changed)
        if meaning is not None and meaning not in seen:
            seen.add(meaning)
            found.append(Mutant(exercise, *_difference(source, changed), changed))
    return found


def plain_source(thing: Any) -> str:
    """Return the source of a function or class without docstrings, annotations and messages: no probe asks for them."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    return ast.unparse(_Bare().visit(tree)) + "\n"


class _Bare(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_docstring(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        # As a text: no change reaches into it, and a dataclass keeps its fields.
        node.annotation = ast.Constant(ast.unparse(node.annotation))
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call) and all(_is_text(argument) for argument in node.exc.args):
            node.exc.args = []
        return self.generic_visit(node)

    def _without_docstring(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _replaced(source: str) -> Iterator[str]:
    """Yield what cosmic-ray makes of a source."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    for name in sorted(operator_names()):
        make: Any = get_operator(name)
        if make.arguments():
            continue  # an operator that must be told what to change
        occurrence = 0
        while (changed := mutate_code(source, make(), occurrence)) is not None:
            occurrence += 1
            yield changed


def _left_out(source: str) -> Iterator[str]:
    """Yield the source with one thing less."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            for less in _less(node, value):
                setattr(node, field, less)
                yield ast.unparse(tree) + "\n"
                setattr(node, field, value)


def _less(parent: ast.AST, value: Any) -> Iterator[Any]:
    """Yield what may stand in place of a field's value, with one thing left out."""
    match value:
        case [ast.stmt(), *_]:
            for place, statement in enumerate(value):
                if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    yield [*value[:place], ast.Pass(), *value[place + 1 :]]
        case [ast.keyword(), *_]:
            for place in range(len(value)):
                yield [*value[:place], *value[place + 1 :]]
        case [ast.expr(), *_]:
            for place, item in enumerate(value):
                if isinstance(parent, ast.BoolOp):
                    yield [*value[:place], *value[place + 1 :]]
                for shorter in _shorter(item):
                    yield [*value[:place], shorter, *value[place + 1 :]]
        case ast.expr():
            yield from _shorter(value)
            if isinstance(parent, ast.Slice):
                yield None


def _shorter(value: ast.expr) -> Iterator[ast.expr]:
    match value:
        case ast.Call(args=[only]) if not isinstance(only, ast.GeneratorExp):
            yield only
        case ast.IfExp(body=one, orelse=other):
            yield one
            yield other
    match value:
        case ast.Call(func=ast.Attribute(value=thing)):
            yield thing


def _meaning(source: str) -> str | None:
    """Return what is the same for two texts of the same code; None if it is no code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # `x is 2` is worth a try
        try:
            compile(source, "<mutant>", "exec")
        except SyntaxError:
            return None
    return ast.dump(ast.parse(source))


def _difference(before: str, after: str) -> tuple[str, str, str]:
    """Return the function in which two sources differ, and the first line that differs, as it was and as it is."""
    old, new = before.splitlines(), after.splitlines()
    place = next(number for number, (one, other) in enumerate(zip(old, new, strict=False)) if one != other)
    function = ""
    for node in ast.walk(ast.parse(before)):  # from the outside in
        if isinstance(node, ast.FunctionDef) and node.lineno <= place + 1 <= (node.end_lineno or 0):
            function = node.name
    return function, old[place].strip(), new[place].strip()

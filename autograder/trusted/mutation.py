"""Are the probes any good? Break each reference in many small ways, and see whether the probes notice.

Each mutant is the reference with one operator, number, comparison or keyword changed (the changes are cosmic-ray's). A
mutant that no probe rejects is a survivor: either it does the same as the reference, or a probe is missing. Each known
survivor has its reason in ``solutions/mistakes/<chapter>/survivors.toml``.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from autograder.exercise import Exercise, graded_chapter
from autograder.judge import judge
from autograder.observe import observe
from autograder.proxy import Loopback
from autograder.trusted.reference import Reference, load_reference, variants_folder

_SEED = b"the draws of a mutation run"
#: A mutant that has not come to an end after this many seconds is rejected, as a student's endless loop is.
_SECONDS = 60.0
_MEMORY = 8 * 2**30


@dataclass(frozen=True)
class Mutant:
    """A reference with one change."""

    exercise: str
    #: The line before and after the change.
    before: str
    after: str
    source: str


@dataclass(frozen=True)
class Survivor:
    """A mutant that no probe rejects."""

    mutant: Mutant
    #: Why that is right, or why it must be borne; empty if nobody has looked yet.
    reason: str
    #: Whether it does the same as the reference wherever the docstring promises anything.
    equivalent: bool


@dataclass(frozen=True)
class Report:
    """What came of one exercise's mutants."""

    exercise: str
    tried: int
    survivors: tuple[Survivor, ...]

    @property
    def share(self) -> float:
        """Of the mutants that are not equivalent, how many the probes reject."""
        different = self.tried - sum(survivor.equivalent for survivor in self.survivors)
        return 1.0 if different == 0 else (self.tried - len(self.survivors)) / different


def run(chapter: str, hidden: Path | None, exercises: Iterable[str] = (), workers: int = 1) -> Iterator[Report]:
    """Try the mutants of a chapter's exercises, all of them or some.

    Parameters
    ----------
    hidden
        The folder of hidden probes; they count.
    """
    from pebble import ProcessPool

    wanted = set(exercises)
    known = known_survivors(chapter)
    with ProcessPool(
        max_workers=workers, context=get_context("spawn"), initializer=_prepare, initargs=(chapter, hidden)
    ) as pool:
        for name in graded_chapter(chapter, hidden).exercises:
            if wanted and name not in wanted:
                continue
            made = list(mutants(chapter, name))
            tries = [pool.schedule(_rejected, args=[name, mutant.source], timeout=_SECONDS) for mutant in made]
            alive = [mutant for mutant, trial in zip(made, tries, strict=True) if not _settled(trial)]
            yield Report(name, len(made), tuple(_survivor(mutant, known) for mutant in alive))


def mutants(chapter: str, exercise: str) -> Iterator[Mutant]:
    """Yield each mutant of an exercise's reference once."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    source = plain_source(getattr(load_reference(chapter), exercise))
    seen = {source}
    for name in sorted(operator_names()):
        make: Any = get_operator(name)
        if make.arguments():
            continue  # an operator that must be told what to change
        occurrence = 0
        while (changed := mutate_code(source, make(), occurrence)) is not None:
            occurrence += 1
            if changed not in seen:
                seen.add(changed)
                yield Mutant(exercise, *_difference(source, changed), changed)


def plain_source(thing: Any) -> str:
    """Return the source of a function or class without docstrings and annotations: no probe looks at those."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    return ast.unparse(_Bare().visit(tree)) + "\n"


class _Bare(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            argument.annotation = None
        return self._without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_docstring(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        return None if node.value is None else ast.Assign([node.target], node.value, lineno=node.lineno)

    def _without_docstring(self, node: Any) -> ast.AST:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def known_survivors(chapter: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Read the survivors that somebody has looked at: by exercise, line before and line after."""
    path = variants_folder(chapter) / "survivors.toml"
    if not path.is_file():
        return {}
    listed = tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", [])
    return {(item["exercise"], item["before"], item["after"]): item for item in listed}


def _difference(before: str, after: str) -> tuple[str, str]:
    """Return the first line that differs, as it was and as it is; empty where a line was taken away."""
    old, new = before.splitlines(), after.splitlines()
    for one, other in zip(old, new, strict=False):
        if one != other:
            return one.strip(), other.strip()
    return (old[len(new)].strip(), "") if len(old) > len(new) else ("", new[len(old)].strip())


def _survivor(mutant: Mutant, known: dict[tuple[str, str, str], dict[str, Any]]) -> Survivor:
    entry = known.get((mutant.exercise, mutant.before, mutant.after), {})
    return Survivor(mutant, entry.get("reason", ""), entry.get("equivalent", False))


def _settled(trial: Any) -> bool:
    """Return whether a mutant was rejected; one that ends its process, or never ends, is."""
    from pebble import ProcessExpired

    try:
        return bool(trial.result())
    except (ProcessExpired, TimeoutError):
        return True


_exercises: dict[str, Exercise] = {}
_reference: Reference | None = None
_namespace: dict[str, Any] = {}


def _prepare(chapter: str, hidden: Path | None) -> None:
    global _reference  # noqa: PLW0603 - set once, when the process starts
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    _exercises.update(graded_chapter(chapter, hidden).exercises)
    _reference = Reference(chapter)
    _namespace.update(vars(load_reference(chapter)))


def _rejected(name: str, source: str) -> bool:
    assert _reference is not None
    exercise, namespace = _exercises[name], dict(_namespace)
    try:
        exec(source, namespace)  # noqa: S102 - our own reference, changed by us
    except Exception:
        return True
    got = observe(exercise, Loopback({name: namespace[name]}), _SEED)
    return not judge(exercise, got, _reference.want(exercise, _SEED), {}).passed

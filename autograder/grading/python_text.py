"""What a cell's text says as Python, found without running it. The text is a stranger's: nothing here raises."""

from __future__ import annotations

import ast
import builtins
import functools
import re
import symtable
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: A longer text is pasted data, and is not looked into.
MAX_READ = 50_000
_MAGIC = re.compile(r"^([ \t]*+)(?:[\w.,*][\w.,* \t]*+=[ \t]*+)?(?:[%!].*|[\w.%]++\?{1,2}[ \t]*+)$", re.MULTILINE)
#: Magics of a whole cell that leave its text Python; others make it a shell's, or a file's.
_STILL_PYTHON = re.compile(r"%%(?:time|timeit|capture|prun)\b")
#: Names that are there without any cell: a cell that binds one of them anew is not needed for it.
_GIVEN = frozenset((*dir(builtins), "In", "Out", "_", "__", "___", "display", "get_ipython", "exit", "quit"))
_METHOD = re.compile(r"^(?:async[ \t]+)?def[ \t]+\w+\([ \t]*self\b", re.MULTILINE)


@dataclass(frozen=True)
class Names:
    """The names that a cell shares with other cells."""

    binds: frozenset[str] = frozenset()
    #: Names of other cells that it needs when it is run, and those that its functions need when they are called.
    now: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    #: All names that its functions look up when they are called, its own and Python's among them.
    looked_up: frozenset[str] = frozenset()
    #: What it binds by an import: the same thing in every cell.
    imports: frozenset[str] = frozenset()


@functools.lru_cache(maxsize=500)
def runs(source: str) -> bool:
    """Say whether a cell's text is Python that can be run, IPython's magics taken for that; in doubt, that it is."""
    if len(source) > MAX_READ or source.startswith("%%"):
        return True
    return any(_compiles(text) for text in _readings(source))


def runs_alone(source: str) -> bool:
    """Say whether the text makes sense as a cell of its own: IPython takes off an indent, a method needs its class."""
    dedented = textwrap.dedent(source)
    return runs(dedented) and not (dedented != source and _METHOD.search(dedented))


def names(source: str) -> Names:
    """Return what a cell binds and needs; nothing if it is no Python."""
    if len(source) > MAX_READ or (source.startswith("%%") and not _STILL_PYTHON.match(source)):
        return Names()
    for text in _readings(source):
        try:
            with warnings.catch_warnings(action="ignore"):
                return _names(symtable.symtable(text, "cell", "exec"))
        except Exception:  # noqa: S112 - no Python; read another way it may be
            continue
    return Names()


def definition_of(identifiers: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds where one of the names is bound at the left margin, in right code and in wrong."""
    either = "|".join(sorted(map(re.escape, identifiers), key=len, reverse=True)) or "(?!)"
    return re.compile(
        rf"^(?:(?:(?:async[ \t]+)?def|class)[ \t]+({either})\b|({either})[ \t]*(?::[^=\n]*)?=(?!=))", re.MULTILINE
    )


def _readings(source: str) -> Iterator[str]:
    """Yield the text as it is, and with its magics as the statement that does nothing."""
    yield source
    if (plain := _MAGIC.sub(r"\1pass", source)) != source:
        yield plain


def _compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(source, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except Exception:
        return False
    return True


def _names(table: symtable.SymbolTable) -> Names:
    symbols = table.get_symbols()
    binds = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    needs = {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
    now, later = set(needs), set[str]()
    inner = [(child, _is_run_at_once(child)) for child in table.get_children()]
    while inner:
        scope, at_once = inner.pop()
        (now if at_once else later).update(
            symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global() and symbol.is_referenced()
        )
        inner += [(child, at_once and _is_run_at_once(child)) for child in scope.get_children()]
    given = binds | _GIVEN
    imports = frozenset(symbol.get_name() for symbol in symbols if symbol.is_imported())
    return Names(frozenset(binds), frozenset(now - given), frozenset(later - given), frozenset(later), imports)


def _is_run_at_once(scope: symtable.SymbolTable) -> bool:
    """Say whether a scope's code is run where it stands: a class's body, a comprehension; not a function's."""
    return scope.get_type() == "class" or scope.get_name() in ("listcomp", "setcomp", "dictcomp", "genexpr")

"""Which exception a failing case ended with, as `autograder.judge` words it."""

from __future__ import annotations

import builtins
import re

from autograder.verdict import Failure

_RAISED = re.compile(r"(?:your code raised|\w+ should be raised here, not) (.+)", re.DOTALL)


def exception_name(failure: Failure) -> str | None:
    """Return the name of the exception's class, in the student's words; None if the case ended in another way."""
    found = _RAISED.fullmatch(failure.problem)
    return found[1] if found else None


def is_builtin(name: str) -> bool:
    """Say whether a name is one of Python's own exceptions; a class of the student's can be named after a secret."""
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)

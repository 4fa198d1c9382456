"""The course's secret, from which all graded draws follow."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from autograder.draws import LEAST_SECRET

_BYTES = 32


class SecretError(Exception):
    """The course's secret cannot be read or made, so nothing can be graded; the message says what to do."""


def secret_file(root: Path) -> Path:
    """Return where the secret is kept: readable by its owner only, and never committed."""
    return root / ".nexttoken" / "secret"


def course_secret(root: Path) -> bytes:
    """Return the course's secret: ``NEXTTOKEN_SECRET`` (hex), else the file, which is made at the first use.

    Raises
    ------
    SecretError
        If the secret is not readable, or not at least 16 bytes in hex. Nothing is graded then.
    """
    given = os.environ.get("NEXTTOKEN_SECRET")
    path = secret_file(root)
    if given is None and not path.exists():
        _make(path)
    try:
        text = given if given is not None else path.read_text(encoding="ascii")
        secret = bytes.fromhex(text.strip())
    except (OSError, ValueError) as error:
        where = "NEXTTOKEN_SECRET" if given is not None else str(path)
        raise SecretError(f"the course secret in {where} cannot be read ({error}); it is written in hex") from None
    if len(secret) < LEAST_SECRET:
        raise SecretError(f"the course secret has {len(secret)} bytes; it needs {LEAST_SECRET} or more")
    return secret


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another grader was faster; its secret is the course's
    except OSError as error:
        raise SecretError(f"the course secret cannot be written to {path}: {error}") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_BYTES) + "\n")

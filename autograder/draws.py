"""Where a probe's inputs come from: one generator per case, from a seed that is public or secret."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np

PUBLIC = b"nexttoken public draws"
LEAST_SECRET = 16


class Rng(np.random.Generator):
    """A numpy generator that knows which case it draws.

    Attributes
    ----------
    case
        0 for the first case. Probes use it to draw small inputs first, so that the first failure is easy to read.
    """

    def __init__(self, seed: int, case: int) -> None:
        super().__init__(np.random.PCG64(seed))
        self.case = case


def case_rng(seed: bytes, exercise: str, probe: str, case: int) -> Rng:
    """Return the generator of one case: the same for the same arguments, unrelated for any others."""
    text = f"{exercise}\0{probe}\0{case}".encode()
    digest = hmac.new(seed, text, hashlib.sha256).digest()
    return Rng(int.from_bytes(digest, "big"), case)


def public_seed(exercise: str, version: int) -> bytes:
    """Return the seed of the draws that `check` uses; anyone may know it."""
    return hmac.new(PUBLIC, f"{exercise}\0{version}".encode(), hashlib.sha256).digest()


def graded_seed(secret: bytes, assignment: str, exercise: str, version: int) -> bytes:
    """Return the seed of the graded draws: HMAC-SHA256 under the course's secret.

    Parameters
    ----------
    secret
        The course's secret, at least 16 bytes.
    """
    if len(secret) < LEAST_SECRET:
        raise ValueError(f"the course secret has {len(secret)} bytes; it needs {LEAST_SECRET} or more")
    return hmac.new(secret, f"graded\0{assignment}\0{exercise}\0{version}".encode(), hashlib.sha256).digest()

"""Invented names, each of which belongs to one side for ever: the models train on some and are tested on the others."""

from __future__ import annotations

import functools
import hashlib
import re
from random import Random
from typing import Literal

Split = Literal["train", "held-out"]

HELD_OUT_SHARE = 0.2

STARTS = (
    "Al Ar Bal Bel Ber Bor Bran Bren Bur Cal Car Cor Dal Dar Den Dor Dun El Er Fal Far Fen Gal Gar Gor Gun Hal "
    "Har Hel Hol Il Ir Jan Jar Jor Kal Kar Kel Kor Lan Lor Lun Mal Mar Mel Mor Nar Nel Nor Ol Or Pal Pel Per "
    "Por Quel Ral Rin Ros Sal Sel Sor Sten Tal Tar Tel Tor Ul Val Var Vel Vor Wal Wen Wol Yar Yor Zan Zel"
).split()
ENDS = (
    "bek bin bury by dale dar den dis don dor dra fell fen fin ford gan gard grim hagen hol ka kin la lack lem "
    "len lin lis mar mas meth mir moor mund na nath nell nis pa quist ra reth ric rin ros sa set sha stead ta "
    "tan ter thas ton va vik vin wick wyn za"
).split()

NAME = re.compile(rf"({'|'.join(STARTS)})({'|'.join(ENDS)})\b")
"""A name as it stands in a text, and its two syllables."""


def split_of(name: str) -> Split:
    """Return the side that a single name (one word) belongs to: a property of its letters, the same everywhere."""
    digest = hashlib.sha256(name.lower().encode()).digest()
    return "held-out" if int.from_bytes(digest[:4]) / 2**32 < HELD_OUT_SHARE else "train"


@functools.cache
def names(split: Split) -> tuple[str, ...]:
    """Return every name of a side, in alphabetical order: about 3,800 to train on and 950 held out."""
    every = {start + end for start in STARTS for end in ENDS}
    return tuple(sorted(name for name in every if split_of(name) == split))


@functools.cache
def endings(start: str, split: Split) -> tuple[str, ...]:
    """Return what may follow a first syllable in the names of a side."""
    return tuple(name.removeprefix(start) for name in names(split) if name.startswith(start))


class NameBag:
    """Draws names of one side, never the same one twice.

    Parameters
    ----------
    rng
        The only source of chance.
    split
        The side.
    starts
        Draw only names that begin with one of so many first syllables, so that they are easily taken for one another;
        of any by default.

    Raises
    ------
    ValueError
        From `draw`, when every name is taken: the world is too large.
    """

    def __init__(self, rng: Random, split: Split, starts: int | None = None) -> None:
        self._rng, self._names = rng, names(split)
        if starts is not None:
            few = tuple(rng.sample(STARTS, starts))
            self._names = tuple(name for name in self._names if name.startswith(few))
        self._used: set[str] = set()

    def draw(self) -> str:
        """Return a name that this bag has not given before."""
        if len(self._used) == len(self._names):
            raise ValueError(f"All {len(self._names)} names are taken: make a smaller world.")
        while (name := self._rng.choice(self._names)) in self._used:
            pass
        self._used.add(name)
        return name

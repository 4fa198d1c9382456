"""Find which of very many phrases occur in a text, in one pass over the text however many there are."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_WORD = 8
_STEP = 2**23
#: The table of a hash of 20 bits: of a million places, the few that stand for a word to look for.
_BITS = 20
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Phrases:
    """Phrases to look for.

    Each phrase is cut to the length of the shortest. The last eight bytes of that beginning are its anchor. The text
    is looked at closely only where the hash of its next eight bytes is an anchor's.

    Parameters
    ----------
    phrases
        Each of eight bytes or more.

    Raises
    ------
    ValueError
        If a phrase is shorter.
    """

    def __init__(self, phrases: Iterable[bytes]) -> None:
        known = sorted(set(phrases))
        self._least = min(map(len, known), default=_WORD)
        if self._least < _WORD:
            raise ValueError(f"A phrase needs {_WORD} bytes or more, and one has {self._least}.")
        self._by_beginning: dict[bytes, list[bytes]] = {}
        for phrase in known:
            self._by_beginning.setdefault(phrase[: self._least], []).append(phrase)
        anchors = np.frombuffer(b"".join(item[-_WORD:] for item in self._by_beginning), "<u8")
        self._is_anchor = np.zeros(2**_BITS, dtype=bool)
        self._is_anchor[_hash(anchors)] = True

    def found_in(self, text: bytes) -> set[bytes]:
        """Return the phrases that occur anywhere in `text`."""
        found: set[bytes] = set()
        for start in range(0, len(text) - _WORD + 1, _STEP):
            for offset in range(start, min(start + _WORD, len(text) - _WORD + 1)):
                words = np.frombuffer(text, "<u8", min(_STEP, len(text) - offset) // _WORD, offset)
                for place in np.flatnonzero(self._is_anchor[_hash(words)]).tolist():
                    at = offset + _WORD * place - (self._least - _WORD)
                    if at >= 0:
                        known = self._by_beginning.get(text[at : at + self._least], ())
                        found.update(phrase for phrase in known if text.startswith(phrase, at))
        return found


def _hash(words: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return (words * _FACTOR) >> np.uint64(64 - _BITS)

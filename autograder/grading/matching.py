"""Find out which submitted cell stands for which released one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from autograder.grading.pieces import Piece, Release
from autograder.grading.python_text import MAX_READ, runs

#: Share of an exercise's own lines that a cell must have to be taken for it by likeness alone.
_LIKENESS = 0.5


@dataclass(frozen=True)
class Match:
    """Places of pieces in the submission, by grade_id; each place is a solution's at most once."""

    locked: dict[str, int]
    solutions: dict[str, int]
    notes: list[str]


def match(pieces: list[Piece], release: Release) -> Match:
    """Decide for each released cell which piece stands for it.

    A locked cell is the first piece that claims to be it and says the same, else the first that says the same, else
    the first that claims it. A solution is, of the pieces that somebody worked in, the last code that both claims it
    and defines its name; else the last code that defines its name; else the last text of which that is true; else the
    last of any kind that claims it; else the one most like the exercise as it was given.
    """
    claims: dict[str, list[int]] = defaultdict(list)
    says: dict[str, list[int]] = defaultdict(list)
    for place, piece in enumerate(pieces):
        if piece.claim is not None:
            claims[piece.claim].append(place)
        says[piece.text].append(place)

    locked = {
        grade_id: same[0]
        for grade_id, text in release.locked.items()
        if (same := [place for place in claims[grade_id] if pieces[place].text == text])
    }
    for grade_id, text in release.locked.items():
        if grade_id not in locked:
            taken = set(locked.values())
            if found := [place for place in says.get(text, []) if place not in taken] or claims[grade_id]:
                locked[grade_id] = found[0]
    doubled = [grade_id for grade_id in release.cells if len(claims[grade_id]) > 1]
    solutions, notes = _solutions(pieces, release, claims, says)
    return Match(locked, solutions, ([f"there more than once: {listed(doubled)}"] if doubled else []) + notes)


def _solutions(
    pieces: list[Piece], release: Release, claims: dict[str, list[int]], says: dict[str, list[int]]
) -> tuple[dict[str, int], list[str]]:
    claimed: dict[str, list[int]] = {grade_id: [] for grade_id in release.stubs}
    defining: dict[str, list[int]] = {grade_id: [] for grade_id in release.stubs}
    for place, piece in enumerate(pieces):
        if piece.text in release.given:
            continue  # nobody worked in it
        if piece.claim in claimed:
            claimed[piece.claim].append(place)
        for grade_id in release.defines(piece):
            defining[grade_id].append(place)
    found: dict[str, int] = {}

    def settle(candidates: Callable[[str], list[int]]) -> list[str]:
        taken = set(found.values())
        settled = []
        for grade_id in release.stubs:
            free = [] if grade_id in found else [place for place in candidates(grade_id) if place not in taken]
            if free:
                found[grade_id] = free[-1]
                taken.add(free[-1])
                settled.append(grade_id.removesuffix("-code"))
        return settled

    def both(grade_id: str) -> list[int]:
        return sorted(set(claimed[grade_id]) & set(defining[grade_id]))

    def code(places: list[int]) -> list[int]:
        return [place for place in places if pieces[place].cell.cell_type == "code"]

    settle(lambda grade_id: code(both(grade_id)))
    by_name = settle(lambda grade_id: code(defining[grade_id]))
    settle(both)
    by_name += settle(lambda grade_id: [place for place in defining[grade_id] if runs(pieces[place].cell.source)])
    settle(lambda grade_id: claimed[grade_id])
    by_likeness = settle(lambda grade_id: _most_alike(pieces, release, grade_id))
    settle(lambda grade_id: claims[grade_id][::-1])
    by_name += settle(lambda grade_id: says.get(release.stubs[grade_id], [])[::-1])
    notes = [f"without its mark, found by its name: {listed(by_name)}"] if by_name else []
    notes += [f"without its mark, found by its likeness to the exercise: {listed(by_likeness)}"] if by_likeness else []
    return found, notes


def _most_alike(pieces: list[Piece], release: Release, grade_id: str) -> list[int]:
    """Return the pieces that have enough of an exercise's own lines, the one with most of them last."""
    others = [text for name, text in {**release.locked, **release.stubs}.items() if name != grade_id]
    own = _lines(release.stubs[grade_id]).difference(*map(_lines, others))
    if not own:
        return []
    shares = [
        (len(own & _lines(piece.text)) / len(own), place)
        for place, piece in enumerate(pieces)
        if piece.claim is None and len(piece.text) <= MAX_READ and piece.text not in release.given
    ]
    return [place for share, place in sorted(shares) if share >= _LIKENESS]


def _lines(text: str) -> set[str]:
    return {stripped for line in text.split("\n") if (stripped := line.strip())}


def listed(names: list[str], most: int = 4) -> str:
    """Return names as a list for a sentence, the first few of many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"

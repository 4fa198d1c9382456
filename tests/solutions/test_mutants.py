"""The public probes of every chapter notice what can go wrong: nearly every small change to a reference is rejected."""

from __future__ import annotations

from collections import Counter

import pytest

from autograder.exercise import chapter_names
from autograder.trusted.mutation import run
from nexttoken.mutants import TARGET


@pytest.mark.slow
@pytest.mark.parametrize("chapter", chapter_names())
def test_the_probes_reject_the_mutants_and_each_survivor_has_its_reason(chapter: str) -> None:
    for report in run(chapter, hidden=None):
        assert report.tried >= 10, f"{report.exercise}: too few to say anything"
        assert report.share >= TARGET, report
        assert report.unexplained == []
        assert report.stale == []
        assert all(len(known.reason) > 15 and known.reason.endswith(".") for known in report.known)
        twice = [key for key, count in Counter(mutant.key for mutant in report.survivors).items() if count > 1]
        assert twice == [], "one reason would speak for two mutants"

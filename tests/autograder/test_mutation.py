"""The mutation run, on a chapter so small that its mutants can be counted by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.trusted import mutants
from autograder.trusted.mutants import Mutant, make_mutants, plain_source
from autograder.trusted.mutation import Known, Report
from nexttoken.mutants import is_good
from tests.grading import tiny

PROBES = '''
"""To climb: what is asked."""

from autograder.exercise import Chapter

chapter = Chapter("arithmetic", "To count")
climb = chapter.function("climb", title="To climb", minutes=1, difficulty=1, oracle="range")


@climb.probe(points=1, cases=3)
def climbs(impl, rng):
    """It climbs one by one, but nobody asks how high it may go."""
    return impl(2 + int(rng.integers(3, 20)))
'''
MASTER = '''
# %% [markdown]
# # Count

# %% tags=["active-ipynb"]
# from autograder import check, reset

# %% [markdown]
# ## climb
#
# Climb.


# %%
def climb(top: int) -> list[int]:
    """Return the numbers from 1 to `top`, which may be 100 at most."""
    ### BEGIN SOLUTION
    if top > 100:
        raise ValueError(f"{top} is too high by {top - 100}")
    numbers: list[int] = []
    while len(numbers) < top:
        numbers.append(len(numbers) + 1)
    return numbers
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(climb)
'''
MISTAKES = '''
"""The wrong turns."""

variants = type("All", (), {"mistakes": {}, "alternatives": {}})
'''
#: What nobody asks for.
WEAK = {
    ("if top > 100:", "pass"),
    ("if top > 100:", "if top > 101:"),
    ("if top > 100:", "if top > 99:"),
    ("if top > 100:", "if top >= 100:"),
    ("raise ValueError()", "pass"),
}
SAME = {
    ("while len(numbers) < top:", "while len(numbers) != top:"),
    ("while len(numbers) < top:", "while len(numbers) is not top:"),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_course(tmp_path_factory.mktemp("mutants") / "course", PROBES, MASTER, MISTAKES)


@pytest.fixture
def survivors_toml(course: Path) -> Iterator[Path]:
    path = course / "solutions" / "mistakes" / "survivors.toml"
    yield path
    path.unlink()


def entry(before: str, after: str, exercise: str = "climb") -> str:
    """Write an entry of survivors.toml."""
    item = {"exercise": exercise, "function": "climb", "before": before, "after": after, "reason": "Nobody asks."}
    return "[[survivor]]\nequivalent = true\n" + "".join(
        f"{key} = {json.dumps(value)}\n" for key, value in item.items()
    )


def changes(items: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(item["before"], item["after"]) for item in items}


def test_survivors_are_reported_and_lower_the_share_unless_they_are_known_to_be_equivalent(
    course: Path, survivors_toml: Path
) -> None:
    rejected = ("return numbers", "pass")
    survivors_toml.write_text("".join(entry(*change) for change in {*SAME, rejected}))
    done = tiny.run(course, "mutants", tiny.CHAPTER, "--json")
    assert done.returncode == 1, done.stderr
    (report,) = json.loads(done.stdout)
    assert changes(report["survivors"]) >= WEAK | SAME
    assert changes([item for item in report["survivors"] if item["listed"]]) == SAME
    assert changes(report["stale"]) == {rejected}
    unlisted = len(report["survivors"]) - len(SAME)
    assert report["share"] == pytest.approx(1 - unlisted / (report["mutants"] - len(SAME)))
    assert not report["ok"]
    for before, after in WEAK:
        assert f"    - {before}\n    + {after}\n    NOT IN survivors.toml\n" in done.stderr


def judged(tried: int, survivors: str, known: str) -> Report:
    """Make a report in which a letter is a mutant; capital letters are known not to be equivalent."""
    entries = tuple(Known(("climb", "climb", name.lower(), ""), "Why.", name.islower()) for name in known)
    return Report("climb", tried, tuple(Mutant("climb", "climb", name, "", name) for name in survivors), entries)


@pytest.mark.parametrize(
    ("report", "share", "good"),
    [
        (judged(100, "", ""), 1.0, True),
        (judged(102, "ab", "ab"), 1.0, True),
        (judged(102, "abc", "abC"), 0.99, True),
        (judged(102, "abc", "ab"), 0.99, False),
        (judged(102, "ab", "abc"), 1.0, False),
        (judged(100, "abcd", "ABCD"), 0.96, False),
        (judged(1, "a", "a"), 1.0, True),
    ],
    ids=["none", "equivalent", "borne", "unlisted", "stale", "too many", "nothing else"],
)
def test_a_good_report_reaches_the_target_and_lists_its_survivors_and_nothing_else(
    report: Report, share: float, good: bool
) -> None:
    assert report.share == pytest.approx(share)
    assert is_good(report) is good


REFERENCE = "def climb(top):\n    return list(range(1, top + 1))\n"
BAD = {
    "never ends": "def climb(top):\n    while True:\n        pass\n",
    "hangs where no signal is heard": "def climb(top):\n    return sum(range(10 ** 12))\n",
    "takes all memory": "def climb(top):\n    return list(bytes(2 ** 40))\n",
    "takes memory bit by bit": "def climb(top):\n    held = [b'']\n    while True:\n        held.append(bytes(2 ** 24))\n",
    "ends the process": "import os\ndef climb(top):\n    os._exit(0)\n",
    "is no function": "climb = 5\n",
    "raises when it is defined": "def climb(top, more=1 / 0):\n    return []\n",
}
SCRIPT = f"""
import json
import sys
from autograder.trusted import mutation
from autograder.trusted.mutants import Mutant

given = json.loads(sys.argv[1])
mutation._HANG_SECONDS = 3.0
mutation.make_mutants = lambda chapter, exercise: [Mutant(exercise, "climb", *item, item[1]) for item in given.items()]
told = []
(report,) = mutation.run("{tiny.CHAPTER}", None, tell=lambda *what: told.append(what))
print(json.dumps([report.tried, [mutant.before for mutant in report.survivors], told]))
"""


def python(course: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in the small course, whose own code it imports."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=course,
        env=tiny.environment(course),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_mutant_that_never_ends_or_ends_its_process_is_rejected_and_the_run_goes_on(course: Path) -> None:
    given = {**BAD, "does the same": REFERENCE}
    done = python(course, SCRIPT, json.dumps(given))
    assert done.returncode == 0, done.stderr
    tried, survivors, told = json.loads(done.stdout)
    assert tried == len(given)
    assert survivors == ["does the same"]
    assert told == [["climb", done, len(given)] for done in range(len(given) + 1)]


def test_a_reference_that_its_own_probes_reject_stops_the_run(course: Path) -> None:
    script = (
        "from autograder.trusted import mutation\n"
        "mutation.plain_source = lambda thing: 'def climb(top):\\n    return []\\n'\n"
        f"list(mutation.run({tiny.CHAPTER!r}, None))\n"
    )
    done = python(course, script)
    assert done.returncode == 1
    assert "MutationError: climb: its probes reject the reference" in done.stderr


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (entry("a", "b").replace("reason", "because"), "no 'reason'"),
        (entry("a", "b", "fall"), "of no exercise"),
        (entry("a", "b") * 2, "comes twice"),
        ("[[survivor]\n", "survivors.toml"),
    ],
)
def test_a_list_of_survivors_that_makes_no_sense_is_refused_in_a_sentence(
    course: Path, survivors_toml: Path, text: str, word: str
) -> None:
    survivors_toml.write_text(text)
    done = tiny.run(course, "mutants", tiny.CHAPTER)
    assert done.returncode == 1
    assert done.stderr.startswith("nexttoken: ")
    assert done.stderr.count("\n") == 1
    assert word in done.stderr


# --- what the mutants are


def stripped(values: list[int], width: int | None = None) -> list[int]:
    """Return the values, cut to 3."""
    if width is not None and width < 3:
        raise ValueError(f"{width - 3} too few")
    found: list[int] = sorted(values, reverse=True)
    return found[:3]


def made(monkeypatch: pytest.MonkeyPatch, thing: Any) -> list[Mutant]:
    monkeypatch.setattr(mutants, "load_reference", lambda chapter: SimpleNamespace(it=thing))
    return make_mutants("any", "it")


def test_docstrings_annotations_and_messages_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    source = plain_source(stripped)
    assert "cut to 3" not in source
    assert "too few" not in source
    assert "def stripped(values, width=None):" in source
    for mutant in made(monkeypatch, stripped):
        assert mutant.before.startswith("found") or "found: 'list[int]' =" in mutant.source


def test_operators_numbers_and_comparisons_change_and_each_part_is_left_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = made(monkeypatch, stripped)
    assert {mutant.function for mutant in found} == {"stripped"}
    assert len({mutant.source for mutant in found}) == len(found)
    line = "if width is not None and width < 3:"
    assign = "found: 'list[int]' = sorted(values, reverse=True)"
    assert {(mutant.before, mutant.after) for mutant in found} >= {
        (line, "if width is not None or width < 3:"),
        (line, "if width is not None and width <= 3:"),
        (line, "if width is not None and width < 4:"),
        (line, "if width is not None:"),
        (line, "if width < 3:"),
        (line, "pass"),
        ("raise ValueError()", "pass"),
        (assign, "pass"),
        (assign, "found: 'list[int]' = sorted(values, reverse=False)"),
        (assign, "found: 'list[int]' = sorted(values)"),
        ("return found[:3]", "return found[:]"),
        ("return found[:3]", "pass"),
    }
    for mutant in found:
        compile(mutant.source, "mutant", "exec")

"""The class report counts rightly, also for very small classes, and says that it is not for students."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from autograder.exercise import Chapter
from autograder.grading.class_report import class_report
from autograder.grading.class_statistics import Bin, Frequent, Spread, class_statistics, histogram, spread
from autograder.grading.results import Result
from autograder.verdict import Failure, ProbeVerdict, Verdict

WRONG = Failure(1, ("double(1)",), "", "2", "1", "2 was expected, 1 came back")
RAISED = Failure(1, ("double(1)",), "", "2", "TypeError: no", "your code raised TypeError")


def doubled(first: Failure | None = None, second: Failure | None = None, **changes: str) -> Verdict:
    probes = (
        ProbeVerdict("doubles", "It doubles.", 2.0, first is None, 2, 0, False, first),
        ProbeVerdict("doubles_texts", "It doubles a text.", 1.0, second is None, 1, 0, False, second),
    )
    return replace(Verdict("double", "To double", probes), **changes)  # type: ignore[arg-type]


def graded(student: str, *verdicts: Verdict, isolation: str = "bubblewrap", repairs: tuple[str, ...] = ()) -> Result:
    file = "arithmetic.ipynb"
    return Result("arithmetic", student, "graded", "", file, "key", isolation, repairs, verdicts)


def refused(student: str, why: str) -> Result:
    return Result("arithmetic", student, "not graded", why, "", "key", "bubblewrap")


def text_of(page: str) -> str:
    """Return what one reads of a page, apart from the style."""
    body = page.partition("<body>")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)))


# --- counting


def test_what_is_not_graded_counts_in_no_score(arithmetic: Chapter) -> None:
    results = [
        graded("ada", doubled()),
        refused("bea", "the file is empty"),
        refused("cem", "no notebook was handed in"),
        refused("dan", "the file is empty"),
    ]
    found = class_statistics(arithmetic, results)
    assert (found.handed_in, found.graded) == (4, 1)
    assert found.refusals == (("the file is empty", 2), ("no notebook was handed in", 1))
    assert found.scores == Spread(3, 3, 3, 3)
    assert found.exercises[0].spread == Spread(3, 3, 3, 3)


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ([], None),
        ([4.0], Spread(4, 4, 4, 4)),
        ([1.0, 3.0], Spread(2, 1.5, 2, 2.5)),
        ([5.0, 1.0, 2.0, 4.0, 3.0], Spread(3, 2, 3, 4)),
        ([0.0, 0.0, 0.0, 10.0], Spread(2.5, 0, 0, 2.5)),
    ],
)
def test_the_quartiles_are_those_known_by_hand(values: list[float], want: Spread | None) -> None:
    assert spread(values) == want


def test_a_score_on_an_edge_belongs_to_the_bar_above_and_full_points_to_the_last() -> None:
    bars = histogram([0, 4.5, 5, 9.5, 35, 39], 39)
    assert [item.count for item in bars] == [2, 2, 0, 0, 0, 0, 0, 2]
    assert bars[0] == Bin(0, 5, 2)
    assert bars[-1] == Bin(35, 39, 2)


@pytest.mark.parametrize("possible", [0.5, 1, 7, 10, 11, 39, 100, 101, 499, 3000])
def test_every_score_is_in_one_of_at_most_ten_bars(possible: float) -> None:
    scores = [possible * part / 64 for part in range(65)]
    bars = histogram(scores, possible)
    assert 1 <= len(bars) <= 10
    assert sum(item.count for item in bars) == len(scores)
    assert [item.high for item in bars] == [*[item.low for item in bars[1:]], possible]


def test_points_from_before_a_chapter_lost_some_stay_in_the_last_bar() -> None:
    assert histogram([8], 5)[-1].count == 1


def test_without_points_there_is_no_histogram() -> None:
    assert histogram([0, 0], 0) == ()


def test_exercises_and_probes_are_counted_apart(arithmetic: Chapter) -> None:
    results = [
        graded("ada", doubled()),
        graded("bea", doubled(first=WRONG)),
        graded("cem", doubled(first=RAISED, second=RAISED, note="Not written yet.")),
    ]
    double, counter = class_statistics(arithmetic, results).exercises
    assert (double.possible, double.full, double.unwritten) == (3, 1, 1)
    assert double.spread == Spread(4 / 3, 0.5, 1, 2)
    assert [(item.title, item.passed, item.asked) for item in double.probes] == [
        ("It doubles.", 1, 3),
        ("It doubles a text.", 2, 3),
    ]
    assert counter.spread is None
    assert counter.probes[0].rate is None


def test_the_most_common_mistakes_come_first(arithmetic: Chapter) -> None:
    causes = ["You squared.", "You added one.", "You added one."]
    results = [graded(f"student-{i}", doubled(first=WRONG, cause=cause)) for i, cause in enumerate(causes)]
    assert class_statistics(arithmetic, results).mistakes == (
        Frequent(2, "double", "You added one."),
        Frequent(1, "double", "You squared."),
    )


def test_an_exception_counts_once_a_student_and_exercise(arithmetic: Chapter) -> None:
    instead = replace(RAISED, problem="ValueError should be raised here, not KeyError")
    results = [
        graded("ada", doubled(first=RAISED, second=RAISED)),
        graded("bea", doubled(first=RAISED, second=instead)),
        graded("cem", doubled(first=WRONG)),
        graded(
            "dan", doubled(first=replace(RAISED, problem="your code raised NotImplementedError"), note="Not written.")
        ),
    ]
    assert class_statistics(arithmetic, results).exceptions == (
        Frequent(2, "double", "TypeError"),
        Frequent(1, "double", "KeyError"),
    )


def test_who_needs_a_look_is_listed_with_every_reason(arithmetic: Chapter) -> None:
    results = [
        graded("ada", doubled()),
        graded("bea", doubled(), isolation="none", repairs=("put back: double", "put back: double")),
        refused("cem", "the file is empty"),
    ]
    found = class_statistics(arithmetic, results)
    assert [(look.student, look.reasons) for look in found.looks] == [
        ("bea", ("repaired: put back: double", "graded without an enclosure (isolation: none)")),
        ("cem", ("not graded: the file is empty",)),
    ]
    assert found.untrusted == 1


def test_where_all_are_untrusted_it_is_said_once_and_not_of_each(arithmetic: Chapter) -> None:
    results = [graded(student, doubled(), isolation="none") for student in ("ada", "bea")]
    assert class_statistics(arithmetic, results).looks == ()
    assert "Not to be trusted: 2 of 2 graded." in text_of(class_report(arithmetic, results))


# --- the page


def test_the_page_says_that_it_is_not_for_students_and_names_hidden_probes(arithmetic: Chapter) -> None:
    exercise = arithmetic.exercises["double"]
    exercise.probes[1] = replace(exercise.probes[1], hidden=True)
    text = text_of(class_report(arithmetic, [graded("ada", doubled(second=WRONG))]))
    assert "For instructors only" in text
    assert "It doubles. 100% (1 of 1)" in text
    assert "It doubles a text. (hidden) 0% (0 of 1)" in text


def test_the_histogram_has_a_bar_and_a_line_of_a_table_for_every_step(arithmetic: Chapter) -> None:
    results = [graded("ada", doubled()), graded("bea", doubled(first=WRONG)), graded("cem", doubled())]
    page = class_report(arithmetic, results)
    bars = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="[\d.]+" height="([\d.]+)"/>', page)
    assert [float(height) for _, height in bars] == [0, 50, 0, 100, 0]
    assert [float(x) for x, _ in bars] == [1, 65, 129, 193, 257]
    assert "0 to under 1 0 1 to under 2 1 2 to under 3 0 3 to under 4 2 4 to 5 0" in text_of(page)


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([], ["0 handed in, 0 graded, 0 not graded", "There is no result yet."]),
        (
            [refused("ada", "the file is empty")],
            ["1 handed in, 0 graded", "No work was graded", "not graded: the file is empty"],
        ),
        ([graded("ada", doubled())], ["mean 3.0, median 3.0, the middle half from 3.0 to 3.0", "No known mistake"]),
        (
            [graded("ada", doubled()), graded("bea", doubled(first=WRONG))],
            ["mean 2.0, median 2.0, the middle half from 1.5 to 2.5", "50% (1 of 2)"],
        ),
    ],
    ids=["nobody", "one refused", "one", "two"],
)
def test_a_small_class_reads_sensibly(results: list[Result], said: list[str], arithmetic: Chapter) -> None:
    text = text_of(class_report(arithmetic, results))
    for sentence in said:
        assert sentence in text
    assert "nan" not in text
    assert "None" not in text


def test_of_many_mistakes_the_most_frequent_are_shown_and_the_rest_counted(arithmetic: Chapter) -> None:
    results = [graded(f"student-{i}", doubled(first=WRONG, cause=f"Mistake {i}.")) for i in range(20)]
    text = text_of(class_report(arithmetic, results))
    assert "Mistake 11." in text
    assert "Mistake 12." not in text
    assert "and 8 more" in text


def test_what_students_wrote_is_text_on_the_instructors_page_too(arithmetic: Chapter) -> None:
    nasty = "<script>alert(1)</script>\u202e"
    raised = replace(RAISED, problem=f"your code raised {nasty}")
    page = class_report(
        arithmetic, [graded(nasty, doubled(first=raised, cause=nasty), repairs=(nasty,)), refused(nasty, nasty)]
    )
    assert "<script" not in page
    assert "\u202e" not in page
    assert text_of(page).count("<script>alert(1)</script>\\u202e") == 7


def test_the_page_asks_for_nothing_from_elsewhere(arithmetic: Chapter) -> None:
    page = class_report(arithmetic, [graded("ada", doubled(first=WRONG))])
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert not re.search(r"https?://|\bsrc=|<link|<script|url\(", page)

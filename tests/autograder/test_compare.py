"""Where two observations differ: the first difference, in a sentence that a student can act on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.compare import Difference, Tolerance, difference
from autograder.show import LIMIT, show
from autograder.wire import Ref, decode, encode

EXACT = Tolerance(0, 0)
CLOSE = Tolerance(relative=1e-4, absolute=1e-6)
NAN = math.nan
INF = math.inf


def found(want: Any, got: Any, tolerance: Tolerance = CLOSE) -> Difference:
    difference_found = difference(decode(encode(want)), decode(encode(got)), tolerance)
    assert difference_found is not None
    return difference_found


def agree(want: Any, got: Any, tolerance: Tolerance = CLOSE) -> bool:
    return difference(decode(encode(want)), decode(encode(got)), tolerance) is None


# --- what agrees

SAME = [
    None,
    True,
    0,
    -(10**30),
    1.5,
    -0.0,
    INF,
    "é",
    b"x",
    [],
    (),
    {},
    [1, (2.0, {"a": "b"})],
    torch.tensor([1.0, -INF]),
    torch.zeros(0, 3),
    torch.tensor(2.0, dtype=torch.bfloat16),
    torch.tensor([1 + 2j]),
    np.array([True, False]),
    np.array(5, np.uint8),
]


@pytest.mark.parametrize("value", SAME, ids=repr)
def test_a_value_agrees_with_itself(value: Any) -> None:
    assert agree(value, value, EXACT)


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (1.0, 1),
        (1.0, np.float32(1)),
        (1.0, np.int64(1)),
        (3, np.int64(3)),
        (3, np.uint8(3)),
        (True, np.bool_(True)),
        (0.25, np.float16(0.25)),
        ([1, 2], [np.int64(1), np.int64(2)]),
        ([(97, 98)], [(np.int64(97), np.int64(98))]),
        ({"loss": 0.5}, {"loss": np.float64(0.5)}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (torch.ones(2), torch.ones(2, dtype=torch.float64)),
        (np.ones(2, np.int32), np.ones(2, np.int64)),
        (0.0, -0.0),
    ],
    ids=repr,
)
def test_what_holds_the_same_numbers_agrees(want: Any, got: Any) -> None:
    assert agree(want, got, EXACT)


# --- tolerance

T = Tolerance(relative=0.25, absolute=0.5)  # powers of two: the edge is exact


@pytest.mark.parametrize(
    "make",
    [float, torch.tensor, lambda x: torch.tensor([[1.0, x]]), lambda x: np.array([x])],
    ids=["float", "0-d", "tensor", "array"],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_passes_at_the_edge_of_the_tolerance_and_fails_beyond(make: Any, sign: int) -> None:
    edge = 4.0 + 0.5 + 0.25 * 4.0
    assert agree(make(sign * 4.0), make(sign * edge), T)
    assert not agree(make(sign * 4.0), make(sign * (edge + 1e-5)), T)
    assert agree(make(sign * 4.0), make(sign * (8.0 - edge)), T)
    assert not agree(make(sign * 4.0), make(sign * (8.0 - edge - 1e-5)), T)


def test_the_tolerance_goes_by_what_is_wanted() -> None:
    assert agree(10.0, 7.5, Tolerance(0.25, 0))
    assert not agree(7.5, 10.0, Tolerance(0.25, 0))


def test_integers_have_no_tolerance() -> None:
    assert not agree(1000, 1001, T)
    assert not agree(torch.tensor([1000]), torch.tensor([1001]), T)
    assert not agree(np.array([True]), np.array([False]), T)


@pytest.mark.parametrize("make", [float, lambda x: torch.tensor([x]), np.array], ids=["float", "tensor", "array"])
def test_infinities_agree_with_themselves_only(make: Any) -> None:
    assert agree(make(INF), make(INF))
    assert not agree(make(INF), make(-INF))
    assert not agree(make(INF), make(1e30))
    assert not agree(make(1.0), make(INF))


@pytest.mark.parametrize("make", [float, lambda x: torch.tensor([x]), np.array], ids=["float", "tensor", "array"])
def test_nan_agrees_with_nothing_unless_asked(make: Any) -> None:
    lenient = Tolerance(1e-4, 1e-6, nan_agrees=True)
    assert not agree(make(NAN), make(NAN))
    assert agree(make(NAN), make(NAN), lenient)
    for other in (1.0, INF):
        assert not agree(make(NAN), make(other), lenient)
        assert not agree(make(other), make(NAN), lenient)


def test_an_integer_beyond_every_float_is_just_a_large_number() -> None:
    assert not agree(1.0, 10**400)
    assert not agree(INF, 10**400)


def test_differences_beyond_every_float_raise_no_warning() -> None:
    assert not agree(np.float32([3e38]), np.float32([-3e38]))
    assert not agree(1.5e308, -1.5e308)


# --- the sentence for each kind of difference

SENTENCES = [
    # None and wrong types
    (1.5, None, "None came back: is there a path through your code without a return?"),
    (torch.ones(2), None, "None came back: is there a path through your code without a return?"),
    ([1], None, "None came back: is there a path through your code without a return?"),
    ({"a": 1}, None, "None came back: is there a path through your code without a return?"),
    ({"a": 1}, {"a": None}, "an integer was expected, not None: was it not set, or not returned?"),
    (None, 5, "None was expected, an integer came back"),
    ([1, 2], (1, 2), "a list was expected, a tuple came back"),
    ((1, 2), [1, 2], "a tuple was expected, a list came back"),
    ({"a": 1}, [1], "a dict was expected, a list came back"),
    ("a", b"a", "a string was expected, a bytes came back"),
    (1, 1.0, "an integer was expected, a float came back"),
    (1, True, "an integer was expected, a bool came back"),
    (1.0, True, "a float was expected, a bool came back"),
    (True, 1, "a bool was expected, an integer came back"),
    ([1], Ref("callback", 0), "a list was expected, a function came back"),
    ([1, 2], torch.tensor([1, 2]), "a list was expected, a torch tensor of shape (2,) came back"),
    (torch.ones(2), [1.0, 1.0], "a torch tensor of shape (2,) was expected, a list came back"),
    (torch.ones(2), np.ones(2), "a torch tensor of shape (2,) was expected, a numpy array of shape (2,) came back"),
    (np.ones(2), torch.ones(2), "a numpy array of shape (2,) was expected, a torch tensor of shape (2,) came back"),
    # 0-d tensors in place of numbers
    (
        1.5,
        torch.tensor(1.5),
        "a float was expected, a torch tensor of shape () came back; `.item()` turns it into a plain number",
    ),
    (
        3,
        torch.tensor(3),
        "an integer was expected, a torch tensor of shape () came back; `.item()` turns it into a plain number",
    ),
    (1.5, torch.tensor([1.5]), "a float was expected, a torch tensor of shape (1,) came back"),
    # shapes and kinds of number
    (torch.ones(2, 3), torch.ones(3, 2), "shape (2, 3) was expected, (3, 2) came back: is it transposed?"),
    (torch.ones(2, 3), torch.ones(3), "shape (2, 3) was expected, (3,) came back"),
    (torch.ones(2, 3, 1), torch.ones(1, 3, 2), "shape (2, 3, 1) was expected, (1, 3, 2) came back: is it transposed?"),
    (torch.ones(2, 3, 1), torch.ones(3, 2, 1), "shape (2, 3, 1) was expected, (3, 2, 1) came back"),
    (torch.ones(2), torch.ones(2, dtype=torch.int64), "numbers of kind float were expected, integer came back"),
    (torch.ones(2, dtype=torch.int64), torch.ones(2), "numbers of kind integer were expected, float came back"),
    (np.array([True]), np.array([1]), "numbers of kind bool were expected, integer came back"),
    (np.array([1j]), np.array([1.0]), "numbers of kind complex were expected, float came back"),
    # values
    (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5]), "1 of 2 values are wrong, the first at [1]: 2.0 was expected, 2.5 came back"),
    (
        torch.tensor([[1, 2], [3, 4]]),
        torch.tensor([[1, 2], [0, 0]]),
        "2 of 4 values are wrong, the first at [1, 0]: 3 was expected, 0 came back",
    ),
    (torch.tensor(1.0), torch.tensor(2.0), "1 of 1 values are wrong"),
    (torch.tensor([1.0, 2.0]), torch.tensor([NAN, 2.0]), "1 of 2 values are wrong, and there is NaN among them"),
    (np.array(1.0), np.array(NAN), "1 of 1 values are wrong, and there is NaN among them"),
    (np.array([True, False]), np.array([True, True]), "1 of 2 values are wrong, the first at [1]: False was expected, True came back"),
    (1.0, 1.5, "off by 0.5"),
    (1.0, NAN, "the result is not a number (NaN)"),
    (1.0, INF, "off by inf"),
    (3, 4, "3 was expected, 4 came back"),
    (True, False, "True was expected, False came back"),
    # texts
    ("tower", "towel", "the texts differ from character 4 on"),
    ("tower", "to", "the texts differ from character 2 on"),
    ("", "x", "the texts differ from character 0 on"),
    # lists
    ([1, 2, 3], [1, 5, 3], "item 1 should be 2, and is 5"),
    ([1, 2, 3], [1, None, 3], "item 1 should be 2, and is None"),
    ([1.5], [1.75], "item 0 should be 1.5, and is 1.75"),
    (["a", "b"], ["a", "c"], "item 1 should be 'b', and is 'c'"),
    ([1, 2], [1, 2, 3], "2 items were expected, 3 came back"),
    ([1, 2, 3], [1, 2], "3 items were expected, 2 came back"),
    ([1, 2, 3], [], "3 items were expected, 0 came back"),
    ([], [1], "0 items were expected, 1 came back"),
    # dicts
    ({"a": 1, "b": 2}, {"a": 1}, "'b' is missing"),
    ({"a": 1}, {"a": 1, "c": 3}, "'c' should not be there"),
    ({"a": 1}, {"a": 2}, "1 was expected, 2 came back"),
]  # fmt: skip


@pytest.mark.parametrize(("want", "got", "sentence"), SENTENCES, ids=[sentence for _, _, sentence in SENTENCES])
def test_each_kind_of_difference_has_its_sentence(want: Any, got: Any, sentence: str) -> None:
    assert found(want, got).problem == sentence


@pytest.mark.parametrize(
    ("want", "got", "where"),
    [
        (1, 2, ""),
        ({"ids": [[1], [2]]}, {"ids": [[1], [3]]}, "ids"),
        ({"ids": [[1], list(range(40))]}, {"ids": [[1], list(range(1, 41))]}, "ids[1][0]"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a, b"),
        ([{"a": 1}], [{"a": 2}], "[0], a"),
        ([(1, 2), (3, 4)], [(1, 2), (3, 5)], ""),
        ({"a": 1}, {}, "a"),
        ([[1, 2], [3]], [[1, 2], [3, 4]], ""),
    ],
    ids=repr,
)
def test_a_difference_says_where_it_is(want: Any, got: Any, where: str) -> None:
    assert found(want, got).where == where


def test_a_short_list_is_shown_whole_and_a_nested_difference_by_itself() -> None:
    whole = found([1, 2, 3], [1, 5, 3])
    assert (whole.expected, whole.got) == ("[1, 2, 3]", "[1, 5, 3]")
    pairs = found([(1, 2), (3, 4)], [(1, 2), (3, 5)])
    assert (pairs.expected, pairs.got) == ("[(1, 2), (3, 4)]", "[(1, 2), (3, 5)]")
    assert pairs.problem == "item 1 should be (3, 4), and is (3, 5)"
    inner = found([torch.ones(1), torch.ones(1)], [torch.ones(1), torch.zeros(1)])
    assert (inner.where, inner.expected, inner.got) == ("[1]", "tensor([1.0])", "tensor([0.0])")


def test_type_comes_before_shape_and_shape_before_kind_of_number() -> None:
    assert "numpy array" in found(torch.ones(2), np.ones(3, int)).problem
    assert "shape" in found(torch.ones(2), torch.ones(3, dtype=torch.int64)).problem
    assert "kind" in found(torch.ones(2), torch.zeros(2, dtype=torch.int64)).problem


def test_a_shape_is_compared_even_where_there_are_no_values() -> None:
    assert found(torch.ones(0, 3), torch.ones(3, 0)).problem.endswith("is it transposed?")


# --- no value that a student returns may break the comparison or flood what is shown

HOSTILE = [
    10**5_000,
    -(10**5_000),
    "x" * 100_000,
    "\ud800",
    b"\0" * 100_000,
    [0] * 5_000,
    [[[[[]]]]],
    {"k" * 100_000: 1},
    {"": {}},
    Ref("callback", 0),
    torch.empty(2**20, 0),
    np.empty((0, 2**20)),
    np.zeros((2,) * 16, bool),
    torch.zeros(10**6, dtype=torch.uint8),
    torch.tensor(NAN),
    np.array(1j),
    torch.tensor([2**63 - 1]),
    np.array([2**64 - 1], np.uint64),
    np.float16(60_000),
]  # fmt: skip


@pytest.mark.parametrize("got", HOSTILE, ids=lambda value: show(value, 30))
@pytest.mark.parametrize("want", SAME, ids=lambda value: show(value, 30))
def test_any_value_that_comes_back_gives_a_short_sentence(want: Any, got: Any) -> None:
    for a, b in ((want, got), ([want], [got]), ({"a": want}, {"a": got}), ({"a": want}, got)):
        result = found(a, b)
        assert 0 < len(result.problem) <= 2 * LIMIT
        assert len(result.expected) <= LIMIT
        assert len(result.got) <= LIMIT


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(plain, plain)
def test_a_comparison_always_ends_and_only_equal_values_agree_exactly(want: Any, got: Any) -> None:
    same = difference(want, got, Tolerance(0, 0, nan_agrees=True)) is None
    assert difference(want, want, Tolerance(0, 0, nan_agrees=True)) is None
    if same:
        assert repr(got).replace("-0.0", "0.0") == repr(want).replace("-0.0", "0.0") or got == want


# --- values in words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.5, "0.5"),
        (0.123456, "0.1235"),
        (2.0, "2.0"),
        (1e-5, "1e-05"),
        (1234567.0, "1.235e+06"),
        (NAN, "nan"),
        (-INF, "-inf"),
        ("a'b", '"a\'b"'),
        ([1, (2,)], "[1, (2,)]"),
        ({"a": None}, "{'a': None}"),
        (torch.tensor([[1.0, 0.25]]), "tensor([[1.0, 0.25]])"),
        (np.array([1, 2]), "array([1, 2])"),
        (torch.tensor(3), "tensor(3)"),
        (torch.zeros(13), "tensor([0.0, 0.0, 0.0, 0.0, …], shape (13,))"),
        (torch.zeros(2, 0), "tensor([[], []])"),
        (torch.empty(2**20, 0), "tensor([[], [], [], [], …], shape (1048576, 0))"),
        (len, "<len>"),
        (Ref("callback", 1), "<function>"),
        (10**5_000, "<an integer of about 5001 digits>"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_is_shown_on_one_readable_line(value: Any, words: str) -> None:
    assert show(value) == words


@settings(derandomize=True, deadline=None, max_examples=100)
@given(plain, st.integers(10, 200))
def test_a_value_is_never_shown_longer_than_the_limit(value: Any, limit: int) -> None:
    text = show(value, limit)
    assert len(text) <= limit
    assert text == show(value, 10_000) or (text.endswith("…") and show(value, 10_000).startswith(text[:-1]))


def test_of_a_large_value_no_more_is_written_than_is_shown() -> None:
    """An array without elements costs nothing to send and may have very many rows."""
    rows = np.zeros((12,) * 9 + (0,), dtype=np.uint8)
    for value in ({"a": rows}, [rows], ({"a": [{"b": rows}]},)):
        assert len(show(value)) <= LIMIT + 1

"""Texts of strangers reach files whole, and terminals without their power."""

from __future__ import annotations

import pytest

from autograder.printable import printable, storable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("naïve 日本 🙂\tx\ny", "naïve 日本 🙂\tx\ny"),
        ("\x1b]0;mine\x07", "\\x1b]0;mine\\x07"),
        ("a\rb\x9b2J\x7f", "a\\rb\\x9b2J\\x7f"),
        ("\u202eabc", "\\u202eabc"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_steers_a_terminal_is_written_as_an_escape(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_what_is_stored_keeps_all_but_half_characters() -> None:
    assert storable("10 %\r20 %\x1b[0m\ud800") == "10 %\r20 %\x1b[0m\\ud800"

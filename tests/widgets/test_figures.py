"""The chapters' figures: well-formed pictures that say in words what they show."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from widgets.figures import Figure, curves, intervals


def parsed(figure: Figure) -> ET.Element:
    shown = figure._repr_mimebundle_()
    assert shown["text/plain"] == str(figure) == figure.summary
    return ET.fromstring(shown["text/html"])


def words_of(picture: ET.Element) -> list[str]:
    return [element.text or "" for element in picture.iter() if element.tag.endswith("text")]


def test_curves_are_named_where_they_end_and_marked_at_each_point() -> None:
    figure = curves(
        {"a": [(0, 0), (1, 1)], "b": [(0, 1), (1, 0.98)]}, (0, 1, "k"), (0, 1, "recall"), "a grows & b stays"
    )
    picture = parsed(figure)
    assert {"a", "b", "k", "recall"} <= set(words_of(picture))
    assert len([element for element in picture.iter() if element.tag.endswith("circle")]) == 4
    heights = {element.text: float(element.get("y", 0)) for element in picture.iter() if element.text in {"a", "b"}}
    assert abs(heights["a"] - heights["b"]) >= 16  # names that end at one place do not cover each other


def test_intervals_have_a_row_each_with_the_mean_in_figures() -> None:
    picture = parsed(intervals({"k=1": (0.5, 0.4, 0.6), "closed": (0.0, 0.0, 0.0)}, "F1", "k=1 is better"))
    assert {"k=1", "closed", "0.50", "0.00", "F1"} <= set(words_of(picture))


@pytest.mark.parametrize("series", [{"a": []}, {str(number): [(0, 0)] for number in range(6)}])
def test_a_series_without_points_or_a_colour_is_refused(series: dict[str, list[tuple[float, float]]]) -> None:
    with pytest.raises(ValueError, match="1 to 5 series"):
        curves(series, (0, 1, "x"), (0, 1, "y"), "nothing")

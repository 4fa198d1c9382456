"""What the README and CONTRIBUTING show is what there is."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "course/index.md"]


@pytest.mark.parametrize("page", PAGES)
def test_no_placeholder_is_left_in_a_page(page: str) -> None:
    assert not re.search(r"^@[A-Z]+@$|TODO|FIXME", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)\)", text):
        if "://" not in target and not target.startswith("../work/"):  # work/ is made when the course is opened
            assert ((ROOT / page).parent / target).exists(), target


def test_the_readmes_table_is_the_sample_class() -> None:
    roster = tomllib.loads((ROOT / "solutions" / "sample_class" / "roster.toml").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^(\d\d-[\w-]+) .*? (\d+|not graded)$", readme, re.MULTILINE))
    assert list(rows) == list(roster)
    unreadable = [name for name in roster if int(name[:2]) >= 13]
    assert [name for name, total in rows.items() if total == "not graded"] == unreadable


def test_the_readmes_totals_are_the_expected_points_of_the_sample_class() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    expected = (ROOT / "tests" / "grading" / "test_sample_class.py").read_text(encoding="utf-8")
    for name, total in re.findall(r"^(\d\d-[\w-]+) .*? (\d+)$", readme, re.MULTILINE):
        assert f'"{name}": {total},' in expected, name

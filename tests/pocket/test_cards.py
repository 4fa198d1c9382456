"""What the cards and the README claim is what was measured, and what was measured meets its targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocket.catalogue import FOLDER, MODELS
from pocket.evaluate import cards
from pocket.evaluate.measure import Measure, proportion
from pocket.integrity import weight_files

OURS = [name for name in MODELS if name != "minilm"]
FEWEST = 500
MOST_BYTES = 12_000_000


def test_every_page_shows_the_recorded_measures() -> None:
    for page, content in cards.pages(cards.recorded()).items():
        assert page.read_text(encoding="utf-8") == content, page


def test_every_model_is_measured_and_has_a_card_in_the_readme() -> None:
    assert {measure.model for measure in cards.recorded()} == set(OURS)
    readme = cards.README.read_text(encoding="utf-8")
    for name in OURS:
        assert f"pocket/models/{name}/README.md" in readme


def test_every_target_is_met_on_enough_examples() -> None:
    judged = [measure for measure in cards.recorded() if measure.target != "reported"]
    assert judged
    for measure in judged:
        assert measure.ok, measure
        assert measure.n >= FEWEST, measure
        low, high = measure.interval
        assert low <= measure.value <= high


def test_a_card_says_how_its_model_was_trained_and_what_it_cannot_do() -> None:
    for name in OURS:
        card = (FOLDER / name / "README.md").read_text(encoding="utf-8")
        log = json.loads((FOLDER / name / "training.json").read_text(encoding="utf-8"))
        assert f"{log['steps']:,} steps" in card, name
        assert f"seed {log['seed']}" in card, name
        assert "## What it cannot do" in card, name
        assert "TRAINING" not in card, name
        assert (FOLDER / name / "training.svg").is_file(), name


def test_all_weights_together_are_small() -> None:
    assert sum((FOLDER / name).stat().st_size for name in weight_files(FOLDER)) <= MOST_BYTES


def test_measuring_one_model_anew_keeps_the_others() -> None:
    old = [proportion("pocket-lm: a", 1, 2), proportion("pocket-clip: b", 1, 2)]
    new = [proportion("pocket-clip: c", 2, 2)]
    assert [measure.name for measure in cards.merged(old, new)] == ["pocket-lm: a", "pocket-clip: c"]


def test_a_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    measure = proportion("pocket-lm: a", 490, 500, at_least=0.95)
    path = tmp_path / "measures.json"
    path.write_text(json.dumps([measure.as_dict()]), encoding="utf-8")
    assert cards.recorded(path) == [measure]
    assert cards.recorded(tmp_path / "none.json") == []


def test_a_page_keeps_what_stands_around_its_table() -> None:
    page = f"before\n{cards.BEGIN}\nold\n{cards.END}\nafter\n"
    made = cards.with_table(page, "| new |")
    assert made.startswith("before\n")
    assert made.endswith("\nafter\n")
    assert "old" not in made
    assert "| new |" in made
    assert cards.with_table(made, "| new |") == made


def test_a_page_without_a_place_for_its_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="around its table"):
        cards.with_table("a page", cards.table([Measure("x: y", 0.5, (0.4, 0.6), 9, "reported", ok=True)]))

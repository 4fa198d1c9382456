"""Chapter 2: what its prose says is what it computes, and a reader's own functions stand in where they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = ROOT / "course" / "02_rag.ipynb"


def executed(notebook: Any, folder: Path) -> str:
    """Run a notebook in a folder and return all that it printed."""
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.fixture(scope="module")
def said() -> str:
    return executed(nbformat.read(CHAPTER, as_version=4), CHAPTER.parent)


def after(said: str, start: str, count: int = 1) -> list[str]:
    """Return the lines from the first that starts so."""
    lines = said.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(start))
    return lines[first : first + count]


def numbers(line: str) -> list[float]:
    return [float(x) for x in re.findall(r"-?\d+\.\d+|-?\d+", line)]


def tables(said: str) -> list[Mapping[str, list[float]]]:
    """Return the two tables of searches: recall@1, @3, @5, MRR and nDCG of each."""
    found = []
    for block in said.split("recall@1  @3")[1:]:
        rows = [re.fullmatch(r"(\S.*?)\s{3,}([\d. ]+)", line) for line in block.splitlines()[1:9]]
        found.append({row[1]: [float(x) for x in row[2].split()] for row in rows if row})
    assert [len(table) for table in found] == [8, 8]
    return found


@pytest.mark.slow
def test_the_opening_question_is_answered_by_one_passage_that_no_search_puts_first(said: str) -> None:
    assert after(said, "asked, with nothing to read:") == ["asked, with nothing to read: unknown"]
    (true, false, silent) = [line for line in said.splitlines() if "you: (nothing yet)" in line][:3]
    assert "the model: Helfell" in true
    assert "the model: Perfen" in false
    assert "the model: unknown" in silent
    assert after(said, "k = 1: unknown", 2) == ["k = 1: unknown", "k = 2: Helfell"]
    for name in ("dense  ", "BM25  ", "weighted  ", "RRF  "):
        (line,) = [line for line in said.splitlines() if line.startswith(name) and "first [" in line]
        assert int(line.split()[-1]) > 1
    firsts = [numbers(line)[0] for line in after(said, "the bridge, by vectors:", 2)]
    assert firsts[0] == firsts[1]  # reranking does not help here


@pytest.mark.slow
def test_an_overlap_saves_sentences_and_stores_more(said: str) -> None:
    rows = [numbers(line.replace(",", "")) for line in after(said, "overlap   chunks", 5)[1:]]
    assert [row[0] for row in rows] == [0, 6, 15, 30]
    for column in (1, 2, 3):
        assert [row[column] for row in rows] == sorted({row[column] for row in rows})
    assert rows[-1][3] == 100  # percent


@pytest.mark.slow
def test_on_the_prose_all_draw_at_rank_1_and_the_words_are_ahead_below(said: str) -> None:
    prose, _ = tables(said)
    assert {row[0] for row in prose.values()} == {0.75}
    assert prose["BM25"][3] > prose["dense"][3]
    assert len({tuple(row) for name, row in prose.items() if "reranked" in name}) == 1
    assert prose["BM25, reranked"][3] == prose["BM25"][3]
    places = [line for line in said.splitlines() if line.startswith("    {'dense':")]
    assert len(places) == 3
    assert "'BM25': 1" in places[0] and "'BM25, reranked': 3" in places[0]  # noqa: PT018
    assert "'BM25': 2" in places[1] and "'BM25, reranked': 1" in places[1]  # noqa: PT018
    assert "'BM25': 3" in places[2] and "'BM25, reranked': 2" in places[2]  # noqa: PT018


@pytest.mark.slow
def test_on_the_library_the_vectors_win_and_reranking_lifts_rank_1_and_costs_one_at_3(said: str) -> None:
    _, world = tables(said)
    assert world["dense"][0] > world["BM25"][0] + 0.15
    assert world["dense, reranked"][0] == pytest.approx(world["dense"][0] + 0.05)
    assert world["dense, reranked"][1] == pytest.approx(world["dense"][1] - 0.01)


@pytest.mark.slow
def test_in_both_tables_a_hybrid_is_never_below_the_worse_judge_nor_above_the_better(said: str) -> None:
    for table in tables(said):
        for hybrid in ("weighted", "RRF"):
            for worse, better, own in zip(table["dense"], table["BM25"], table[hybrid], strict=True):
                assert min(worse, better) <= own <= max(worse, better)


@pytest.mark.slow
def test_more_probes_find_more_and_the_first_ones_the_most(said: str) -> None:
    rows = [numbers(line) for line in after(said, "probes   looked at", 8)[1:]]
    looked, recall = [row[1] / 100 for row in rows], [row[2] for row in rows]
    assert recall == sorted(recall)
    assert (looked[-1], recall[-1]) == (1, 1)
    assert all(found > part + 0.2 for part, found in zip(looked[:4], recall[:4], strict=True))


@pytest.mark.slow
def test_the_place_of_the_right_passage_shows_no_u(said: str) -> None:
    rows = [numbers(line.partition(":")[2]) for line in after(said, "right passage at place", 3)]
    means, lows, highs = zip(*((row[0], row[-2], row[-1]) for row in rows), strict=True)
    assert max(lows) <= min(highs)  # the intervals overlap
    assert means[1] > min(means)  # the middle is not the worst
    assert numbers(after(said, "prompts of")[0])[-1] < 1_000  # shorter by far than the paper's


@pytest.mark.slow
def test_the_sum_of_votes_and_one_prompt_disagree(said: str) -> None:
    (right,) = after(said, "Helfell: alone")
    (silent,) = after(said, "unknown: alone")
    votes = [numbers(line)[3] for line in (right, silent)]
    together = [numbers(line)[4] for line in (right, silent)]
    assert votes[0] < 0.4
    assert votes[1] > 0.6
    assert together[0] > 0.9
    assert together[1] < 0.1


@pytest.mark.slow
def test_the_three_measures_are_independent(said: str) -> None:
    rows = {line[0]: (line.split()[1], *map(float, line.split()[2:4])) for line in after(said, "A   True", 4)}
    assert rows == {
        "A": ("True", 1.0, 1.0), "B": ("False", 1.0, 0.0), "C": ("False", 0.0, 1.0), "D": ("False", 0.0, 1.0),
    }  # fmt: skip


@pytest.mark.slow
def test_ten_questions_do_not_tell_one_passage_from_five_and_a_hundred_do(said: str) -> None:
    def conditions(count: int) -> list[list[float]]:
        return [numbers(line.split("F1")[1].replace("95 %", "")) for line in after(said, f"{count} questions", 4)[1:]]

    ten, hundred = conditions(10), conditions(100)
    assert ten[0] == hundred[0] == [0, 0, 0]
    assert ten[1][2] >= ten[2][1]
    assert hundred[1][2] < hundred[2][1]
    assert hundred[2][0] > 0.95


@pytest.mark.slow
def test_with_one_passage_every_failure_is_the_retrievers(said: str) -> None:
    found, missed = (line.split()[3:] for line in after(said, "k = 1  found", 2))
    assert found[1] == found[2]  # of those found, all are right
    assert missed[2] == "0"
    assert missed[1] == missed[3]  # all of the others said unknown


@pytest.mark.slow
def test_recall_rises_to_1_and_f1_falls_again_behind_3(said: str) -> None:
    rows = [numbers(line.partition("to")[0]) for line in after(said, " k   recall", 7)[1:]]
    depth, recall, f1 = ([row[column] for row in rows] for column in range(3))
    assert depth == [1, 2, 3, 5, 10, 20]
    assert recall == sorted(recall)
    assert recall[2:] == [1, 1, 1, 1]
    assert f1[:3] == sorted(f1[:3])
    assert f1[2:] == sorted(f1[2:], reverse=True)
    assert f1[-1] < f1[2] - 0.05
    asked, stands = after(said, "with 20 passages:", 2)
    told = re.search(r"It says (.+); right is", asked)
    assert told
    assert told[1] in stands.partition(":")[2]  # it is a name of another passage, and not made up


@pytest.mark.slow
def test_on_real_prose_nothing_is_answered_even_with_the_right_paragraph(said: str) -> None:
    block = said.split("you said: (None, None, None)")[1]
    rows = [line for line in block.splitlines() if "mean F1" in line]
    assert [numbers(line.split("F1")[1])[0] for line in rows] == [0, 0, 0]
    assert after(said, "F1 with the right paragraph alone:") == ["F1 with the right paragraph alone: 0.0"]
    assert "the River" in said.split("Jean-Baptiste")[1]
    assert "Mount" in said.split("Jean-Baptiste")[1]


@pytest.mark.slow
def test_the_pitfalls_are_what_they_are_said_to_be(said: str) -> None:
    near, far = numbers(after(said, "open and closed")[0])
    assert near > 0.8
    assert far < 0.2
    assert numbers(after(said, "the lowest cosine")[0])[-1] > -0.2
    assert numbers(after(said, "recall@5 of random")[0])[-1] <= 0.2
    older, lucene = numbers(after(said, "older")[0])
    assert older < 0 < lucene
    assert after(said, "The query's vector has the shape (768,)")


@pytest.mark.slow
def test_a_middling_retriever_needs_the_most_passages(said: str) -> None:
    rows = [numbers(line) for line in after(said, "p =  0.9: k*", 4)]
    precise, middling, poor, hopeless = ((row[1], row[2], row[3]) for row in rows)
    for formula, grid, _ in (precise, middling, poor, hopeless):
        assert formula == pytest.approx(grid, abs=0.011)
    assert middling[0] > poor[0] > precise[0] > hopeless[0] == 0
    assert precise[2] > middling[2] > poor[2] < 0.05


@pytest.mark.slow
def test_a_readers_own_functions_stand_in_and_change_no_number(said: str, tmp_path: Path) -> None:
    import jupytext

    work = tmp_path / "work" / "rag"
    work.mkdir(parents=True)
    (tmp_path / "course").mkdir()
    written = jupytext.read(ROOT / "solutions" / "rag.py")
    nbformat.write(written, work / "rag.ipynb")
    notebook = nbformat.read(CHAPTER, as_version=4)
    last = next(number for number, cell in enumerate(notebook.cells) if cell.source.startswith("from random import"))
    notebook.cells = [cell for cell in notebook.cells[: last + 1] if "RetrievalMap" not in cell.source]
    own = executed(notebook, tmp_path / "course")
    (line,) = after(own, "yours:")
    for name in ("cosine_top_k", "bm25_scores", "reciprocal_rank_fusion", "maxsim_rerank"):
        assert name in line
        assert name not in after(said, "yours:")[0]
    for ours, theirs in zip(tables(said), tables(own), strict=True):
        assert ours.keys() == theirs.keys()
        for name, row in ours.items():
            assert theirs[name] == pytest.approx(row, abs=1e-9), name

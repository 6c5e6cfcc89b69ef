"""Transfer matrices: what the tables of several sources come to."""

import csv
import io
import json
from dataclasses import replace

import html5lib
import pytest

from tests.fakes import run
from tests.test_leaderboard import DATA, grid, scored
from xbench.crossed import chapters
from xbench.leaderboard import board
from xbench.page import to_html
from xbench.render import to_csv, to_json, to_markdown

SCORES = {
    "en": {"en": 80, "de": 70, "sw": 60, "zh": 40},
    "de": {"en": 71, "de": 82, "sw": 60, "zh": 54},
    "zh": {"en": 60, "de": 58, "sw": 45, "zh": 81},
}
TD = "{http://www.w3.org/1999/xhtml}td"


def crossed(recipe="finetune", seeds=(0,), scores=SCORES, **fields):
    return [one for source, of in scores.items() for one in grid(recipe, of, seeds, source=source, **fields)]


def only(results):
    (matrix,) = board(results).matrices
    return matrix


def sheets(results):
    return [sheet for chapter in chapters(board(results).matrices) for sheet in chapter.sheets]


def test_the_best_source_is_not_the_target_itself_and_ties_are_told_from_planted_differences():
    matrix = only(crossed())
    assert (matrix.sources, matrix.targets) == (("de", "en", "zh"), ("de", "en", "zh", "sw"))
    assert matrix.best == {"de": "en", "en": "de", "zh": "de", "sw": "de"}
    assert matrix.ties == {"de": (), "en": (), "zh": (), "sw": ("en",)}
    assert matrix.to_best["zh"]["sw"].value == -15
    assert matrix.to_best["zh"]["sw"].interval.upper < 0
    assert "sw" not in matrix.to_best["de"], "the best is not behind itself"


def test_numbers_and_intervals_are_those_of_the_tables():
    made = board(crossed(seeds=(0, 1)))
    for table in made.tables:
        (row,) = table.rows
        assert {at: found.value for at, found in made.matrices[0].scores[table.source].items()} == row.scores
        assert {at: found.interval for at, found in made.matrices[0].scores[table.source].items()} == row.intervals
        mean = made.matrices[0].averages[table.source]
        assert (mean.value, mean.interval) == (row.average.value, row.average.interval)
    assert made.matrices[0].averages["en"].value == pytest.approx((70 + 60 + 40) / 3), "the diagonal is left out"


def test_lower_is_better_where_the_metric_says_so():
    assert only(crossed(higher_is_better=False)).best == {"de": "zh", "en": "zh", "zh": "en", "sw": "zh"}


def test_one_source_or_other_test_examples_make_no_matrix():
    assert board(grid("finetune", SCORES["en"])).matrices == ()
    other = grid("finetune", SCORES["de"], source="de", dataset=DATA | {"fingerprint": "g"})
    assert board(grid("finetune", SCORES["en"]) + other).matrices == ()
    assert "from source to target" not in to_markdown(board(grid("finetune", SCORES["en"])))


def test_a_matrix_is_of_the_seeds_that_all_sources_have_and_what_lacks_one_is_not_there():
    results = [one for one in crossed(seeds=(0, 1, 2)) if one.cell.source != "zh" or one.cell.seed != 2]
    results = [one for one in results if (one.cell.source, one.cell.target, one.cell.seed) != ("de", "sw", 1)]
    matrix = only(results)
    assert matrix.seeds == (0, 1)
    assert "sw" not in matrix.scores["de"]
    assert matrix.averages["de"].value is None, "a mean of fewer does not compare"
    assert matrix.best["sw"] == "en"
    (sheet,) = sheets(results)
    assert sheet.lines[0] == ("de", "n/a", "n/a", "82.0", "71.0", "54.0", "n/a")


def test_without_values_per_example_there_is_a_best_source_and_no_tie():
    results = [replace(one, items={}) for one in crossed()]
    assert only(results).best["de"] == "en"
    (sheet,) = sheets(results)
    assert sheet.lines[-1] == ("ties with it", "", "", "n/a", "n/a", "n/a", "n/a")


def test_recipes_stand_side_by_side_and_sources_that_make_no_difference_share_a_line():
    supervised = {source: {"en": 80, "de": 82, "sw": 75, "zh": 81} for source in SCORES}
    results = crossed() + crossed("finetune[on=target]", scores=supervised) + grid("few-shot", {"en": 82, "de": 72})
    (*matrices, beside) = sheets(results)
    assert [sheet.title for sheet in matrices] == ["xlmr finetune, seed 0", "xlmr finetune[on=target], seed 0"]
    assert [line[:2] for line in beside.lines] == [
        ("few-shot", "en"),
        ("finetune", "de"),
        ("finetune", "en"),
        ("finetune", "zh"),
        ("finetune[on=target]", "de, en, zh"),
    ]
    assert beside.lines[0][3:] == ("72.0", "82.0", "n/a", "n/a")


def test_the_diagonal_is_marked_in_markdown_and_on_the_page_also_where_languages_stand_below_each_other():
    many = {f"x{letter}": 50 for letter in "abcdefghijklmnop"}
    for results, found in ((crossed(), 3), (crossed(scores={at: of | many for at, of in SCORES.items()}), 3)):
        made = board(results)
        text = to_markdown(made).split("from source to target")[1].split("### How to read")[0]
        assert [f"*{number}.0*" in text for number in (82, 80, 81)] == [True] * found
        page = html5lib.HTMLParser(strict=True).parse(to_html(made, results))
        marked = ["".join(cell.itertext()) for cell in page.iter(TD) if len(cell) and cell[0].tag.endswith("}em")]
        assert sorted(marked) == ["80.0", "81.0", "82.0"]


def test_names_are_text_on_the_page_and_in_markdown():
    results = crossed(recipe="a<s>", seeds=(0,))
    assert "<s>" not in to_html(board(results), results)
    assert "`a<s>`" in to_markdown(board(results))


def test_csv_and_json_have_the_best_source_and_what_others_lack():
    made = board(crossed())
    lines = [line for line in csv.DictReader(io.StringIO(to_csv(made))) if "best source" in line["measure"]]
    told = {(line["measure"], line["language"], line["source"]): float(line["score"]) for line in lines}
    assert told["best source", "sw", "de"] == 60
    assert told["difference to best source", "sw", "en"] == 0
    assert told["difference to best source", "zh", "en"] == -14
    assert json.loads(to_json(made))["matrices"][0]["ties"]["sw"] == ["en"]
    assert "matrices" not in json.loads(to_json(board([scored("finetune", "de", 70)])))


def test_a_run_from_several_sources_ends_in_a_board_with_their_matrix(tmp_path):
    opened, summary = run(tmp_path, sources=("en", "de"))
    assert summary.trainings() == 2
    text = (opened.folder / "README.md").read_text(encoding="utf-8")
    assert "## fake-task (source en)" in text
    assert "## fake-task (source de)" in text
    assert "## fake-task: from source to target" in text

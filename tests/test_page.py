import json
import random
import re
from dataclasses import replace

import html5lib
import matplotlib
import pytest

from tests.fakes import run
from tests.test_leaderboard import SCORES, grid
from tests.test_render import small
from tests.test_render_suite import SUMMARY
from xbench import session
from xbench.cell import Cell, Result, Status
from xbench.costs import Cost, costs
from xbench.leaderboard import board
from xbench.notes import supervision
from xbench.page import to_html
from xbench.publish import publish
from xbench.references import Reference
from xbench.registry import load_registry
from xbench.standings import Board, Dataset, Row
from xbench.testing import FakePlugin

EVIL = """<script>alert(1)</script>--> "x" 'y' &amp; $a^$ {{ 7 * 7 }} javascript:alert(2)"""
HTML, SVG = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}"


def paid(seconds, aligned=0.0, parameters=100, **keys):
    """What a result says of its cost."""
    return {"timings": {"fit_seconds": seconds, "align_seconds": aligned}, "model": {"parameters": parameters},
            "keys": keys}  # fmt: skip


RESULTS = [
    *grid("a", SCORES, seeds=(0, 1), **paid(10, fit="a")),
    *grid("b", {"en": 81, "de": 40, "sw": 30}, seeds=(0, 1), **paid(30, 5, 200, fit="b", align=["x"])),
    *grid("a", {"en": 70, "th": 41}, task="paws-x"),
    Result(Cell("xlmr", "e", "xnli", "en", "sw", 0), Status.FAILED, reason=f"out of memory {EVIL}"),
]
ROW = Row(EVIL, EVIL, {EVIL: 1.0, "de": 2.0}, supervision={EVIL: {EVIL: 1}}, readings={EVIL: 3.0})
(TABLE,) = small(
    task=EVIL,
    source=EVIL,
    dataset=Dataset(EVIL, EVIL, EVIL, EVIL, True, EVIL),
    languages=(EVIL, "de"),
    sizes={EVIL: 1, "de": 2},
    rows=(ROW, *small().tables[0].rows),
    majority=(ROW,),
    notes=(EVIL,),
).tables
SUITE = replace(
    SUMMARY,
    suite=EVIL,
    source=EVIL,
    groups={EVIL: (EVIL,)},
    metrics={"xnli": EVIL, "tatoeba": ""},
    rows=tuple(replace(row, model=EVIL, groups={EVIL: 1.0}) for row in SUMMARY.rows),
    notes=(EVIL,),
)
NASTY = Board((TABLE, *small().tables), (SUITE,), (Reference(EVIL, EVIL, EVIL, EVIL, EVIL, 5.0),))


def parsed(text):
    """The page as a tree; a fault in the HTML raises."""
    return html5lib.HTMLParser(strict=True).parse(text)


@pytest.fixture(scope="module")
def nasty():
    return parsed(to_html(NASTY, [], EVIL))


def test_text_from_data_is_text_wherever_it_stands(nasty):
    assert len(list(nasty.iter(f"{HTML}script"))) == 1
    assert {one.tag.removeprefix(HTML) for one in nasty.find(f"{HTML}head")} == {"meta", "title", "style"}
    for one in nasty.iter():
        assert not [name for name in one.attrib if name.startswith("on")]
    for tag in ("title", "h1", "option", "li", "b"):
        assert EVIL in ["".join(one.itertext()).strip() for one in nasty.iter(HTML + tag)], tag
    assert EVIL in ["".join(one.itertext()) for one in nasty.iter(f"{SVG}text")]
    assert any(EVIL in one.get("aria-label", "") for one in nasty.iter(f"{SVG}svg"))
    row = next(one for one in nasty.iter(f"{HTML}tr") if "data-task" in one.attrib)
    assert {row.get(f"data-{name}") for name in ("task", "source", "model", "recipe", "supervision")} == {EVIL}


def test_what_cannot_be_printed_is_left_out():
    table = small().tables[0]
    odd = replace(
        table, rows=(replace(table.rows[0], model="a\x00\x1b[1m\u202eb\ud800"),), languages=("d\u202ee", "sw")
    )
    page = to_html(Board((odd,)), [])
    parsed(page)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ud800]", page)


def test_nothing_is_fetched(nasty):
    tree = parsed(to_html(board(RESULTS), RESULTS))
    for one in (*tree.iter(), *nasty.iter()):
        assert str(one.tag).rpartition("}")[2] not in {"link", "img", "image", "iframe", "object", "embed", "a", "base"}
        assert not {"src", "srcset", "action", "data", "poster"} & set(one.attrib)
        assert all(value.startswith("#") for name, value in one.attrib.items() if name.rpartition("}")[2] == "href")
    page = to_html(board(RESULTS), RESULTS)
    assert "http:" not in page
    assert "https:" not in page
    assert "@import" not in page
    assert set(re.findall(r"url\((.)", page)) == {"#"}


def test_every_name_is_given_once_and_every_reference_has_its_name():
    tree = parsed(to_html(board(RESULTS), RESULTS))
    names = [one.get("id") for one in tree.iter() if one.get("id")]
    assert len(set(names)) == len(names)
    used = {value[1:] for one in tree.iter() for name, value in one.attrib.items() if name.endswith("href")}
    used |= {
        found for one in tree.iter() for value in one.attrib.values() for found in re.findall(r"url\(#(.+?)\)", value)
    }
    assert used
    assert used <= set(names)


def test_plots_have_no_colours_or_fonts_of_their_own():
    for one in parsed(to_html(board(RESULTS), RESULTS)).iter():
        if str(one.tag).startswith(SVG):
            style = one.get("style", "")
            assert not re.search(r"#[0-9a-f]{3}|font-family|rgb", style.replace("url(#", "")), style


def test_the_same_results_give_the_same_bytes():
    page = to_html(board(RESULTS), RESULTS)
    shuffled = random.Random(0).sample(RESULTS, len(RESULTS))
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "svg.fonttype": "path"}):
        assert to_html(board(shuffled), shuffled) == page
        assert matplotlib.rcParams["font.size"] == 30


def lines(tree):
    """The rows of the large table: what is known of a row -> the texts of its cells by head."""
    (table,) = [one for one in tree.iter(f"{HTML}table") if one.get("id") == "scores"]
    head, body = table
    names = ["".join(one.itertext()) for one in head[0]]
    known = [tuple(row.get(f"data-{name}") for name in ("task", "model", "recipe", "language")) for row in body]
    cells = [dict(zip(names, ["".join(cell.itertext()) for cell in row], strict=True)) for row in body]
    assert len(set(known)) == len(known)
    return dict(zip(known, cells, strict=True))


def test_everything_on_the_board_is_in_the_page():
    made = board(RESULTS)
    tree = parsed(to_html(made, RESULTS))
    found, shown = lines(tree), " ".join("".join(tree.itertext()).split())
    assert len(found) == sum(len(table.lines) * (1 + len(table.languages)) for table in made.tables)
    for table in made.tables:
        for row in table.lines:
            mean = found[table.task, row.model, row.recipe, ""]
            assert mean["score"] == f"{row.average.value:.1f}"
            assert mean["gap"] == f"{row.gap.value + 0.0:.1f}"
            assert mean["supervision"] == supervision(row.supervision)
            assert mean["rank"] == str(row.rank or "")
            for language in table.languages:
                line = found[table.task, row.model, row.recipe, language]
                assert line["score"] == f"{row.scores[language]:.1f}"
                assert line["n"] == str(table.sizes[language])
        assert all(" ".join(note.split()) in shown for note in table.notes)
    assert found["xnli", "xlmr", "b", "sw"]["gap"] == "51.0"
    assert found["xnli", "xlmr", "b", ""]["95 %"].count(" to ") == 1
    assert (found["xnli", "xlmr", "b", ""]["seconds"], found["xnli", "xlmr", "b", ""]["parameters"]) == ("35", "200")


def test_plots_show_scores_intervals_and_costs_by_the_keys_of_the_rows():
    tree = parsed(to_html(board(RESULTS), RESULTS))
    drawn = {one.get("aria-label"): ["".join(text.itertext()) for text in one.iter(f"{SVG}text")]
             for one in tree.iter(f"{SVG}svg")}  # fmt: skip
    assert sorted(drawn) == [
        "Table 1, paws-x: averages",
        "Table 1, paws-x: scores by language, 1 of 1",
        "Table 2, xnli: averages",
        "Table 2, xnli: parameters",
        "Table 2, xnli: scores by language, 1 of 1",
        "Table 2, xnli: seconds of training",
    ]
    heat = drawn["Table 2, xnli: scores by language, 1 of 1"]
    assert heat[:2] == ["A", "B"]
    assert [text for text in heat if not re.fullmatch(r"[\d.]+|[AB]", text)] == ["en", "de", "sw", "avg", "gap"]
    assert {"80.0", "70.0", "60.0", "15.0", "81.0", "40.0", "30.0", "46.0"} <= set(heat)
    assert {"A", "B", "65.0", "35.0"} <= set(drawn["Table 2, xnli: averages"])


def test_many_languages_stand_in_blocks():
    many = {f"x{at:02}": 50.0 for at in range(41)}
    (table,) = board(grid("a", many)).tables
    page = to_html(Board((table,)), [])
    assert page.count("scores by language, 3 of 3") == 1
    shown = re.findall(r">(x\d\d)</text>", page)
    assert sorted(shown) == sorted(many)


def test_a_stage_that_serves_several_targets_is_paid_once_and_seeds_are_averaged():
    def of(recipe, seed, target, seconds, **keys):
        (result,) = grid(recipe, {target: 50}, seeds=(seed,), **paid(seconds, 100, **keys))
        return result

    shared = [
        of("a", seed, at, 10 + seed, fit=f"f{seed}", align=[f"x{seed}"]) for seed in (0, 1) for at in ("de", "sw")
    ]
    each = [of("b", seed, at, 10, fit=f"{seed}{at}", align=[f"{seed}{at}"]) for seed in (0, 1) for at in ("de", "sw")]
    silent = grid("c", {"de": 40, "sw": 30}, seeds=(0, 1), model={"parameters": 7})
    lacking = grid("d", {"de": 40}, seeds=(0, 1), **paid(1))
    results = [*shared, *each, *silent, *lacking]
    (table,) = board(results).tables
    found = dict(zip([row.recipe for row in table.rows], costs(table, results), strict=True))
    assert found == {"a": Cost(110.5, 100), "b": Cost(220.0, 100), "c": Cost(None, 7), "d": Cost()}


def test_a_board_without_scores_has_a_page():
    parsed(to_html(Board(()), []))
    assert "No results." in to_html(Board(()), [])
    page = to_html(board(RESULTS[-1:]), RESULTS[-1:])
    parsed(page)
    assert "No scores." in page
    assert "out of memory" in page


def test_what_is_published_has_its_page(tmp_path):
    plugin = FakePlugin(tmp_path)
    opened, _ = run(tmp_path, plugin, ("fake-method", "fake-aligner+fake-method"))
    publish(opened.folder, tmp_path / "board", load_registry(extra={"fake": plugin}))
    page = (tmp_path / "board" / "index.html").read_text(encoding="utf-8")
    assert page == session.board(tmp_path / "board", "html")
    assert session.board(opened.folder, "html") == page
    (table,) = json.loads(session.board(opened.folder, "json"))["tables"]
    found = lines(parsed(page))
    for row in table["rows"]:
        assert found[table["task"], row["model"], row["recipe"], ""]["score"] == f"{row['average']['value']:.1f}"
    assert f"<title>{session.suite_of(opened.folder).title}</title>" in page
    assert "sample: not the real test set" in page

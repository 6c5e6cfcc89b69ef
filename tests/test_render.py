import io
import json
import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbench.errors import StoreError
from xbench.legends import LEGEND
from xbench.markdown import to_markdown
from xbench.markup import code, escape
from xbench.notes import supervision
from xbench.render import check, to_csv, to_json
from xbench.standings import Board, Dataset, Estimate, Row, Table
from xbench.statistics import Interval

LABELS = {"source labels": {"en": 2490}}


def small(languages=("en", "de", "sw"), **fields):
    rows = (
        Row(
            "xlmr",
            "mlm[steps=5]+finetune",
            scores={"en": 80.0, "de": 70.25, "sw": 60.04},
            seeds=(0, 1),
            supervision=LABELS | {"target text": {"de": 2490, "sw": 2490}},
            average=Estimate(65.145, Interval(63.0, 67.25)),
            average_with_source=70.09666666,
            gap=Estimate(14.855, Interval(13.0, 16.5)),
            rank=1,
        ),
        Row(
            "xlmr",
            "centering+finetune",
            scores={"en": 80.0, "de": 70.0, "sw": 60.0},
            seeds=(0, 1),
            supervision=LABELS,
            average=Estimate(65.0, Interval(62.9, 67.1)),
            average_with_source=70.0,
            gap=Estimate(15.0, Interval(13.1, 16.6)),
            to_best=Estimate(-0.145, Interval(-0.5, 0.2)),
            tie=True,
            rank=1,
        ),
        Row(
            "mbert",
            "finetune",
            scores={"en": 75.0, "de": 60.0, "sw": 50.0},
            seeds=(0, 1),
            supervision=LABELS,
            average=Estimate(55.0, Interval(53.0, 57.0)),
            average_with_source=61.6667,
            gap=Estimate(20.0, Interval(18.0, 22.0)),
            to_best=Estimate(-10.145, Interval(-12.0, -8.0)),
            rank=3,
        ),
        Row("mbert", "mlm+finetune", scores={"de": 61.0}, seeds=(0,)),
    )
    chance = {"average": Estimate(33.3), "average_with_source": 33.3, "gap": Estimate(-0.01)}
    majority = Row("majority class", "neutral", {"en": 33.3, "de": 33.3, "sw": 33.3}, **chance)
    values = {
        "task": "xnli-sample",
        "source": "en",
        "dataset": Dataset("xnli-sample", "1", "test", "sample", True, "accuracy"),
        "languages": languages,
        "sizes": dict.fromkeys(languages, 1500),
        "fingerprints": {language: f"f-{language}" for language in languages},
        "rows": rows,
        "majority": (majority,),
        "notes": ("mbert mlm+finetune: no average, for it lacks en, sw (seeds 0, 1)",),
    }
    return Board((Table(**(values | fields)),))


GOLDEN = r"""## xnli-sample (source en)

Data: xnli-sample, revision 1, origin sample, split test; accuracy; n = 1,500 in each of 3 languages, parallel.

|   rank | model          | recipe                  |   avg |         95 % |                    to best |   gap |   avg with en |   en |   de |   sw |   seeds | supervision                                           |
|-------:|:---------------|:------------------------|------:|-------------:|---------------------------:|------:|--------------:|-----:|-----:|-----:|--------:|:------------------------------------------------------|
|      1 | `xlmr`         | `mlm[steps=5]+finetune` |  65.1 | 63.0 to 67.2 |                       best |  14.9 |          70.1 | 80.0 | 70.2 | 60.0 |    0, 1 | source labels en 2,490; target text 2 languages 4,980 |
|      1 | `xlmr`         | `centering+finetune`    |  65.0 | 62.9 to 67.1 | tie, -0.14 (-0.50 to 0.20) |  15.0 |          70.0 | 80.0 | 70.0 | 60.0 |    0, 1 | source labels en 2,490                                |
|      3 | `mbert`        | `finetune`              |  55.0 | 53.0 to 57.0 |      -10.1 (-12.0 to -8.0) |  20.0 |          61.7 | 75.0 | 60.0 | 50.0 |    0, 1 | source labels en 2,490                                |
|        | `mbert`        | `mlm+finetune`          |   n/a |          n/a |                        n/a |   n/a |           n/a |  n/a | 61.0 |  n/a |       0 | none                                                  |
|        | majority class | neutral                 |  33.3 |          n/a |                        n/a |   0.0 |          33.3 | 33.3 | 33.3 | 33.3 |         | none                                                  |

- mbert mlm+finetune: no average, for it lacks en, sw (seeds 0, 1)
"""  # noqa: E501


def test_a_small_board_in_markdown():
    assert to_markdown(small()) == GOLDEN + "\n" + LEGEND + "\n"


def test_an_interval_that_ends_next_to_zero_does_not_look_as_if_it_held_zero():
    board = small()
    rows = list(board.tables[0].rows)
    rows[1] = replace(rows[1], tie=False, to_best=Estimate(-0.145, Interval(-0.31, -0.004)))
    text = to_markdown(Board((replace(board.tables[0], rows=tuple(rows)),)))
    assert "-0.14 (-0.31 to -0.00)" not in text
    assert "-0.14 (-0.310 to -0.004)" in text


def test_what_is_published_ends_with_one_newline_and_an_empty_board_says_so():
    assert to_markdown(Board(())) == "No results.\n"
    for render in (to_markdown, to_csv, to_json):
        text = render(small())
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("`code`", r"\`code\`"),
        ("<script>&amp;", "`<script>&amp`;"),
        ("[click](http://x)", "`[click](http://x`)"),
        ("![x](y)", "`![x](y`)"),
        ("one\n\n## two\r\tthree\u2028four", "one ## two three four"),
        ("back\\|slash", r"`back\`\|slash"),
        ("*bold* _it_ ~no~", "`*bold*` `_it_` `~no~`"),
        ("right\u202eto left", "right to left"),
        ("Türkçe 中文", "Türkçe 中文"),
        ("see http://evil.example, (www.x.org): WWW.", "see `http://evil.example`, (`www.x.org`): `WWW`."),
        ("$a$ $`b`$ @user me@x.org #12", r"`$a$` `$`\`b\``$` `@user` `me@x.org` `#12`"),
        ("fine :tada: :+1: :", "fine `:tada`: `:+1`: :"),
        ("xnli[train=snli]", "`xnli[train=snli]`"),
        ("fit: en→de 1,234 (a/path.txt) 0.1.0; end:", "fit: en→de 1,234 (a/path.txt) 0.1.0; end:"),
    ],
)
def test_text_from_data_is_shown_and_does_nothing(text, shown):
    assert escape(text) == shown


CODE = re.compile(r"(?<!\\)`[^`]+`")  # as GitHub takes it; a backtick with a backslash opens none


@given(st.text(st.sampled_from("ab1 `|\\*_~[]()<>&@$:.,;#w/-\n")))
def test_nothing_active_is_outside_of_code_and_no_character_is_lost(text):
    line = " ".join(text.split())
    for shown in (escape(text), code(text)):
        outside = CODE.sub(" ", shown)
        assert not re.search(r"[*_~\[\]<>&@$]|\\[^`|]|(?<!\\)`", outside)
        assert not re.search(r":[^\s`|\\.,;:)]|www|#\w", outside)
        assert not re.search(r"(?<!\\)\|", shown)
        plain = re.sub(r"\\([`|])|`([^`]+)`", lambda found: found[1] or found[2], shown)
        assert plain == line


def test_a_name_is_code_where_it_can_be():
    assert code("finetune[epochs=2]") == "`finetune[epochs=2]`"
    assert code("a\n b") == "`a b`"
    assert code("a|b") == r"a\|b"
    assert code("") == ""


EVIL = "x|`<b>\n[a](b) http://e.vil @me"


def test_every_text_from_data_is_escaped():
    row = Row(EVIL, EVIL, {EVIL: 1.0, "de": 2.0}, supervision={EVIL: {EVIL: 1}})
    board = small(
        task=EVIL,
        source=EVIL,
        dataset=Dataset(EVIL, EVIL, EVIL, EVIL, True, EVIL),
        languages=(EVIL, "de"),
        sizes={EVIL: 1, "de": 2},
        rows=(row,),
        majority=(row,),
        notes=(EVIL,),
    )
    for text in (to_markdown(board), to_markdown(wide(board))):
        shown = CODE.sub("", text.replace(LEGEND, ""))
        assert not re.search(r"<b>|\[a\]|://|@|(?<!\\)`", shown)
        tables = [line.replace(r"\|", "") for line in shown.splitlines() if line.startswith("|")]
        for line in tables:
            assert line.count("|") in {tables[0].count("|"), tables[-1].count("|")}


def wide(board):
    """The board with so many languages that they stand below each other."""
    (table,) = board.tables
    more = tuple(f"x{letter}" for letter in "abcdefghijklmnop")
    sizes = dict(table.sizes) | dict.fromkeys(more, 5)
    return small(**{**vars(table), "languages": (*table.languages, *more), "sizes": sizes})


def test_many_languages_stand_below_each_other_after_a_summary():
    lines = to_markdown(wide(small())).splitlines()
    heads = [line for line in lines if line.startswith("|") and ("rank" in line or "language " in line)]
    summary, below = ([cell.strip() for cell in head.strip("|").split("|")] for head in heads)
    assert summary[:3] == ["rank", "model", "recipe"]
    assert summary[3:] == ["avg", "95 %", "to best", "gap", "avg with en", "seeds", "supervision"]
    assert below[:2] == ["language", "`xlmr mlm[steps=5]+finetune`"]
    assert below[-1] == "majority class neutral"
    start = lines.index(heads[1]) + 2
    languages = [line.split("|")[1].strip() for line in lines[start : start + 19]]
    assert languages[:4] == ["en", "de", "sw", "xa"]
    assert lines[start + 19] == ""


def test_sizes_that_differ_are_told_by_language():
    text = to_markdown(small(sizes={"en": 2000, "de": 1500, "sw": 1500}))
    assert "n = 2,000 (en); 1,500 (de, sw), parallel." in text
    assert "n = 2,000 (en), parallel." in to_markdown(small(("en",), sizes={"en": 2000}))


def test_a_table_of_nothing_but_skipped_cells_is_its_notes():
    board = small(rows=(), majority=(), languages=(), sizes={}, fingerprints={}, notes=("1 cell skipped: no data",))
    assert to_markdown(board).startswith("## xnli-sample (source en)\n\nNo scores.\n\n- 1 cell skipped: no data\n\n###")


def test_csv_keeps_language_codes_that_look_like_nothing():
    scores = {"en": 1.0, "nan": 50.123456, "no": 60.0, "NA": 70.0}
    board = small(
        languages=tuple(scores), sizes=dict.fromkeys(scores, 10), rows=(Row("m", "r", scores, rank=1),), majority=()
    )
    frame = pd.read_csv(io.StringIO(to_csv(board)), keep_default_na=False)
    by_language = frame[frame.measure == "score"]
    assert by_language.language.tolist() == ["en", "nan", "no", "NA"]
    assert by_language.score.astype(float).tolist() == [1.0, 50.1235, 60.0, 70.0]
    assert by_language.n.astype(int).tolist() == [10] * 4


def test_csv_has_a_line_per_row_and_language_and_one_per_average():
    frame = pd.read_csv(io.StringIO(to_csv(small())), keep_default_na=False)
    assert len(frame) == 5 * (3 + 4)
    first = frame[(frame.recipe == "centering+finetune") & (frame.measure == "difference to best")].iloc[0]
    assert (float(first.score), float(first.lower), float(first.upper)) == (-0.145, -0.5, 0.2)
    lacking = frame[(frame.recipe == "mlm+finetune") & (frame.language == "en")].iloc[0]
    assert lacking.score == ""


def test_json_is_strict_and_holds_everything():
    def refuse(name):
        raise AssertionError(name)

    (table,) = json.loads(to_json(small()), parse_constant=refuse)["tables"]
    ends = {"lower": 63.0, "upper": 67.25}
    assert table["rows"][0]["average"] == {"value": 65.145, "interval": ends, "beyond": None}
    assert table["rows"][0]["average_with_source"] == 70.0967
    assert table["rows"][3]["average"]["value"] is None
    assert table["dataset"]["origin"] == "sample"
    assert table["notes"] == list(small().tables[0].notes)
    with pytest.raises(ValueError, match="JSON"):
        to_json(small(rows=(Row("m", "r", {"en": math.nan}),)))


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, "none"),
        ({"target text": {}}, "none"),
        ({"not told": {}}, "not told"),
        (
            {"target text": {"de": 1, "sw": 22409}, "source labels": {"en": 19666}},
            "source labels en 19,666; target text 2 languages 22,410",
        ),
    ],
)
def test_supervision_as_text(counts, text):
    assert supervision(counts) == text


def test_check_is_silent_when_the_file_is_what_it_should_be(tmp_path):
    path = tmp_path / "README.md"
    path.write_bytes(to_markdown(small()).encode())
    assert check(to_markdown(small()), path) == ""


def test_check_shows_what_differs(tmp_path):
    path = tmp_path / "README.md"
    path.write_bytes(b"one\ntwo")
    assert check("one\nthree\n", path) == (
        f"--- {path}\n+++ generated\n@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+three\n"
    )


def test_check_sees_a_missing_last_newline_and_a_missing_file(tmp_path):
    path = tmp_path / "README.md"
    assert "+one\n" in check("one\n", path)
    path.write_bytes(b"one")
    assert check("one\n", path)


def test_check_of_what_cannot_be_read_says_so(tmp_path):
    with pytest.raises(StoreError, match="cannot read"):
        check("text\n", tmp_path)

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbench.latex import escape, to_latex
from xbench.references import Reference
from xbench.standings import Board, Dataset, Estimate, Row, Table
from xbench.statistics import Interval

NASTY = "a_b&c \\input{x} 100% $#{}~^ <@> [i]"


def small(**fields):
    """A board of a best row, one that ties with it, a worse one, and one that lacks languages."""
    best = Row("m", "best", {"en": 80.0, "de": 70.0}, (0,), average=Estimate(70.0, Interval(68.0, 72.0)), rank=1)
    values = {
        "task": "t",
        "source": "en",
        "dataset": Dataset("org/t", "r1", "test", "hub", True, "accuracy"),
        "languages": ("en", "de"),
        "sizes": {"en": 1500, "de": 1400},
        "fingerprints": {"en": "f", "de": "g"},
        "rows": (
            replace(best, gap=Estimate(-0.5, Interval(-2.0, 1.0))),
            replace(best, recipe="tied", average=Estimate(69.5), to_best=Estimate(-0.5, Interval(-1.0, 0.1)), tie=True),
            replace(best, recipe="worse", average=Estimate(60.0), to_best=Estimate(-10.0), rank=3),
            Row("m", "part", {"de": 61.0}, (0,)),
        ),
        "majority": (),
        "notes": (),
    }
    return Board((Table(**(values | fields)),))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b&c", r"a\_b\&c"),
        ("100% of $5 #1 {x}", r"100\% of \$5 \#1 \{x\}"),
        ("\\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ('~^`"', r"\textasciitilde{}\textasciicircum{}\textasciigrave{}{\char34}"),
        ("a<b>|c|", r"a\textless{}b\textgreater{}\textbar{}c\textbar{}"),
        ("1--2 --- ''", "1-{}-2 -{}-{}- '{}'"),
        ("one\n\n\ttwo\u202e", "one two"),
        ("Türkçe 中文", "Türkçe 中文"),
        ("", ""),
    ],
)
def test_text_is_latex_that_shows_it(text, shown):
    assert escape(text) == shown


SPELLED = {"backslash": "\\", "asciitilde": "~", "asciicircum": "^", "less": "<", "greater": ">", "bar": "|",
           "asciigrave": "`"}  # fmt: skip


@given(st.text(st.sampled_from("ab 1\\{}$&#%_~^<>|`\"'-,[]*!?é")))
def test_latex_loses_no_character_and_leaves_none_active(text):
    token = re.compile(r"\\text(\w+?)\{\}|\{\\char34\}|\\([{}$&#%_])|\{\}|([^\\{}$&#%_~^<>|`\"])")
    shown, at = "", 0
    while at < len(escape(text)):
        found = token.match(escape(text), at)
        assert found, escape(text)[at:]
        shown += SPELLED[found[1]] if found[1] else '"' if "char" in found[0] else found[2] or found[3] or ""
        at = found.end()
    assert shown == " ".join(text.split())


def test_the_best_is_bold_and_a_tie_is_marked():
    text = to_latex(small())
    assert (
        r"1 & m & \texttt{best} & \textbf{70.0}\xbenchinterval{68.0}{72.0} & $-$0.5\xbenchinterval{$-$2.0}{1.0}" in text
    )
    assert r"1 & m & \texttt{tied} & 69.5$^{\approx}$ & n/a & 80.0 & 70.0 & 0 & none \\" in text
    assert r"3 & m & \texttt{worse} & 60.0 & n/a" in text
    assert r" & m & \texttt{part} & n/a & n/a & n/a & 61.0 & 0 & none \\" in text
    assert "accuracy on org/t, revision r1, origin hub, split test; n = 1,400 to 1,500 per language." in text
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\textbf")] == [1, 1, 1, 1]


def test_names_of_models_and_notes_are_escaped_wherever_they_stand():
    row = Row(NASTY, NASTY, {"en": 1.0}, supervision={NASTY: {"en": 1}}, readings={NASTY: 1.0})
    dataset = Dataset(NASTY, NASTY, NASTY, NASTY, metric=NASTY)
    text = to_latex(small(task=NASTY, rows=(row,), notes=(NASTY,), dataset=dataset))
    assert text.count(escape(NASTY)) == 11
    assert "input{x}" not in text
    assert not re.search(r"(?<!\\)[#~]|(?<!\\)%(?! )", text.partition("\\begin{table}")[2])


def test_a_line_that_starts_with_a_bracket_is_no_argument():
    text = to_latex(small(languages=("en", "[de]", *map(str, range(20)))))
    assert "\n{}[de] & n/a & n/a" in text


def test_published_averages_stand_apart():
    numbers = (
        Reference("a paper", "mBERT", "t", "accuracy", "", 65.4),
        Reference("a paper", "mBERT", "t", "f1", "de", 1.0),
    )
    text = to_latex(replace(small(), references=numbers))
    assert "model & source & t accuracy \\\\\n\\midrule\nmBERT & a paper & 65.4 \\\\" in text
    assert text.count(r"\begin{table}") == 2
    assert r"\label{tab:xbench-2}" in text

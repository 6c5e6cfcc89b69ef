"""The leakage guard: what a training has read of its test examples is said, and too much of it is refused."""

from dataclasses import dataclass, field, replace

import pyarrow as pa
import pytest

from tests.fakes import run, session
from tests.test_leaderboard import DATA, only, scored
from xbench.contracts import Examples, Resource, Split
from xbench.errors import DataError
from xbench.keys import digest
from xbench.leakage import marks_of
from xbench.session import board
from xbench.testing import FakeAligner, FakeDictionary, FakePlugin, FakeTask

ALIGNED = "reader+fake-method"


@dataclass
class Reader(FakeAligner):
    """Needs parallel text and learns nothing from it."""

    name: str = "reader"

    def needs(self, options):
        return frozenset({Resource.PARALLEL})

    def fit(self, encoder, options, context):
        return encoder


def sentence(language, row):
    return " ".join(
        f"{language}{word}" for word in (f"number{row}", *["one", "two", "three", "four", "five", "six", "seven"])
    )


@dataclass(frozen=True)
class Sentences(FakeTask):
    """Its test texts are long enough to be recognised."""

    copied: int = 0  # so many training texts of English are test texts
    languages: tuple = ("en", "de")

    def load(self, language, split, data):
        made = super().load(language, split, data)
        if split is Split.TEST:
            texts = [sentence(language, row) for row in range(len(made.inputs))]
        elif self._part(split) is Split.TRAIN:
            texts = [sentence("en", row) for row in range(self.copied)]
            texts += made.inputs["text"].to_pylist()[self.copied :]
        else:
            return made
        about = replace(made.provenance, fingerprint=digest(texts))
        return Examples(pa.table({"text": texts}), made.gold, about)


@dataclass(frozen=True)
class Parallel(FakeDictionary):
    """Holds so many test sentences, in English and German."""

    name: str = "fake-bitext"
    supplies: Resource = Resource.PARALLEL
    languages: tuple = ("de",)
    copies: int = 0
    words: tuple = field(default_factory=lambda: tuple(f"word{at}" for at in range(50)))

    def load(self, source, target, data):
        made = super().load(source, target, data)
        copied = [(sentence("en", row), sentence("xx", row)) for row in range(self.copies)]
        return type(made)([*copied, *made.rows], made.provenance)


def plugin(tmp_path, copies=0, **task):
    parts = {"tasks": [Sentences(**task)], "aligners": [Reader()], "resources": [Parallel(copies=copies)]}
    return FakePlugin(tmp_path, **parts)


def skipped(opened):
    return {(skip.cell.recipe, skip.cell.target) for skip in opened.plan.skipped if "leakage" in skip.reason}


def test_what_has_seen_test_sentences_is_refused_in_every_language_of_a_parallel_test(tmp_path):
    opened = session(tmp_path, plugin(tmp_path, copies=6), (ALIGNED, "fake-method"))
    assert skipped(opened) == {(ALIGNED, "en"), (ALIGNED, "de")}  # the German rows are the English ones
    assert {cell.cell.recipe for cell in opened.plan.cells} == {"fake-method"}
    (reason, *_) = (skip.reason for skip in opened.plan.skipped)
    assert "of 12 test examples stand in the parallel sentences of fake-bitext with de; --allow-leakage" in reason


def test_where_rows_are_not_parallel_other_languages_are_not_touched(tmp_path):
    opened = session(tmp_path, plugin(tmp_path, copies=6, parallel=False), (ALIGNED,))
    assert skipped(opened) == {(ALIGNED, "en")}


def test_told_to_go_on_it_runs_and_the_row_is_marked(tmp_path):
    opened, summary = run(tmp_path, plugin(tmp_path, copies=6), (ALIGNED, "fake-method"), allow_leakage=True)
    assert summary.counts["ok"] == 4
    (line,) = [line for line in board(opened.folder).splitlines() if "leakage" in line]
    assert "leakage: fake-model reader+fake-method" in line
    assert "41.7 % of the test examples stand in the parallel sentences of fake-bitext with de" in line


def test_the_official_training_labels_are_reported_and_not_refused(tmp_path):
    opened, summary = run(tmp_path, plugin(tmp_path, copied=6))
    assert summary.counts["ok"] == 2
    assert "fake-task train labels in en" in board(opened.folder)
    assert "leakage: fake-model fake-method: 50.0 % of the test examples stand in the" in board(opened.folder)


def test_labels_that_another_task_lends_are_refused(tmp_path):
    tasks = [Sentences(copied=0), Sentences(name="lender", copied=6)]
    opened = session(tmp_path, FakePlugin(tmp_path, tasks=tasks), suite="fake-suite")
    assert not skipped(opened)
    with pytest.raises(DataError, match="leakage: 6 of 12 test examples stand in the lender"):
        run(tmp_path, FakePlugin(tmp_path, tasks=tasks), suite="fake-suite[train=lender]")


def test_a_row_that_has_read_test_examples_says_so_in_one_line_however_many_things_it_read():
    def seen(target, labels, **texts):
        told = {"xnli train labels in en": labels} | {f"xnli text in {at}": share for at, share in texts.items()}
        return scored("a", target, 70, dataset=DATA | {"leakage": told})

    table = only([seen("de", 0.02, de=0.3, sw=0.4), seen("sw", 0.02, de=0.1, sw=0.2), seen("en", 0.02, en=0.001)])
    text = "leakage: xlmr a: up to 40.0 % of the test examples (de) stand in the xnli text in 2 languages"
    assert table.notes == (f"{text}, 2.0 % in the xnli train labels in en",)


def test_a_clean_training_says_nothing(tmp_path):
    opened, _ = run(tmp_path, plugin(tmp_path), (ALIGNED, "fake-method"))
    assert "leakage" not in board(opened.folder)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("The cat sat on the mat, and then it slept.", "the CAT sat on the mat and then it slept", True),
        ("He said the cat sat on the mat and then it slept well.", "the cat sat on the mat and then", True),
        ("the cat sat on the mat", "the dog sat on the mat", False),
        ("the cat sat on the mat today", "The cat sat on the mat today!", True),  # short, and equal
        ("Thank you.", "thank you", False),  # too short to say anything
        ("वह कल बाज़ार गया था और फिर घर आया", "वह कल बाज़ार गया था और वहीं रुक गया", False),  # seven words
        ("เขาไปตลาดเมื่อวานนี้แล้วกลับบ้าน", "เขาไปตลาดเมื่อวานนี้แล้วก็ไม่กลับ", False),  # four words
        ("敏捷的棕色狐狸跳过了那只懒惰的狗。今天", "他说敏捷的棕色狐狸跳过了那只懒惰的狗", True),
        ("敏捷的棕色狐狸跳过了那只懒惰的狗", "敏捷的棕色狐狸没有跳过那只勤劳的狗", False),
    ],
)
def test_texts_are_compared_by_words_in_a_row_or_as_a_whole(one, other, same):
    assert bool(set(marks_of(one)) & set(marks_of(other))) == same

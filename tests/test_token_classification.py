"""Token classification through the whole core: a toy task of tagged words, from the plan to the board."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pyarrow as pa
import pytest

from tests.fakes import SAMPLE, run
from xbench.access import Grant, GuardedContext
from xbench.contracts import Examples, Provenance, Scores, Split, TaskKind
from xbench.errors import PluginError, ScopeError, StageError
from xbench.journal import read
from xbench.keys import digest
from xbench.leaderboard import board
from xbench.shelf import Shelf
from xbench.testing import FakeMethod, FakePlugin, FakeTask, check_task

KIND = TaskKind.TOKEN_CLASSIFICATION
WORDS = (["rain"], ["sun", "snow", "sun"], ["snow", "rain"], [])


@dataclass(frozen=True)
class Weather(FakeTask):
    """Every word is tagged with itself; outside the source every other sentence ends in a word of its own."""

    kind: TaskKind = KIND
    main_metric: str = "rate"
    sizes: dict = field(default_factory=lambda: dict.fromkeys(Split, 8))

    def load(self, language, split, data):
        tags = [WORDS[row % len(WORDS)] for row in range(self.sizes[split])]
        odd = [row % 2 and language != "en" for row in range(len(tags))]
        words = [
            [*row[:-1], f"{row[-1]}-{language}"] if new and row else row for row, new in zip(tags, odd, strict=True)
        ]
        of = Provenance(self.name, "1", split, data.origin, len(tags), digest([language, split, words, tags]))
        lists = pa.list_(pa.string())
        return Examples(pa.table({"tokens": pa.array(words, lists)}), pa.table({"tags": pa.array(tags, lists)}), of)

    def score(self, gold, predictions, language):
        pairs = list(zip(gold["tags"].to_pylist(), predictions["tags"].to_pylist(), strict=True))
        items = [float(sum(a == b for a, b in zip(*pair, strict=True))) for pair in pairs]
        totals = [float(len(one)) for one, _ in pairs]
        return Scores({"rate": 100 * sum(items) / sum(totals)}, items, totals)


class Tagger(FakeMethod):
    """Tags a word with itself where it was seen, else with the first label; `gives` replaces what it predicts."""

    gives = None

    def fit(self, encoder, task, options, context):
        known = {word for words in context.labelled(context.source).inputs["tokens"].to_pylist() for word in words}

        def predict(inputs, language):
            rows = [[w if w in known else task.labels[0] for w in row] for row in inputs["tokens"].to_pylist()]
            return pa.table({"tags": pa.array(rows, pa.list_(pa.string()))}) if self.gives is None else self.gives

        return SimpleNamespace(predict=predict, save=lambda folder: None)


def carried_out(tmp_path, gives=None):
    method = Tagger(task_kinds=frozenset({KIND}))
    method.gives = gives
    opened, summary = run(tmp_path, FakePlugin(tmp_path, tasks=[Weather()], methods=[method]))
    return {str(result.cell.target): result for result in read(opened.folder / "results.jsonl")}, summary


def test_the_toy_keeps_the_contract():
    check_task(Weather(), SAMPLE)


def test_tags_are_predicted_scored_and_ranked(tmp_path):
    results, summary = carried_out(tmp_path)
    assert summary.counts["ok"] == 3
    assert results["en"].main_score == 100.0
    # Of 12 words the last of each odd sentence with words is unknown, and `rain`, the first label, never ends one.
    assert results["de"].main_score == pytest.approx(100 * 10 / 12)
    assert results["de"].n_examples == 8
    assert results["de"].supervision == {"source labels": {"en": 8}}
    (table,) = board(results.values()).tables
    (row,) = table.rows
    assert row.average.value == pytest.approx(100 * 10 / 12)
    assert row.average.interval.lower < row.average.value < row.average.interval.upper
    assert row.gap.value == pytest.approx(100 * 2 / 12)


def test_chance_is_the_commonest_tag_for_every_word(tmp_path):
    results, _ = carried_out(tmp_path)
    assert results["en"].baseline == {"majority": "rain", "score": pytest.approx(100 * 4 / 12)}


@pytest.mark.parametrize(
    ("gives", "says"),
    [
        ({"label": ["sun"] * 8}, "a table with the column 'tags' is wanted; there are label"),
        ({"tags": [["sun"]] * 7}, "7 rows for 8 inputs"),
        ({"tags": [["sun"]] * 8}, "1 tags for the 3 tokens of row 1"),
    ],
)
def test_predictions_of_the_wrong_form_fail_their_cells(tmp_path, gives, says):
    results, summary = carried_out(tmp_path, pa.table(gives))
    assert summary.counts["failed"] == 3
    assert {result.reason for result in results.values()} == {f"the predictions of fake-method: {says}"}


def test_a_method_of_another_kind_is_skipped(tmp_path):
    plugin = FakePlugin(tmp_path, tasks=[FakeTask(), Weather(name="tags")], suites=[TWO])
    opened, summary = run(tmp_path, plugin)
    assert (summary.counts["ok"], summary.counts["skipped"]) == (3, 3)
    assert {skip.reason for skip in opened.plan.skipped} == {"fake-method does not do token-classification"}


TWO = 'name = "fake-suite"\nversion = 1\ntitle = "T"\ntasks = ["fake-task", "tags"]\n'


def context(**grant):
    return GuardedContext(Grant("en", **grant), Shelf(SAMPLE), 0, "cpu", lambda step, steps, loss: None)


def test_aligners_read_the_words_as_text():
    given = context(targets=("de",), texts={"de": (Weather(), Split.TRAIN)})
    assert given.text("de") == ["rain", "sun snow sun-de", "snow rain", ""]
    assert given.read == {"target text": {"de": 8}}


VALIDATION = {("en", Split.VALIDATION): (Weather(), Split.VALIDATION)}
RIGHT = Weather().load("en", Split.VALIDATION, SAMPLE).gold


def test_the_core_scores_what_a_fit_predicts_of_the_validation_split():
    given = context(labels=VALIDATION)
    assert given.score(RIGHT) == 100.0
    assert given.read == {"source validation labels": {"en": 8}}


def test_a_score_that_was_not_granted_is_refused():
    with pytest.raises(ScopeError, match="asked for validation labels in 'en'"):
        context().score(RIGHT)


def test_a_validation_split_without_labels_cannot_be_scored():
    class Bare(Weather):
        def load(self, language, split, data):
            one = super().load(language, split, data)
            return Examples(one.inputs, None, one.provenance)

    given = context(labels={("en", Split.VALIDATION): (Bare(), Split.VALIDATION)})
    with pytest.raises(StageError, match="validation split of fake-task in en has no labels"):
        given.score(RIGHT)


@dataclass(frozen=True)
class Wrong(Weather):
    """Scores that `make` has been at."""

    make: object = None

    def score(self, gold, predictions, language):
        return self.make(super().score(gold, predictions, language))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda s: Scores(s.metrics, s.items), "the items of gold against itself must be 1, or equal their totals"),
        (lambda s: Scores(s.metrics, s.items, s.totals[1:]), "one total per item"),
        (lambda s: Scores(s.metrics, s.totals, s.totals), "the items make a main score of 100.0, metrics say 33.3"),
    ],
)
def test_items_that_do_not_make_the_score_break_the_contract(make, says):
    with pytest.raises(PluginError, match=says):
        check_task(Wrong(make=make), SAMPLE)

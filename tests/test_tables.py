"""The tables of each kind of task."""

import pyarrow as pa
import pytest

from xbench import conformance, tables
from xbench.contracts import TaskKind

CLASSES, TAGS = TaskKind.SEQUENCE_CLASSIFICATION, TaskKind.TOKEN_CLASSIFICATION
SENTENCES = pa.table({"tokens": [["a", "b"], ["c"]]})
TEXTS = pa.table({"text": ["a b", "c"], "text_pair": ["d", "e"]})


def test_every_kind_has_its_columns():
    assert set(tables.COLUMNS) == set(TaskKind)


def test_texts_are_the_sides_of_pairs_or_words_joined_by_blanks():
    assert tables.texts(CLASSES, TEXTS) == ["a b", "c", "d", "e"]
    assert tables.texts(TAGS, SENTENCES) == ["a b", "c"]


def test_labels_are_one_a_row_or_one_a_word():
    assert tables.labels(CLASSES, pa.table({"label": ["x", "y"]})) == ["x", "y"]
    assert tables.labels(TAGS, pa.table({"tags": [["x", "y"], ["x"]]})) == ["x", "y", "x"]


def test_a_constant_says_the_same_of_every_row_or_word():
    assert tables.constant(CLASSES, pa.table({"label": ["x", "y"]}), "z").to_pydict() == {"label": ["z", "z"]}
    gold = pa.table({"tags": [["x", "y"], [], ["x"]]})
    assert tables.constant(TAGS, gold, "z").to_pydict() == {"tags": [["z", "z"], [], ["z"]]}


@pytest.mark.parametrize(
    ("kind", "inputs", "says"),
    [
        (CLASSES, TEXTS, ""),
        (CLASSES, TEXTS.select(["text"]), ""),
        (TAGS, SENTENCES, ""),
        (CLASSES, SENTENCES, "columns text, for pairs also text_pair; there are tokens"),
        (TAGS, TEXTS, "columns tokens; there are text, text_pair"),
        (TAGS, SENTENCES.append_column("tags", SENTENCES["tokens"]), "there are tags, tokens"),
        (TAGS, None, "there are none"),
    ],
)
def test_inputs_have_the_columns_of_the_kind(kind, inputs, says):
    found = conformance.wrong_inputs(kind, inputs)
    assert says in found
    assert bool(found) == bool(says)


@pytest.mark.parametrize(
    ("kind", "answers", "says"),
    [
        (TAGS, {"tags": [["x", "y"], ["x"]]}, ""),
        (CLASSES, {"label": ["x", "y"]}, ""),
        (CLASSES, {"label": ["x"]}, "1 rows for 2 inputs"),
        (CLASSES, {"tags": ["x", "y"]}, "column 'label' is wanted; there are tags"),
        (TAGS, {"label": ["x", "y"]}, "column 'tags' is wanted; there are label"),
        (TAGS, {"tags": [["x", "y"]]}, "1 rows for 2 inputs"),
        (TAGS, {"tags": [["x", "y"], ["x", "y"]]}, "2 tags for the 1 tokens of row 1"),
        (TAGS, {"tags": [["x", "y"], None]}, "row 1 of 'tags' must be a list of texts, not None"),
        (TAGS, {"tags": ["xy", "x"]}, "row 0 of 'tags' must be a list of texts, not 'xy'"),
    ],
)
def test_answers_are_one_a_row_or_one_a_word(kind, answers, says):
    found = conformance.wrong_answers(kind, pa.table(answers), SENTENCES if kind is TAGS else TEXTS)
    assert says in found
    assert bool(found) == bool(says)

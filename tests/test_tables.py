"""The tables of each kind of task."""

import pyarrow as pa
import pytest

from xbench import conformance, tables
from xbench.contracts import TaskKind

CLASSES, TAGS = TaskKind.SEQUENCE_CLASSIFICATION, TaskKind.TOKEN_CLASSIFICATION
CHOICE, QUESTIONS, SEARCH = TaskKind.MULTIPLE_CHOICE, TaskKind.EXTRACTIVE_QA, TaskKind.RETRIEVAL
SENTENCES = pa.table({"tokens": [["a", "b"], ["c"]]})
TEXTS = pa.table({"text": ["a b", "c"], "text_pair": ["d", "e"]})


def test_every_kind_has_its_columns():
    assert set(tables.COLUMNS) == set(TaskKind)


def test_texts_are_the_sides_of_pairs_or_words_joined_by_blanks():
    assert tables.texts(CLASSES, TEXTS) == ["a b", "c", "d", "e"]
    assert tables.texts(TAGS, SENTENCES) == ["a b", "c"]


def test_texts_are_choices_questions_and_contexts_but_no_ids():
    assert tables.texts(CHOICE, pa.table({"text": ["a"], "choices": [["b", "c"]]})) == ["a", "b", "c"]
    asked = pa.table({"id": ["1"], "question": ["who?"], "context": ["She did."]})
    assert tables.texts(QUESTIONS, asked) == ["who?", "She did."]
    sides = pa.table({"id": ["1", "2"], "text": ["a", "b"], "language": ["de", "en"], "side": ["query", "candidate"]})
    assert tables.texts(SEARCH, sides) == ["a", "b"]
    assert tables.texts(SEARCH, sides, "en") == ["b"]
    assert tables.texts(CHOICE, pa.table({"text": ["a"], "choices": [["b"]]}), "en") == ["a", "b"]


def test_a_trial_has_the_first_rows_but_every_candidate():
    assert tables.first(CLASSES, TEXTS, 1) == [0]
    assert tables.first(CLASSES, TEXTS, 9) == [0, 1]
    sides = pa.table({"side": ["candidate", "query", "query", "candidate", "query"]})
    assert tables.first(SEARCH, sides, 2) == [0, 1, 2, 3]


def test_what_gold_says_nothing_against():
    gold = pa.table({"answers": [["she", "She"], ["he"]], "starts": [[0, 0], [3]]})
    assert tables.perfect(QUESTIONS, gold).to_pydict() == {"answer": ["she", "he"]}
    assert tables.perfect(CHOICE, pa.table({"label": ["1"]})).to_pydict() == {"label": ["1"]}


def test_answers_that_are_no_labels_have_none():
    assert tables.labels(QUESTIONS, pa.table({"answers": [["she"]]})) == []
    assert tables.labels(SEARCH, pa.table({"matches": [["7"], []]})) == []


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
        (CHOICE, TEXTS, "columns text and choices; there are text, text_pair"),
        (QUESTIONS, TEXTS, "columns id and question and context; there are text, text_pair"),
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
        (CLASSES, {"label": ["x", None]}, "row 1 of 'label' must be a text, not None"),
        (QUESTIONS, {"answer": ["she", ""]}, ""),
        (QUESTIONS, {"answers": [["she"], ["he"]]}, "column 'answer' is wanted; there are answers"),
        (SEARCH, {"matches": [["7"], []]}, ""),
        (SEARCH, {"matches": ["7", ""]}, "row 0 of 'matches' must be a list of texts, not '7'"),
    ],
)
def test_answers_are_one_a_row_or_one_a_word(kind, answers, says):
    found = conformance.wrong_answers(kind, pa.table(answers), SENTENCES if kind is TAGS else TEXTS)
    assert says in found
    assert bool(found) == bool(says)


def test_gold_of_a_question_holds_every_right_answer():
    assert conformance.wrong_gold(QUESTIONS, pa.table({"answers": [["she"], ["he"]]}), TEXTS) == ""
    assert "must be a list of texts" in conformance.wrong_gold(QUESTIONS, pa.table({"answers": ["she", "he"]}), TEXTS)

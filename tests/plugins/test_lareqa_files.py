"""LAReQA: questions and sentences of all languages in one pool, and what can be wrong with the files."""

import copy
import json

import pyarrow
import pytest
from xbench_tasks.lareqa import LAREQA

from xbench.contracts import Data, Origin, Split
from xbench.errors import DataError
from xbench.testing import check_task


def paragraph(first, second, *questions):
    """Two sentences, and questions (id, text, and which sentence answers it)."""
    context = f"{first} {second}"
    starts = (0, len(first) + 1)
    return {
        "context": context,
        "sentences": [first, second],
        "sentence_breaks": [[0, len(first)], [starts[1], len(context)]],
        "qas": [
            {"id": id_, "question": text, "answers": [{"answer_start": starts[at], "text": "x"}]}
            for id_, text, at in questions
        ],
    }


def document(*paragraphs):
    return {"data": [{"title": "T", "paragraphs": list(paragraphs)}], "version": "1.1"}


ENGLISH = document(paragraph("It rains.", "It snows.", ("q1", "Does it snow?", 1), ("q2", "Does it rain?", 0)))
GERMAN = document(paragraph("Es regnet.", "Es schneit.", ("q1", "Schneit es?", 1), ("q2", "Regnet es?", 0)))


def write(folder, **languages):
    for language, content in languages.items():
        path = folder / "lareqa" / "xquad-r" / f"{language}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    return Data(Origin.FOLDER, folder)


@pytest.fixture
def made(tmp_path):
    return write(tmp_path, en=ENGLISH, de=GERMAN)


def test_it_keeps_the_contract(made):
    check_task(LAREQA, made)
    assert (len(LAREQA.languages), LAREQA.counts("en", Split.TEST)) == (11, 1_190 + 13_014)


def test_questions_of_one_language_look_for_answers_in_all(made):
    assert LAREQA.available(Split.TEST, made) == ("de", "en")
    examples = LAREQA.load("en", Split.TEST, made)
    assert examples.inputs.to_pydict() == {
        "id": ["q1", "q2", "de-0-0", "de-0-1", "en-0-0", "en-0-1"],
        "text": [
            "Does it snow?",
            "Does it rain?",
            "Es regnet. Es regnet. Es schneit.",
            "Es schneit. Es regnet. Es schneit.",
            "It rains. It rains. It snows.",
            "It snows. It rains. It snows.",
        ],
        "language": ["en", "en", "de", "de", "en", "en"],
        "side": ["query"] * 2 + ["candidate"] * 4,
    }
    assert examples.gold.to_pydict() == {"matches": [["de-0-1", "en-0-1"], ["de-0-0", "en-0-0"], [], [], [], []]}
    assert examples.provenance.note == "6 rows where the specification has 14,204"


def test_the_score_is_the_mean_average_precision(made):
    gold = LAREQA.load("en", Split.TEST, made).gold
    given = pyarrow.table({"matches": [["en-0-1", "en-0-0", "de-0-1"], [], [], [], [], []]})
    found = LAREQA.score(gold, given, "en")
    assert found.metrics == pytest.approx({"map@20": 100 * (1 + 2 / 3) / 2 / 2})
    assert (found.items, found.totals) == (pytest.approx([5 / 6, 0, 0, 0, 0, 0]), [1, 1, 0, 0, 0, 0])


def changed(change):
    content = copy.deepcopy(GERMAN)
    change(content["data"][0]["paragraphs"][0])
    return content


MALFORMED = {
    "no such question": (changed(lambda one: one["qas"].pop()), "must have the same questions: only one has 'q2'"),
    "a question again": (
        changed(lambda one: one["qas"].append(one["qas"][0])), "the question 'q1' is there twice"
    ),
    "sentences that are not cut out": (
        changed(lambda one: one["sentences"].pop()),
        "paragraph 0 (from 0) of 'T': its sentences are not what sentence_breaks cut out",
    ),
    "an answer between sentences": (
        changed(lambda one: one["qas"][0]["answers"][0].update(answer_start=10)),
        "the answer of question 'q1' begins in no sentence",
    ),
    "an empty question": (changed(lambda one: one["qas"][0].update(question="")), "must have an id and a text"),
    "no answers": (changed(lambda one: one["qas"][0].pop("answers")), "is not laid out as SQuAD's JSON"),
    "a list": ([], "is not laid out as SQuAD's JSON with sentences"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named(case, made):
    content, message = MALFORMED[case]
    write(made.folder, de=content)
    with pytest.raises(DataError) as caught:
        LAREQA.load("en", Split.TEST, made)
    assert message in str(caught.value)
    assert str(made.folder / "lareqa/xquad-r/de.json") in str(caught.value)


def test_real_files_have_the_specified_rows(shared_data):
    real = Data(Origin.FOLDER, shared_data)
    assert LAREQA.available(Split.TEST, real) == ("de", "en")
    examples = LAREQA.load("de", Split.TEST, real)
    assert examples.inputs["side"].to_pylist().count("query") == 1_190
    languages = examples.inputs["language"].to_pylist()[1_190:]
    assert (languages.count("de"), languages.count("en")) == (1_276, 1_180)
    assert {len(row) for row in examples.gold["matches"].to_pylist()[:1_190]} == {2}

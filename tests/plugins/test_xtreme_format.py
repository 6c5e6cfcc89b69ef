"""XTREME's files: read, written, refused; the official script's mock data and report; a published system's files."""

import ast
import json
from dataclasses import replace

import pyarrow
import pytest
from xbench_tasks.bucc2018 import BUCC2018
from xbench_tasks.mlqa import MLQA
from xbench_tasks.pawsx import PAWSX
from xbench_tasks.tatoeba import TATOEBA
from xbench_tasks.udpos import UDPOS
from xbench_tasks.xnli import XNLI
from xbench_tasks.xquad import XQUAD
from xbench_tasks.xtreme_format import XTREME

from tests.conftest import REPOSITORY
from xbench.contracts import Data, Origin, Split
from xbench.errors import DataError, UsageError
from xbench.registry import load_registry
from xbench.submission import score_tree

MOCK = REPOSITORY / "tests" / "plugins" / "xtreme_mock.json"
SHORT = {task.name: replace(task, counts=lambda *_: None) for task in (XNLI, PAWSX, UDPOS, XQUAD, MLQA, TATOEBA)}
SHORT["bucc2018"] = BUCC2018
QUERIES, CANDIDATES = ["q0", "q1"], ["0", "1", "2"]
POOL = {"id": [*QUERIES, *CANDIDATES], "side": ["query"] * 2 + ["candidate"] * 3}
INPUTS = {
    "xnli": {"text": ["a", "b", "c"]},
    "udpos": {"tokens": [["a", "b"], ["c"]]},
    "xquad": {"id": ["x", "y", "z"]},
    "tatoeba": POOL,
    "bucc2018": POOL,
}
ANSWERS = {  # predictions and their file
    "xnli": ({"label": ["neutral", "entailment", "neutral"]}, "neutral\nentailment\nneutral\n"),
    "udpos": ({"tags": [["NOUN", "VERB"], ["X"]]}, "NOUN\nVERB\n\nX\n"),
    "xquad": ({"answer": ["München 𝄞", None, ""]}, '{\n "x": "München 𝄞",\n "z": ""\n}\n'),
    "tatoeba": ({"matches": [["2"], ["0"], [], [], []]}, "2\n0\n"),
    "bucc2018": ({"matches": [["1", "0"], [], [], [], []]}, "q0\t1\nq0\t0\n"),
}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(folder, name, text):
    file = write(folder / "test-de.tsv", text)
    return XTREME.read(SHORT[name], file, pyarrow.table(INPUTS[name])).to_pydict()


def written(name, predictions):
    columns = {column: INPUTS[name][column] for column in XTREME.columns(SHORT[name])}
    return XTREME.write(SHORT[name], "de", pyarrow.table(columns | predictions))


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_written_is_read_again(tmp_path, name):
    predictions, text = ANSWERS[name]
    assert written(name, predictions) == text
    assert read(tmp_path, name, text) == predictions


@pytest.mark.parametrize("name", ANSWERS)
def test_line_ends_of_others_are_read(tmp_path, name):
    predictions, text = ANSWERS[name]
    assert read(tmp_path, name, text.replace("\n", "\r\n")) == predictions
    assert read(tmp_path, name, text.removesuffix("\n")) == predictions


def test_an_empty_line_may_close_the_last_sentence_and_no_pair_an_empty_file(tmp_path):
    assert read(tmp_path, "udpos", "NOUN\nVERB\n\nX\n\n")["tags"] == [["NOUN", "VERB"], ["X"]]
    assert read(tmp_path, "bucc2018", "")["matches"] == [[]] * 5
    assert written("bucc2018", {"matches": [[]] * 5}) == ""


def test_answers_to_other_questions_are_ignored_and_pairs_count_once(tmp_path):
    assert read(tmp_path, "xquad", '{"w": "a", "y": "b"}')["answer"] == [None, "b", None]
    assert read(tmp_path, "bucc2018", "q1\t0\nq0\t1\nq1\t0\n")["matches"][:2] == [["1"], ["0"]]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("xnli", "neutral\nneutral\n", r"tsv:3: 2 lines for 3 examples: line 3 has no counterpart"),
        ("xnli", "neutral\n" * 3 + "\n", r"tsv:4: the label '' is none of"),
        ("xnli", "neutral\n" * 4, r"tsv:4: 4 lines for 3 examples"),
        ("xnli", "neutral\nNeutral\nneutral\n", r"tsv:2: the label 'Neutral' is none of"),
        ("xnli", b"neutral\n\xff\n", r"tsv:2: byte 1 of the line \(0xff\) is not valid UTF-8"),
        ("xnli", "", r"tsv:1: the file is empty"),
        ("udpos", "NOUN\n\nX\n", r"tsv:1: 1 tags for a sentence of 2 words"),
        ("udpos", "NOUN\nVERB\n", r"tsv:1: here begins the last of 1 tagged sentences; there are 2"),
        ("udpos", "NOUN\nVERB\n\nX\n\nX\n", r"tsv:6: here begins the last of 3 tagged sentences; there are 2"),
        ("udpos", "NOUN\nVERB\n\n\nX\n", r"tsv:4: an empty line where a sentence is expected"),
        ("udpos", "NOUN\nVERBS\n\nX\n", r"tsv:2: the tag 'VERBS' is none of"),
        ("udpos", "a\tNOUN\nb\tVERB\n\nc\tX\n", r"tsv:1: 2 columns where 1 are expected"),
        ("xquad", '{"x": "a",\n"y": }', r"tsv:2: is no JSON"),
        ("xquad", '["a"]', r"tsv:1: an object of answers by question id is expected, not list"),
        ("xquad", '{"x": ["a"]}', r"the answer to 'x' is \['a'\]; a text is expected"),
        ("xquad", '{"x": "\\ud83d"}', r"the answer to 'x' holds half of a surrogate pair"),
        ("xquad", '{"w": "a"}', r"no answer to any of the 3 questions; one is to 'w'"),
        ("tatoeba", "2\n", r"tsv:2: 1 lines for 2 examples"),
        ("tatoeba", "2\n[0]\n", r"tsv:2: '\[0\]' is no place: a plain number such as 12 is expected"),
        ("tatoeba", "02\n0\n", r"tsv:1: '02' is no place"),
        ("tatoeba", "2\n3\n", r"tsv:2: there is no sentence 3: they go from 0 to 2"),
        ("bucc2018", "q0\t1\nq2\t1\n", r"tsv:2: the data have no sentence 'q2' on this side"),
        ("bucc2018", "q0\tq1\n", r"tsv:1: the data have no sentence 'q1' on this side"),
        ("bucc2018", "q0 1\n", r"tsv:1: 'q0 1' is no pair"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_file_and_line(tmp_path, name, text, says):
    with pytest.raises(DataError, match=says):
        read(tmp_path, name, text)


def test_a_query_without_match_has_no_line():
    with pytest.raises(DataError, match="tatoeba in 'de': there is no match of the query 'q1'"):
        written("tatoeba", {"matches": [["2"], [], [], [], []]})


@pytest.mark.parametrize(
    ("task", "table", "wanted"),
    [
        (XNLI, {"label": ["neutral"] * 3}, "3 rows where the official test set has 5,010"),
        (XQUAD, {"id": ["x"], "answer": ["a"]}, "1 rows where the official test set has 1,190"),
        (TATOEBA, POOL | {"matches": [["0"]] * 5}, "5 rows where the official test set has 2,000"),
        (TATOEBA, {"id": ["a"], "side": ["query"], "matches": [["0"]]}, "2 rows where the official test set has 2,000"),
    ],
)
def test_predictions_of_less_than_the_test_set_are_no_submission(task, table, wanted):
    with pytest.raises(DataError, match=wanted):
        XTREME.write(task, "de", pyarrow.table(table))


def test_a_task_that_xtreme_does_not_have_is_refused():
    with pytest.raises(UsageError, match="no task of XTREME is called 'snli'"):
        XTREME.path(replace(XNLI, name="snli"), "en")


LABELS = {
    "xnli": "neutral\nneutral\nentailment\n",
    "udpos": "NOUN\nVERB\n\nNOUN\n",
    "xquad": json.dumps([{"paragraphs": [{"qas": [{"id": one, "answers": [{"text": "a"}]} for one in "xyz"]}]}]),
    "tatoeba": "2\n1\n",
    "bucc2018": "q0\t1\nq1\t2\n",
}


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        ("xnli", {"accuracy": 100 / 3}),
        ("udpos", {"precision": 200 / 3, "recall": 200 / 3, "f1": 200 / 3, "token_accuracy": 200 / 3}),
        # The gold "a" is an article, of which nothing is left: the empty answer equals it, the one that lacks does not.
        ("xquad", {"exact_match": 100 / 3, "f1": 0.0, "em_f1": 50 / 3}),
        ("tatoeba", {"accuracy": 50.0}),
        ("bucc2018", {"precision": 50.0, "recall": 50.0, "f1": 50.0}),
    ],
)
def test_labels_alone_are_enough_to_score(tmp_path, name, metrics):
    task, file = SHORT[name], write(tmp_path / "labels" / "test-de.tsv", LABELS[name])
    examples = XTREME.labels(task, file)
    predictions = XTREME.read(task, write(tmp_path / "test-de.tsv", ANSWERS[name][1]), examples.inputs)
    assert task.score(examples.gold, predictions, "de").metrics == pytest.approx(metrics)
    assert (examples.provenance.origin, examples.provenance.n_rows) == ("labels", len(examples.gold))
    again = {column: examples.inputs[column] for column in XTREME.columns(task)}
    for column, values in again.items():
        predictions = predictions.append_column(column, values)
    assert XTREME.write(task, "de", predictions) == ANSWERS[name][1]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("xquad", "[]", "no gold answer to 'any question'"),
        ("xquad", '{"data": 3}', "a list called 'data'"),
        ("bucc2018", "", "tsv:1: there are no gold pairs"),
        ("tatoeba", "2\nx\n", "tsv:2: 'x' is no place"),
        ("xnli", "yes\n", "tsv:1: the label 'yes' is none of"),
    ],
)
def test_labels_that_cannot_be_are_refused(tmp_path, name, text, says):
    with pytest.raises(DataError, match=says):
        XTREME.labels(SHORT[name], write(tmp_path / "test-de.tsv", text))


def mock_tree(folder):
    """The fixture's predictions and labels as files; of its tasks those that XTREME has."""
    for task, languages in json.loads(MOCK.read_text(encoding="utf-8")).items():
        for language, data in languages.items() if task in ("bucc2018", "mlqa") else ():
            given, gold = data["predictions"], data["labels"]
            if task == "mlqa":
                qas = [{"id": id_, "answers": [{"text": text} for text in texts]} for id_, texts in gold.items()]
                texts = json.dumps(given), json.dumps({"data": [{"paragraphs": [{"qas": qas}]}]})
            else:
                texts = "\n".join(given) + "\n", "\n".join(gold) + "\n"
            for root, text in zip(("predictions", "labels"), texts, strict=True):
                write(folder / root / XTREME.path(SHORT[task], language), text)


def test_the_mock_data_of_xtreme_give_its_golden_values_to_the_last_bit(tmp_path):
    mock_tree(tmp_path)
    submission = score_tree(tmp_path / "predictions", XTREME, load_registry(), tmp_path / "labels")
    report = submission.report()
    assert list(report) == ["mlqa", "bucc2018"]
    assert report["bucc2018"]["avg_f1"] == report["bucc2018"]["avg_metric"] == 55.0
    assert (report["mlqa"]["avg_exact_match"], report["mlqa"]["avg_f1"]) == (57.142857142857146, 81.76870748299321)
    assert report["mlqa"]["avg_metric"] == (57.142857142857146 + 81.76870748299321) / 2
    assert set(report["mlqa"]) == {"exact_match", "f1", "avg_exact_match", "avg_f1", "avg_metric"}
    assert list(report["mlqa"]["f1"]) == ["en", "es", "de", "ar", "hi", "vi", "zh"]


def test_the_report_averages_what_is_whole():
    languages = {"xnli": ("en", "de"), "pawsx": ("en",), "xquad": ("en",)}
    groups = {"classification": ("pawsx", "xnli"), "qa": ("xquad",)}
    scores = {
        "xnli": {"en": {"accuracy": 80.0}, "de": {"accuracy": 70.0}},
        "pawsx": {"en": {"accuracy": 90.0}},
        "xquad": {"en": {"exact_match": 60.0, "f1": 80.0, "em_f1": 70.0}},
    }
    report = XTREME.report(scores, languages, groups)
    assert report["xnli"] == {"accuracy": {"en": 80.0, "de": 70.0}, "avg_accuracy": 75.0, "avg_metric": 75.0}
    assert {name: report[name] for name in ("all_task", *groups)} == {
        "all_task": (75.0 + 90.0 + 70.0) / 3,
        "classification": 82.5,
        "qa": 70.0,
    }
    del scores["xnli"]["de"]
    partial = XTREME.report(scores, languages, groups)
    assert partial["xnli"] == {"accuracy": {"en": 80.0}}
    assert partial.keys() == {"qa", "xnli", "pawsx", "xquad"}


@pytest.mark.parametrize("task", [XNLI, PAWSX], ids=lambda task: task.name)
def test_a_published_system_gets_its_published_scores(shared_data, task):
    folder, data = shared_data / "xglue_unicoder_dev", Data(Origin.FOLDER, shared_data)
    lines = (folder / "evaluation_results_unicoder_dev.txt").read_text(encoding="utf-8").split("\n")
    published = ast.literal_eval(lines[lines.index(task.name.upper()) + 1])
    files = sorted((folder / task.name.upper()).glob("*.prediction"))
    assert len(files) >= 4
    for file in files:
        examples = task.load(file.stem, Split.VALIDATION, data)
        predictions = XTREME.read(task, file, examples.inputs)
        score = task.score(examples.gold, predictions, file.stem).metrics["accuracy"]
        assert score == pytest.approx(100 * published[file.stem], abs=1e-10), file.stem

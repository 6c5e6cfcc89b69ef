"""Official files of multiple choice: the real ones, and small ones with everything that can be wrong with them."""

import json

import pyarrow
import pytest
from xbench_tasks.choices import Choices
from xbench_tasks.copa import COPA
from xbench_tasks.metrics.xcopa import xcopa
from xbench_tasks.siqa import SIQA
from xbench_tasks.xcopa import XCOPA

from xbench.contracts import Data, Origin, Split, TaskKind
from xbench.errors import DataError, MissingDataError, PluginError
from xbench.registry import load_registry
from xbench.request import Request, resolve
from xbench.testing import check_task

ROW = {"premise": "It rained.", "choice1": "It got wet.", "choice2": "It burned.", "question": "effect"}
ROW |= {"label": 0, "idx": 0}
CAUSE = {"premise": "Se mojó.", "choice1": "Ardía.", "choice2": "Llovía\u2028.", "question": "cause"}
CAUSE |= {"label": 1, "idx": 1, "changed": True}
STORY = {"context": "Kim fell.", "question": "Why?", "answerA": "to sit", "answerB": "ice", "answerC": "no idea"}


def lines(*rows, end="\n"):
    return "".join(json.dumps(row, ensure_ascii=False) + end for row in rows)


FILES = {
    "xcopa/data/it/val.it.jsonl": lines(ROW, CAUSE, end="\r\n"),
    "xcopa/data/it/test.it.jsonl": lines(CAUSE, ROW),
    "xcopa/data/qu/test.qu.jsonl": lines(ROW),
    "xcopa/copa_en/train-en.jsonl": lines(ROW, CAUSE),
    "xcopa/copa_en/val-en.jsonl": lines(ROW),
    "xcopa/copa_en/test-en.jsonl": lines(ROW, CAUSE),
    "siqa/train.jsonl": lines(STORY, STORY | {"question": "And then?"}),
    "siqa/train-labels.lst": "2\n3\n",
    "siqa/dev.jsonl": lines(STORY),
    "siqa/dev-labels.lst": "1\n",
}


@pytest.fixture
def made(tmp_path):
    """Small files in the official layouts."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return Data(Origin.FOLDER, tmp_path)


@pytest.mark.parametrize("task", [XCOPA, COPA, SIQA], ids=lambda task: task.name)
def test_tasks_of_multiple_choice_keep_the_contract(task, made):
    assert task.kind is TaskKind.MULTIPLE_CHOICE
    assert task.main_metric == "accuracy"
    check_task(task, made)


def test_the_official_languages_counts_and_recipe_are_declared():
    assert XCOPA.languages == ("et", "ht", "id", "it", "qu", "sw", "ta", "th", "tr", "vi", "zh")
    counts = {task.name: [task.counts("en", split) for split in Split] for task in (XCOPA, COPA, SIQA)}
    assert counts == {
        "xcopa": [None, 100, 500, None],
        "copa": [400, 100, 500, 400],
        "siqa": [33_410, 1_954, None, 33_410],
    }
    recipe = {"learning_rate": 2e-5, "epochs": 5, "max_length": 128, "batch_size": 32}
    assert dict(XCOPA.hyperparameters) == dict(COPA.hyperparameters) == dict(SIQA.hyperparameters) == recipe
    assert (XCOPA.donor, COPA.donor, SIQA.donor) == ("copa", None, None)


def test_the_question_follows_the_premise_and_the_label_is_a_place(made):
    found = XCOPA.load("it", Split.VALIDATION, made)
    assert found.inputs.to_pydict() == {
        "text": ["It rained. What was the effect?", "Se mojó. What was the cause?"],
        "choices": [["It got wet.", "It burned."], ["Ardía.", "Llovía\u2028."]],
    }
    assert found.gold.to_pydict() == {"label": ["0", "1"]}
    assert found.provenance.note == "2 rows where the specification has 100"


def test_rows_are_sorted_by_idx_so_that_they_are_parallel(made):
    assert XCOPA.parallel
    assert XCOPA.load("it", Split.TEST, made).gold["label"].to_pylist() == ["0", "1"]


def test_social_iqa_has_three_answers_and_labels_from_1(made):
    found = SIQA.load("en", Split.LENT, made)
    assert found.inputs.to_pydict() == {
        "text": ["Kim fell. Why?", "Kim fell. And then?"],
        "choices": [["to sit", "ice", "no idea"]] * 2,
    }
    assert found.gold.to_pydict() == {"label": ["1", "2"]}
    assert SIQA.available(Split.TEST, made) == ()


def test_xcopa_trains_on_copa_or_on_social_iqa(made):
    registry = load_registry()
    for suite, trainer in (("xcopa", COPA), ("xcopa[train=siqa]", SIQA), ("copa", COPA)):
        (use,) = resolve(Request(suite, ("finetune",), Data(Origin.SAMPLE)), registry).tasks
        assert use.trainer is trainer
    with pytest.raises(MissingDataError, match="xcopa has no train split; it is trained on the 'en' of copa"):
        XCOPA.load("it", Split.TRAIN, made)


COPA_FILE, STORIES, ANSWERS = "xcopa/copa_en/train-en.jsonl", "siqa/train.jsonl", "siqa/train-labels.lst"
MALFORMED = {
    "no JSON": (COPA_FILE, lines(ROW) + "{premise}\n", 2, "not JSON: Expecting property name"),
    "blank line": (COPA_FILE, "\n" + lines(ROW), 1, "not JSON: Expecting value (column 1)"),
    "no object": (COPA_FILE, "[1]\n", 1, "a JSON object is expected, not [1]"),
    "field missing": (COPA_FILE, '{"premise": "x"}\n', 1, "there is no 'choice1'; premise, choice1, choice2, question"),
    "label as text": (COPA_FILE, lines(ROW | {"label": "0"}), 1, "'label' must be a whole number, not '0'"),
    "label as truth value": (COPA_FILE, lines(ROW | {"label": True}), 1, "'label' must be a whole number, not True"),
    "text as number": (COPA_FILE, lines(ROW | {"choice2": 3}), 1, "'choice2' must be a text, not 3"),
    "empty choice": (COPA_FILE, lines(ROW, CAUSE | {"choice1": ""}), 2, "the choice1 is empty"),
    "third choice": (COPA_FILE, lines(ROW | {"label": 2}), 1, "the label 2 is none of 0, 1"),
    "other question": (COPA_FILE, lines(ROW | {"question": "why"}), 1, "the question 'why' is none of cause, effect"),
    "idx twice": (COPA_FILE, lines(ROW, CAUSE, ROW), 3, "the idx 0 is that of line 1 already"),
    "cut off": (COPA_FILE, lines(ROW) + '{"premise": "It', 2, "the last line is cut off"),
    "empty file": (COPA_FILE, "", 1, "the file is empty"),
    "answer missing": (STORIES, '{"context": "x", "question": "y"}\n', 1, "there is no 'answerA'"),
    "label from 0": (ANSWERS, "1\n0\n", 2, "the label '0' is none of 1, 2, 3"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named_with_its_line(case, made):
    name, text, line, message = MALFORMED[case]
    path = made.folder / name
    path.write_bytes(text.encode())
    with pytest.raises(DataError) as caught:
        (COPA if name == COPA_FILE else SIQA).load("en", Split.TRAIN, made)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_labels_that_do_not_belong_to_the_stories_are_refused(made):
    made.folder.joinpath(ANSWERS).write_text("1\n")
    with pytest.raises(DataError, match="line 2 has no counterpart"):
        SIQA.load("en", Split.TRAIN, made)


BASE = Choices(["a", "b"], [["x", "y"], ["x", "y", "z"]], ["0", "2"])


@pytest.mark.parametrize(
    "changed",
    [
        Choices(["a", "b"], [["x", "y"], ["x", "y", "z"]], ["0", "1"]),
        Choices(["a", "b"], [["y", "x"], ["x", "y", "z"]], ["0", "2"]),
        Choices(["a", "B"], [["x", "y"], ["x", "y", "z"]], ["0", "2"]),
        Choices(["b", "a"], [["x", "y", "z"], ["x", "y"]], ["2", "0"]),
        Choices(["a", "b"], [["x", "y", "0"], ["x", "y", "z"]], ["0", "2"]),
        Choices(["a"], [["x", "y"]], ["0"]),
    ],
)
def test_a_fingerprint_changes_with_any_change_of_a_row(changed):
    assert changed.fingerprint() != BASE.fingerprint()
    assert changed.fingerprint() == Choices(changed.texts, changed.choices, changed.labels, "a note").fingerprint()


def labels(*places):
    return pyarrow.table({"label": [str(place) for place in places]})


@pytest.mark.parametrize("given", [(0, 0, 1), (1, 1, 1), (0, 1, 0), (1, 0, 0)])
def test_the_score_is_xtreme_rs_to_the_bit(given):
    found = XCOPA.score(labels(0, 1, 1), labels(*given), "it")
    assert found.metrics == xcopa(given, (0, 1, 1))
    assert found.items == [float(one == other) for one, other in zip(given, (0, 1, 1), strict=True)]


def test_predictions_without_labels_are_refused():
    with pytest.raises(PluginError, match=r"xcopa in 'it' have no column 'label' \(there are: scores\)"):
        XCOPA.score(labels(0), pyarrow.table({"scores": [[0.5, 0.5]]}), "it")


def test_real_files_have_the_specified_rows(shared_data):
    real = Data(Origin.FOLDER, shared_data)
    check_task(XCOPA, real)
    languages = ("et", "id", "it", "sw", "ta", "th", "tr", "zh")
    for split in (Split.VALIDATION, Split.TEST):
        assert XCOPA.available(split, real) == languages
        found = [XCOPA.load(language, split, real) for language in languages]
        assert {examples.provenance.note for examples in found} == {""}
        assert all(examples.gold.equals(found[0].gold) for examples in found), "the same examples in every language"
    for split in (Split.TRAIN, Split.LENT, Split.VALIDATION):
        assert COPA.load("en", split, real).provenance.note == ""


def test_withheld_test_labels_are_refused_and_not_scored(made):
    path = made.folder / "xcopa/copa_en/test-en.jsonl"
    path.write_text(lines(ROW, CAUSE | {"label": 0}))
    with pytest.raises(DataError, match=r"every label is 0, so they are withheld.*copa\[split=dev\]") as caught:
        COPA.load("en", Split.TEST, made)
    assert str(caught.value).startswith(f"{path}: ")

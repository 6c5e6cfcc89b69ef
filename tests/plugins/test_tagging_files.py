"""Official files of tagging tasks: the real ones, and small ones with everything that can be wrong with them."""

from functools import partial

import pyarrow
import pytest
from xbench_tasks.panx import PANX
from xbench_tasks.rows import Sentences
from xbench_tasks.udpos import UDPOS

from xbench.contracts import Data, Origin, Split, TaskKind
from xbench.errors import DataError, MissingDataError, PluginError
from xbench.registry import find_suite, load_registry
from xbench.testing import check_task

FILES = {
    "udpos/train-en.tsv": "From\tADP\nthe\tDET\n\nIt\tPRON\nrains\tVERB\n.\tPUNCT\n",
    "udpos/dev-en.tsv": 'A\u2028"b\x85\tX\n\n',
    "udpos/test-en.tsv": "Birds\nsing\n\nYes\n",
    "udpos/labels/test-en.tsv": "NOUN\nVERB\n\nINTJ\n",
    "udpos/test-zh.tsv": "鸟\tNOUN\n\n唱\tVERB\n",
    "panx/train-en.tsv": "Sioux\tB-ORG\nFalls\tI-ORG\n(\tO\n",
    "panx/dev-my.tsv": "ရန်ကုန်\tB-LOC\n",
}


@pytest.fixture
def made(tmp_path):
    """Small files in the official layout."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return Data(Origin.FOLDER, tmp_path)


@pytest.mark.parametrize("task", [UDPOS, PANX], ids=["udpos", "panx"])
def test_tagging_tasks_keep_the_contract(task, made):
    assert task.kind is TaskKind.TOKEN_CLASSIFICATION
    check_task(task, made)


def test_the_official_languages_are_declared():
    assert (len(UDPOS.languages), len(PANX.languages), len(UDPOS.labels), len(PANX.labels)) == (38, 48, 17, 7)
    assert set(UDPOS.languages) - set(PANX.languages) == {"wo"}
    assert dict(UDPOS.hyperparameters) == dict(PANX.hyperparameters)
    assert [PANX.counts(one, Split.TEST) for one in ("zh", "sw", "yo")] == [10_000, 1_000, 100]
    assert [PANX.counts(one, Split.TRAIN) for one in ("en", "et", "bn", "hi", "kk", "my")] == [
        20_000, 15_000, 10_000, 5_000, 1_000, 100,
    ]  # fmt: skip


def test_the_languages_that_xtreme_r_adds_stand_behind_those_of_xtreme():
    assert PANX.languages[40:] == ("qu", "pl", "uk", "az", "lt", "pa", "gu", "ro")
    assert UDPOS.languages[33:] == ("lt", "pl", "uk", "wo", "ro")
    for task, of_xtreme in ((PANX, 40), (UDPOS, 33)):
        suite = find_suite(load_registry(), task.name)
        assert suite.languages == {task.name: task.languages[:of_xtreme]}
    assert [PANX.counts(one, Split.TEST) for one in ("pl", "az", "gu")] == [10_000, 1_000, 100]
    assert [PANX.counts("pl", split) for split in (Split.TRAIN, Split.VALIDATION)] == [None, None]
    assert UDPOS.counts("pl", Split.TEST) is None


def test_words_and_tags_are_read_as_they_stand(made):
    examples = UDPOS.load("en", Split.TRAIN, made)
    assert examples.inputs.to_pydict() == {"tokens": [["From", "the"], ["It", "rains", "."]]}
    assert examples.gold.to_pydict() == {"tags": [["ADP", "DET"], ["PRON", "VERB", "PUNCT"]]}
    assert UDPOS.load("en", Split.VALIDATION, made).inputs.to_pydict() == {"tokens": [['A\u2028"b\x85']]}


def test_test_tags_stand_in_their_own_file_or_beside_the_words(made):
    assert UDPOS.load("en", Split.TEST, made).gold.to_pydict() == {"tags": [["NOUN", "VERB"], ["INTJ"]]}
    assert UDPOS.load("zh", Split.TEST, made).gold.to_pydict() == {"tags": [["NOUN"], ["VERB"]]}
    assert UDPOS.available(Split.TEST, made) == ("en", "zh")


def test_a_row_count_that_is_not_the_specified_one_is_noted(made):
    assert UDPOS.load("en", Split.TEST, made).provenance.note == "2 rows where the specification has 5,440"
    assert UDPOS.load("zh", Split.TEST, made).provenance.note == "", "no count is known for Chinese"
    assert PANX.load("my", Split.VALIDATION, made).provenance.note == "1 rows where the specification has 100"


def test_the_fingerprint_is_that_of_the_rows_whatever_file_they_stand_in(made):
    before = UDPOS.load("en", Split.TEST, made).provenance.fingerprint
    made.folder.joinpath("udpos/test-en.tsv").write_text("Birds\tNOUN\nsing\tVERB\n\nYes\tINTJ\n\n")
    assert UDPOS.load("en", Split.TEST, made).provenance.fingerprint == before


@pytest.mark.parametrize(
    "changed",
    [
        Sentences([["a", "b"], ["C"]], [["x", "y"], ["x"]]),
        Sentences([["a", "b"], ["c"]], [["x", "x"], ["x"]]),
        Sentences([["a"], ["b", "c"]], [["x"], ["y", "x"]]),
        Sentences([["c"], ["a", "b"]], [["x"], ["x", "y"]]),
        Sentences([["a", "b"]], [["x", "y"]]),
        Sentences([["ab", ""], ["c"]], [["x", "y"], ["x"]]),
    ],
)
def test_a_fingerprint_changes_with_any_change_of_a_sentence(changed):
    base = Sentences([["a", "b"], ["c"]], [["x", "y"], ["x"]])
    assert changed.fingerprint() != base.fingerprint()
    assert changed.fingerprint() == Sentences(changed.tokens, changed.tags, "a note").fingerprint()


TRAIN, TEST, LABELS = "udpos/train-en.tsv", "udpos/test-en.tsv", "udpos/labels/test-en.tsv"
MALFORMED = {
    "no tag": (TRAIN, "a\tX\nb\n", 2, "1 columns where 2 are expected (word, tag)"),
    "a column too many": (TRAIN, "a\tX\tX\n", 1, "3 columns where 2 are expected"),
    "unknown tag": (TRAIN, "a\tX\n\nb\tNN\n", 3, "the tag 'NN' is none of ADJ, ADP"),
    "empty word": (TRAIN, "a\tX\n\tX\n", 2, "the word is empty"),
    "empty tag": (TRAIN, "a\tX\nb\t\n", 2, "the tag is empty"),
    "two empty lines": (TRAIN, "a\tX\n\n\nb\tX\n", 3, "an empty line where a sentence is expected"),
    "an empty line before all": (TRAIN, "\na\tX\n", 1, "an empty line where a sentence is expected"),
    "two empty lines at the end": (TRAIN, "a\tX\n\n\n", 2, "an empty line where a sentence is expected"),
    "nothing but an empty line": (TRAIN, "\n", 1, "an empty line where a sentence is expected"),
    "empty file": (TRAIN, "", 1, "the file is empty"),
    "cut off": (TRAIN, "a\tX\nb\tNOU", 2, "the last line is cut off"),
    "CR LF": (TRAIN, "a\tX\r\n", 1, "CR LF"),
    "unknown test tag": (LABELS, "NOUN\nVERB\n\nWORD\n", 4, "the tag 'WORD' is none of"),
    "a tag too few": (LABELS, "NOUN\n\nINTJ\n", None, f"{TEST}:1: a sentence of 2 words, which has 1 tags in "),
    "a later tag too many": (LABELS, "NOUN\nVERB\n\nINTJ\nX\n", None, f"{TEST}:4: a sentence of 1 words, which has 2"),
    "a sentence too few": (LABELS, "NOUN\nVERB\n", None, "has 2 sentences but "),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named_with_its_line(case, made):
    name, text, line, message = MALFORMED[case]
    path = made.folder / name
    path.write_bytes(text.encode())
    with pytest.raises(DataError) as caught:
        UDPOS.load("en", Split.TRAIN if name == TRAIN else Split.TEST, made)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert line is None or str(caught.value).startswith(f"{path}:{line}: ")


def test_missing_data_say_what_was_looked_for_and_what_to_do(made):
    with pytest.raises(MissingDataError) as caught:
        UDPOS.load("af", Split.TEST, made)
    message = str(caught.value)
    assert f"{made.folder / 'udpos/test-af.tsv'} and {made.folder / 'udpos/labels/test-af.tsv'}" in message
    assert "there is test data in en, zh; put the official file there, or name other data with --data DIR" in message
    assert "hub" not in message


@pytest.mark.parametrize(
    ("task", "origin", "what"),
    [(UDPOS, Origin.SAMPLE, "sample"), (PANX, Origin.SAMPLE, "sample"), (UDPOS, Origin.HUB, "data set of the hub")],
)
def test_what_has_no_sample_or_no_pinned_copy_asks_for_a_folder(task, origin, what):
    for ask in (partial(task.available, Split.TEST), partial(task.load, "en", Split.TEST)):
        with pytest.raises(MissingDataError, match=f"{what}.*--data DIR"):
            ask(Data(origin))


def tags(*rows):
    return pyarrow.table({"tags": [row.split() for row in rows]})


def test_scores_are_of_chunks_and_items_make_them():
    gold, predicted = tags("NOUN NOUN VERB", "X"), tags("NOUN NOUN NOUN", "X")
    found = UDPOS.score(gold, predicted, "en")
    assert found.metrics == pytest.approx({"f1": 40.0, "precision": 50.0, "recall": 100 / 3, "token_accuracy": 75.0})
    assert (found.items, found.totals) == ([0.0, 2.0], [3.0, 2.0])
    assert set(PANX.score(tags("B-LOC O"), tags("O O"), "en").metrics) == {"f1", "precision", "recall"}


def test_predictions_without_tags_are_refused():
    with pytest.raises(PluginError, match=r"udpos in 'en' have no column 'tags' \(there are: label\)"):
        UDPOS.score(tags("X"), pyarrow.table({"label": ["X"]}), "en")


def test_real_files_have_the_specified_rows(shared_data):
    real = Data(Origin.FOLDER, shared_data)
    for task in (UDPOS, PANX):
        for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
            for language in task.available(split, real):
                assert task.load(language, split, real).provenance.note == "", (task.name, language, split)
    assert UDPOS.available(Split.TEST, real) == ("af", "eu", "he", "ta", "te", "th", "tl", "yo")
    assert PANX.available(Split.TEST, real) == ("en", "de", "fr")
    assert len(PANX.available(Split.VALIDATION, real)) == 19

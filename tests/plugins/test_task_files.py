"""Official files, made small: how each layout is read, and everything that can be wrong with a file."""

import pytest
from xbench_tasks.americasnli import AMERICASNLI
from xbench_tasks.hooks import xbench_tasks
from xbench_tasks.sib200 import SIB200
from xbench_tasks.snli import SNLI
from xbench_tasks.xnli import XNLI

from xbench.contracts import Data, Origin, Split
from xbench.errors import DataError, MissingDataError, UsageError

TASKS = {task.name: task for task in xbench_tasks()}
XNLI_DEV = 'A cat sleeps.\tAn animal sleeps.\tentailment\nA "cat" sleeps.\tA dog\u2028 barks.\x85\tneutral\n'
NLI_HEADER = "id\tlanguage\tpremise\thypothesis\tlabel\n"
SIB_HEADER = "index_id\tcategory\ttext\n"
FILES = {
    "xnli/train-en.tsv": "It rains.\tIt is dry.\tcontradictory\n",
    "xnli/dev-en.tsv": XNLI_DEV,
    "xnli/test-en.tsv": "It rains.\tIt is wet.\nIt rains.\tIt is dry.\n",
    "xnli/labels/test-en.tsv": "entailment\ncontradiction\n",
    "xnli/test-sw.tsv": "Mvua inanyesha.\tNi kavu.\tcontradiction\n",
    "snli/s1.dev": "It rains . \n",
    "snli/s2.dev": "It is wet . \n",
    "snli/labels.dev": "entailment\n",
    "snli/s1.test": "It snows . \n",
    "snli/s2.test": "It is hot . \n",
    "snli/labels.test": "contradiction\n",
    "americasnli/test/aym.tsv": NLI_HEADER + "7\taym\tA\tB\tneutral\n8\taym\t \tB\tentailment\n",
    "sib200/eng_Latn/test.tsv": SIB_HEADER + "9\ttravel\tGo.\n4\thealth\tRest.\n",
    "sib200/zho_Hant/test.tsv": SIB_HEADER + "4\thealth\t休息。\n9\ttravel\t走。\n",
}


@pytest.fixture
def made(tmp_path):
    """Small files in the official layouts."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return Data(Origin.FOLDER, tmp_path)


def test_texts_are_read_as_they_stand(made):
    examples = XNLI.load("en", Split.VALIDATION, made)
    assert examples.inputs.to_pydict() == {
        "text": ["A cat sleeps.", 'A "cat" sleeps.'],
        "text_pair": ["An animal sleeps.", "A dog\u2028 barks.\x85"],
    }
    assert examples.gold.to_pydict() == {"label": ["entailment", "neutral"]}


def test_provenance_names_data_and_a_row_count_that_is_not_the_specified_one(made):
    provenance = XNLI.load("en", Split.VALIDATION, made).provenance
    assert (provenance.id, provenance.revision, provenance.split) == ("xnli", "", "validation")
    assert (provenance.origin, provenance.n_rows) == ("folder", 2)
    assert provenance.note == "2 rows where the specification has 2,490"


def test_the_spelling_of_the_multinli_file_is_mapped_in_train_alone(made):
    for split in (Split.TRAIN, Split.LENT):
        assert XNLI.load("en", split, made).gold["label"].to_pylist() == ["contradiction"]
    made.folder.joinpath("xnli/dev-en.tsv").write_text("A\tB\tcontradictory\n")
    with pytest.raises(DataError, match="contradictory"):
        XNLI.load("en", Split.VALIDATION, made)


def test_xnli_test_labels_stand_in_their_own_file_or_in_a_third_column(made):
    assert XNLI.load("en", Split.TEST, made).gold["label"].to_pylist() == ["entailment", "contradiction"]
    assert XNLI.load("sw", Split.TEST, made).gold["label"].to_pylist() == ["contradiction"]
    assert XNLI.available(Split.TEST, made) == ("en", "sw")


def test_a_snli_training_set_is_used_where_there_is_one(made):
    for name, text in {"s1": "A\nB\n", "s2": "C\nD\n", "labels": "neutral\nneutral\n"}.items():
        made.folder.joinpath(f"snli/{name}.train").write_text(text)
    for split in (Split.TRAIN, Split.LENT):
        assert SNLI.load("en", split, made).inputs["text"].to_pylist() == ["A", "B"]


def test_sib200_rows_are_sorted_by_id_in_every_language(made):
    assert SIB200.load("en", Split.TEST, made).inputs["text"].to_pylist() == ["Rest.", "Go."]
    assert SIB200.load("zh-Hant", Split.TEST, made).inputs["text"].to_pylist() == ["休息。", "走。"]


def test_americasnli_trains_on_the_english_of_xnli(made):
    assert (AMERICASNLI.train_on, AMERICASNLI.donor, XNLI.donor) == ("en", "xnli", None)
    assert AMERICASNLI.available(Split.TRAIN, made) == ()
    assert AMERICASNLI.load("ay", Split.TEST, made).inputs["text"].to_pylist() == ["A", " "]
    with pytest.raises(MissingDataError, match="no train split; it is trained on the 'en' of xnli"):
        AMERICASNLI.load("ay", Split.TRAIN, made)


DEV, TEST = "xnli/dev-en.tsv", "xnli/test-en.tsv"
AYM, SIB = "americasnli/test/aym.tsv", "sib200/eng_Latn/test.tsv"
XNLI_ROW = b"A\tB\tneutral\n"
AYM_ROW = NLI_HEADER.encode() + b"7\taym\tA\tB\tneutral\n"
SIB_ROW = SIB_HEADER.encode() + b"4\thealth\tRest.\n"
MALFORMED = {
    "too few columns": (DEV, XNLI_ROW + b"A\tB\n", 2, "2 columns where 3 are expected (premise, hypothesis,"),
    "too many columns": (DEV, XNLI_ROW + b"A\tB\tneutral\tx\n", 2, "4 columns where 3 are expected"),
    "blank line": (DEV, XNLI_ROW + b"\n" + XNLI_ROW, 2, "1 columns where 3 are expected"),
    "unknown label": (DEV, XNLI_ROW + b"A\tB\tmaybe\n", 2, "'maybe' is none of entailment, neutral,"),
    "empty file": (DEV, b"", 1, "the file is empty"),
    "invalid UTF-8": (DEV, XNLI_ROW + b"A \xff\tB\tneutral\n", 2, "byte 3 of the line (0xff) is not"),
    "invalid UTF-8 in the first line": (DEV, b"\xc3\tB\tneutral\n", 1, "byte 1 of the line (0xc3)"),
    "cut off": (DEV, XNLI_ROW + b"A\tB\tneut", 2, "the last line is cut off"),
    "CR LF": (DEV, XNLI_ROW + b"A\tB\tneutral\r\n", 2, "CR LF"),
    "empty premise": (DEV, XNLI_ROW + b"\tB\tneutral\n", 2, "the premise is empty"),
    "empty hypothesis": (DEV, XNLI_ROW + b"A\t\tneutral\n", 2, "the hypothesis is empty"),
    "columns of a test file": (TEST, b"A\tB\nA\n", 2, "1 columns where 2 are expected"),
    "test label": ("xnli/labels/test-en.tsv", b"entailment\nyes\n", 2, "'yes' is none of entailment"),
    "aligned label": ("snli/labels.test", b"-\n", 1, "'-' is none of entailment"),
    "aligned premise": ("snli/s1.test", b"\n", 1, "the premise is empty"),
    "header": (AYM, b"id\tlang\tpremise\thypothesis\tlabel\n", 1, "the header is id, lang,"),
    "header alone": (AYM, NLI_HEADER.encode(), 2, "nothing below the header"),
    "language": (AYM, AYM_ROW + b"8\tgn\tA\tB\tneutral\n", 3, "the language is 'gn' in the file of 'aym'"),
    "label below a header": (AYM, AYM_ROW + b"8\taym\tA\tB\tno\n", 3, "'no' is none of entailment"),
    "premise below a header": (AYM, AYM_ROW + b"8\taym\t\tB\tneutral\n", 3, "the premise is empty"),
    "topic": (SIB, SIB_ROW + b"5\tscience\tRest.\n", 3, "'science' is none of science/technology, travel"),
    "empty text": (SIB, SIB_ROW + b"5\thealth\t\n", 3, "the text is empty"),
    "id twice": (SIB, SIB_ROW + b"5\thealth\tA\n4\ttravel\tGo.\n", 4, "index_id 4 is that of line 2"),
    "id that is no number": (SIB, SIB_ROW + b"five\thealth\tA\n", 3, "'five' is not a whole number"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named_with_its_line(case, made):
    name, content, line, message = MALFORMED[case]
    path = made.folder / name
    path.write_bytes(content)
    task = TASKS[name.split("/")[0]]
    language = {"americasnli": "ay"}.get(task.name, "en")
    split = Split.VALIDATION if name.endswith((".dev", DEV)) else Split.TEST
    with pytest.raises(DataError) as caught:
        task.load(language, split, made)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("task", "name", "first"),
    [
        (XNLI, "xnli/labels/test-en.tsv", "xnli/test-en.tsv"),
        (SNLI, "snli/s2.test", "snli/s1.test"),
        (SNLI, "snli/labels.test", "snli/s1.test"),
    ],
)
def test_aligned_files_of_different_lengths_are_named_with_both_counts(task, name, first, made):
    lines = FILES[first].count("\n")
    made.folder.joinpath(name).write_text("entailment\n" * (lines + 1))
    with pytest.raises(DataError) as caught:
        task.load("en", Split.TEST, made)
    assert f"{made.folder / first} has {lines} lines but {made.folder / name}, aligned" in str(caught.value)
    assert f"has {lines + 1}: line {lines + 1} has no counterpart" in str(caught.value)


def test_missing_data_say_what_was_looked_for_what_there_is_and_what_to_do(made):
    with pytest.raises(MissingDataError) as caught:
        XNLI.load("bg", Split.TEST, made)
    message = str(caught.value)
    test, labels = made.folder / "xnli/test-bg.tsv", made.folder / "xnli/labels/test-bg.tsv"
    assert f"looked for {test} and {labels}" in message
    assert "there is test data in en, sw" in message
    assert "--data hub" in message


def test_a_test_file_without_labels_is_missing_data_and_not_a_score_of_a_third(made):
    made.folder.joinpath("xnli/labels/test-en.tsv").unlink()
    assert XNLI.available(Split.TEST, made) == ("sw",)
    with pytest.raises(MissingDataError, match="labels"):
        XNLI.load("en", Split.TEST, made)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(MissingDataError, match="there is no folder"):
        SIB200.load("en", Split.TEST, Data(Origin.FOLDER, tmp_path))


def test_an_unknown_language_is_refused_with_those_there_are(made):
    with pytest.raises(UsageError, match="no language of xnli is called 'xx'"):
        XNLI.load("xx", Split.TEST, made)


def test_a_fingerprint_is_that_of_the_rows_whatever_file_they_stand_in(made):
    before = XNLI.load("en", Split.TEST, made).provenance.fingerprint
    made.folder.joinpath("xnli/test-en.tsv").write_text(
        "It rains.\tIt is wet.\tentailment\nIt rains.\tIt is dry.\tcontradiction\n"
    )
    assert XNLI.load("en", Split.TEST, made).provenance.fingerprint == before

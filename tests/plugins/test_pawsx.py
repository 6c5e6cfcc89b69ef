"""PAWS-X: both official layouts, the real files, and everything that can be wrong with them."""

import pytest
from xbench_tasks.pawsx import PAWSX
from xbench_tasks.xnli import XNLI

from xbench.contracts import Data, Origin, Split
from xbench.errors import DataError, MissingDataError
from xbench.testing import check_task

HEADER = "id\tsentence1\tsentence2\tlabel\n"
FILES = {
    "pawsx/dev-en.tsv": 'He "ran" .\tRan he .\t1\nNS\tNS\t0\n',
    "pawsx/test-en.tsv": "A b .\tB a .\nC d .\tD c .\n",
    "pawsx/labels/test-en.tsv": "0\n1\n",
    "pawsx/test-fr.tsv": "A b .\tB a .\n",
    "pawsx/x-final/en/train.tsv": HEADER + '1\t"A" b .\tB a .\t0\n',
    "pawsx/x-final/de/translated_train.tsv": HEADER + "1\tA b .\tB a .\t0\n",
    "pawsx/x-final/de/dev_2k.tsv": HEADER + "7\tA b .\tB a .\t1\n",
    "pawsx/x-final/de/test_2k.tsv": HEADER + "10\tA b .\tB a .\t0\n12\tNS\tD c .\t1\n",
}


@pytest.fixture
def made(tmp_path):
    """Small files in both official layouts."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return Data(Origin.FOLDER, tmp_path)


def test_it_keeps_the_contract_in_both_layouts(made):
    check_task(PAWSX, made)
    assert PAWSX.available(Split.TRAIN, made) == PAWSX.available(Split.LENT, made) == ("de", "en")
    assert PAWSX.available(Split.VALIDATION, made) == ("de", "en")
    assert PAWSX.available(Split.TEST, made) == ("de", "en")


def test_the_official_languages_counts_and_recipe_are_declared():
    assert PAWSX.languages == ("de", "en", "es", "fr", "ja", "ko", "zh")
    assert [PAWSX.counts("en", split) for split in Split] == [49_401, 2_000, 2_000, 49_401]
    assert (PAWSX.labels, PAWSX.parallel, PAWSX.donor) == (("0", "1"), True, None)
    assert dict(PAWSX.hyperparameters) == dict(XNLI.hyperparameters)


def test_rows_are_read_as_they_stand_and_placeholders_stay(made):
    dev = PAWSX.load("en", Split.VALIDATION, made)
    assert dev.inputs.to_pydict() == {"text": ['He "ran" .', "NS"], "text_pair": ["Ran he .", "NS"]}
    assert dev.gold.to_pydict() == {"label": ["1", "0"]}
    assert PAWSX.load("en", Split.TRAIN, made).inputs["text"].to_pylist() == ['"A" b .']
    assert PAWSX.load("de", Split.TEST, made).inputs["text"].to_pylist() == ["A b .", "NS"]
    assert PAWSX.load("de", Split.TEST, made).gold["label"].to_pylist() == ["0", "1"]
    assert PAWSX.load("en", Split.TRAIN, made).provenance.note == "1 rows where the specification has 49,401"


def test_the_authors_file_goes_before_that_of_xtreme(made):
    doubled = made.folder / "pawsx/dev-de.tsv"
    doubled.write_text('"A ""b"" ."\tB a .\t0\n')
    assert PAWSX.load("de", Split.VALIDATION, made).inputs["text"].to_pylist() == ["A b ."]
    made.folder.joinpath("pawsx/x-final/de/dev_2k.tsv").unlink()
    assert PAWSX.load("de", Split.VALIDATION, made).inputs["text"].to_pylist() == ['"A ""b"" ."']


def test_what_is_missing_is_looked_for_where_the_labels_are(made):
    with pytest.raises(MissingDataError, match=r"no test split in 'fr': looked for .*x-final/fr/test_2k\.tsv"):
        PAWSX.load("fr", Split.TEST, made)
    assert PAWSX.available(Split.TEST, Data(Origin.HUB)) == PAWSX.languages


DEV, LABELS, TRAIN = "pawsx/dev-en.tsv", "pawsx/labels/test-en.tsv", "pawsx/x-final/en/train.tsv"
MALFORMED = {
    "no label": (DEV, "A\tB\n", 1, "2 columns where 3 are expected (sentence1, sentence2, label)"),
    "unknown label": (DEV, "A\tB\t1\nA\tB\tyes\n", 2, "the label 'yes' is none of 0, 1"),
    "empty sentence": (DEV, "A\tB\t1\n\tB\t1\n", 2, "the sentence1 is empty"),
    "unknown test label": (LABELS, "0\n2\n", 2, "the label '2' is none of 0, 1"),
    "no header": (TRAIN, "1\tA\tB\t0\n", 1, "the header is 1, A, B, 0"),
    "a column too few": (TRAIN, HEADER + "1\tA\tB\n", 2, "3 columns where 4 are expected"),
    "empty second sentence": (TRAIN, HEADER + "1\tA\t\t0\n", 2, "the sentence2 is empty"),
    "unknown label below a header": (TRAIN, HEADER + "1\tA\tB\t0\n2\tA\tB\t0.0\n", 3, "the label '0.0' is none of"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named_with_its_line(case, made):
    name, text, line, message = MALFORMED[case]
    path = made.folder / name
    path.write_bytes(text.encode())
    split = {DEV: Split.VALIDATION, LABELS: Split.TEST, TRAIN: Split.TRAIN}[name]
    with pytest.raises(DataError) as caught:
        PAWSX.load("en", split, made)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_labels_that_do_not_belong_to_the_texts_are_refused(made):
    made.folder.joinpath(LABELS).write_text("0\n")
    with pytest.raises(DataError, match="line 2 has no counterpart"):
        PAWSX.load("en", Split.TEST, made)


def test_real_files_have_the_specified_rows_in_either_layout(shared_data, tmp_path):
    real = Data(Origin.FOLDER, shared_data)
    assert PAWSX.available(Split.VALIDATION, real) == ("de", "en", "es", "fr", "zh")
    assert PAWSX.available(Split.TEST, real) == ("de", "zh")
    assert PAWSX.available(Split.TRAIN, real) == ()
    for split in (Split.VALIDATION, Split.TEST):
        for language in PAWSX.available(split, real):
            assert PAWSX.load(language, split, real).provenance.note == "", (language, split)
    (tmp_path / "pawsx").mkdir()
    for part in ("test-de.tsv", "labels"):  # XTREME's files alone
        (tmp_path / "pawsx" / part).symlink_to(shared_data / "pawsx" / part)
    xtreme = PAWSX.load("de", Split.TEST, Data(Origin.FOLDER, tmp_path)).provenance.fingerprint
    assert xtreme == PAWSX.load("de", Split.TEST, real).provenance.fingerprint

"""Official files of retrieval tasks: the real ones, and small ones with everything that can be wrong with them."""

import pyarrow
import pytest
from xbench_tasks.bucc2018 import BUCC2018
from xbench_tasks.metrics.tatoeba import export_lines
from xbench_tasks.retrieval import Pool, Text
from xbench_tasks.tatoeba import TATOEBA

from xbench.contracts import Data, Origin, Split, TaskKind
from xbench.errors import DataError, MissingDataError, PluginError
from xbench.testing import check_task

FILES = {
    "tatoeba/v1/tatoeba.tur-eng.tur": "Yağmur yağıyor.\nEvet.\n\u2028Kar\x85.\n",
    "tatoeba/v1/tatoeba.tur-eng.eng": "It rains.\n Yes.\nA\u2028snow.\n",
    "bucc2018/de-en.dev.de": "de-1\tJa.\nde-2\tNein.\nde-3\tJa.\n",
    "bucc2018/de-en.dev.en": 'en-1\t"No."\nen-2\tYes.\n',
    "bucc2018/de-en.dev.gold": "de-2\ten-1\nde-3\ten-2\n",
    "bucc2018/de-en.test.de": "de-7\tVielleicht.\n",
    "bucc2018/de-en.test.en": "en-8\tMaybe.\n",
    "bucc2018/labels/test-de.tsv": "de-7\ten-8\n",
}


def write(data, files):
    for name, text in files.items():
        path = data.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return data


@pytest.fixture
def made(tmp_path):
    """Small files in the official layouts."""
    return write(Data(Origin.FOLDER, tmp_path), FILES)


@pytest.mark.parametrize("task", [TATOEBA, BUCC2018], ids=["tatoeba", "bucc2018"])
def test_retrieval_tasks_keep_the_contract(task, made):
    assert (task.kind, task.train_on, task.donor, task.labels) == (TaskKind.RETRIEVAL, None, None, ())
    check_task(task, made)


def test_the_official_languages_and_sizes_are_declared():
    assert (len(TATOEBA.languages), BUCC2018.languages) == (41, ("de", "fr", "ru", "zh"))
    assert {one for one in TATOEBA.languages if TATOEBA.counts(one, Split.TEST) != 2000} == {
        "jv", "ka", "kk", "ml", "sw", "ta", "te", "th",
    }  # fmt: skip


def test_english_looks_for_its_translation_in_the_official_order(made):
    examples = TATOEBA.load("tr", Split.TEST, made)
    assert examples.inputs.to_pydict() == {
        "id": ["en-0", "en-1", "en-2", "0", "1", "2"],
        "text": ["A\u2028snow.", "It rains.", " Yes.", "Yağmur yağıyor.", "Evet.", "\u2028Kar\x85."],
        "language": ["en"] * 3 + ["tr"] * 3,
        "side": ["query"] * 3 + ["candidate"] * 3,
    }
    assert examples.gold.to_pydict() == {"matches": [["2"], ["0"], ["1"], [], [], []]}


def test_the_matches_of_gold_are_the_lines_of_the_official_label_file(made):
    gold = TATOEBA.load("tr", Split.TEST, made).gold["matches"].to_pylist()
    assert [row[0] for row in gold[:3]] == export_lines([0, 1, 2], ["It rains.", " Yes.", "A\u2028snow."])


def test_the_files_of_xtreme_give_the_same_rows(made):
    before = TATOEBA.load("tr", Split.TEST, made)
    made.folder.joinpath("tatoeba/v1/tatoeba.tur-eng.eng").unlink()
    assert TATOEBA.available(Split.TEST, made) == ()
    write(made, {
        "tatoeba/tr-en.tr": FILES["tatoeba/v1/tatoeba.tur-eng.tur"],
        "tatoeba/tr-en.en": "A\u2028snow.\nIt rains.\n Yes.\n",
        "tatoeba/labels/test-tr.tsv": "2\n0\n1\n",
    })  # fmt: skip
    assert TATOEBA.available(Split.TEST, made) == ("tr",)
    assert TATOEBA.load("tr", Split.TEST, made) == before


def test_both_texts_of_bucc_are_read_and_the_gold_says_who_matches(made):
    examples = BUCC2018.load("de", Split.VALIDATION, made)
    assert examples.inputs.to_pydict() == {
        "id": ["de-1", "de-2", "de-3", "en-1", "en-2"],
        "text": ["Ja.", "Nein.", "Ja.", '"No."', "Yes."],
        "language": ["de"] * 3 + ["en"] * 2,
        "side": ["query"] * 3 + ["candidate"] * 2,
    }
    assert examples.gold.to_pydict() == {"matches": [[], ["en-1"], ["en-2"], [], []]}
    assert examples.provenance.note == "2 gold pairs where the specification has 1,038"


def test_the_gold_of_the_test_split_may_be_a_label_file(made):
    before = BUCC2018.load("de", Split.TEST, made)
    assert before.gold.to_pydict() == {"matches": [["en-8"], []]}
    made.folder.joinpath("bucc2018/labels/test-de.tsv").rename(made.folder / "bucc2018/de-en.test.gold")
    assert BUCC2018.load("de", Split.TEST, made).provenance == before.provenance


def test_there_is_nothing_to_train_on(made):
    for task, language in ((TATOEBA, "tr"), (BUCC2018, "de")):
        assert task.available(Split.TRAIN, made) == ()
        with pytest.raises(MissingDataError, match=f"{task.name} has no train split"):
            task.load(language, Split.TRAIN, made)


TR, EN, LABELS = "tatoeba/tr-en.tr", "tatoeba/tr-en.en", "tatoeba/labels/test-tr.tsv"
DE, GOLD = "bucc2018/de-en.dev.de", "bucc2018/de-en.dev.gold"
MALFORMED = {
    "a line too few": (EN, "A\nB\n", None, "tr-en.en, aligned with it line by line, has 2: line 3 has no counterpart"),
    "an empty sentence": (TR, "a\n\nc\n", 2, "the sentence is empty"),
    "a label too few": (LABELS, "2\n0\n", None, "test-tr.tsv, aligned with it line by line, has 2"),
    "a label that is no number": (LABELS, "2\n[0]\n1\n", 2, "'[0]' is no place of a sentence"),
    "a label with a zero before it": (LABELS, "2\n00\n1\n", 2, "'00' is no place of a sentence"),
    "a label outside": (LABELS, "2\n0\n3\n", 3, "'3' is no place of a sentence: they are counted from 0 to 2"),
    "a label again": (LABELS, "2\n0\n2\n", 3, "the sentence 2 was named in line 1 already"),
    "no sentence": (DE, "de-1\tJa.\nde-2\n", 2, "1 columns where 2 are expected (id, sentence)"),
    "a column too many": (DE, "de-1\tJa.\tNein.\n", 1, "3 columns where 2 are expected"),
    "an id again": (DE, "de-2\tA\nde-3\tB\nde-2\tC\n", 3, "the id 'de-2' is that of line 1 already"),
    "an empty id": (DE, "de-2\tA\n\tB\n", 2, "the id is empty"),
    "an empty text": (DE, "de-2\tA\nde-3\t\n", 2, "the sentence is empty"),
    "gold that is no pair": (GOLD, "de-2\ten-1\nde-3 en-2\n", 2, "'de-3 en-2' is no pair"),
    "gold of no source": (GOLD, "de-2\ten-1\nde-9\ten-2\n", 2, "de-en.dev.de has no sentence 'de-9'"),
    "gold of no target": (GOLD, "de-2\ten-9\n", 1, "de-en.dev.en has no sentence 'en-9'"),
    "gold the wrong way round": (GOLD, "en-1\tde-2\n", 1, "de-en.dev.de has no sentence 'en-1'"),
    "gold again": (GOLD, "de-2\ten-1\nde-2\ten-1\n", 2, "the pair de-2 en-1 was named already"),
    "cut off": (GOLD, "de-2\ten-1\nde-3", 2, "the last line is cut off"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named_with_its_line(case, made):
    name, text, line, message = MALFORMED[case]
    made.folder.joinpath("tatoeba/v1/tatoeba.tur-eng.eng").unlink()
    write(made, {TR: "a\nb\nc\n", EN: "A\nB\nC\n", LABELS: "2\n0\n1\n"} | {name: text})
    task, language, split = (
        (TATOEBA, "tr", Split.TEST) if name.startswith("tatoeba") else (BUCC2018, "de", Split.VALIDATION)
    )
    with pytest.raises(DataError) as caught:
        task.load(language, split, made)
    assert message in str(caught.value)
    assert str(made.folder / name) in str(caught.value)
    assert line is None or str(caught.value).startswith(f"{made.folder / name}:{line}: ")


def test_missing_data_say_what_was_looked_for(made):
    with pytest.raises(MissingDataError) as caught:
        TATOEBA.load("zh", Split.TEST, made)
    assert str(made.folder / "tatoeba/v1/tatoeba.cmn-eng.cmn") in str(caught.value)
    assert "there is test data in tr" in str(caught.value)


A, B, C = Text("a", "x", "en"), Text("b", "y", "de"), Text("c", "z", "de")


@pytest.mark.parametrize(
    "changed",
    [
        Pool([A], [C, B], [["b"]]),
        Pool([A], [B, C], [["c"]]),
        Pool([A], [B, C], [[]]),
        Pool([A, B], [C], [["b"], []]),
        Pool([A._replace(language="fr")], [B, C], [["b"]]),
        Pool([A._replace(text="y")], [B, C], [["b"]]),
    ],
)
def test_a_fingerprint_changes_with_any_change_of_a_text_or_match(changed):
    assert changed.fingerprint() != Pool([A], [B, C], [["b"]]).fingerprint()
    assert changed.fingerprint() == Pool(changed.queries, changed.candidates, changed.matches, "a note").fingerprint()


def matches(*rows):
    return pyarrow.table({"matches": pyarrow.array([row.split() for row in rows], pyarrow.list_(pyarrow.string()))})


def test_accuracy_is_of_the_first_match_of_every_query():
    gold = matches("2", "0", "1", "", "", "")
    found = TATOEBA.score(gold, matches("2 0", "", "0 1", "", "", ""), "tr")
    assert found.metrics == pytest.approx({"accuracy": 100 / 3})
    assert (found.items, found.totals) == ([1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0])


def test_f1_is_of_pairs_and_a_query_without_match_counts_where_it_was_given_one():
    found = BUCC2018.score(matches("", "x", "y", "", ""), matches("x", "x x", "", "", ""), "de")
    assert found.metrics == pytest.approx({"precision": 50, "recall": 50, "f1": 50})
    assert (found.items, found.totals) == ([0, 2, 0, 0, 0], [1, 2, 1, 0, 0])
    assert 100 * sum(found.items) / sum(found.totals) == pytest.approx(found.metrics["f1"])


@pytest.mark.parametrize("task", [TATOEBA, BUCC2018], ids=["tatoeba", "bucc2018"])
def test_predictions_that_do_not_fit_are_refused(task):
    with pytest.raises(PluginError, match=r"have no column 'matches' \(there are: label\)"):
        task.score(matches("x"), pyarrow.table({"label": ["x"]}), "de")
    with pytest.raises(DataError, match="1 rows of predictions for 2 texts"):
        task.score(matches("x", ""), matches("x"), "de")


def test_real_files_have_the_specified_rows(shared_data):
    real = Data(Origin.FOLDER, shared_data)
    there = TATOEBA.available(Split.TEST, real)
    assert len(there) == 26
    for language in there:
        examples = TATOEBA.load(language, Split.TEST, real)
        assert examples.provenance.note == "", language
        queries, texts = len(examples.gold) // 2, examples.inputs["text"].to_pylist()
        places = [int(row[0]) for row in examples.gold["matches"].to_pylist()[:queries]]
        assert sorted(places) == list(range(queries))
        assert [text.strip() for text in texts[:queries]] == sorted(text.strip() for text in texts[:queries])
    assert (BUCC2018.available(Split.VALIDATION, real), BUCC2018.available(Split.TEST, real)) == (("zh",), ())
    mined = BUCC2018.load("zh", Split.VALIDATION, real)
    assert (mined.provenance.n_rows, mined.provenance.note) == (8_624 + 13_589, "")
    assert sum(len(row) for row in mined.gold["matches"].to_pylist()) == 257


def test_real_translations_stay_together(shared_data):
    examples = TATOEBA.load("de", Split.TEST, Data(Origin.FOLDER, shared_data))
    rows = examples.inputs.to_pylist()
    texts = {row["id"]: row["text"] for row in rows}
    pairs = {
        row["text"]: texts[found[0]]
        for row, found in zip(rows, examples.gold["matches"].to_pylist(), strict=True)
        if found
    }
    folder = shared_data / "tatoeba" / "v1"
    sides = [
        (folder / f"tatoeba.deu-eng.{code}").read_text(encoding="utf-8").split("\n")[:-1] for code in ("eng", "deu")
    ]
    assert pairs == dict(zip(*sides, strict=True))

"""Word translation: what is asked for, what is right, what is read by no fit; and a run of it with a tiny model."""

import json

import pytest
from xbench_tasks.bli import BLI, BLI_PANLEX
from xbench_tasks.metrics.bli import bli, bli_items
from xbench_tasks.panlex import LANGUAGES, PANLEX
from xbench_tasks.wiktionary import NAMES, WIKTIONARY

from tests.plugins import tiny
from xbench.access import Grant, GuardedContext
from xbench.contracts import Data, Origin, Resource, Split, TaskKind
from xbench.errors import DataError, MissingDataError
from xbench.registry import load_registry
from xbench.request import Request
from xbench.session import carry_out, open_session
from xbench.shelf import Shelf
from xbench.tasks import held_out
from xbench.testing import check_task

FROM_FINNISH = next(task for task in BLI_PANLEX if task.name == "bli-fi")
WORDS = [f"word{number}" for number in range(200)]
KEPT = [word for word in WORDS if held_out((word, ""))]


def write(folder, files):
    for name, rows in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return Data(Origin.FOLDER, folder)


@pytest.fixture
def made(tmp_path):
    """A dictionary with entries of several words, words with several translations and words that share one."""
    entries = [(word, word[::-1]) for word in WORDS]
    entries += [(KEPT[0], "zwei"), (KEPT[1], "zwei"), (KEPT[0], "zwei"), (KEPT[2], "drei Wörter lang")]
    kept = next(text for text in (f"two words {number}" for number in range(99)) if held_out((text, "")))
    only = next(text for text in (f"only{number}" for number in range(99)) if held_out((text, "")))
    entries += [(kept, "wort"), (only, "zwei Wörter")]
    return write(tmp_path, {
        "wiktionary_dicts/german.txt": entries,
        "panlex_bli/fi-et/fi-et.train.5000.cc.trans": [("kissa", "kass"), ("koira", "koer"), ("talo", "maja")],
        "panlex_bli/fi-et/fi-et.test.2000.cc.trans": [("kissa", "kiisu"), ("tupa", "maja"), ("tupa", "maja")],
    })  # fmt: skip


@pytest.mark.parametrize("task", [BLI, FROM_FINNISH], ids=lambda task: task.name)
def test_a_task_keeps_the_contract(task, made):
    assert (task.kind, task.main_metric, task.train_on, task.sample) == (TaskKind.RETRIEVAL, "p@1", None, None)
    check_task(task, made)


def test_the_languages_are_those_of_the_dictionaries():
    assert BLI.languages == tuple(NAMES)
    assert {task.name: task.languages for task in BLI_PANLEX} == {
        f"bli-{source}": tuple(one for one in LANGUAGES if one != source) for source in LANGUAGES
    }


def test_the_words_asked_for_are_those_that_are_held_out_and_all_their_translations_are_right(made):
    examples = BLI.load("de", Split.TEST, made)
    rows = examples.inputs.to_pylist()
    queries = {row["id"]: row["text"] for row in rows if row["side"] == "query"}
    pool = {row["id"]: row["text"] for row in rows if row["side"] == "candidate"}
    assert list(queries.values()) == KEPT
    assert list(pool.values()) == [*(word[::-1] for word in WORDS), "zwei"]
    gold = dict(zip((row["id"] for row in rows), examples.gold["matches"].to_pylist(), strict=True))
    right = {word: [pool[id_] for id_ in gold[query]] for query, word in queries.items()}
    assert right == {word: [word[::-1]] for word in KEPT} | {word: [word[::-1], "zwei"] for word in KEPT[:2]}
    assert {row["language"] for row in rows if row["side"] == "query"} == {"en"}


def test_the_coverage_is_noted(made):
    asked, covered = len(KEPT) + 2, len(KEPT)
    note = BLI.load("de", Split.TEST, made).provenance.note
    share = f"{100 * covered / asked:.1f}"
    assert note == f"coverage {share}: of {asked} words asked for, {covered} and a translation are single words"


def test_no_fit_reads_a_word_that_is_asked_for(made):
    grant = Grant("en", ("de",), pairs={(Resource.DICTIONARY, "de"): WIKTIONARY})
    context = GuardedContext(grant, Shelf(made), 0, "cpu", lambda step, steps, loss: None)
    taught = {word for word, _ in context.pairs(Resource.DICTIONARY, "de")}
    asked = BLI.load("de", Split.TEST, made).inputs.to_pylist()
    assert not taught & {row["text"] for row in asked if row["side"] == "query"}
    assert len(taught) > 150
    assert {word for word, _ in PANLEX.load("fi", "et", made).rows} == {"koira", "talo"}


def test_what_a_training_file_says_of_a_word_that_is_asked_for_is_right_too(made):
    examples = FROM_FINNISH.load("et", Split.TEST, made)
    rows = examples.inputs.to_pylist()
    names = {row["id"]: row["text"] for row in rows}
    right = {row["text"]: [names[id_] for id_ in matches]
             for row, matches in zip(rows, examples.gold["matches"].to_pylist(), strict=True)
             if row["side"] == "query"}  # fmt: skip
    assert right == {"kissa": ["kiisu", "kass"], "tupa": ["maja"]}
    assert [row["text"] for row in rows if row["side"] == "candidate"] == ["kiisu", "maja", "kass", "koer"]
    assert FROM_FINNISH.available(Split.TEST, made) == ("et",)
    assert FROM_FINNISH.available(Split.TRAIN, made) == ()
    with pytest.raises(MissingDataError, match="bli-fi has no test split in 'hu'"):
        FROM_FINNISH.load("hu", Split.TEST, made)


def test_precision_counts_whichever_translation_comes_first():
    given, wanted = [["a"], ["b", "a"], [], ["c"]], [["b", "a"], ["a"], ["a"], ["c"]]
    assert bli_items(given, wanted) == [1, 0, 0, 1]
    assert bli(given, wanted) == {"p@1": 50}
    with pytest.raises(DataError, match="1 predictions for 2 references"):
        bli([["a"]], [["a"], ["b"]])


def test_a_malformed_test_file_is_named_with_its_line(made):
    write(made.folder, {"panlex_bli/fi-et/fi-et.test.2000.cc.trans": [("a", "b"), ("c",)]})
    with pytest.raises(DataError, match=r"fi-et\.test\.2000\.cc\.trans:2: 1 columns"):
        FROM_FINNISH.load("et", Split.TEST, made)


def test_real_dictionaries_ask_for_a_tenth_of_their_words(shared_data):
    data = Data(Origin.FOLDER, shared_data)
    assert len(BLI.available(Split.TEST, data)) == 20
    entries = WIKTIONARY.load("en", "sw", data).rows
    inputs = BLI.load("sw", Split.TEST, data).inputs
    queries = [row["text"] for row in inputs.to_pylist() if row["side"] == "query"]
    words = {word for word, _ in entries if " " not in word}
    assert 0.07 < len(queries) / len(words) < 0.13
    assert [task.name for task in BLI_PANLEX if task.available(Split.TEST, data)] == ["bli-et", "bli-fi", "bli-tr"]
    assert FROM_FINNISH.load("et", Split.TEST, data).provenance.note.startswith("coverage 100.0: of 1,856 words")


def test_words_that_are_spelt_alike_are_found_by_a_run(tmp_path):
    letters = [f"{one}{other}{third}" for one in "abcd" for other in "efgh" for third in "ijkl"]
    same = [(word, word) for word in letters]
    mixed = [(word, other) for word, other in zip(letters, letters[1:] + letters[:1], strict=True)]
    data = write(tmp_path / "data", {"wiktionary_dicts/german.txt": same, "wiktionary_dicts/turkish.txt": mixed})
    model = str(tiny.save_model(tmp_path / "model"))
    request = Request("bli", (), data, models=(model,), device="cpu", languages=("de", "tr"))
    session = open_session(request, load_registry(), tmp_path / "runs")
    carry_out(session)
    lines = map(json.loads, (session.folder / "results.jsonl").read_text(encoding="utf-8").splitlines())
    scores = {line["cell"]["target"]: line["metrics"]["p@1"] for line in lines}
    assert scores["de"] == 100
    assert scores["tr"] < 50

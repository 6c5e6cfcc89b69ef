"""Data sets of the hub by kind of task: small files with the columns of the real ones, and what can be wrong."""

import gzip
import importlib
import json
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from xbench_tasks.copa import COPA
from xbench_tasks.hooks import xbench_tasks
from xbench_tasks.hub import REFUSED
from xbench_tasks.mlqa import MLQA, MLQA_CROSSED
from xbench_tasks.panx import PANX
from xbench_tasks.pawsx import PAWSX
from xbench_tasks.siqa import SIQA
from xbench_tasks.squad import SQUAD
from xbench_tasks.tatoeba import TATOEBA
from xbench_tasks.tydiqa import TYDIQA
from xbench_tasks.xcopa import XCOPA
from xbench_tasks.xnli import XNLI
from xbench_tasks.xquad import XQUAD

from tests import hub_server
from tests.plugins import hub_client
from tests.plugins.hub_client import parquet, repository
from xbench.contracts import Data, Origin, Split
from xbench.errors import DataError, PluginError

QUESTION_ES = next(task for task in MLQA_CROSSED if task.name == "mlqa-question-es")
TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
TEXT = {"dtype": "string", "_type": "Value"}


def listed(feature):
    return {"feature": feature, "_type": "Sequence"}


def classes(names):
    return {"names": names, "_type": "ClassLabel"}


def wikiann(words, tags, features=None):
    columns = {"tokens": words, "ner_tags": tags, "langs": [["sw"] * len(one) for one in words]}
    return parquet(columns | {"spans": [["PER: Asha"]] * len(words)}, features)


def asked(*ids, context="Rain falls in May.", answers=("May", "in May")):
    """Questions of one context, laid out as every data set of SQuAD's kind is."""
    given = {"text": list(answers), "answer_start": [context.index(one) for one in answers]}
    columns = {"id": list(ids), "title": ["t"] * len(ids), "context": [context] * len(ids)}
    return parquet(columns | {"question": [f"What of {one}?" for one in ids], "answers": [given] * len(ids)})


def choices(labels, idx, features=None):
    columns = {"premise": [f"premise {one}" for one in idx], "choice1": ["a"] * len(idx), "choice2": ["b"] * len(idx)}
    columns |= {"question": ["cause", "effect"][: len(idx)], "label": labels, "idx": idx, "changed": [False] * len(idx)}
    return parquet(columns, features)


def packed(*pairs):
    rows = [{"sentence1": one, "sentence2": other, "lang": "swh-eng"} for one, other in pairs]
    return gzip.compress("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())


COPA_FEATURES = dict.fromkeys(("premise", "choice1", "choice2", "question"), TEXT)
COPA_FEATURES |= {"label": classes(["choice1", "choice2"]), "idx": {"dtype": "int64", "_type": "Value"}}
COPA_FEATURES |= {"changed": {"dtype": "bool", "_type": "Value"}}
WIKIANN_FEATURES = {"tokens": listed(TEXT), "ner_tags": listed(classes(["O", "B-LOC", "B-PER"]))}
WIKIANN_FEATURES |= {"langs": listed(TEXT), "spans": listed(TEXT)}
PAWS_FEATURES = {"id": {"dtype": "int32", "_type": "Value"}, "sentence1": TEXT, "sentence2": TEXT}
PAWS_FEATURES |= {"label": classes(["0", "1"])}
PAWS = {"id": [1, 2], "sentence1": ["A b", "NS"], "sentence2": ["b A", "NS"], "label": [1, 0]}
SIQA_ROW = {"context": ["Ann left."], "question": ["Why?"], "answerA": ["x"], "answerB": ["y"], "answerC": ["z"]}
PART = "00000-of-00001"
REPOSITORIES = [
    repository(
        PANX,
        {
            f"sw/test-{PART}.parquet": wikiann([["Asha", "yuko", "Pemba"], ["La"]], [[2, 0, 1], [0]], WIKIANN_FEATURES),
            f"yo/train-{PART}.parquet": wikiann([["Ife", "Ade"]], [[5, 1]]),
        },
    ),
    repository(XQUAD, {f"xquad.de/validation-{PART}.parquet": asked("q1", "q2")}),
    repository(
        MLQA,
        {
            f"MLQA.de.de/test-{PART}.parquet": asked("same"),
            f"MLQA.de.es/test-{PART}.parquet": asked("crossed"),
        },
    ),
    repository(TYDIQA, {f"secondary_task/validation-{PART}.parquet": asked("finnish-1", "english-1", "finnish-2")}),
    repository(SQUAD, {f"plain_text/train-{PART}.parquet": asked("s1")}),
    repository(XCOPA, {f"ht/test-{PART}.parquet": choices([0, 1], [7, 3])}),
    repository(
        COPA,
        {
            f"copa/train-{PART}.parquet": choices([1, 0], [0, 1], COPA_FEATURES),
            f"copa/validation-{PART}.parquet": choices([-1], [0], COPA_FEATURES),
        },
    ),
    repository(SIQA, {"data/validation-00000-of-00001-90bb85eab85fcfa8.parquet": parquet(SIQA_ROW | {"label": ["3"]})}),
    repository(TATOEBA, {"test/swh-eng.jsonl.gz": packed(("Ndiyo.\u2028", "Yes.\n"), ("Hapana.\n", "No.\n"))}),
    repository(
        TATOEBA,
        {"tur-eng/test.jsonl.gz": packed(("Evet.", "Yes."))},
        revision=TATOEBA.candidates[1].revision,
    ),
    repository(PAWSX, {f"ko/test-{PART}.parquet": parquet(PAWS, PAWS_FEATURES)}),
]
ASKED = {
    "tags": (PANX, "sw", "test"),
    "tags, unnamed": (PANX, "yo", "lent"),
    "tags, another column": (PANX, "sw", "test", [{"columns": {"tokens": "words", "tags": "ner_tags"}}]),
    "questions": (XQUAD, "de", "test"),
    "questions, same": (MLQA, "de", "test"),
    "questions, crossed": (QUESTION_ES, "de", "test"),
    "questions, by id": (TYDIQA, "fi", "test"),
    "questions, none": (TYDIQA, "te", "test"),
    "questions, train": (SQUAD, "en", "train"),
    "choices": (XCOPA, "ht", "test"),
    "choices, named": (COPA, "en", "lent"),
    "choices, withheld": (COPA, "en", "validation"),
    "choices, no such split": (COPA, "en", "test"),
    "choices, three": (SIQA, "en", "validation"),
    "pool": (TATOEBA, "sw", "test"),
    "pool, older": (TATOEBA, "tr", "test"),
    "pool, neither": (TATOEBA, "he", "test"),
    "pool, another commit": (TATOEBA, "sw", "test", [{"revision": "e" * 40}]),
    "pool, the second": (TATOEBA, "sw", "test", [{"id": "mteb/none"}, {}]),
    "pairs": (PAWSX, "ko", "test"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What came of each of `ASKED`."""
    with hub_server.serve(REPOSITORIES) as hub:
        found = hub_client.load(tmp_path_factory.mktemp("home"), hub, *ASKED.values())
    return dict(zip(ASKED, found, strict=True))


def test_tags_are_those_the_numbers_stand_for(said):
    assert said["tags"]["inputs"] == {"tokens": [["Asha", "yuko", "Pemba"], ["La"]]}
    assert said["tags"]["gold"] == {"tags": [["B-PER", "O", "B-LOC"], ["O"]]}, "as the file names them"
    assert said["tags, unnamed"]["gold"] == {"tags": [["B-LOC", "B-PER"]]}, "as the data set's card names them"
    assert said["tags"]["note"] == "2 rows where the specification has 1,000"
    assert said["tags"]["revision"] == PANX.candidates[0].revision


def test_questions_have_all_their_answers(said):
    found = said["questions"]
    assert found["inputs"]["id"] == ["q1", "q2"]
    assert found["inputs"]["question"][0] == "What of q1?"
    assert found["gold"] == {"answers": [["May", "in May"]] * 2, "starts": [[14, 11]] * 2}
    assert found["note"] == "2 rows where the specification has 1,190"
    assert said["questions, train"]["inputs"]["id"] == ["s1"]


def test_questions_in_another_language_are_those_of_the_contexts_language(said):
    assert said["questions, same"]["inputs"]["id"] == ["same"]
    assert said["questions, crossed"]["inputs"]["id"] == ["crossed"]
    assert said["questions, crossed"]["note"] == "1 rows where the specification has 1,776"


def test_a_table_of_all_languages_is_split_by_id(said):
    assert said["questions, by id"]["inputs"]["id"] == ["finnish-1", "finnish-2"]
    assert said["questions, by id"]["note"] == "2 rows where the specification has 782"
    assert "of ids that begin with 'telugu-': there is no question in it" in said["questions, none"]["text"]


def test_choices_are_sorted_by_idx_and_labels_are_places(said):
    found = said["choices"]
    assert found["inputs"]["text"] == ["premise 3 What was the effect?", "premise 7 What was the cause?"]
    assert found["inputs"]["choices"] == [["a", "b"]] * 2
    assert found["gold"] == {"label": ["1", "0"]}
    assert said["choices, named"]["gold"] == {"label": ["1", "0"]}
    assert said["choices, named"]["note"] == "2 rows where the specification has 400"
    assert said["choices, three"]["inputs"] == {"text": ["Ann left. Why?"], "choices": [["x", "y", "z"]]}
    assert said["choices, three"]["gold"] == {"label": ["2"]}


def test_labels_that_are_withheld_are_not_scored(said):
    assert "row 1: the label must be a text, not None" in said["choices, withheld"]["text"]
    assert said["choices, no such split"]["error"] == "MissingDataError"
    assert COPA.available(Split.TEST, Data(Origin.HUB)) == ()


def test_pairs_are_a_pool_in_which_sorted_english_sentences_look_for_the_others(said):
    found = said["pool"]
    assert found["inputs"]["text"] == ["No.", "Yes.", "Ndiyo.\u2028", "Hapana."]
    assert found["inputs"]["language"] == ["en", "en", "sw", "sw"]
    assert found["gold"] == {"matches": [["1"], ["0"], [], []]}
    assert found["note"] == "4 rows where the specification has 780"


def test_the_older_commit_is_read_where_the_newer_one_lacks_the_file(said):
    assert said["pool, older"]["inputs"]["text"] == ["Yes.", "Evet."]
    assert said["pool, older"]["revision"] == TATOEBA.candidates[1].revision
    assert said["pool"]["revision"] == TATOEBA.candidates[0].revision
    assert said["pool, the second"]["id"] == "mteb/tatoeba-bitext-mining"
    assert said["pool, neither"]["error"] == "DataError"
    assert "there is no file test/heb-eng.jsonl.gz" in said["pool, neither"]["text"]
    assert "there is no file heb-eng/test.jsonl.gz" in said["pool, neither"]["text"]


def test_pairs_of_sentences_keep_those_that_could_not_be_translated(said):
    assert said["pairs"]["inputs"] == {"text": ["A b", "NS"], "text_pair": ["b A", "NS"]}
    assert said["pairs"]["gold"] == {"label": ["1", "0"]}
    assert said["pairs"]["note"] == "2 rows where the specification has 2,000"


def test_a_column_or_commit_that_is_not_there_is_named(said):
    there = "no column words (there are: tokens, ner_tags, langs, spans)"
    assert there in said["tags, another column"]["text"]
    assert f"at {'e' * 40}: RevisionNotFoundError" in said["pool, another commit"]["text"]


SIQA_COLUMNS = SIQA_ROW | {"label": ["1"]}
COPA_COLUMNS = {"premise": ["p", "p"], "choice1": ["a", "a"], "choice2": ["b", "b"], "question": ["cause", "effect"]}
COPA_COLUMNS |= {"label": ["0", "1"], "idx": [0, 1]}
QUESTION = {"id": ["q"], "question": ["Q?"], "context": ["c"], "answers": [{"text": ["c"], "answer_start": [0]}]}
MALFORMED = {
    "more tags": (PANX, {"tokens": [["a"]], "tags": [["O", "O"]]}, "row 1: a sentence of 1 words, which has 2 tags"),
    "odd tag": (PANX, {"tokens": [["a"]], "tags": [["B-MISC"]]}, "row 1: the tag 'B-MISC' is none of B-LOC"),
    "no tag": (PANX, {"tokens": [["a"]], "tags": [[None]]}, "row 1: the tag None is none of B-LOC"),
    "odd label": (PAWSX, {"text": ["a", "a"], "label": [None, "2"]}, "row 2: the label '2' is none of 0, 1"),
    "no text": (PAWSX, {"text": ["a", None], "label": ["0", "1"]}, "row 2: the text must be a text, not None"),
    "no answer": (XQUAD, QUESTION | {"answers": [{"text": [], "answer_start": []}]}, "row 1, id 'q': has no answer"),
    "answer elsewhere": (XQUAD, QUESTION | {"context": ["not c"]}, "row 1, id 'q': the answer 'c' is said to be at 0"),
    "no context": (XQUAD, QUESTION | {"context": [None]}, "row 1, id 'q'"),
    "id twice": (XQUAD, {name: one * 2 for name, one in QUESTION.items()}, "row 2, id 'q': the id occurs a second"),
    "idx twice": (XCOPA, COPA_COLUMNS | {"idx": [4, 4]}, "row 2: the idx 4 is that of row 1 already"),
    "odd question": (XCOPA, COPA_COLUMNS | {"question": ["why", "cause"]}, "row 1: the question 'why' is none of"),
    "no choice": (XCOPA, COPA_COLUMNS | {"choice2": ["b", None]}, "row 2: the choice2 must be a text, not None"),
    "odd place": (SIQA, SIQA_COLUMNS | {"label": ["0"]}, "row 1: the label '0' is none of 1, 2, 3"),
    "no sentence": (TATOEBA, {"foreign": [None], "english": ["Yes."]}, "row 1: the foreign must be a text, not None"),
}


@pytest.mark.parametrize(("task", "columns", "message"), MALFORMED.values(), ids=MALFORMED)
def test_a_row_that_is_malformed_is_named(task, columns, message):
    with pytest.raises(DataError) as caught:
        task.candidates[0].rows(columns, task.languages[0])
    assert message in str(caught.value)


WRONG = {
    "google/xtreme/udpos.Greek/test-00000-of-00001.parquet": "ancient Greek",
    "google/xtreme/PAWS-X.en/train-00000-of-00001.parquet": "swallowed rows",
    "google/xtreme/bucc18.de/test-00000-of-00001.parquet": "the gold pairs alone",
    "google/xtreme/XNLI/test-00000-of-00001.parquet": "no training set",
    "mteb/bucc-bitext-mining/test/de-en.jsonl.gz": "the gold pairs alone",
    "microsoft/xglue/xglue.py": "no longer public",
    "SetFit/xglue_nc/test.de.jsonl": "lacks the titles",
}


@pytest.mark.parametrize(("place", "why"), WRONG.items(), ids=WRONG)
def test_a_copy_that_is_known_to_be_wrong_is_refused_and_the_error_says_why(place, why):
    owner, name, file = place.split("/", 2)
    with pytest.raises(PluginError, match=rf"{owner}/{name} is refused as the source of {file}: .*{why}"):
        replace(XNLI.candidates[0], id=f"{owner}/{name}", file=file)


def test_every_refusal_is_tried_above():
    assert all(any(fnmatchcase(place, pattern) for place in WRONG) for pattern in REFUSED)


def test_a_candidate_needs_a_full_commit():
    for commit in ("main", "b8dd5d7", "B" * 40, "g" * 40):
        with pytest.raises(PluginError, match="is no full commit"):
            replace(XNLI.candidates[0], revision=commit)


def test_every_candidate_has_files_of_its_own_for_languages_and_splits_of_its_task():
    for task in xbench_tasks():
        for candidate in task.candidates:
            assert set(candidate.configs) <= set(task.languages)
            paths = {candidate.path(one, split) for one in candidate.configs for split in candidate.splits}
            assert len(paths) == len(set(candidate.configs.values())) * len(set(candidate.splits.values()))


@pytest.mark.parametrize("module", ["americasnli", "udpos", "bucc2018", "lareqa"])
def test_a_task_without_a_data_set_of_the_hub_says_why(module):
    text = importlib.import_module(f"xbench_tasks.{module}").__doc__
    (task,) = [task for task in xbench_tasks() if task.name == module]
    assert not task.candidates
    assert "No data set of the hub is named here" in text

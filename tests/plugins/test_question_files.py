"""Official files of question answering: the real ones, and small ones with everything that can be wrong with them."""

import json
from dataclasses import replace

import pyarrow
import pytest
from xbench_methods.finetune import FinetuneOptions
from xbench_tasks.mlqa import MLQA, MLQA_CROSSED
from xbench_tasks.questions import RECIPE, Question, Questions, read_squad
from xbench_tasks.squad import SQUAD
from xbench_tasks.tydiqa import TYDIQA
from xbench_tasks.xquad import XQUAD

from xbench import options
from xbench.contracts import Data, Origin, Split, TaskKind
from xbench.errors import DataError, MissingDataError, PluginError
from xbench.registry import load_registry
from xbench.request import Request, resolve
from xbench.testing import check_task

TASKS = (SQUAD, XQUAD, MLQA, *MLQA_CROSSED, TYDIQA)
QUESTION_DE = next(task for task in MLQA_CROSSED if task.name == "mlqa-question-de")


def paragraph(context, *questions):
    """A paragraph and its questions, each an id and answers, which stand where they are found first."""
    qas = [
        {
            "id": id_,
            "question": f"What of {id_}?",
            "answers": [{"text": answer, "answer_start": context.index(answer)} for answer in answers],
        }
        for id_, *answers in questions
    ]
    return {"context": context, "qas": qas}


def squad(*paragraphs):
    return {"version": "1.1", "data": [{"title": "t", "paragraphs": list(paragraphs)}]}


RAIN = paragraph("Rain falls in May, in Kassel.", ("a", "May"), ("b", "Kassel", "in Kassel"))
SNOW = paragraph("Schnee fällt im 𝄞 Mai.", ("english-1", "Schnee"), ("finnish-1", "Mai."))
FILES = {
    "squad/train-v1.1.json": squad(RAIN, SNOW),
    "squad/dev-v1.1.json": squad(RAIN),
    "xquad/xquad.en.json": squad(RAIN),
    "xquad/xquad.zh.json": squad(paragraph("五月在卡塞尔下雨。", ("a", "五月"), ("b", "卡塞尔", "在卡塞尔"))),
    "mlqa/MLQA_V1/dev/dev-context-en-question-en.json": squad(RAIN),
    "mlqa/MLQA_V1/test/test-context-en-question-en.json": squad(RAIN),
    "mlqa/MLQA_V1/test/test-context-de-question-de.json": squad(SNOW),
    "mlqa/MLQA_V1/test/test-context-en-question-de.json": squad(RAIN),
    "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json": squad(RAIN),
    "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.en.dev.json": squad(RAIN),
    "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-finnish.json": squad(SNOW),
}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def made(tmp_path):
    """Small files in the official layouts."""
    for name, content in FILES.items():
        write(tmp_path / name, content)
    return Data(Origin.FOLDER, tmp_path)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_tasks_keep_the_contract(task, made):
    assert task.kind is TaskKind.EXTRACTIVE_QA
    check_task(task, made)


def test_languages_and_donors_are_the_official_ones():
    assert [len(task.languages) for task in (SQUAD, XQUAD, MLQA, TYDIQA)] == [1, 12, 7, 9]
    assert [task.donor for task in TASKS] == [None, *["squad"] * 9, None]
    assert [task.name for task in MLQA_CROSSED] == [f"mlqa-question-{language}" for language in MLQA.languages]
    suites = {name: load_registry().find("suite", name) for name in ("xquad", "mlqa", "mlqa-gxlt", "tydiqa")}
    assert set(suites["mlqa-gxlt"].tasks) == {task.name for task in MLQA_CROSSED}


def test_questions_are_read_as_they_stand(made):
    examples = SQUAD.load("en", Split.TRAIN, made)
    assert examples.inputs.to_pydict() == {
        "id": ["a", "b", "english-1", "finnish-1"],
        "question": [f"What of {id_}?" for id_ in ("a", "b", "english-1", "finnish-1")],
        "context": [RAIN["context"]] * 2 + [SNOW["context"]] * 2,
    }
    assert examples.gold.to_pydict() == {
        "answers": [["May"], ["Kassel", "in Kassel"], ["Schnee"], ["Mai."]],
        "starts": [[14], [22, 19], [0], [18]],
    }
    assert SQUAD.load("en", Split.LENT, made).provenance.fingerprint == examples.provenance.fingerprint


def test_splits_that_there_are_not_are_missing(made):
    assert SQUAD.available(Split.VALIDATION, made) == XQUAD.available(Split.TRAIN, made) == ()
    with pytest.raises(MissingDataError, match="xquad has no train split; it is trained on the 'en' of squad"):
        XQUAD.load("en", Split.TRAIN, made)
    with pytest.raises(MissingDataError, match=r"looked for .*xquad\.de\.json; there is test data in en, zh"):
        XQUAD.load("de", Split.TEST, made)


def test_mlqa_is_the_diagonal_and_its_crossed_tasks_are_told_by_the_language_of_the_context(made):
    assert MLQA.available(Split.TEST, made) == ("en", "de")
    assert QUESTION_DE.available(Split.TEST, made) == ("en", "de")
    assert QUESTION_DE.available(Split.VALIDATION, made) == ()
    assert QUESTION_DE.load("de", Split.TEST, made).provenance.fingerprint == (
        MLQA.load("de", Split.TEST, made).provenance.fingerprint
    )


def test_counts_of_crossed_questions_are_what_both_languages_share():
    assert [QUESTION_DE.counts(language, Split.TEST) for language in ("en", "de", "es", "zh")] == [
        4_517, 4_517, 1_776, None,
    ]  # fmt: skip
    assert [QUESTION_DE.counts(language, Split.VALIDATION) for language in ("en", "de", "es")] == [512, 512, None]
    assert [MLQA.counts(language, Split.TEST) for language in MLQA.languages] == [
        11_590, 5_253, 4_517, 5_335, 4_918, 5_495, 5_137,
    ]  # fmt: skip
    assert sum(TYDIQA.counts(language, Split.TRAIN) for language in TYDIQA.languages) == 49_881
    assert sum(TYDIQA.counts(language, Split.TEST) for language in TYDIQA.languages) == 5_077


def test_tydiqa_is_read_from_the_archives_and_from_either_folder(made):
    assert TYDIQA.available(Split.TEST, made) == ("en", "fi")
    assert TYDIQA.available(Split.TRAIN, made) == ("en",)
    write(made.folder / "tydiqa/tydiqa-goldp-v1.1-train.json", squad(RAIN, SNOW))
    assert TYDIQA.available(Split.TRAIN, made) == TYDIQA.languages
    assert TYDIQA.load("fi", Split.TRAIN, made).inputs["id"].to_pylist() == ["finnish-1"]
    assert TYDIQA.load("en", Split.TRAIN, made).inputs["id"].to_pylist() == ["a", "b"], "XTREME's file, where there is"
    with pytest.raises(DataError, match=r"tydiqa-goldp-v1\.1-train\.json: no id begins with 'korean-'"):
        TYDIQA.load("ko", Split.TRAIN, made)
    before = TYDIQA.load("en", Split.TEST, made)
    made.folder.joinpath("tydiqa").rename(made.folder / "tydiqa_goldp")
    assert TYDIQA.load("en", Split.TEST, made).provenance == before.provenance


def test_a_row_count_that_is_not_the_specified_one_is_noted(made):
    assert XQUAD.load("en", Split.TEST, made).provenance.note == "2 rows where the specification has 1,190"


ROW = Question("a", "what", "the sea", ["sea"], [4])


CHANGES = ({"id": "b"}, {"question": "?"}, {"context": "the sea."}, {"answers": ["the"]}, {"starts": [3]},
           {"answers": ["sea", "sea"], "starts": [4, 4]})  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_fingerprint_changes_with_any_change_of_a_question(change):
    base = Questions([ROW, replace(ROW, id="c")])
    changed = Questions([replace(ROW, **change), replace(ROW, id="c")], "a note")
    assert changed.fingerprint() != base.fingerprint()
    assert replace(changed, note="").fingerprint() == changed.fingerprint()


def broken(**change):
    """A document whose second question, its answer or its context has something else; None takes a key away."""
    context = {"context": change.pop("context", RAIN["context"])}
    answer = {name: change.pop(name, value) for name, value in (("text", "in"), ("answer_start", 11))}
    question = {"id": "b", "question": "?", "answers": [_present(answer)]} | change
    first = paragraph("Rain", ("a", "Rain"))
    return squad(first, _present(context | {"qas": [_present(question)]}))


def _present(values):
    return {name: value for name, value in values.items() if value is not None}


MALFORMED = {
    "an answer elsewhere": (
        broken(answer_start=12),
        "id 'b': the answer 'in' is said to be at 12, where the context has 'n '",
    ),
    "an answer before the context": (broken(answer_start=-2), "id 'b': the answer 'in' is said to be at -2"),
    "an answer after the context": (broken(answer_start=99), "said to be at 99, where the context has ''"),
    "a start in bytes": (broken(context="Ä in", text="in", answer_start=3), "at 3, where the context has 'n'"),
    "a start that is no number": (broken(answer_start="11"), "a whole number called 'answer_start' here; there is str"),
    "a start that is a truth value": (broken(answer_start=True), "'answer_start' here; there is bool"),
    "no start": (broken(answer_start=None), "id 'b': SQuAD JSON has a whole number called 'answer_start'"),
    "no answer text": (broken(text=None), "id 'b': SQuAD JSON has a text called 'text' here; there is NoneType"),
    "an empty answer": (broken(text="", answer_start=0), "id 'b': has no answer; XTREME's preparation takes them out"),
    "no answers": (broken(answers=[]), "id 'b': has no answer"),
    "no list of answers": (broken(answers=None), "id 'b': SQuAD JSON has a list called 'answers'"),
    "no question": (broken(question=None), "id 'b': SQuAD JSON has a text called 'question'"),
    "an empty question": (broken(question=""), "id 'b': the question is empty"),
    "no id": (broken(id=None), "data[0].paragraphs[1].qas[0]: SQuAD JSON has a text called 'id'"),
    "an empty id": (broken(id=""), "paragraphs[1].qas[0], id '': the id is empty"),
    "an id that was there": (broken(id="a"), "paragraphs[1].qas[0], id 'a': the id occurs a second time"),
    "no context": (broken(context=None), "id 'b': SQuAD JSON has a text called 'context'"),
    "half a character": (broken(question="\ud83d?"), "id 'b': the question holds half of a surrogate pair"),
    "no questions at all": (squad(), "there is no question in it"),
    "another document": ({"rows": []}, "SQuAD JSON has a list called 'data' here"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named_with_the_question(case, tmp_path):
    content, message = MALFORMED[case]
    path = write(tmp_path / "file.json", content)
    with pytest.raises(DataError) as caught:
        read_squad(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (json.dumps(squad(RAIN), indent=1).encode()[:200], 13, "is no JSON, or is cut off"),
        (b"", 1, "the file is empty"),
        (b'{"data":\n "\xff"}', 2, "is not valid UTF-8"),
        (json.dumps(squad(RAIN)).encode() + b"}", 1, "is no JSON, or is cut off: Extra data"),
    ],
)
def test_a_file_that_is_no_json_is_named_with_its_line(data, line, message, tmp_path):
    path = tmp_path / "file.json"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_squad(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_scores_are_exact_match_f1_and_their_mean_and_items_make_the_mean():
    gold = pyarrow.table({"answers": [["a cat"], ["x y", "the dog"], ["May"]]})
    found = XQUAD.score(gold, pyarrow.table({"answer": ["The cat!", "dog house", "June"]}), "en")
    assert found.metrics == pytest.approx({"exact_match": 100 / 3, "f1": 500 / 9, "em_f1": 400 / 9})
    assert found.items == pytest.approx([1, 1 / 3, 0])
    assert found.totals is None
    assert found.metrics[XQUAD.main_metric] == pytest.approx(100 * sum(found.items) / 3)


def test_mlqa_is_normalised_by_the_language_of_the_context_and_the_others_are_not():
    gold, given = pyarrow.table({"answers": [["der Hund"], ["2020年"]]}), pyarrow.table({"answer": ["Hund", "2020 年"]})
    assert MLQA.score(gold, given, "de").metrics["exact_match"] == 50
    assert QUESTION_DE.score(gold, given, "zh").metrics["exact_match"] == 50
    assert QUESTION_DE.score(gold, given, "zh").items == pytest.approx([(0 + 2 / 3) / 2, 1])
    assert XQUAD.score(gold, given, "de").metrics["exact_match"] == 0
    assert TYDIQA.score(gold, given, "de").metrics["f1"] == pytest.approx(100 / 3)


def test_answers_that_do_not_belong_to_the_questions_are_refused():
    gold = pyarrow.table({"answers": [["May"], ["Kassel"]]})
    with pytest.raises(PluginError, match=r"xquad in 'en' have no column 'answer' \(there are: label\)"):
        XQUAD.score(gold, pyarrow.table({"label": ["a", "b"]}), "en")
    with pytest.raises(DataError, match="xquad in 'en': 1 answers are given to 2 questions"):
        XQUAD.score(gold, pyarrow.table({"answer": ["May"]}), "en")


def test_the_official_recipe_is_that_of_all_and_every_option_of_it_is_known_to_fine_tuning():
    assert {dict(task.hyperparameters) == dict(RECIPE) for task in TASKS} == {True}, "so that fits are shared"
    chosen = options.as_dict(options.resolve(FinetuneOptions, "finetune", {}, RECIPE))
    assert {name: chosen[name] for name in RECIPE} == dict(RECIPE)


def test_labels_may_come_from_tydiqa_where_squad_is_not_there(made):
    request = Request("xquad[train=tydiqa]", ("finetune",), made)
    (use,) = resolve(request, load_registry()).tasks
    assert (use.task.name, use.trainer.name) == ("xquad", "tydiqa")
    (use,) = resolve(replace(request, suite="xquad"), load_registry()).tasks
    assert use.trainer.name == "squad"


def test_there_is_no_sample_and_the_error_asks_for_other_data():
    for task in TASKS:
        with pytest.raises(MissingDataError, match="no bundled sample; name its data with --data DIR or --data hub"):
            task.load("en", Split.TEST, Data(Origin.SAMPLE))


def test_real_files_have_the_specified_rows(shared_data):
    real = Data(Origin.FOLDER, shared_data)
    for task in TASKS:
        for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
            for language in task.available(split, real):
                assert task.load(language, split, real).provenance.note == "", (task.name, language, split)
    assert XQUAD.available(Split.TEST, real) == ("en", "es", "de", "ru", "tr", "ar", "zh", "hi")
    assert MLQA.available(Split.VALIDATION, real) == ("en", "es", "de", "ar", "zh")
    assert QUESTION_DE.available(Split.VALIDATION, real) == ("en", "de")
    assert TYDIQA.available(Split.TRAIN, real) == ("en",)
    assert TYDIQA.available(Split.TEST, real) == ("en", "ar", "fi", "ru", "sw")


def test_xquad_asks_the_same_questions_in_every_language(shared_data):
    real = Data(Origin.FOLDER, shared_data)
    ids = [XQUAD.load(language, Split.TEST, real).inputs["id"] for language in XQUAD.available(Split.TEST, real)]
    assert all(one.equals(ids[0]) for one in ids)

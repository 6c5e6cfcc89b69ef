"""The suites that are installed: their languages, their groups, their published numbers."""

import pytest

from xbench.contracts import TaskKind
from xbench.names import parse
from xbench.references import read
from xbench.registry import load_registry

REGISTRY = load_registry()
SUITES = [REGISTRY.find("suite", name) for name in REGISTRY.names("suite")]
# Languages of each task in XTREME's evaluate.py; the task of BUCC and Tatoeba is beside English.
XTREME = {
    "xnli": 15, "pawsx": 7, "udpos": 33, "panx": 40, "xquad": 11, "mlqa": 7, "tydiqa": 9, "bucc2018": 4, "tatoeba": 36,
}  # fmt: skip
GROUPS = {
    "classification": {"pawsx", "xnli"},
    "tagging": {"udpos", "panx"},
    "qa": {"xquad", "mlqa", "tydiqa"},
    "retrieval": {"bucc2018", "tatoeba"},
}


def languages(suite, task):
    return suite.languages.get(task, REGISTRY.find("task", task).languages)


def test_xtreme_has_the_languages_and_groups_of_the_official_script():
    suite = REGISTRY.find("suite", "xtreme")
    assert {task: len(set(languages(suite, task))) for task in suite.members} == XTREME
    assert {group: set(tasks) for group, tasks in suite.groups.items()} == GROUPS
    assert suite.average == "tasks"
    spoken = {language for task in suite.members for language in languages(suite, task)}
    assert len(spoken) == 40
    assert not spoken & {"az", "gu", "lt", "pa", "pl", "qu", "ro", "uk", "wo"}, "of XTREME-R"


def test_what_is_retrieved_is_not_learned():
    for text in REGISTRY.find("suite", "xtreme").tasks:
        task = parse(text)
        retrieved = REGISTRY.find("task", task.name).kind is TaskKind.RETRIEVAL
        assert task.options == ((("method", "retrieve"),) if retrieved else ())
    assert TaskKind.RETRIEVAL in REGISTRY.find("method", "retrieve").task_kinds


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_suite_names_languages_that_its_tasks_have(suite):
    for task, spoken in suite.languages.items():
        assert set(spoken) <= set(REGISTRY.find("task", task).languages)
        assert len(set(spoken)) == len(spoken)


@pytest.fixture(scope="module")
def published():
    return read(REGISTRY.find("suite", "xtreme").references)


def test_published_numbers_are_of_things_that_there_are(published):
    tasks, suite = set(REGISTRY.names("task")), REGISTRY.find("suite", "xtreme")
    for one in published:
        assert 0 < one.score <= 100
        if one.language:
            assert one.language in REGISTRY.find("task", one.of).languages
        assert one.of in tasks | {suite.name, *suite.groups}
        answers = one.of in tasks and REGISTRY.find("task", one.of).kind is TaskKind.EXTRACTIVE_QA
        assert one.metric in ({"f1", "exact_match"} if answers else {"accuracy", "f1", "score"})


@pytest.mark.parametrize(
    ("source", "model", "of", "metric", "count", "mean"),
    [
        ("ERNIE-M README", "XLM-R large", "xnli", "accuracy", 15, 80.89),
        ("ERNIE-M README", "InfoXLM large", "xnli", "accuracy", 15, 81.40),
        ("ERNIE-M README", "XLM (MLM+TLM)", "xnli", "accuracy", 15, 75.09),
        ("ERNIE-M README", "RoBERTa-large, translate-test", "xnli", "accuracy", 15, 77.76),
        ("ERNIE-M README", "mBERT", "pawsx", "accuracy", 7, 81.96),
        ("ERNIE-M README", "ERNIE-M large", "pawsx", "accuracy", 7, 89.54),
        ("xquad README", "mBERT", "xquad", "f1", 11, 64.53),
        ("xquad README", "XLM-R large", "xquad", "exact_match", 11, 60.80),
        ("MLQA README", "mBERT", "mlqa", "f1", 7, 57.71),
        ("ERNIE-M README (hi corrected from 62.9)", "XLM-R large", "mlqa", "f1", 7, 70.69),
        ("ERNIE-M README", "InfoXLM large", "mlqa", "exact_match", 7, 55.20),
        ("XCOPA repository", "Human", "xcopa", "accuracy", 11, 97.60),
        ("XCOPA repository", "MAD-X base", "xcopa", "accuracy", 11, 60.94),
    ],
)
def test_published_languages_average_to_the_known_mean(published, source, model, of, metric, count, mean):
    about = (source, model, of, metric)
    scores = [one.score for one in published if (one.source, one.model, one.of, one.metric) == about and one.language]
    assert len(scores) == count
    assert sum(scores) / count == pytest.approx(mean, abs=0.0051)


def test_a_model_of_two_sources_is_two_rows(published):
    of_xlmr = {
        one.source: one.score for one in published if (one.model, one.of, one.language) == ("XLM-R large", "xnli", "en")
    }
    assert of_xlmr == {"ERNIE-M README": 89.1}
    overall = {one.source for one in published if one.model == "XLM-R large" and not one.language}
    assert overall == {"multilingual-t5 README", "AliceMind summary"}

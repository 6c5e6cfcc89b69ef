"""XTREME's own mock data give the golden values, and every scorer is a metric of `evaluate` without network."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from xbench_tasks.metrics.bucc import bucc, read_pairs
from xbench_tasks.metrics.mewslix import mewslix
from xbench_tasks.metrics.mlqa import mlqa

from xbench.errors import DataError

FILE = Path(__file__).parent / "xtreme_mock.json"
METRICS = {
    "squad": "Squad",
    "mlqa": "Mlqa",
    "bucc": "Bucc",
    "tatoeba": "Tatoeba",
    "xcopa": "Xcopa",
    "lareqa": "Lareqa",
    "mewslix": "Mewslix",
}


def average(task, scorer, metric):
    languages = json.loads(FILE.read_text(encoding="utf-8"))[task]
    scores = [scorer(data["predictions"], data["labels"], language)[metric] for language, data in languages.items()]
    return sum(scores) / len(scores)


def pairs(predictions, labels, _):
    return bucc(read_pairs(predictions, "predictions"), read_pairs(labels, "labels"))


@pytest.mark.parametrize(
    ("task", "scorer", "metric", "golden"),
    [
        ("bucc2018", pairs, "f1", 55.0),
        ("mlqa", mlqa, "exact_match", 57.142857142857146),
        ("mlqa", mlqa, "f1", 81.76870748299321),
        ("mewslix", lambda given, gold, _: mewslix(given, gold), "map@20", 14.39025156130419),
    ],
)
def test_the_mock_data_of_xtreme_give_its_golden_values_to_the_last_bit(task, scorer, metric, golden):
    assert average(task, scorer, metric) == golden


CODE = """
import sys
from importlib import import_module
names = %r
modules = {name: import_module(f"xbench_tasks.metrics.{name}") for name in names}
assert not {"evaluate", "datasets"} & set(sys.modules), "importing a scorer is cheap"
made = {name: getattr(modules[name], names[name]) for name in names}
import evaluate
assert all(issubclass(one, evaluate.Metric) and one.__name__ == names[name] for name, one in made.items())
assert all(getattr(modules[name], names[name]) is one for name, one in made.items())
def computed(name, predictions, references, **options):
    metric = made[name](keep_in_memory=True)
    scores = metric.compute(predictions=predictions, references=references, **options)
    for prediction, reference in zip(predictions, references, strict=True):
        metric.add(prediction=prediction, reference=reference)
    assert metric.compute(**options) == scores, name
    return scores
rows = [{"id": "2", "prediction_text": "der Hund"}, {"id": "1", "prediction_text": "x"}]
gold = [{"id": one, "answers": {"text": ["Hund", "z"], "answer_start": [0, 3]}} for one in "12"]
assert computed("squad", rows, gold) == {"exact_match": 0.0, "f1": 100.0 * (0.0 + 2 / 3) / 2}
assert computed("mlqa", rows, gold, context_language="de") == {"exact_match": 50.0, "f1": 50.0}
lines = [["a\\tx", "b\\ty"], []]
assert computed("bucc", lines, [["a\\tx", "c\\tz"], ["d\\tw", "e\\tv"]])["recall"] == 25.0
assert computed("tatoeba", ["1", "02"], ["1", "2"]) == {"accuracy": 50.0}
assert computed("xcopa", [0, 1, 1], [0, 1, 0]) == {"accuracy": 2 / 3 * 100}
assert computed("lareqa", [["a", "b"], []], [["b"], ["c"]]) == {"map@20": 25.0}
assert computed("mewslix", [["Q1", "Q2"], []], ["Q2", "Q3"]) == {"map@20": 25.0}
"""


def test_every_scorer_is_a_metric_of_evaluate_without_network(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", CODE % METRICS],
        env=os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("module", METRICS)
def test_a_module_has_no_other_lazy_name(module):
    with pytest.raises(AttributeError, match=rf"'xbench_tasks.metrics.{module}' has no attribute 'Accuracy'"):
        _ = importlib.import_module(f"xbench_tasks.metrics.{module}").Accuracy


def metric(name):
    return getattr(importlib.import_module(f"xbench_tasks.metrics.{name}"), METRICS[name])(keep_in_memory=True)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_refuses_rows_that_do_not_belong_together(name):
    with pytest.raises(DataError, match="1 predictions for 2 references"):
        metric(name).compute(predictions=[0], references=[0, 1])
    with pytest.raises(DataError, match="nothing to score"):
        metric(name).compute(predictions=[], references=[])


def test_a_metric_refuses_a_choice_before_evaluate_turns_it_into_a_number():
    with pytest.raises(DataError, match="the prediction of row 1 is '1'; the number 0 or 1 is expected"):
        metric("xcopa").compute(predictions=["1"], references=[1])


@pytest.mark.parametrize(
    ("name", "prediction", "reference", "message"),
    [
        ("tatoeba", 12, "12", "prediction 1 is 12; a text is expected"),
        ("mewslix", "Q1", "Q1", "prediction 1 is 'Q1'; a list is expected"),
        ("lareqa", ["a", 3], ["a"], "an element of prediction 1 is 3; a text is expected"),
        ("bucc", ["a x"], ["a\tx"], "predictions:1: 'a x' is no pair"),
        ("squad", {"id": "1"}, {"id": "1", "answers": {"text": ["x"]}}, "prediction 1 has no 'prediction_text'"),
        ("mlqa", {"id": "1", "prediction_text": "x"}, {"id": "1", "answers": ["x"]}, "'answers' of reference 1 has no"),
    ],
)
def test_a_metric_refuses_rows_of_another_form(name, prediction, reference, message):
    with pytest.raises(DataError, match=message):
        metric(name).compute(predictions=[prediction], references=[reference])


def test_a_metric_refuses_two_rows_for_one_question():
    row = {"id": "1", "prediction_text": "x"}
    gold = [{"id": id_, "answers": {"text": ["x"]}} for id_ in "12"]
    with pytest.raises(DataError, match="id '1' occurs more than once"):
        metric("squad").compute(predictions=[row, row], references=gold)

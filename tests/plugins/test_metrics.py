"""Scoring: the official formula, the published scores of a real system, and the `evaluate` metric."""

import ast
import os
import random
import subprocess
import sys
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xbench_tasks.metrics import accuracy as module
from xbench_tasks.metrics.accuracy import accuracy
from xbench_tasks.xnli import XNLI

from xbench.contracts import Data, Origin, Split
from xbench.errors import DataError, PluginError

REPOSITORY = Path(__file__).parents[2]


def labels(*values):
    return pyarrow.table({"label": pyarrow.array(values, pyarrow.string())})


def test_accuracy_is_the_share_of_equal_labels_in_per_cent():
    assert accuracy(["a", "b", "a"], ["a", "b", "b"]) == 2 / 3 * 100


@pytest.mark.parametrize(("predictions", "references"), [(["a"], ["a", "b"]), (["a", "b"], ["a"]), ([], [])])
def test_accuracy_refuses_different_counts_and_no_predictions(predictions, references):
    with pytest.raises(DataError, match="predictions"):
        accuracy(predictions, references)


def test_score_gives_accuracy_and_one_item_a_row():
    scores = XNLI.score(labels("neutral", "entailment"), labels("neutral", "neutral"), "sw")
    assert scores.metrics == {"accuracy": 50.0}
    assert scores.items == [1.0, 0.0]


def test_score_refuses_another_number_of_predictions():
    with pytest.raises(DataError, match="1 predictions for 2 rows"):
        XNLI.score(labels("neutral", "entailment"), labels("neutral"), "sw")


def test_score_refuses_predictions_without_labels():
    with pytest.raises(PluginError, match=r"xnli in 'sw' have no column 'label' \(there are: answer\)"):
        XNLI.score(labels("neutral"), pyarrow.table({"answer": ["neutral"]}), "sw")


def test_a_published_system_gets_its_published_xnli_scores(shared_data):
    folder = shared_data / "xglue_unicoder_dev"
    lines = (folder / "evaluation_results_unicoder_dev.txt").read_text(encoding="utf-8").split("\n")
    published = ast.literal_eval(lines[lines.index("XNLI") + 1])
    data = Data(Origin.FOLDER, shared_data)
    languages = XNLI.available(Split.VALIDATION, data)
    assert len(languages) == 10
    for language in languages:
        file = folder / "XNLI" / f"{language}.prediction"
        predicted = file.read_text(encoding="utf-8").split("\n")[:2490]
        gold = XNLI.load(language, Split.VALIDATION, data).gold
        score = XNLI.score(gold, labels(*predicted), language).metrics["accuracy"]
        assert score == pytest.approx(100 * published[language], abs=1e-10), language


def official_accuracy(prediction_file, label_file):
    """XTREME's `read_label` and `accuracy` (evaluate.py), followed operation by operation."""
    predictions, gold = (
        [line.strip() for line in file.read_text(encoding="utf-8").split("\n")[:-1]]
        for file in (prediction_file, label_file)
    )
    correct = sum(int(one == other) for one, other in zip(predictions, gold, strict=True))
    return float(correct) / len(predictions) * 100


def test_our_accuracy_is_the_official_one_to_the_last_bit_on_the_same_files(shared_data, tmp_path):
    for language in XNLI.available(Split.TEST, Data(Origin.FOLDER, shared_data)):
        gold = XNLI.load(language, Split.TEST, Data(Origin.FOLDER, shared_data)).gold["label"].to_pylist()
        drawn = random.Random(language)
        predicted = [label if drawn.random() < 0.4 else drawn.choice(XNLI.labels) for label in gold]
        file = tmp_path / f"test-{language}.tsv"
        file.write_text("".join(f"{label}\n" for label in predicted), encoding="utf-8")
        ours = XNLI.score(labels(*gold), labels(*predicted), language).metrics["accuracy"]
        assert ours == official_accuracy(file, shared_data / "xnli" / "labels" / f"test-{language}.tsv")


@given(st.integers(1, 6000).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_the_order_of_operations_is_the_official_one(counts):
    correct, rows = counts
    assert accuracy(["a"] * correct + ["b"] * (rows - correct), ["a"] * rows) == float(correct) / rows * 100


def test_accuracy_is_a_metric_of_evaluate_without_network(tmp_path):
    code = (
        "from xbench_tasks.metrics.accuracy import Accuracy\n"
        "import evaluate\n"
        "import xbench_tasks.metrics.accuracy as module\n"
        "metric = Accuracy(keep_in_memory=True)\n"
        "assert isinstance(metric, evaluate.Metric) and module.Accuracy is Accuracy\n"
        "assert metric.compute(predictions=['a', 'b'], references=['a', 'c']) == {'accuracy': 50.0}\n"
        "metric.add_batch(predictions=['a', 'b'], references=['a', 'b'])\n"
        "metric.add(prediction='a', reference='b')\n"
        "assert metric.compute() == {'accuracy': 2 / 3 * 100}\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr


def test_the_module_has_no_other_name():
    with pytest.raises(AttributeError, match="Precision"):
        _ = module.Precision

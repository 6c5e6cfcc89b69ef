"""Two made languages that share no word: which methods cross from one to the other, end to end."""

import pytest
from xbench_methods.code_switch import CodeSwitch
from xbench_methods.few_shot import FewShot
from xbench_methods.finetune import Finetune
from xbench_methods.translate_test import TranslateTest
from xbench_methods.translate_train import TranslateTrain, TranslateTrainAll

from tests.plugins import tiny
from xbench.contracts import Resource, Split

TASK = tiny.ToyTask()
LEARN = {"epochs": 8, "learning_rate": 6e-3, "batch_size": 16, "warmup": 0.1}
MAJORITY = 1 / 3
METHODS = {
    "finetune": (Finetune(), {}),
    "few-shot": (FewShot(), {"k": 9, "how": "target", "updates": 40}),
    "joint": (FewShot(), {"k": 9, "how": "joint", "epochs": 4}),
    "translate-train": (TranslateTrain(), {}),
    "translate-train-all": (TranslateTrainAll(), {"epochs": 4}),
    "translate-test": (TranslateTest(), {}),
    "code-switch": (CodeSwitch(), {}),
}


def accuracy(predictor, language):
    test = tiny.coloured(language, 90, seed=1)
    found = predictor.predict(test.inputs, language)["label"].to_pylist()
    return sum(one == other for one, other in zip(found, test.gold["label"].to_pylist(), strict=True)) / len(found)


@pytest.fixture(scope="module")
def reached():
    """Accuracy in German by method, and that of fine-tuning in English as `source`."""
    cipher = [(word, tiny.spoken(word, "de")) for word in tiny.WORDS]
    found = {}
    for name, (method, options) in METHODS.items():
        examples = {(language, Split.TRAIN): tiny.coloured(language, 180) for language in ("en", "de")}
        given = tiny.ToyContext(examples, paired_with={(Resource.DICTIONARY, "de"): cipher}, targets=("de",))
        predictor = method.fit(tiny.encoder("en", "de"), TASK, method.Options(**(LEARN | options)), given)
        found[name] = accuracy(predictor, "de")
        if name == "finetune":
            found["source"] = accuracy(predictor, "en")
    return found


def test_the_source_is_learned_and_does_not_cross_by_itself(reached):
    assert reached["source"] > 0.9
    assert reached["finetune"] <= MAJORITY + 0.1


def test_a_few_labels_of_the_target_help_and_more_so_beside_those_of_the_source(reached):
    assert MAJORITY + 0.1 < reached["few-shot"] < reached["joint"] < reached["source"]


@pytest.mark.parametrize("method", ["translate-train", "translate-train-all", "translate-test", "code-switch"])
def test_a_dictionary_crosses(reached, method):
    assert reached[method] >= reached["source"] - 0.03
    assert reached[method] > reached["joint"]

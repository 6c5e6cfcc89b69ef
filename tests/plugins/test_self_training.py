"""Self-training: which labels are kept, that no class crowds out another, and that the numbers hold."""

import pytest
import torch
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.pseudo_labels import surest
from xbench_methods.self_training import SelfTraining, SelfTrainingOptions

from tests.plugins import test_chooser, tiny
from xbench.contracts import Resource, Scope, Split

SELF = SelfTraining()
TASK = tiny.ToyTask()
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16}
# Frozen, or words of the source alone would move.
NEAR = {"epochs": 10, "learning_rate": 6e-3, "batch_size": 16, "warmup": 0.1, "freeze": "embeddings"}
TEST = tiny.coloured("de", 90, seed=1)


def context(targets=("de",), seed=0, rows=48, validation=()):
    examples = {("en", Split.TRAIN): tiny.coloured("en", rows)}
    examples |= {(language, Split.VALIDATION): tiny.coloured(language, 30, seed=2) for language in validation}
    unlabelled = {"de": tiny.coloured("de", 90, seed=3).inputs}
    return tiny.ToyContext(examples, unlabelled=unlabelled, targets=targets, seed=seed)


def near():
    """An encoder in which a word of German lies near its translation."""
    encoder = tiny.encoder("en", "de")
    ids = encoder.tower("en").tokenizer.convert_tokens_to_ids
    table, noise = encoder.embeddings()[0], torch.Generator().manual_seed(1)
    with torch.no_grad():
        for word in tiny.WORDS:
            shift = 0.004 * torch.randn(table.shape[1], generator=noise)
            table[ids(tiny.spoken(word, "de"))] = table[ids(word)] + shift
    return encoder


def fitted(options=None, given=None, encoder=None):
    options = SelfTrainingOptions(**(QUICK | (options or {})))
    return SELF.fit(encoder or tiny.encoder("en", "de"), TASK, options, given or context())


def predicted(predictor):
    return predictor.predict(TEST.inputs, "de")


def accuracy(predictor):
    pairs = zip(predicted(predictor)["label"].to_pylist(), TEST.gold["label"].to_pylist(), strict=True)
    return sum(one == other for one, other in pairs) / len(TEST.inputs)


def test_the_surest_of_each_class_are_kept_and_no_class_exceeds_its_quota():
    labels = ["a", "a", "a", "b", "a", "b", "c"]
    chances = [0.5, 0.9, 0.7, 0.6, 0.9, 0.8, 0.4]
    assert surest(labels, chances, 2, 0.0) == [1, 3, 4, 5, 6]
    assert surest(labels, chances, 1, 0.0) == [1, 5, 6]
    assert surest(labels, chances, 2, 0.7) == [1, 4, 5]
    assert surest(labels, chances, 9, 1.01) == []
    assert surest(labels, chances, 0, 0.0) == []


@pytest.mark.parametrize(("options", "targets"), [({"threshold": 1.01}, ("de",)), ({"rounds": 0}, ("de",)),
                                                  ({}, ("en",))])  # fmt: skip
def test_a_threshold_nothing_reaches_no_round_or_no_target_is_finetune(options, targets):
    wanted = Finetune().fit(tiny.encoder("en", "de"), TASK, FinetuneOptions(**QUICK), context())
    assert predicted(fitted(options, context(targets))).equals(predicted(wanted))


def test_it_reads_what_it_declares():
    options = SelfTrainingOptions()
    assert SELF.needs(options) == {Resource.SOURCE_LABELS, Resource.TARGET_INPUTS}
    assert SELF.scope(options) is Scope.PAIRWISE
    given = context()
    fitted(given=given)
    assert given.read == [("en", "train"), ("de", "inputs")]
    chosen = SelfTrainingOptions(selection="source-dev")
    assert SELF.needs(chosen) == SELF.needs(options) | {Resource.SOURCE_VALIDATION}


@pytest.fixture(scope="module")
def learned():
    """What two rounds give where the languages lie near each other, and what they were handed."""
    given = context(rows=200)
    return fitted(NEAR | {"rounds": 2}, given, near()), given


def test_rounds_keep_more_and_more_within_the_quota_and_are_logged(learned):
    _, given = learned
    rounds = given.logged["rounds"]
    assert len(rounds) == 2
    for number, counts in enumerate(rounds, 1):
        quota = int(number * 0.1 * 90 / 3)
        assert sum(counts["predicted"].values()) == 90
        assert counts["kept"] == {label: min(quota, counts["predicted"][label]) for label in tiny.LABELS}
    steps = [given.logged[name]["steps"] for name in ("training", "training_round_1", "training_round_2")]
    assert steps[0] < steps[1] <= steps[2]
    assert "degenerate" not in given.logged


def test_near_languages_stay_as_good_as_they_are(learned):
    start = accuracy(Finetune().fit(near(), TASK, FinetuneOptions(**NEAR), context(rows=200)))
    assert start > 0.9
    assert accuracy(learned[0]) >= start - 0.01


def test_a_class_that_is_no_more_predicted_is_told():
    given = context()
    given.unlabelled = {"de": tiny.table(["rose blood"] * 30)}
    fitted(QUICK | {"rounds": 1}, given)
    assert "self-training lost" in given.logged["degenerate"]


def test_choices_are_labelled_too():
    given = test_chooser.context("en", count=48)
    given.targets, given.unlabelled = ("de",), {"de": test_chooser.chosen("de", 40).inputs}
    options = SelfTrainingOptions(**QUICK, rounds=1)
    predictor = SELF.fit(tiny.encoder("en", "de"), test_chooser.TASK, options, given)
    assert set(given.logged["rounds"][0]["predicted"]) == {"0", "1", "2"}
    assert len(predictor.predict(given.unlabelled["de"], "de")) == 40


def test_the_same_cell_gives_the_same_table_to_the_bit_and_another_seed_another():
    first, again, other = (predicted(fitted(given=context(seed=seed))) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_a_predictor_read_back_predicts_the_same(tmp_path):
    predictor = fitted()
    predictor.save(tmp_path)
    again = SELF.load(tiny.encoder("en", "de", seed=9), TASK, SelfTrainingOptions(**QUICK), tmp_path)
    assert predicted(again).equals(predicted(predictor))


@pytest.mark.parametrize("wrong", [{"rounds": -1}, {"share": 0}, {"share": 0.4}, {"threshold": -1}])
def test_options_without_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="rounds"):
        SelfTrainingOptions(**wrong)

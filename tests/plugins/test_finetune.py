"""Fine-tuning: what it may read, what it learns, and that its numbers hold."""

import pytest
import torch
from safetensors.torch import load_file
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.learning import HEAD

from tests.plugins import tiny
from xbench.contracts import Examples, Provenance, Resource, Scope, Split
from xbench.errors import ScopeError, StageError
from xbench.options import resolve

FINETUNE = Finetune()
TASK = tiny.ToyTask()
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16}
LEARN = {"epochs": 12, "learning_rate": 3e-3, "batch_size": 16, "warmup": 0.1}
TEST = {language: tiny.coloured(language, 60, seed=1) for language in ("en", "de")}


def context(*languages, validation=(), targets=(), seed=0, rows=48):
    examples = {(language, Split.TRAIN): tiny.coloured(language, rows) for language in languages or ("en",)}
    examples |= {(language, Split.VALIDATION): tiny.coloured(language, 30, seed=2) for language in validation}
    return tiny.ToyContext(examples, targets=targets, seed=seed)


def fitted(options=None, given=None, encoder=None, task=TASK):
    encoder = encoder or tiny.encoder("en", "de")
    return FINETUNE.fit(encoder, task, FinetuneOptions(**(options or QUICK)), given or context())


def accuracy(predictor, examples, language):
    found = predictor.predict(examples.inputs, language)["label"].to_pylist()
    return sum(a == b for a, b in zip(found, examples.gold["label"].to_pylist(), strict=True)) / len(found)


def test_a_zero_shot_fit_reads_source_labels_and_nothing_else():
    options = FinetuneOptions()
    assert FINETUNE.needs(options) == {Resource.SOURCE_LABELS, Resource.PREPARATION}
    assert FINETUNE.scope(options) is Scope.SOURCE
    given = context("en", "de", validation=("en", "de"), targets=("de",))
    fitted(given=given)
    assert given.read == [("en", "train")]


@pytest.mark.parametrize(
    ("on", "needs", "read"),
    [
        ("target", {Resource.TARGET_LABELS}, ["de"]),
        ("both", {Resource.SOURCE_LABELS, Resource.TARGET_LABELS, Resource.PREPARATION}, ["en", "de"]),
    ],
)
def test_training_on_targets_reads_what_it_declares(on, needs, read):
    options = FinetuneOptions(on=on)
    assert FINETUNE.needs(options) == needs
    assert FINETUNE.scope(options) is Scope.PAIRWISE
    given = context("en", "de", targets=("de",))
    fitted(QUICK | {"on": on}, given)
    assert given.read == [(language, "train") for language in read]


def test_what_was_not_granted_cannot_be_trained_on():
    with pytest.raises(ScopeError):
        fitted(QUICK | {"on": "target"}, context("en", targets=("de",)))


def test_training_on_both_where_the_target_is_the_source_reads_it_once():
    given = context("en", targets=("en",))
    fitted(QUICK | {"on": "both"}, given)
    assert given.read == [("en", "train")]


def test_a_toy_is_learned():
    assert accuracy(fitted(LEARN, context(rows=150)), TEST["en"], "en") > 0.9


def test_two_languages_are_learned_by_towers_of_their_own():
    predictor = fitted(LEARN | {"on": "both"}, context("en", "de", targets=("de",), rows=150), tiny.paired(en=1, de=2))
    assert accuracy(predictor, TEST["en"], "en") > 0.9
    assert accuracy(predictor, TEST["de"], "de") > 0.9


def test_pairs_are_compared_where_the_encoder_pools_by_the_mean():
    one = tiny.coloured("en", 24)
    pairs = Examples(tiny.table(one.inputs["text"].to_pylist(), ["sky"] * 24), one.gold, one.provenance)
    given = tiny.ToyContext({("en", Split.TRAIN): pairs})
    assert fitted(given=given).head.pooling == "compare"
    assert fitted(given=given, encoder=tiny.encoder("en", pooling="cls")).head.pooling == "cls"
    assert fitted(QUICK | {"pooling": "mean"}, given).head.pooling == "mean"
    assert fitted().head.pooling == "mean"


def test_the_same_cell_gives_the_same_table_to_the_bit_and_another_seed_another():
    first, again, other = (fitted(given=context(seed=seed)).predict(TEST["de"].inputs, "de") for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize("pooling", ["mean", "compare"])
def test_a_predictor_read_back_predicts_the_same(tmp_path, pooling):
    options = QUICK | {"pooling": pooling}
    predictor = fitted(options)
    predictor.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors"}
    again = FINETUNE.load(tiny.encoder("en", "de", seed=9), TASK, FinetuneOptions(**options), tmp_path)
    assert again.predict(TEST["de"].inputs, "de").equals(predictor.predict(TEST["de"].inputs, "de"))


@pytest.mark.parametrize("fault", ["missing", "cut short", "other labels"])
def test_a_head_that_does_not_fit_is_one_clear_error(tmp_path, fault):
    fitted().save(tmp_path)
    if fault == "missing":
        (tmp_path / HEAD).unlink()
    elif fault == "cut short":
        (tmp_path / HEAD).write_bytes((tmp_path / HEAD).read_bytes()[:50])
    task = tiny.ToyTask(labels=("yes", "no")) if fault == "other labels" else TASK
    with pytest.raises(StageError, match="the weights do not fit") as caught:
        FINETUNE.load(tiny.encoder("en", "de"), task, FinetuneOptions(), tmp_path)
    assert "\n" not in str(caught.value)


def test_predictions_of_a_language_do_not_depend_on_others():
    predictor = fitted()
    alone = predictor.predict(TEST["de"].inputs, "de")
    predictor.predict(TEST["en"].inputs, "en")
    assert predictor.predict(TEST["de"].inputs, "de").equals(alone)


def test_a_prediction_is_the_label_of_the_highest_score_in_the_order_of_the_task():
    found = fitted(LEARN, context(rows=150)).predict(TEST["en"].inputs, "en")
    for label, scores in zip(found["label"].to_pylist(), found["scores"].to_pylist(), strict=True):
        assert label == TASK.labels[scores.index(max(scores))]
        assert sum(scores) == pytest.approx(1.0, abs=1e-5)


def test_the_order_of_labels_is_that_of_the_task_and_not_of_the_data():
    backwards = tiny.ToyTask(labels=tuple(reversed(tiny.LABELS)))
    predictor = fitted(LEARN, context(rows=150), task=backwards)
    assert predictor.labels == backwards.labels
    assert accuracy(predictor, TEST["en"], "en") > 0.9


def test_rows_are_predicted_in_the_order_they_were_given():
    predictor, inputs = fitted(), TEST["en"].inputs
    whole = predictor.predict(inputs, "en")
    for row in (0, 17, 59):
        alone = predictor.predict(inputs.slice(row, 1), "en")["scores"].to_pylist()[0]
        assert whole["scores"].to_pylist()[row] == pytest.approx(alone, abs=1e-6)


def test_no_inputs_give_no_predictions():
    assert len(fitted().predict(TEST["en"].inputs.slice(0, 0), "en")) == 0


def test_selection_on_source_dev_reads_it_and_keeps_the_best_checkpoint():
    options = LEARN | {"selection": "source-dev", "epochs": 5}
    assert Resource.SOURCE_VALIDATION in FINETUNE.needs(FinetuneOptions(**options))
    given = context(validation=("en",))
    predictor = fitted(options, given)
    assert given.read == [("en", "train"), ("en", "validation")]
    log = given.logged["training"]
    assert len(log["validation"]) == 5
    reached = 100 * accuracy(predictor, given.examples["en", Split.VALIDATION], "en")
    assert reached == pytest.approx(max(log["validation"]))


def test_selection_on_target_dev_is_a_training_for_each_target_that_trains_on_source_labels_alone():
    options = LEARN | {"selection": "target-dev", "epochs": 5}
    asked = FinetuneOptions(**options)
    assert FINETUNE.needs(asked) == {Resource.SOURCE_LABELS, Resource.PREPARATION, Resource.TARGET_VALIDATION}
    assert FINETUNE.scope(asked) is Scope.PAIRWISE
    given = context("en", "de", validation=("en", "de"), targets=("de",))
    predictor = fitted(options, given)
    assert given.read == [("en", "train"), ("de", "validation")]
    reached = 100 * accuracy(predictor, given.examples["de", Split.VALIDATION], "de")
    assert reached == pytest.approx(max(given.logged["training"]["validation"]))
    assert given.logged["training"]["selected"].startswith("target-dev checkpoint")


def test_what_happened_is_logged_as_plain_values():
    given = context()
    fitted(given=given)
    log = given.logged["training"]
    assert (log["steps"], log["selected"], log["micro_batch"]) == (6, "average of 5 checkpoints", 16)
    assert len(log["losses"]) == 5


def test_frozen_embeddings_stay_as_they_are_to_the_bit():
    encoder = tiny.encoder("en")
    before = tiny.weights(encoder)
    after = fitted(QUICK | {"freeze": "embeddings"}, encoder=encoder).encoder
    changed = {name for name, value in tiny.weights(after).items() if not torch.equal(value, before[name])}
    assert changed
    assert not any("word_embeddings" in name for name in changed)


def test_all_embeddings_of_a_free_encoder_are_trained():
    before = tiny.encoder("en").embeddings()[0]
    assert not torch.equal(fitted(encoder=tiny.encoder("en")).encoder.embeddings()[0], before)


def test_max_length_cuts_training_and_prediction():
    predictor = fitted(QUICK | {"max_length": 8})
    inputs = tiny.table(["house " * 30 + "sky", "house " * 30 + "rose"])
    first, second = predictor.predict(inputs, "en")["scores"].to_pylist()
    assert first == pytest.approx(second, abs=1e-6), "the words that differ were cut off"


def test_a_split_without_labels_is_an_error_that_names_it():
    bare = Examples(tiny.table(["sky"]), None, Provenance("toy", "1", "train", "sample", 1, "f"))
    with pytest.raises(StageError, match="the train split of toy in en has no labels"):
        fitted(given=tiny.ToyContext({("en", Split.TRAIN): bare}))


def test_every_label_has_a_row_in_the_saved_head(tmp_path):
    fitted().save(tmp_path)
    assert load_file(tmp_path / HEAD)["output.weight"].shape == (3, 32)


@pytest.mark.parametrize("options", [{"epochs": 0}, {"learning_rate": 0}, {"batch_size": 0}, {"max_length": 2}])
def test_options_without_sense_are_refused(options):
    with pytest.raises(ValueError, match="epochs and learning_rate must be above 0"):
        FinetuneOptions(**options)


def test_what_the_user_sets_goes_before_the_models_needs_and_those_before_the_task():
    layers = ({"epochs": 5, "learning_rate": 2e-5, "max_length": 64}, {"learning_rate": 3e-4})
    options = resolve(FinetuneOptions, "finetune", {"epochs": "1"}, *layers)
    assert (options.epochs, options.learning_rate, options.max_length) == (1.0, 3e-4, 64)

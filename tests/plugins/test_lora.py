"""Language modules and task modules: what learns, what stays, and that one meets the other."""

import random

import pyarrow as pa
import pytest
import torch
from xbench_aligners.lora import Lora as LanguageLora
from xbench_aligners.lora import LoraOptions as LanguageOptions
from xbench_encoders.modular import TASK, ModularEncoder
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.lora import Lora, LoraOptions

from tests.plugins import tiny
from xbench.contracts import Examples, Provenance, Resource, Scope, Split, TaskKind
from xbench.errors import ScopeError, StageError

ALIGNER, METHOD = LanguageLora(), Lora()
TASKS = tiny.ToyTask()
QUICK = {"steps": 6, "head_steps": 6, "batch_size": 16, "rank": 4}
LEARN = {"epochs": 20, "learning_rate": 2e-3, "batch_size": 16, "warmup": 0.1}
TEST = {language: tiny.coloured(language, 60, seed=1) for language in ("en", "de")}


def sentences(language, rows=60):
    """Texts of few words in one order: what comes next can be guessed."""
    draw = random.Random(language)
    starts = (draw.randrange(len(tiny.FILLERS)) for _ in range(rows))
    words = ([tiny.FILLERS[(start + at) % len(tiny.FILLERS)] for at in range(5)] for start in starts)
    return [" ".join(tiny.spoken(word, language) for word in of) for of in words]


def texts(*targets, seed=0):
    return tiny.ToyContext(texts={one: sentences(one) for one in ("en", *targets)}, targets=targets, seed=seed)


def labelled(*languages, rows=48, seed=0, **settings):
    examples = {(one, Split.TRAIN): tiny.coloured(one, rows) for one in languages or ("en",)}
    return tiny.ToyContext(examples, seed=seed, **settings)


@pytest.fixture(scope="module")
def aligned():
    """An encoder with modules of English and German, to be copied before it is changed."""
    return ALIGNER.fit(tiny.encoder("en", "de"), LanguageOptions(**QUICK), texts("de"))


def fitted(encoder, options=None, given=None):
    return METHOD.fit(encoder, TASKS, LoraOptions(**({"epochs": 2} | (options or {}))), given or labelled())


def accuracy(predictor, language):
    found = predictor.predict(TEST[language].inputs, language)["label"].to_pylist()
    return sum(a == b for a, b in zip(found, TEST[language].gold["label"].to_pylist(), strict=True)) / len(found)


def changed(before, after):
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def test_language_modules_need_text_of_all_languages_together():
    assert ALIGNER.needs(LanguageOptions()) == {Resource.SOURCE_TEXT, Resource.TARGET_TEXT}
    assert ALIGNER.scope(LanguageOptions()) is Scope.JOINT
    given = texts("de")
    del given.texts["de"]
    with pytest.raises(ScopeError):
        ALIGNER.fit(tiny.encoder("en", "de"), LanguageOptions(**QUICK), given)


def test_every_language_gets_a_module_and_the_body_stays_to_the_bit(aligned):
    assert set(aligned.modules) == {"en", "de"}
    base, after = tiny.weights(tiny.encoder("en", "de")), tiny.weights(aligned)
    bare = {name.replace(".base_layer", ""): value for name, value in after.items() if "lora_" not in name}
    assert tiny.same(base, bare)
    learned = {name for name, value in after.items() if "lora_B" in name and value.abs().sum() > 0}
    assert len(learned) == 4  # query and value of two languages


def test_modules_bring_the_perplexity_of_held_out_text_down_and_it_is_logged():
    given = texts("de")
    options = LanguageOptions(**QUICK | {"steps": 80, "head_steps": 150, "learning_rate": 1e-2})
    ALIGNER.fit(tiny.encoder("en", "de"), options, given)
    assert set(given.logged) == {"texts", "perplexity_before", "perplexity"}
    assert given.logged["texts"] == {"en": 54, "de": 54}
    for language, before in given.logged["perplexity_before"].items():
        assert given.logged["perplexity"][language] < before


def test_modules_that_make_it_worse_are_called_degenerate():
    given = texts("de")
    options = QUICK | {"head_steps": 150, "learning_rate": 10.0}
    ALIGNER.fit(tiny.encoder("en", "de"), LanguageOptions(**options), given)
    assert "perplexity of held-out text rose in" in given.logged["degenerate"]


def test_modules_are_the_same_to_the_bit_for_a_seed_and_others_for_another(aligned):
    again, other = (
        ALIGNER.fit(tiny.encoder("en", "de"), LanguageOptions(**QUICK), texts("de", seed=s)) for s in (0, 1)
    )
    assert tiny.same(tiny.weights(again), tiny.weights(aligned))
    assert not tiny.same(tiny.weights(other), tiny.weights(aligned))


def test_language_modules_read_back_are_the_same_to_the_bit(tmp_path, aligned):
    ALIGNER.save(aligned, tmp_path)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".safetensors", ".json"}
    again = ALIGNER.load(tiny.encoder("en", "de"), tmp_path)
    assert tiny.same(tiny.weights(again), tiny.weights(aligned))


def test_language_modules_are_not_learned_twice(aligned):
    with pytest.raises(StageError, match="the encoder has modules already, of de, en"):
        ALIGNER.fit(aligned.copy(), LanguageOptions(**QUICK), texts("de"))


@pytest.mark.parametrize("options", [{"rank": 0}, {"rate": 1.0}, {"dropout": 1.0}, {"learning_rate": 0}, {"steps": 0}])
def test_options_of_language_modules_without_sense_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        LanguageOptions(**options)


def test_a_task_module_reads_source_labels_and_nothing_else():
    assert METHOD.needs(LoraOptions()) == {Resource.SOURCE_LABELS, Resource.PREPARATION}
    assert METHOD.scope(LoraOptions()) is Scope.SOURCE
    given = labelled("en", "de", targets=("de",))
    fitted(tiny.encoder("en", "de"), given=given)
    assert given.read == [("en", "train")]


@pytest.mark.parametrize("selection", ["last", "average"])
def test_only_the_task_module_and_the_head_learn(aligned, selection):
    encoder = aligned.copy()
    before = tiny.weights(encoder)
    predictor = fitted(encoder, {"selection": selection})
    after = tiny.weights(predictor.encoder)
    assert changed(before, after) == set()
    assert {name.split(".")[-2] for name in after.keys() - before.keys()} == {TASK}
    assert all(value.abs().sum() > 0 for name, value in after.items() if f"lora_B.{TASK}" in name)
    assert not predictor.head.dense.weight.equal(fitted(aligned.copy(), {"learning_rate": 1e-9}).head.dense.weight)


def test_a_task_is_learned_by_a_module_on_a_plain_encoder():
    predictor = fitted(tiny.encoder("en", "de"), LEARN, labelled(rows=150))
    assert accuracy(predictor, "en") > 0.9


def test_a_task_is_learned_behind_the_sources_module_and_the_targets_is_taken_in_prediction(aligned):
    predictor = fitted(aligned.copy(), LEARN, labelled(rows=150))
    assert accuracy(predictor, "en") > 0.9
    found = predictor.predict(TEST["de"].inputs, "de")
    with torch.no_grad():
        for name, value in predictor.encoder.module.named_parameters():
            if "language_en" in name:
                value.zero_()
    assert predictor.predict(TEST["de"].inputs, "de").equals(found)
    assert not predictor.predict(TEST["de"].inputs, "en").equals(found)


def test_fine_tuning_over_language_modules_trains_the_body_and_not_the_modules(aligned):
    encoder = aligned.copy()
    before = tiny.weights(encoder)
    given = labelled("en", "de", targets=("de",))
    predictor = Finetune().fit(encoder, TASKS, FinetuneOptions(epochs=2, on="both"), given)
    moved = changed(before, tiny.weights(predictor.encoder))
    assert moved
    assert not [name for name in moved if "lora_" in name]


def test_the_same_cell_gives_the_same_table_to_the_bit_and_another_seed_another(aligned):
    first, again, other = (
        fitted(aligned.copy(), given=labelled(seed=seed)).predict(TEST["de"].inputs, "de") for seed in (1, 1, 2)
    )
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize("modules", [False, True])
def test_a_predictor_read_back_predicts_the_same_from_module_and_head_alone(tmp_path, aligned, modules):
    start = aligned if modules else tiny.encoder("en", "de")
    predictor = fitted(start.copy())
    predictor.save(tmp_path)
    kept = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {"head.safetensors", f"{TASK}/adapter_model.safetensors", f"{TASK}/adapter_config.json"}
    again = METHOD.load(start.copy(), TASKS, LoraOptions(), tmp_path)
    assert again.predict(TEST["de"].inputs, "de").equals(predictor.predict(TEST["de"].inputs, "de"))


def test_a_fine_tuned_predictor_over_language_modules_reads_back_the_same(tmp_path, aligned):
    predictor = Finetune().fit(aligned.copy(), TASKS, FinetuneOptions(epochs=1), labelled())
    predictor.save(tmp_path)
    again = Finetune().load(aligned.copy(), TASKS, FinetuneOptions(epochs=1), tmp_path)
    assert isinstance(again.encoder, ModularEncoder)
    assert again.predict(TEST["de"].inputs, "de").equals(predictor.predict(TEST["de"].inputs, "de"))


def test_tags_are_learned_by_a_module_too(tmp_path):
    task = tiny.ToyTask(labels=("clue", "filler"), kind=TaskKind.TOKEN_CLASSIFICATION)
    words = [text.split() for text in tiny.coloured("en", 90).inputs["text"].to_pylist()]
    tags = [["filler" if word in tiny.FILLERS else "clue" for word in row] for row in words]
    given = Examples(
        pa.table({"tokens": words}), pa.table({"tags": tags}), Provenance("toy", "1", "train", "s", 90, "f")
    )
    options, encoder = LoraOptions(**LEARN), tiny.encoder("en")
    with torch.no_grad():
        encoder.embeddings()[0].mul_(5.0)  # the initial 0.02 is small beside the positions
    predictor = METHOD.fit(encoder.copy(), task, options, tiny.ToyContext({("en", Split.TRAIN): given}))
    found = predictor.predict(given.inputs, "en")
    assert sum(map(list.__eq__, found["tags"].to_pylist(), tags)) / len(tags) > 0.9
    predictor.save(tmp_path)
    assert METHOD.load(encoder, task, options, tmp_path).predict(given.inputs, "en").equals(found)


def test_module_and_head_learn_so_many_times_faster_than_fine_tuning_would():
    slow = fitted(tiny.encoder("en", "de"), {"learning_rate": 1e-3, "speed": 1.0})
    fast = fitted(tiny.encoder("en", "de"), {"learning_rate": 2e-4, "speed": 5.0})
    assert tiny.same(tiny.weights(slow.encoder), tiny.weights(fast.encoder))


@pytest.mark.parametrize("options", [{"rank": 0}, {"dropout": 1.0}, {"speed": 0}, {"epochs": 0}])
def test_options_of_a_task_module_without_sense_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        LoraOptions(**options)

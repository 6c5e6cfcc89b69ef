"""Low-rank modules in an encoder: what they add up to, what of them is trained, and what is kept."""

import json

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_encoders.modular import TASK, LowRank, ModularEncoder, TaskEncoder, languages_in

from tests.plugins import tiny
from xbench.errors import ModelError, StageError

TEXTS = ["the house walks", "seven stones under the sky today"]
RANKS = {"en": 4, "de": 4, TASK: 2}


def modular(encoder=None, kind=ModularEncoder, **ranks):
    """An encoder whose modules change something: B is drawn, where a fresh one is zero."""
    made = kind.of(encoder or tiny.encoder("en", "de"))
    for number, (language, rank) in enumerate(ranks.items()):
        made.add(language, LowRank(rank), seed=number)
    stir(made)
    return made


def stir(encoder, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in encoder.module.named_parameters():
            if "lora_B" in name:
                value.normal_(generator=generator)


def states(encoder, language):
    with torch.no_grad():
        return encoder.states(encoder.batch(encoder.tokenize(TEXTS, None, language, 32), [0, 1]))


def weights_of(encoder, part):
    return {name: value for name, value in tiny.weights(encoder).items() if part in name}


def by_peft(folder, how):
    """States of English text by peft's own model: the language's and the task's module in one, or both active."""
    plain = tiny.encoder("en", "de")
    model = PeftModel.from_pretrained(plain.tower("en").module, folder / "language_en", adapter_name="en")
    model.load_adapter(folder / TASK, adapter_name=TASK)
    if how == "both":
        model.base_model.set_adapter(["en", TASK])
    else:
        model.add_weighted_adapter(["en", TASK], [1.0, 1.0], "merged", combination_type=how, svd_rank=6)
        model.set_adapter("merged")
    model.eval()
    return states(plain, "en")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Modules of one rank, which peft demands of a linear merge, and the states of English text with them."""
    folder = tmp_path_factory.mktemp("modules")
    encoder = modular(**{"en": 3, TASK: 3})
    for name in ("en", TASK):
        encoder.save_module(name, folder)
    return folder, states(encoder, "en")


@pytest.mark.parametrize("how", ["both", "cat", "svd"])
def test_language_and_task_add_up_as_in_pefts_exact_merges(kept, how):
    folder, found = kept
    assert by_peft(folder, how) == pytest.approx(found, abs=1e-5)


def test_a_linear_merge_is_no_sum(kept):
    folder, found = kept
    plain = states(tiny.encoder("en", "de"), "en")
    assert (by_peft(folder, "linear") - found).abs().max() > 0.1 * (found - plain).abs().max() > 0.01


def test_a_fresh_module_changes_nothing():
    encoder = ModularEncoder.of(tiny.encoder("en", "de"))
    for language in RANKS:
        encoder.add(language, LowRank(4), seed=0)
    assert torch.equal(states(encoder, "en"), states(tiny.encoder("en", "de"), "en"))


def test_without_modules_the_base_is_there_again_to_the_bit():
    encoder = modular(**RANKS)
    assert not torch.equal(states(encoder, "en"), states(tiny.encoder("en", "de"), "en"))
    encoder.activate("en", [])
    bare = TransformerEncoder(encoder.towers, encoder.pooling, encoder.device)
    assert torch.equal(states(bare, "en"), states(tiny.encoder("en", "de"), "en"))


def test_a_language_has_its_own_module_and_the_tasks_and_one_without_the_tasks_alone():
    found = {language: states(modular(**RANKS), language) for language in ("en", "de", "fr")}
    for language, active in {"en": ["en", TASK], "de": ["de", TASK], "fr": [TASK]}.items():
        encoder = modular(**RANKS)
        encoder.activate(language, active)
        bare = TransformerEncoder(encoder.towers, encoder.pooling, encoder.device)
        assert torch.equal(states(bare, language), found[language])
    assert not torch.equal(found["en"], found["de"])
    assert not torch.equal(found["en"], found["fr"])


def test_going_from_english_to_english_over_german_changes_nothing():
    encoder = modular(**RANKS)
    before = states(encoder, "en")
    states(encoder, "de")
    assert torch.equal(states(encoder, "en"), before)


def test_peft_makes_all_active_modules_trainable_and_the_encoder_only_the_one_that_is_trained():
    encoder = modular(**RANKS)
    layer = encoder.tower("en").module.encoder.layer[0].attention.self.query
    layer.set_adapter(["language_en", TASK])
    assert layer.lora_A["language_en"].weight.requires_grad, "the trap"
    with encoder.trained(TASK):
        for language in ("en", "de", "en"):
            states(encoder, language)
            free = [name for name, value in encoder.module.named_parameters() if value.requires_grad]
            assert len(free) == 4  # A and B of query and value
            assert all(f".{TASK}." in name for name in free)


def test_the_gradient_of_a_task_over_two_languages_is_the_sum_of_both():
    def gradient(*languages):
        encoder = modular(**RANKS)
        with encoder.trained(TASK):
            batches = [encoder.batch(encoder.tokenize(TEXTS, None, one, 32), [0, 1]) for one in languages]
            sum(encoder.states(batch)[..., 0].sum() for batch in batches).backward()
        found = {name: value.grad for name, value in encoder.module.named_parameters() if value.grad is not None}
        assert found
        assert all(f".{TASK}." in name for name in found)
        return torch.cat([value.flatten() for value in found.values()])

    assert gradient("en", "de") == pytest.approx(gradient("en") + gradient("de"), abs=1e-5)


def test_the_body_is_free_again_after_a_module_was_trained_and_the_modules_are_not():
    encoder = modular(**RANKS)
    encoder.embeddings()[0].requires_grad_(False)
    with encoder.trained("en"):
        pass
    states(encoder, "de")
    frozen = {name for name, value in encoder.module.named_parameters() if not value.requires_grad}
    assert {name for name in frozen if "lora_" not in name} == {"tower_all.embeddings.word_embeddings.weight"}
    assert len([name for name in frozen if "lora_" in name]) == 12


def test_languages_with_modules_do_not_share_a_batch():
    encoder = modular(en=2)
    assert [encoder.share(language) for language in ("en", "de", "fr")] == ["en", ANY, ANY]


def test_a_copy_has_modules_of_its_own():
    encoder = modular(**RANKS)
    before = states(encoder, "en")
    other = encoder.copy()
    assert isinstance(other, ModularEncoder)
    assert torch.equal(states(other, "en"), before)
    stir(other, seed=1)
    assert not torch.equal(states(other, "en"), before)
    assert torch.equal(states(encoder, "en"), before)


def test_modules_are_described_and_counted():
    encoder = modular(en=4)
    described = encoder.describe()
    assert described["modules"] == ["en"]
    more = 2 * 4 * (32 + 32)  # query and value: A and B of rank 4 at width 32
    assert described["parameters"] == tiny.encoder("en", "de").describe()["parameters"] + more


def test_all_weights_are_saved_modules_among_them(tmp_path):
    encoder = modular(**RANKS)
    encoder.save(tmp_path)
    again = modular(tiny.encoder("en", "de", seed=5), **RANKS)
    stir(again, seed=2)
    assert torch.equal(states(again.load(tmp_path), "de"), states(encoder, "de"))


def test_modules_read_back_are_the_same_to_the_bit(tmp_path):
    encoder = modular(**RANKS)
    for language in RANKS:
        encoder.save_module(language, tmp_path)
    assert languages_in(tmp_path) == ["de", "en"]
    again = ModularEncoder.of(tiny.encoder("en", "de"))
    for language in RANKS:
        again.load_module(language, tmp_path)
    assert again.modules == encoder.modules
    assert tiny.same(tiny.weights(again), tiny.weights(encoder))


def test_a_task_encoder_keeps_the_tasks_module_alone(tmp_path):
    encoder = modular(kind=TaskEncoder, **RANKS)
    encoder.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [TASK]
    again = TaskEncoder.of(tiny.encoder("en", "de")).load(tmp_path)
    assert tiny.same(weights_of(again, f".{TASK}."), weights_of(encoder, f".{TASK}."))


def test_paired_models_have_a_tasks_module_each_and_a_language_its_own(tmp_path):
    encoder = modular(tiny.paired(en=1, de=2), **RANKS)
    for language in ("de", TASK):
        encoder.save_module(language, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"language_de", "task_en", "task_de"}
    assert not [name for name in weights_of(encoder, "language_en") if "tower_de" in name]
    again = ModularEncoder.of(tiny.paired(en=1, de=2))
    for language in ("de", TASK):
        again.load_module(language, tmp_path)
    assert torch.equal(states(again, "de"), states(encoder, "de"))


@pytest.mark.parametrize("fault", ["missing", "cut short", "another rank", "more than asked", "no json"])
def test_a_module_that_does_not_fit_is_one_clear_error(tmp_path, fault):
    modular(en=4).save_module("en", tmp_path)
    weights, config = (tmp_path / "language_en" / name for name in ("adapter_model.safetensors", "adapter_config.json"))
    if fault == "missing":
        weights.unlink()
    elif fault == "cut short":
        weights.write_bytes(weights.read_bytes()[:50])
    elif fault == "another rank":
        config.write_text(json.dumps(json.loads(config.read_text()) | {"r": 2}))
    elif fault == "more than asked":
        save_file(load_file(weights) | {"further": torch.zeros(1)}, weights)
    else:
        config.write_text("{")
    with pytest.raises(StageError, match="the module of en does not fit") as caught:
        ModularEncoder.of(tiny.encoder("en", "de")).load_module("en", tmp_path)
    assert "\n" not in str(caught.value)


def test_a_model_without_layers_that_are_known_is_refused():
    class Odd(torch.nn.Module):
        config = type("Config", (), {"hidden_size": 4})

    odd = TransformerEncoder({ANY: Tower(None, Odd())}, "mean", tiny.CPU)
    with pytest.raises(ModelError, match="LoRA finds no queries and values"):
        ModularEncoder.of(odd).add("en", LowRank(2), seed=0)

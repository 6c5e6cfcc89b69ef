"""Translation by a model: a tiny random one in a folder, its languages, and what is kept of it."""

import json
import shutil

import pytest
import torch
from transformers import BartConfig, BartForConditionalGeneration, NllbTokenizer, PreTrainedTokenizerFast
from xbench_methods import seq2seq
from xbench_methods.seq2seq import ByModel, code_of
from xbench_methods.translate_test import TranslateTest
from xbench_methods.translate_train import TranslateTrain, TranslateTrainAll

from tests.plugins import tiny
from xbench.contracts import Split
from xbench.errors import ModelError, StageError

TASK = tiny.ToyTask()
QUICK = {"epochs": 1, "learning_rate": 1e-3, "batch_size": 16, "beams": 2}
TEXTS = ["rose house", "sky", "the sea walks"]


def save_translator(folder, tokenizer):
    """A random translator of this tokenizer."""
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=300,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=tokenizer.eos_token_id,
        init_std=0.5,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = BartForConditionalGeneration(config)
    module.generation_config.max_length = None
    module.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A translator with the codes of NLLB."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *(f"▁{word}" for word in tiny.WORDS)]
    vocabulary = {piece: at for at, piece in enumerate(dict.fromkeys([*pieces, *tiny.LETTERS]))}
    codes = ["eng_Latn", "deu_Latn", "swh_Latn", "zho_Hans"]
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=[], extra_special_tokens=codes)
    return save_translator(tmp_path_factory.mktemp("models") / "nllb", tokenizer)


@pytest.fixture(scope="module")
def codeless(tmp_path_factory):
    """A translator of one direction, whose tokenizer knows of no languages."""
    plain = tiny.tower().tokenizer
    named = {"pad_token": "[PAD]", "unk_token": "[UNK]", "bos_token": "[CLS]", "eos_token": "[SEP]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain.backend_tokenizer, **named)
    return save_translator(tmp_path_factory.mktemp("models") / "opus", tokenizer)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A random model has no reason to stop."""
    monkeypatch.setattr(seq2seq, "LONGEST", 12)


def by(folder, beams=2):
    return ByModel.of(str(folder), beams, "cpu")


def translate(folder, texts=TEXTS, language="en", other="de", **settings):
    return by(folder, **settings).between(language, other).texts(texts)


def context(targets=("de",)):
    return tiny.ToyContext({("en", Split.TRAIN): tiny.coloured("en", 12)}, targets=targets)


def fitted(method, folder, given=None, **options):
    chosen = method.Options(**QUICK, translator=str(folder), **options)
    return method.fit(tiny.encoder("en", "de"), TASK, chosen, given or context())


def test_each_text_has_a_translation_and_equal_ones_the_same(folder):
    found = translate(folder, [*TEXTS, TEXTS[0]])
    assert len(found) == 4
    assert all(isinstance(text, str) for text in found)
    assert found[0] == found[3]
    assert translate(folder) == found[:3]


def test_the_translation_begins_with_the_code_of_its_language(folder, monkeypatch):
    translator = by(folder).between("en", "sw")
    seen = {}
    generate = translator.module.generate

    def watched(**asked):
        seen.update(asked)
        seen["made"] = generate(**asked)
        return seen["made"]

    monkeypatch.setattr(translator.module, "generate", watched)
    translator.texts(TEXTS)
    ids = translator.tokenizer.convert_tokens_to_ids
    assert set(seen["input_ids"][:, 0].tolist()) == {ids("eng_Latn")}
    assert set(seen["made"][:, 1].tolist()) == {ids("swh_Latn")}
    assert seen["num_beams"] == 2
    assert seen["do_sample"] is False


def test_codes_are_those_of_the_tokenizer(folder, codeless):
    tokenizer = by(folder).between("en", "de").tokenizer
    assert [code_of(tokenizer, language)[0] for language in ("en", "sw", "zh")] == ["eng_Latn", "swh_Latn", "zho_Hans"]
    assert code_of(by(codeless).between("en", "de").tokenizer, "en") is None
    with pytest.raises(StageError, match="has no code for fr"):
        by(folder).between("en", "fr")

    class Named:
        src_lang = "en"
        lang_code_to_id = {"en_XX": 7, "de_DE": 8, "est": 9}  # noqa: RUF012

    assert code_of(Named(), "de") == ("de_DE", 8)
    Named.lang_code_to_id = {"en": 7, "de": 8}
    assert code_of(Named(), "de") == ("de", 8)


def test_a_model_of_one_direction_translates_without_codes(codeless):
    assert len(translate(codeless)) == 3


def test_what_it_is_names_the_model_and_its_files(folder):
    about = by(folder, beams=3).about
    assert (about["kind"], about["name"], about["beams"]) == ("model", "nllb", 3)
    assert about["digest"] == by(folder).about["digest"]


def test_a_folder_without_safe_weights_is_no_translator(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match="has no safetensors weights"):
        by(copy)
    encoder = tiny.save_model(tmp_path / "encoder")
    with pytest.raises(ModelError, match="cannot be loaded as a translator"):
        by(encoder).between("en", "de")


@pytest.mark.parametrize("method", [TranslateTrain(), TranslateTrainAll()])
def test_translate_train_reads_no_pairs(folder, method):
    given = context()
    predictor = fitted(method, folder, given)
    assert given.read == [("en", "train")]
    assert given.logged["translator"] == by(folder).about
    assert len(predictor.predict(tiny.table(TEXTS), "de")) == 3


@pytest.mark.parametrize("targets", [(), ("de",)])
def test_translate_test_keeps_what_names_its_model(folder, tmp_path, targets):
    method, options = TranslateTest(), {"round_trip": bool(targets)}
    given = context(targets)
    predictor = fitted(method, folder, given, **options)
    assert given.read == [("en", "train")]
    predictor.save(tmp_path)
    assert json.loads((tmp_path / "translator.json").read_text())["digest"] == by(folder).about["digest"]
    chosen = method.Options(**QUICK, translator=str(folder), **options)
    again = method.load(tiny.encoder("en", "de", seed=9), TASK, chosen, tmp_path)
    inputs = tiny.table([f"{text}de" for text in TEXTS])
    assert again.predict(inputs, "de").equals(predictor.predict(inputs, "de"))


def test_another_model_in_the_folder_is_told(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "nllb")
    (tmp_path / "kept").mkdir()
    fitted(TranslateTest(), copy).save(tmp_path / "kept")
    (copy / "added.json").write_text("{}")
    chosen = TranslateTest.Options(**QUICK, translator=str(copy))
    with pytest.raises(StageError, match="is not what it was when the model was trained"):
        TranslateTest().load(tiny.encoder("en", "de"), TASK, chosen, tmp_path / "kept")

"""The bundled encoder as it is shipped: its files, how libraries load it, and that translations lie near each other."""

import json

import pytest
import torch
from xbench_encoders.hooks import MINI
from xbench_tasks.sample.nli import LANGUAGES, pairs

LIMIT = 15_000_000  # bytes, of all files together
FILES = {"README.md", "NOTICE", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
# Of scripts and letters that training knows, one sentence each.
KNOWN = {
    "af": "Die kat slaap op die mat.", "et": "Kass magab matil.", "eu": "Katua alfonbran lo dago.",
    "fa": "گربه روی فرش می‌خوابد.", "he": "החתול ישן על השטיח.", "id": "Kucing tidur di atas tikar.",
    "ta": "பூனை பாயில் தூங்குகிறது.", "te": "పిల్లి చాప మీద నిద్రిస్తుంది.", "yo": "Ológbò ń sùn lórí ẹní.",
}  # fmt: skip


@pytest.fixture(scope="module")
def loaded():
    """Tokenizer and module as a user loads them."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(MINI.folder)
    return tokenizer, AutoModel.from_pretrained(MINI.folder, dtype=torch.float32).eval()


def means(loaded, texts):
    tokenizer, module = loaded
    inputs = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        states = module(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1)
    return (states * mask).sum(1) / mask.sum(1)


def premises(language):
    """The distinct sentences of the sample's test split, in one order in all languages."""
    return list(dict.fromkeys(pair.premise for pair in pairs(language, "test")))


def test_it_is_small_and_nothing_in_it_can_be_run():
    found = {path.name: path.stat().st_size for path in MINI.folder.iterdir()}
    assert set(found) == FILES
    assert sum(found.values()) <= LIMIT
    config = json.loads((MINI.folder / "config.json").read_text(encoding="utf-8"))
    assert "auto_map" not in config
    assert config["model_type"] == "electra"


def test_the_weights_are_half_precision_and_finite():
    from safetensors.torch import load_file

    weights = load_file(MINI.folder / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    assert all(torch.isfinite(weight).all() for weight in weights.values())


def test_tokenizer_and_module_fit_and_frame_pairs(loaded):
    tokenizer, module = loaded
    assert len(tokenizer) == module.config.vocab_size
    coded = tokenizer("A cat.", "Eine Katze.")
    framed = tokenizer.convert_ids_to_tokens(coded["input_ids"])
    assert framed[0] == "<s>"
    assert framed.count("</s>") == 2
    assert coded["token_type_ids"] == [0] * (framed.index("</s>") + 1) + [1] * (len(framed) - framed.index("</s>") - 1)


@pytest.mark.parametrize("language", [*LANGUAGES, *KNOWN])
def test_no_letter_of_its_languages_is_unknown(loaded, language):
    tokenizer, _ = loaded
    text = KNOWN[language] if language in KNOWN else " ".join(premises(language))
    ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    assert tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids) == tokenizer.backend_tokenizer.normalizer.normalize_str(text)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_sentences_lie_nearest_to_their_own_translation(loaded, language):
    english, other = means(loaded, premises("en")), means(loaded, premises(language))
    assert len(english) == len(other) > 100
    cosines = torch.nn.functional.normalize(other, dim=-1) @ torch.nn.functional.normalize(english, dim=-1).T
    right = (cosines.argmax(1) == torch.arange(len(other))).float().mean()
    assert right > 0.25  # by chance less than 0.01; the sentences are made of the same few phrases


def test_a_right_word_lies_nearer_than_a_wrong_one(loaded):
    pairs_of = [("dog", "Hund", "Haus"), ("house", "дом", "собака"), ("water", "eau", "pain"), ("red", "rojo", "verde")]
    for english, right, wrong in pairs_of:
        one, good, bad = torch.nn.functional.normalize(means(loaded, [english, right, wrong]), dim=-1)
        assert one @ good > one @ bad, english


def test_sentence_transformers_loads_it_with_its_own_pooling(loaded):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(MINI.folder), device="cpu", model_kwargs={"dtype": torch.float32})
    texts = ["The cat sleeps.", "Die Katze schläft auf der Matte."]
    torch.testing.assert_close(model.encode(texts, convert_to_tensor=True), means(loaded, texts), atol=1e-4, rtol=1e-3)


def test_it_is_an_encoder_of_the_plugin():
    encoder = MINI.load("cpu")
    assert encoder.pooling == "mean"
    assert encoder.dimension == 256


def test_the_card_tells_its_size_languages_and_figures():
    card = (MINI.folder / "README.md").read_text(encoding="utf-8")
    for said in ("is not for", "Apache-2.0", "NOTICE", "Tatoeba", "SIB-200", "XNLI", "UDPOS", "PAN-X", "hours"):
        assert said in card
    assert (MINI.folder / "NOTICE").is_file()

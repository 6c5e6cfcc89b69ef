"""Initialisation across vocabularies: tables, the body that is shared, and what it does to a cipher."""

import json
import math
import random

import numpy as np
import pytest
import torch
from transformers import BertTokenizer, RobertaConfig, RobertaModel, T5Config, T5EncoderModel
from xbench_aligners.grafts import with_table
from xbench_aligners.init import Init, InitOptions
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_encoders.lookup import lookup_tower
from xbench_encoders.word_vectors import StaticVectors
from xbench_methods.finetune import Finetune, FinetuneOptions

from tests.plugins import test_target_tokenizer, tiny
from xbench import options as settings
from xbench.contracts import Resource, Scope, Split
from xbench.errors import ScopeError, StageError, UsageError

INIT = Init()
WAYS = ("random", "mean", "overlap", "wechsel", "focus", "lexical")
QUICK = {"dimension": 12, "min_count": 2, "steps": 3, "batch_size": 8, "pieces": 400}


def topical(language, rows=300, seed=0):
    """Sentences in which a colour's clues stand together, among fillers."""
    draw = random.Random(f"{language} {seed}")
    clues = list(tiny.CLUES.values())
    for _ in range(rows):
        words = [*draw.choice(clues), *draw.sample(tiny.FILLERS, 2)]
        draw.shuffle(words)
        yield " ".join(tiny.spoken(word, language) for word in words)


def context(*targets, needs=frozenset(Resource), seed=0):
    spoken = ("en",) * (Resource.SOURCE_TEXT in needs) + targets * (Resource.TARGET_TEXT in needs)
    pairs = {
        (Resource.DICTIONARY, target): [(word, tiny.spoken(word, target)) for word in tiny.WORDS] for target in targets
    }
    return tiny.ToyContext(
        texts={language: list(topical(language)) for language in dict.fromkeys(spoken)},
        paired_with=pairs if Resource.DICTIONARY in needs else {},
        targets=targets,
        seed=seed,
    )


def made(how="overlap", encoder=None, given=None, **options):
    given = given or context("de")
    chosen = InitOptions(**{**QUICK, "how": how, **options})
    return INIT.fit(encoder or tiny.encoder(seed=1), chosen, given), given.logged


def table(encoder, language):
    return encoder.tower(language).module.get_input_embeddings().weight.detach()


@pytest.fixture(scope="module")
def cipher(tmp_path_factory):
    """A folder with a tokenizer of made German words."""
    folder = tmp_path_factory.mktemp("cipher")
    vocab = {word: at for at, word in enumerate([*tiny.SPECIAL, *tiny.vocabulary("de")])}
    BertTokenizer(vocab=vocab).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("how", WAYS)
def test_the_body_is_shared_and_the_source_stays(how, cipher):
    encoder = tiny.encoder(seed=1)
    before = tiny.weights(encoder)
    after, logged = made(how, encoder, context("de", "sw"), into=cipher)
    assert list(after.towers) == [ANY, "de", "sw"]
    source, *others = (after.tower(language).module for language in ("en", "de", "sw"))
    for other in others:
        assert other.encoder is source.encoder
        assert other.embeddings.position_embeddings is source.embeddings.position_embeddings
        assert other.get_input_embeddings() is not source.get_input_embeddings()
        assert other.config.vocab_size == len(other.get_input_embeddings().weight)
    assert all(torch.equal(value, before[name]) for name, value in tiny.weights(after).items() if name in before)
    assert all(parameter.requires_grad for parameter in after.module.parameters())
    grown = sum(one.get_input_embeddings().weight.numel() for one in others)
    assert after.describe()["parameters"] == tiny.encoder().describe()["parameters"] + grown
    assert logged["pieces"]["de"]["copied"] >= 5


def test_a_copy_shares_within_itself_and_with_nobody_else():
    after, _ = made()
    copied = after.copy()
    assert copied.tower("de").module.encoder is copied.tower("en").module.encoder
    with torch.no_grad():
        copied.tower("de").module.encoder.layer[0].output.dense.weight.zero_()
    assert not torch.equal(tiny.weights(copied)["tower_all.encoder.layer.0.output.dense.weight"],
                           tiny.weights(after)["tower_all.encoder.layer.0.output.dense.weight"])  # fmt: skip


def test_a_table_is_replaced_wherever_it_stands():
    module = T5EncoderModel(T5Config(vocab_size=9, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)).eval()
    twin = with_table(module, torch.ones(5, 8), 0)
    assert {
        len(one) for name, one in twin.state_dict().items() if name.endswith(("shared.weight", "embed_tokens.weight"))
    } == {5}
    assert twin(input_ids=torch.tensor([[4]])).last_hidden_state.shape == (1, 1, 8)
    assert module.get_input_embeddings().weight.shape == (9, 8)


@pytest.mark.parametrize("how", WAYS)
def test_the_same_tokenizer_gives_the_source_s_own_rows_of_special_tokens_and_more(how):
    after, logged = made(how, into="own")
    new, old = table(after, "de"), table(after, "en")
    assert new.shape == old.shape
    if how != "lexical":
        assert torch.equal(new[:5], old[:5]), "special tokens"
        assert torch.isfinite(new).all()
    if how in ("overlap", "focus"):
        assert torch.equal(new, old)
    if how == "mean":
        torch.testing.assert_close(new[5:], old.mean(0).expand(len(old) - 5, -1))
    assert logged["pieces"]["de"]["strange"] is False


def test_paired_models_keep_the_tokenizer_of_the_target(cipher):
    encoder = tiny.paired(en=1, de=2)
    own = encoder.tower("de").tokenizer
    after, _ = made("overlap", encoder, into="own")
    assert after.tower("de").tokenizer is own
    assert after.tower("de").module.encoder is after.tower("en").module.encoder
    assert set(after.towers) == {"en", "de"}


@pytest.mark.parametrize("how", WAYS)
def test_a_seed_decides_every_bit_and_a_file_keeps_them(how, tmp_path):
    first, again = (made(how, tiny.encoder(seed=1))[0] for _ in range(2))
    assert tiny.same(tiny.weights(first), tiny.weights(again))
    INIT.save(first, tmp_path)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json", ".safetensors"}
    loaded = INIT.load(tiny.encoder(seed=1), tmp_path)
    assert tiny.same(tiny.weights(loaded), tiny.weights(first))
    assert list(loaded.towers) == list(first.towers)
    tokens = [one.tokenize(["skyde housede, x"], ["seade"], "de", 32) for one in (first, loaded)]
    assert tokens[0] == tokens[1]
    with torch.no_grad():
        assert torch.equal(*(one.states(one.batch(tokens[0], [0])) for one in (first, loaded)))


def test_targets_have_draws_of_their_own_and_do_not_move_each_other(cipher):
    alone, _ = made("random", given=context("de"), into=cipher)
    both, _ = made("random", given=context("sw", "de"), into=cipher)
    other, _ = made("random", given=context("de", seed=1), into=cipher)
    assert torch.equal(table(alone, "de"), table(both, "de"))
    for one in (table(both, "sw"), table(other, "de")):
        assert not torch.isclose(one[5:], table(alone, "de")[5:]).all(dim=1).any()


def test_what_is_saved_and_broken_is_refused(tmp_path):
    INIT.save(made()[0], tmp_path)
    (tmp_path / "de" / "embeddings.safetensors").write_bytes(b"no")
    with pytest.raises(StageError, match="the embeddings cannot be read"):
        INIT.load(tiny.encoder(seed=1), tmp_path)


def test_a_map_of_a_language_goes_with_its_old_tower():
    encoder = tiny.encoder(seed=1)
    for language in ("de", "sw"):
        encoder.map(language, torch.eye(32), torch.ones(32))
    assert list(made("overlap", encoder)[0].maps) == ["sw"]


@pytest.mark.parametrize("into", ["auto", "own"])
@pytest.mark.parametrize("how", WAYS)
def test_it_reads_what_it_declares_and_nothing_else(how, into):
    options = InitOptions(how=how, into=into, **QUICK)
    needs = INIT.needs(options)
    assert INIT.scope(options) is Scope.JOINT
    given = context("de", needs=needs)
    INIT.fit(tiny.encoder(seed=1), options, given)
    assert given.read == ([("de", "dictionary pairs")] if Resource.DICTIONARY in needs else [])
    for need in needs - {Resource.DICTIONARY}:
        with pytest.raises(ScopeError):
            INIT.fit(tiny.encoder(seed=1), options, context("de", needs=needs - {need}))


@pytest.mark.parametrize(("text", "said"), [
    ({"how": "wish"}, "one of random, mean, overlap, wechsel, focus, lexical"),
    ({"pieces": "0"}, "all counts must be at least 1"),
    ({"temperature": "0"}, "temperature and learning_rate must be above 0"),
    ({"into": ""}, "into must be auto, own, or"),
])  # fmt: skip
def test_a_wrong_option_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        settings.resolve(InitOptions, "init", text)


def test_a_model_of_whole_words_has_no_pieces_to_make_others_of():
    words = lookup_tower(StaticVectors(("sea",), np.ones((1, 4), np.float32), np.ones(1)))
    with pytest.raises(UsageError, match="none of 4 pieces tells where a word begins"):
        made("random", TransformerEncoder({ANY: words}, "mean", tiny.CPU))


def test_positions_that_are_counted_from_padding_ask_for_the_same_padding(cipher):
    config = RobertaConfig(vocab_size=9, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
                           intermediate_size=8, max_position_embeddings=64, pad_token_id=1)  # fmt: skip
    encoder = TransformerEncoder(
        {ANY: Tower(test_target_tokenizer.marked("bytes"), RobertaModel(config).eval())}, "mean", tiny.CPU
    )
    with pytest.raises(StageError, match="counts positions from padding, id 1, which is 0 in this tokenizer"):
        made("random", encoder, into=cipher)
    after, _ = made("random", encoder)
    assert after.tokenize(["skyde"], None, "de", 9).lengths == [3]


def test_where_nothing_is_known_of_any_piece_the_log_says_so(cipher, tmp_path):
    vocab = {word: at for at, word in enumerate([*tiny.SPECIAL, "море", "##я"])}
    BertTokenizer(vocab=vocab).save_pretrained(tmp_path)
    for how, strange in (("overlap", True), ("random", False)):
        _, logged = made(how, into=str(tmp_path))
        assert ("degenerate" in logged) == strange
    assert "degenerate" not in made("overlap", into=cipher)[1]


def test_a_dictionary_without_a_word_of_the_text_is_refused():
    given = context("de")
    given.paired_with[Resource.DICTIONARY, "de"] = [("fog", "nebel")]
    with pytest.raises(StageError, match="of 1 pairs of the dictionary there is none in the text of both"):
        made("wechsel", given=given)


def test_wechsel_leaves_a_target_without_a_dictionary_as_it_is():
    given = context("de", "sw")
    del given.paired_with[Resource.DICTIONARY, "sw"]
    after, logged = made("wechsel", given=given)
    assert (list(after.towers), list(logged["pieces"])) == ([ANY, "de"], ["de"])
    assert logged["pieces"]["de"]["pairs"] == len(tiny.WORDS)


def nearest(encoder):
    """The share of German words whose row is nearest to that of their translation, among all words."""
    english, german = (encoder.tower(language).tokenizer for language in ("en", "de"))
    rows = table(encoder, "en")[english.convert_tokens_to_ids(list(tiny.WORDS))]
    own = table(encoder, "de")[german.convert_tokens_to_ids([tiny.spoken(word, "de") for word in tiny.WORDS])]
    found = torch.nn.functional.normalize(own) @ torch.nn.functional.normalize(rows).T
    groups = [next((at for at, clue in enumerate(tiny.CLUES.values()) if word in clue), -1) for word in tiny.WORDS]
    return np.mean([groups[at] == groups[own] for own, at in enumerate(found.argmax(1).tolist())])


def test_wechsel_finds_the_rows_of_a_cipher_and_a_classifier_transfers(cipher):
    sets = {("en", Split.TRAIN): tiny.coloured("en", 120)}
    test = tiny.coloured("de", 90, seed=9)
    right = {}
    for how in ("random", "wechsel"):
        encoder = tiny.encoder(seed=1)
        with torch.no_grad():
            encoder.embeddings()[0].mul_(20.0)  # the initial 0.02 is small beside the positions
        after, _ = made(how, encoder, into=cipher, neighbours=1)
        right[how, "rows"] = nearest(after)
        options = FinetuneOptions(epochs=12, learning_rate=3e-3, freeze="embeddings", selection="last")
        predictor = Finetune().fit(after, tiny.ToyTask(), options, tiny.ToyContext(examples=sets))
        labels = predictor.predict(test.inputs, "de")["label"]
        right[how, "labels"] = np.mean([one == other for one, other in zip(labels, test.gold["label"], strict=True)])
    assert right["wechsel", "rows"] > right["random", "rows"] + 0.2
    assert right["wechsel", "labels"] > right["random", "labels"] + 0.2


def test_lexical_learns_the_table_alone_and_what_it_learns_restores_masked_pieces(cipher):
    after, logged = made("lexical", into=cipher, steps=150, batch_size=16, learning_rate=1e-2)
    start, _ = made("overlap", into=cipher)
    assert not torch.equal(table(after, "de"), table(start, "de"))
    assert torch.equal(table(after, "en"), table(start, "en"))
    losses = logged["losses"]["de"]
    assert losses[-1] < losses[0] < 2 * math.log(len(table(after, "de")))
    assert "degenerate" not in logged
    assert json.dumps(logged)


def test_a_table_that_restores_nothing_is_no_fair_try(cipher):
    wild = tiny.encoder(seed=1)
    with torch.no_grad():
        wild.embeddings()[0].mul_(100.0)
    _, logged = made("lexical", wild, into=cipher, steps=1, learning_rate=1e-9)
    assert logged["losses"]["de"][-1] > math.log(76)
    assert logged["degenerate"] == "masked pieces of de are restored no better than by a guess"

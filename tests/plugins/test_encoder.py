"""The encoder: text of a named language to states."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import RobertaConfig, RobertaModel
from xbench_encoders.encoder import ANY, WEIGHTS, Tower, TransformerEncoder, joined
from xbench_encoders.heads import ClassificationHead, mean_of, pool

from tests.plugins import tiny
from xbench.errors import ModelError, StageError

TEXTS = ["the house", "seven stones walks under the house today", "sky"]


def states_of(encoder, texts, language="en", pairs=None, layer=None):
    tokens = encoder.tokenize(texts, pairs, language, 64)
    with torch.no_grad():
        return encoder.states(encoder.batch(tokens, range(len(texts))), layer)


def test_rows_are_padded_to_the_longest_and_the_padding_is_masked():
    encoder = tiny.encoder()
    tokens = encoder.tokenize(TEXTS, None, "en", 64)
    assert tokens.lengths == [4, 9, 3], "special tokens are counted"
    batch = encoder.batch(tokens, [0, 2])
    assert batch.ids.shape == (2, 4)
    assert batch.mask.tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert batch.ids[1, 3] == encoder.tower("en").tokenizer.pad_token_id
    assert batch.sides.tolist() == [[-1, 0, 0, -1], [-1, 0, -1, -1]]


def test_padding_does_not_change_the_states_of_a_row():
    encoder = tiny.encoder()
    together, alone = states_of(encoder, TEXTS), states_of(encoder, TEXTS[2:])
    assert torch.allclose(together[2, :3], alone[0], atol=1e-6)


def test_a_pair_has_two_sides_and_two_token_types():
    tokens = tiny.encoder().tokenize(["sky sea"], ["rose"], "en", 64)
    assert tokens.sides == [[-1, 0, 0, -1, 1, -1]]
    assert tokens.types == [[0, 0, 0, 0, 1, 1]]


def test_token_types_reach_the_model():
    encoder = tiny.encoder()
    batch = encoder.batch(encoder.tokenize(["sky"], ["rose"], "en", 64), [0])
    with torch.no_grad():
        typed = encoder.states(batch)
        batch.types.zero_()
        assert not torch.equal(typed, encoder.states(batch))


def test_rows_are_cut_to_max_length_the_longer_side_first():
    encoder = tiny.encoder()
    assert encoder.tokenize([" ".join(["house"] * 40)], None, "en", 10).lengths == [10]
    pair = encoder.tokenize([" ".join(["house"] * 40)], ["sea sky"], "en", 12)
    assert pair.lengths == [12]
    assert pair.sides[0].count(1) == 2


def test_rows_are_never_longer_than_the_model_can_take():
    encoder = tiny.encoder(positions=16)
    encoder.tower("en").tokenizer.model_max_length = 10**30  # as many saved tokenizers say
    texts = [" ".join(["house"] * 40)]
    assert encoder.tokenize(texts, None, "en", 512).lengths == [16]
    assert states_of(encoder, texts).shape == (1, 16, 32)


def test_positions_that_start_behind_the_padding_id_are_counted():
    bert = tiny.tower()
    config = RobertaConfig(
        vocab_size=len(bert.tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=18, pad_token_id=0,
    )  # fmt: skip
    bert.tokenizer.model_max_length = 10**30
    encoder = TransformerEncoder({ANY: Tower(bert.tokenizer, RobertaModel(config))}, "cls", tiny.CPU)
    texts = [" ".join(["house"] * 40)]
    assert encoder.tokenize(texts, None, "en", 512).lengths == [17]
    assert states_of(encoder, texts).shape == (1, 17, 32)


def test_no_rows_are_no_tokens():
    assert tiny.encoder().tokenize([], [], "en", 64).lengths == []


def test_an_empty_text_has_a_mean_of_zero_and_not_of_nothing():
    encoder = tiny.encoder()
    batch = encoder.batch(encoder.tokenize(["", "sky"], None, "en", 64), [0, 1])
    with torch.no_grad():
        pooled = pool(encoder.states(batch), batch, "mean")
    assert pooled[0].tolist() == [0.0] * 32
    assert pooled.isfinite().all()


def test_the_mean_takes_the_tokens_under_the_mask_alone():
    states = torch.arange(12.0).reshape(1, 4, 3)
    assert mean_of(states, torch.tensor([[False, True, True, False]])).tolist() == [[4.5, 5.5, 6.5]]


def test_compare_is_both_means_their_distance_and_their_product():
    encoder = tiny.encoder()
    batch = encoder.batch(encoder.tokenize(["sky sea"], ["rose"], "en", 64), [0])
    with torch.no_grad():
        states = encoder.states(batch)
    first, second = states[0, 1:3].mean(0), states[0, 4]
    wanted = torch.cat([first, second, (first - second).abs(), first * second])
    assert torch.allclose(pool(states, batch, "compare")[0], wanted, atol=1e-6)
    assert pool(states, batch, "cls").tolist() == states[:, 0].tolist()


@pytest.mark.parametrize("pooling", ["cls", "mean", "compare"])
def test_the_head_gives_a_score_per_label(pooling):
    encoder = tiny.encoder()
    batch = encoder.batch(encoder.tokenize(["sky", "sea"], ["rose", "leaf"], "en", 64), [0, 1])
    assert ClassificationHead(32, 3, pooling)(encoder.states(batch), batch).shape == (2, 3)


def test_a_copy_is_independent():
    encoder = tiny.encoder()
    kept, copy = tiny.weights(encoder), encoder.copy()
    assert tiny.same(kept, tiny.weights(copy))
    with torch.no_grad():
        for parameter in copy.module.parameters():
            parameter.add_(1.0)
    assert tiny.same(kept, tiny.weights(encoder))


def test_weights_are_saved_and_read_back_to_the_bit(tmp_path):
    encoder, other = tiny.encoder(seed=1), tiny.encoder(seed=2)
    encoder.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [WEIGHTS]
    assert tiny.same(tiny.weights(other.load(tmp_path)), tiny.weights(encoder))
    assert torch.equal(states_of(other, TEXTS), states_of(encoder, TEXTS))


@pytest.mark.parametrize("fault", ["missing", "cut short", "another width", "another name"])
def test_weights_that_do_not_fit_are_one_clear_error(tmp_path, fault):
    file = tmp_path / WEIGHTS
    tiny.encoder(width=16 if fault == "another width" else 32).save(tmp_path)
    if fault == "missing":
        file.unlink()
    elif fault == "cut short":
        file.write_bytes(file.read_bytes()[:100])
    elif fault == "another name":
        save_file({f"x{name}": value for name, value in load_file(file).items()}, file)
    with pytest.raises(StageError, match="the weights do not fit") as caught:
        tiny.encoder().load(tmp_path)
    assert "\n" not in str(caught.value)


def test_it_describes_itself():
    encoder = tiny.encoder()
    count = sum(value.numel() for value in encoder.module.parameters())
    assert encoder.describe() == {"parameters": count, "dtype": "float32", "dimension": 32, "device": "cpu"}


def test_paired_towers_read_with_their_own_tokenizer_and_weights():
    encoder = tiny.paired(en=1, zh=2)
    known = {language: encoder.tokenize(["house"], None, language, 64).lengths for language in ("en", "zh")}
    assert known == {"en": [3], "zh": [7]}, "zh spells what it does not know"
    alone = TransformerEncoder({ANY: tiny.tower(tiny.vocabulary("zh"), seed=2)}, "mean", tiny.CPU)
    text = [tiny.spoken("house", "zh")]
    assert torch.equal(states_of(encoder, text, "zh"), states_of(alone, text))
    assert len(encoder.embeddings()) == 2


def test_paired_towers_are_copied_and_saved_together(tmp_path):
    encoder = tiny.paired(en=1, zh=2)
    encoder.copy().save(tmp_path)
    assert tiny.same(tiny.weights(tiny.paired(en=3, zh=4).load(tmp_path)), tiny.weights(encoder))


def test_a_language_without_a_tower_is_an_error_that_names_those_there_are():
    with pytest.raises(ModelError, match="the encoder has no part for de; it has en, zh"):
        tiny.paired(en=1, zh=2).tokenize(["Haus"], None, "de", 64)


def test_towers_of_unequal_width_are_refused():
    towers = {"en": tiny.tower(width=32), "zh": tiny.tower(width=16)}
    with pytest.raises(ModelError, match=r"states of one width; these have \{'en': 32, 'zh': 16\}"):
        TransformerEncoder(towers, "mean", tiny.CPU)


def test_languages_of_one_tower_may_stand_in_one_batch():
    one, pair = tiny.encoder("en", "de"), tiny.paired(en=1, de=2)
    assert one.share("en") == one.share("de")
    assert pair.share("en") != pair.share("de")
    parts = [one.tokenize([text], None, language, 64) for text, language in (("sky sea", "en"), ("skyde", "de"))]
    both = joined(parts)
    assert both.lengths == [4, 3]
    with torch.no_grad():
        states = one.states(one.batch(both, [0, 1]))
    assert torch.allclose(states[1, :3], states_of(one, ["skyde"], "de")[0], atol=1e-6)


def test_a_map_is_applied_to_the_last_states_of_its_language_alone(tmp_path):
    encoder = tiny.encoder("en", "de")
    weight, bias = torch.randn(encoder.dimension, encoder.dimension), torch.randn(encoder.dimension)
    plain = {at: states_of(encoder, TEXTS, at) for at in ("en", "de", "sw")}
    embedded = states_of(encoder, TEXTS, "de", layer=0)
    encoder.map("de", weight, bias)
    torch.testing.assert_close(states_of(encoder, TEXTS, "de"), plain["de"] @ weight + bias)
    for other in ("en", "sw"):
        assert torch.equal(states_of(encoder, TEXTS, other), plain[other])
    assert torch.equal(states_of(encoder, TEXTS, "de", layer=0), embedded)
    encoder.map("de", weight, bias)  # a second one comes after the first
    twice = (plain["de"] @ weight + bias) @ weight + bias
    torch.testing.assert_close(states_of(encoder, TEXTS, "de"), twice, rtol=1e-4, atol=1e-4)
    assert encoder.share("de") == "de"
    encoder.save(tmp_path)
    again = tiny.encoder("en", "de").load(tmp_path)
    assert torch.equal(states_of(again, TEXTS, "de"), states_of(encoder, TEXTS, "de"))
    assert torch.equal(states_of(encoder.copy(), TEXTS, "de"), states_of(encoder, TEXTS, "de"))
    bare = tiny.encoder("en", "de").copy()
    bare.maps.clear()
    assert torch.equal(states_of(bare, TEXTS, "de"), plain["de"])


def test_broken_maps_are_one_clear_error(tmp_path):
    (tmp_path / "maps.safetensors").write_bytes(b"no maps")
    with pytest.raises(StageError, match=r"maps.safetensors: the maps cannot be read"):
        tiny.encoder().load_maps(tmp_path)


def test_towers_that_share_a_module_share_it_in_a_copy():
    tower = tiny.tower()
    encoder = TransformerEncoder({"en": tower, "de": Tower(tower.tokenizer, tower.module)}, "mean", tiny.CPU)
    copied = encoder.copy()
    assert copied.towers["en"].module is copied.towers["de"].module
    assert copied.towers["en"].module is not tower.module

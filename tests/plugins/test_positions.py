"""Positions that start again for a translation: which ids there are, that models get them, and who is refused."""

import pytest
import torch
from tokenizers import processors
from transformers import DebertaV2Config, DebertaV2Model, RobertaConfig, RobertaModel, T5Config, T5EncoderModel
from xbench_aligners.mlm import Mlm, MlmOptions
from xbench_aligners.tlm import Tlm, TlmOptions
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_encoders.masking import MaskedModel
from xbench_encoders.positions import restarted
from xbench_encoders.tokens import first_position

from tests.plugins import test_pretraining, tiny
from xbench.errors import ModelError

FEW = test_pretraining.FEW
PAIRS = [("sky", "skyde rosede"), ("the house walks", "thede")]
SIZES = {"vocab_size": len(tiny.SPECIAL) + len(tiny.vocabulary("en", "de")), "hidden_size": 32, "num_hidden_layers": 1,
         "num_attention_heads": 2, "intermediate_size": 64}  # fmt: skip


def words():
    return tiny.tower(tiny.vocabulary("en", "de")).tokenizer


def roberta():
    """Positions from the padding id on, and two separators between the texts of a pair."""
    tokenizer = words()
    ends = [(name, tokenizer.convert_tokens_to_ids(name)) for name in ("[SEP]", "[CLS]")]
    tokenizer.backend_tokenizer.post_processor = processors.RobertaProcessing(*ends, add_prefix_space=False)
    config = RobertaConfig(**SIZES, max_position_embeddings=64, pad_token_id=tokenizer.pad_token_id)
    return TransformerEncoder({ANY: Tower(tokenizer, RobertaModel(config).eval())}, "mean", tiny.CPU)


def deaf():
    """Models that have no positions, or none that come from outside."""
    t5 = T5Config(vocab_size=SIZES["vocab_size"], d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2)
    deberta = DebertaV2Config(**SIZES, relative_attention=True, position_biased_input=False, pos_att_type=["p2c"])
    made = {"t5": T5EncoderModel(t5), "deberta-v2": DebertaV2Model(deberta)}
    return {name: TransformerEncoder({ANY: Tower(words(), module.eval())}, "mean", tiny.CPU)
            for name, module in made.items()}  # fmt: skip


MADE = {"bert": lambda: tiny.encoder("en", "de"), "roberta": roberta}


def batch(encoder, pairs=PAIRS):
    one, other = zip(*pairs, strict=True)
    tokens = encoder.tokenize(list(one), list(other), "en", 32)
    return restarted(encoder.batch(tokens, range(len(pairs))), first_position(encoder.tower("en")))


def test_after_one_separator_words_are_counted_from_where_the_first_ones_were():
    found = batch(MADE["bert"]())
    assert found.positions[0, :6].tolist() == [0, 1, 2, 1, 2, 3], "[CLS] sky [SEP] skyde rosede [SEP]"
    assert found.positions[1, :7].tolist() == [0, 1, 2, 3, 4, 1, 2], "[CLS] the house walks [SEP] thede [SEP]"


def test_after_two_separators_the_second_text_starts_with_one_of_them():
    found = batch(roberta())
    first = words().pad_token_id + 1
    assert (found.positions[0, :7] - first).tolist() == [0, 1, 2, 0, 1, 2, 3], "<s> sky </s> </s> skyde rosede </s>"


@pytest.mark.parametrize("name", MADE)
def test_both_texts_start_at_the_same_position_and_none_is_beyond_the_table(name):
    encoder = MADE[name]()
    found = batch(encoder, [*PAIRS, ("seven " * 40, "sevende " * 40)])
    rows = list(zip(found.positions, found.sides, strict=True))
    starts = [[int(ids[sides == side][0]) for ids, sides in rows] for side in (0, 1)]
    assert starts[0] == starts[1]
    lowest = first_position(encoder.tower("en"))
    assert int(found.positions.min()) == lowest
    assert int(found.positions.max()) < encoder.tower("en").module.config.max_position_embeddings


@pytest.mark.parametrize("name", MADE)
def test_a_row_of_one_text_is_counted_as_the_model_counts_it(name):
    encoder = MADE[name]()
    usual = encoder.batch(encoder.tokenize(["the sky walks", "rose"], None, "en", 32), [0, 1])
    again = restarted(usual, first_position(encoder.tower("en")))
    assert torch.equal(encoder.states(again)[usual.mask.bool()], encoder.states(usual)[usual.mask.bool()])


@pytest.mark.parametrize("name", MADE)
def test_what_stands_at_the_same_place_of_both_texts_is_the_same_to_the_model(name):
    encoder = MADE[name]()
    table = encoder.tower("en").module.embeddings.token_type_embeddings
    with torch.no_grad():
        table.weight.zero_()
    found = batch(encoder, [("sky rose", "sky rose")])
    states = encoder.states(found)[0]
    one, other = states[found.sides[0] == 0], states[found.sides[0] == 1]
    assert torch.allclose(one, other, atol=1e-6)
    assert not torch.allclose(one[0], one[1], atol=1e-3)


@pytest.mark.parametrize("name", MADE)
def test_the_model_is_given_them_in_training_and_when_it_is_measured(name, monkeypatch):
    encoder, seen = MADE[name](), []
    given = encoder.tower("en").module.forward

    def forward(*parts, position_ids=None, **more):
        seen.append(position_ids)
        return given(*parts, position_ids=position_ids, **more)

    monkeypatch.setattr(encoder.tower("en").module, "forward", forward)
    Tlm().fit(encoder, TlmOptions(**FEW, positions="restart"), test_pretraining.context())
    lowest = first_position(encoder.tower("en"))
    told = seen[1:]  # the first looks whether they are heard
    assert len(told) > 6
    assert all(int((row == lowest + 1).sum()) == 2 for ids in told for row in ids), "a first word twice in every row"
    seen.clear()
    Tlm().fit(encoder, TlmOptions(**FEW), test_pretraining.context())
    assert set(seen) == {None}


def test_restarting_changes_the_weights_and_nothing_of_plain_text():
    on, restart = (tiny.weights(Tlm().fit(test_pretraining.encoder(), TlmOptions(**FEW, positions=positions),
                                          test_pretraining.context())) for positions in ("on", "restart"))  # fmt: skip
    assert not tiny.same(on, restart)
    tokens = test_pretraining.encoder().tokenize(["the sky walks", "rose"], None, "en", 32)
    losses = [
        MaskedModel(test_pretraining.encoder(), ["en"], 0, 0.5, again)
        .summed(tokens, [0, 1], torch.Generator())[0]
        .detach()
        for again in (False, True)
    ]
    assert float(losses[0]) == float(losses[1])


@pytest.mark.parametrize("name", ["t5", "deberta-v2"])
def test_a_model_to_which_they_are_nothing_is_refused(name):
    why = f"positions=restart: {name} models take no position_ids, .* use positions=on"
    with pytest.raises(ModelError, match=why):
        Tlm().fit(deaf()[name], TlmOptions(**FEW, positions="restart"), test_pretraining.context())


def test_only_pairs_have_positions_to_choose():
    assert TlmOptions().positions == "on"
    assert not hasattr(MlmOptions(), "positions")
    assert Mlm.Options is MlmOptions

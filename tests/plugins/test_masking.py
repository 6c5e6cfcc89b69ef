"""Masked language modelling: what is hidden, the head, the objective (Devlin et al. 2019)."""

import math

import pytest
import torch
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder, joined
from xbench_encoders.masking import IGNORED, MaskedModel, MaskedObjective, masking_of, perplexity
from xbench_encoders.tokens import Batch

from tests.plugins import tiny
from xbench.errors import ModelError

TEXTS = ["the sky walks under stones", "rose", "seven stones today", "the house walks slowly today"]


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(ids, sides=None):
    ids = torch.as_tensor(ids)
    sides = torch.zeros_like(ids) if sides is None else torch.as_tensor(sides)
    return Batch("en", ids, torch.ones_like(ids), torch.zeros_like(ids), sides)


@pytest.fixture(scope="module")
def wide():
    """A tower of so many words that a random one is hardly ever the one it replaces."""
    return tiny.tower([f"word{at}" for at in range(2000)])


def test_fifteen_in_a_hundred_are_hidden_and_of_these_eight_masked_one_changed_one_kept(wide):
    ids = torch.randint(len(tiny.SPECIAL), 2005, (2000, 100), generator=drawn())
    shown, labels = masking_of(wide).hide(batch(ids), drawn(1))
    hidden = labels != IGNORED
    assert float(hidden.float().mean()) == pytest.approx(0.15, abs=0.003)
    assert torch.equal(labels[hidden], ids[hidden])
    assert torch.equal(shown.ids[~hidden], ids[~hidden])
    masked = shown.ids[hidden] == wide.tokenizer.mask_token_id
    kept = shown.ids[hidden] == ids[hidden]
    rates = [float(one.float().mean()) for one in (masked, ~masked & ~kept, kept)]
    assert rates == pytest.approx([0.8, 0.1, 0.1], abs=0.01)


def test_special_tokens_and_padding_are_never_hidden_and_never_put_in(wide):
    encoder = TransformerEncoder({ANY: wide}, "mean", tiny.CPU)
    texts = ["word1 word2 nonsense [SEP] word3", "word4"] * 300
    tokens = encoder.tokenize(texts, texts, "en", 32)
    rows = encoder.batch(tokens, range(len(texts)))
    shown, labels = masking_of(wide, rate=0.9).hide(rows, drawn())
    special = torch.isin(rows.ids, torch.tensor(wide.tokenizer.all_special_ids))
    assert special.sum() > (rows.sides < 0).sum(), "an unknown word and a separator within a text are special too"
    assert (labels[special] == IGNORED).all()
    assert torch.equal(shown.ids[special], rows.ids[special])
    put_in = shown.ids[(shown.ids != rows.ids) & (shown.ids != wide.tokenizer.mask_token_id)]
    assert len(put_in) > 50
    assert not torch.isin(put_in, torch.tensor(wide.tokenizer.all_special_ids)).any()


def test_the_generator_decides_what_is_hidden(wide):
    ids = torch.full((20, 20), 100)
    first, again, other = (masking_of(wide).hide(batch(ids), drawn(seed)) for seed in (1, 1, 2))
    assert torch.equal(first[0].ids, again[0].ids)
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[1], other[1])


def test_a_tokenizer_without_a_mask_token_is_refused():
    tower = tiny.tower()
    tower.tokenizer.mask_token = None
    with pytest.raises(ModelError, match="needs a mask token"):
        masking_of(Tower(tower.tokenizer, tower.module))


def test_the_head_is_tied_to_the_input_embeddings_and_drawn_from_the_seed():
    encoder = tiny.encoder()
    model = MaskedModel(encoder, ["en"], seed=0)
    table = encoder.embeddings()[0]
    head = {name: value.shape for name, value in model.heads.state_dict().items()}
    assert tuple(table.shape) not in {tuple(shape) for shape in head.values()}, "the table is no part of the head"
    loss, hidden = model.summed(encoder.tokenize(TEXTS, None, "en", 32), range(4), drawn(3))
    assert hidden > 0
    loss.backward()
    never = encoder.tower("en").tokenizer.convert_tokens_to_ids("q")
    assert table.grad[never].abs().sum() > 0, "only the decoder reads a word that the texts do not hold"
    again, other = (MaskedModel(encoder, ["en"], seed).heads.state_dict() for seed in (0, 1))
    assert tiny.same(model.heads.state_dict(), again)
    assert not tiny.same(again, other)


def test_a_fresh_head_guesses_nearly_alike_however_long_the_rows_of_the_table_are():
    encoder = tiny.encoder()
    tokens = encoder.tokenize(TEXTS * 5, None, "en", 32)
    with torch.no_grad():
        encoder.embeddings()[0].mul_(100.0)
    fresh = perplexity(MaskedModel(encoder, ["en"], 0).eval(), tokens, seed=0)
    assert fresh < 3 * len(encoder.embeddings()[0])


def test_towers_have_a_head_each_and_languages_of_one_tower_share_it():
    assert len(MaskedModel(tiny.encoder("en", "de"), ["en", "de"], 0).heads) == 1
    assert len(MaskedModel(tiny.paired(en=1, de=2), ["en", "de"], 0).heads) == 2


def objective(encoder, **settings):
    parts = {language: encoder.tokenize(TEXTS, None, language, 32) for language in ("en", "de")}
    rows = [(language, row) for row in range(len(TEXTS)) for language in parts]
    model = MaskedModel(encoder, list(parts), 0, rate=0.5)
    return MaskedObjective(model, parts, rows, seed=0, head_rate=1e-3, **settings)


@pytest.mark.parametrize("encoder", [tiny.encoder("en", "de"), tiny.paired(en=1, de=2)], ids=["one", "paired"])
def test_the_loss_of_a_batch_is_the_summed_cross_entropy_over_what_so_many_rows_hide(encoder):
    made = objective(encoder)
    usual = sum(side >= 0 for part in made.parts.values() for sides in part.sides for side in sides)
    assert made.lengths == [len(made.parts[name].ids[row]) for name, row in made.rows]
    assert made.a_row == pytest.approx(0.5 * usual / 8)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        if len(made.model.heads) == 1:
            tokens = joined([made.parts["en"], made.parts["de"]])
            wanted = made.model.summed(tokens, [at for row in range(4) for at in (row, 4 + row)], generator)[0]
        else:
            wanted = sum(made.model.summed(made.parts[name], range(4), generator)[0] for name in ("en", "de"))
        found = made.loss(range(8), progress=0.0)
    assert float(found) == pytest.approx(float(wanted) / (8 * made.a_row), rel=1e-5)


def test_while_the_head_learns_alone_no_gradient_reaches_the_encoder():
    made = objective(tiny.encoder("en", "de"), only_head=True)
    made.loss(range(8), progress=0.0).backward()
    assert all(parameter.grad is None for parameter in made.model.module.parameters())
    assert all(parameter.grad is not None for parameter in made.model.heads.parameters())


def test_a_batch_of_which_nothing_is_hidden_has_a_loss_of_zero_that_can_be_learned_from():
    model = MaskedModel(tiny.encoder(), ["en"], 0, rate=1e-9)
    loss, hidden = model.summed(model.encoder.tokenize(TEXTS, None, "en", 32), range(4), drawn())
    loss.backward()
    assert (float(loss.detach()), hidden) == (0.0, 0)


def test_perplexity_is_that_of_a_uniform_guess_where_all_scores_are_equal():
    encoder = tiny.encoder()
    model = MaskedModel(encoder, ["en"], 0).eval()
    with torch.no_grad():
        model.heads[0].norm.weight.zero_()
    tokens = encoder.tokenize(TEXTS * 5, None, "en", 32)
    assert perplexity(model, tokens, seed=0) == pytest.approx(len(encoder.embeddings()[0]), rel=1e-4)


def test_perplexity_does_not_change_from_one_reading_to_the_next_and_is_nan_where_nothing_is_hidden():
    encoder = tiny.encoder()
    tokens = encoder.tokenize(TEXTS, None, "en", 32)
    model = MaskedModel(encoder, ["en"], 0).eval()
    assert perplexity(model, tokens, 4) == perplexity(model, tokens, 4)
    assert math.isnan(perplexity(MaskedModel(encoder, ["en"], 0, rate=1e-9), tokens, 0))

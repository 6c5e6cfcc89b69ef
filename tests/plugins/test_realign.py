"""Realignment on linked words: links, the contrastive loss, what is frozen, and what it does to a cipher."""

import random
from itertools import pairwise

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel
from xbench_aligners.freezing import frozen
from xbench_aligners.linked_words import linked_by_dictionary, linked_by_states, span_states, tokenized
from xbench_aligners.links import argmax
from xbench_aligners.realign import Realign, RealignOptions
from xbench_aligners.realignment import Realigning, contrastive, found_again
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_encoders.training import TrainingContext, TrainingOptions, train

from tests.plugins import tiny
from xbench.contracts import Resource, Scope
from xbench.errors import ModelError, StageError

REALIGN = Realign()
DICTIONARY = [(word, tiny.spoken(word, "de")) for word in tiny.WORDS]
FEW = {"steps": 4, "batch_size": 8, "learning_rate": 1e-3, "links": "dictionary"}


def sentences(rows=120, seed=0):
    """Sentences of any words, with the same in German in an order of its own."""
    draw = random.Random(seed)
    chosen = [draw.sample(tiny.WORDS, draw.randint(3, 6)) for _ in range(rows)]
    return [
        (" ".join(words), " ".join(tiny.spoken(word, "de") for word in draw.sample(words, len(words))))
        for words in chosen
    ]


def context(seed=0, pairs=None):
    given = {(Resource.PARALLEL, "de"): pairs or sentences(), (Resource.DICTIONARY, "de"): DICTIONARY}
    return tiny.ToyContext(paired_with=given, targets=("de",), seed=seed)


def encoder(seed=0):
    return tiny.encoder("en", "de", seed=seed)


def deep(layers=4):
    """A random encoder of several layers."""
    one = tiny.tower(tiny.vocabulary("en", "de"))
    config = BertConfig(**{**one.module.config.to_dict(), "num_hidden_layers": layers})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TransformerEncoder({ANY: Tower(one.tokenizer, BertModel(config).eval())}, "mean", tiny.CPU)


def fitted(options, given=None, on=None):
    """The encoder and what was logged."""
    given = given or context()
    return REALIGN.fit(on or encoder(), options, given), given.logged


def test_argmax_finds_a_permutation_and_transposing_swaps_the_links():
    draw = np.random.default_rng(0)
    source, order = draw.standard_normal((12, 8)), draw.permutation(12)
    target = source[order] + 0.01 * draw.standard_normal((12, 8))
    links = argmax(source, target)
    assert [(order[j], j) for j in range(12)] == sorted(map(tuple, links.tolist()), key=lambda link: link[1])
    noisy = draw.standard_normal((9, 8))
    there, back = argmax(source, noisy), argmax(noisy, source)
    assert {(i, j) for i, j in there.tolist()} == {(i, j) for j, i in back.tolist()}
    assert all(len(set(column)) == len(column) for column in there.T.tolist()), "no word has two links"


def test_a_dictionary_links_words_that_are_there_once_and_entries_of_several_words():
    pairs = [("The ice cream melts, the dog barks", "Das Eis schmilzt. Der Hund bellt"), ("dog", "Katze")]
    entries = [("ICE cream", "eis"), ("dog", "hund"), ("the", "das"), ("the", "der"), ("melts", "bellt"), ("ice", "x")]
    assert linked_by_dictionary(pairs, entries) == [
        [((1, 3), (1, 2)), ((3, 4), (5, 6)), ((5, 6), (4, 5))],  # which `the` is `das` cannot be told
        [],
    ]


def test_in_writing_without_blanks_characters_are_words_and_an_entry_may_have_several():
    assert linked_by_dictionary([("the movie ends", "电影结束了。")], [("movie", "电影"), ("ends", "结束")]) == [
        [((1, 2), (0, 2)), ((2, 3), (2, 4))]
    ]


def test_links_of_states_are_found_where_translations_have_one_vector():
    made = encoder()
    table, tokenizer = made.embeddings()[0], made.tower("en").tokenizer
    with torch.no_grad():
        table.mul_(50.0)
        for one, other in DICTIONARY:
            english, german = tokenizer.convert_tokens_to_ids([one, other])
            table[german] = table[english]
    pairs = sentences(20)
    assert linked_by_states(made, pairs, "de", "en", 0) == linked_by_dictionary(pairs, DICTIONARY)


def test_a_word_is_the_mean_of_its_sub_words():
    made = encoder()
    pairs = [("zebra walks under sky", "walksde qde skyde")]
    bitext = tokenized(made, pairs, [[((0, 1), (1, 2)), ((1, 3), (0, 1))]], ("en", "de"), 32)
    assert bitext.links == [[((1, 6), (2, 5)), ((6, 8), (1, 2))]], "five letters; one letter and two of the code"
    states = made.states(made.batch(bitext.source, [0]), -1)[0]
    found = span_states(made, bitext.source, [0], [[link[0] for link in bitext.links[0]]], -1)
    assert torch.allclose(found, torch.stack([states[1:6].mean(0), states[6:8].mean(0)]), atol=1e-6)


def test_what_is_too_long_is_cut_and_loses_its_links():
    pairs = [("the sky walks " * 8, "skyde " * 24), ("sky", "skyde"), ("", "skyde")]
    linked = [[((1, 2), (0, 1)), ((23, 24), (1, 2))], [((0, 1), (0, 1))], []]
    bitext = tokenized(encoder(), pairs, linked, ("en", "de"), 12)
    assert bitext.links == [[((2, 3), (1, 2))], [((1, 2), (1, 2))]]
    assert bitext.lengths == [12, 3]
    assert tokenized(encoder(), pairs, [[((23, 24), (1, 2))], [], []], ("en", "de"), 12).links == []


def similarities(size=6, seed=0):
    return torch.randn(2 * size, 2 * size, generator=torch.Generator().manual_seed(seed))


def test_the_weak_loss_ignores_what_words_of_one_language_have_in_common():
    given, shifted = similarities(), similarities()
    shifted[:6, :6] += 7.0
    shifted[6:, 6:] -= 3.0
    assert torch.equal(contrastive(given, "weak"), contrastive(shifted, "weak"))
    assert not torch.isclose(contrastive(given, "strong"), contrastive(shifted, "strong"))


def test_the_strong_loss_leaves_out_the_word_itself():
    given, shifted = similarities(), similarities()
    shifted.fill_diagonal_(99.0)
    assert torch.equal(contrastive(given, "strong"), contrastive(shifted, "strong"))


def test_both_losses_are_the_mean_over_both_directions():
    given = similarities(2).double()
    weak = [given[row, row + 2].exp() / given[row, 2:].exp().sum() for row in (0, 1)]
    weak += [given[row, row - 2].exp() / given[row, :2].exp().sum() for row in (2, 3)]
    assert float(contrastive(given, "weak")) == pytest.approx(-float(torch.stack(weak).log().mean()))
    strong = [
        given[row, (row + 2) % 4].exp() / sum(given[row, other].exp() for other in range(4) if other != row)
        for row in range(4)
    ]
    assert float(contrastive(given, "strong")) == pytest.approx(-float(torch.stack(strong).log().mean()))


@pytest.mark.parametrize("loss", ["strong", "weak"])
def test_the_loss_falls_on_two_sentences_learned_by_heart(loss):
    made = encoder()
    pairs = [
        ("the sky walks slowly", "slowlyde thede skyde walksde"),
        ("seven stones today", "todayde sevende stonesde"),
    ]
    bitext = tokenized(made, pairs, linked_by_dictionary(pairs, DICTIONARY), ("en", "de"), 32)
    game = Realigning(made, [bitext], RealignOptions(loss=loss), seed=0)
    before = float(game.loss([0, 1], 0.0).detach())
    train(game, TrainingOptions(steps=60, batch_size=2, learning_rate=2e-3), TrainingContext(0))
    assert float(game.loss([0, 1], 1.0).detach()) < 0.3 * before
    assert found_again(made, bitext, -1) == 100.0


def test_the_heavier_the_anchor_the_less_the_parameters_move():
    options = {"steps": 40, "batch_size": 8, "learning_rate": 1e-3, "links": "dictionary"}
    moved = [fitted(RealignOptions(**options, anchor=weight))[1]["distance"] for weight in (0.0, 1.0, 1e6)]
    assert all(more > less for more, less in pairwise(moved))
    assert moved[-1] < 0.1 * moved[0]


def test_the_distance_is_that_of_all_parameters_and_has_a_gradient_of_zero_at_the_start():
    made = encoder()
    bitext = tokenized(made, [("sky", "skyde")], [[((0, 1), (0, 1))]], ("en", "de"), 32)
    game = Realigning(made, [bitext], RealignOptions(), seed=0)
    game.distance().backward()
    assert all(float(one.grad.abs().sum()) == 0.0 for one in made.module.parameters())
    with torch.no_grad():
        made.embeddings()[0][7, :16] += 0.5
    assert float(game.distance().detach()) == pytest.approx(2.0)


FROZEN = {
    "none": set(),
    "embeddings": {"embeddings.word_embeddings"},
    "lower-half": {"embeddings.", "encoder.layer.0.", "encoder.layer.1."},
    "upper-half": {"encoder.layer.2.", "encoder.layer.3.", "pooler."},
}


@pytest.mark.parametrize(("what", "held"), FROZEN.items())
def test_what_is_frozen_does_not_move_and_the_rest_does(what, held):
    made = deep()
    before = tiny.weights(made)
    after, _ = fitted(RealignOptions(**FEW, freeze=what), on=made)
    for name, value in tiny.weights(after).items():
        still = any(part in name for part in held) or "pooler" in name  # which no state goes through
        free = "key.bias" in name  # which a softmax over keys does not see
        assert free or torch.equal(value, before[name]) == still, name
    assert all(parameter.requires_grad for parameter in after.module.parameters()), "only while it is realigned"


def test_halves_of_a_model_without_layers_are_refused():
    made = encoder()
    made.tower("en").module.config.num_hidden_layers = 7
    with pytest.raises(StageError, match="the model has none of its 7"), frozen(made, "upper-half"):
        pass


@pytest.fixture(scope="module")
def outcomes():
    options = {"steps": 120, "batch_size": 16, "learning_rate": 2e-3, "links": "dictionary"}
    return {loss: fitted(RealignOptions(**options, loss=loss))[1] for loss in ("strong", "weak")}


@pytest.mark.parametrize("loss", ["strong", "weak"])
def test_words_of_sentences_that_were_kept_back_find_each_other(outcomes, loss):
    logged = outcomes[loss]
    assert logged["found_again"]["de"] > logged["found_again_before"]["de"] + 20
    assert logged["losses"][-1] < logged["losses"][0]
    assert "degenerate" not in logged


def test_the_ledger_tells_updates_sentences_and_links(outcomes):
    logged = outcomes["strong"]
    assert (logged["updates"], logged["sentences"]) == (120, {"de": 108})
    assert logged["links"]["de"] > 3 * 108
    assert logged["distance"] > 0


def test_a_run_after_which_fewer_words_find_each_other_is_degenerate():
    made = encoder()
    fitted(RealignOptions(**{**FEW, "steps": 120, "batch_size": 16, "learning_rate": 2e-3}), on=made)
    _, logged = fitted(RealignOptions(**{**FEW, "steps": 20, "learning_rate": 1.0}), on=made)
    assert logged["degenerate"].endswith("less often than before")


@pytest.mark.parametrize("links", ["argmax", "dictionary"])
def test_a_seed_decides_every_bit(links):
    options = RealignOptions(**{**FEW, "links": links})
    first, again, other = (tiny.weights(fitted(options, context(seed=seed))[0]) for seed in (1, 1, 2))
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


def test_a_realigned_encoder_is_saved_and_read_back_to_the_bit(tmp_path):
    after, _ = fitted(RealignOptions(**FEW))
    assert not tiny.same(tiny.weights(after), tiny.weights(encoder()))
    REALIGN.save(after, tmp_path)
    assert tiny.same(tiny.weights(REALIGN.load(encoder(), tmp_path)), tiny.weights(after))


def test_paired_monolingual_models_are_realigned_both():
    made = tiny.paired(en=1, de=2)
    before = tiny.weights(made)
    after, _ = fitted(RealignOptions(**FEW), on=made)
    changed = {name.split(".")[0] for name, one in tiny.weights(after).items() if not torch.equal(one, before[name])}
    assert changed == {"tower_en", "tower_de"}


@pytest.mark.parametrize("links", ["argmax", "dictionary"])
def test_it_reads_what_it_declares(links):
    given, options = context(), RealignOptions(**{**FEW, "links": links})
    fitted(options, given)
    assert {what for _, what in given.read} == REALIGN.needs(options)
    assert REALIGN.scope(options) is Scope.JOINT


def test_without_links_or_layer_it_is_refused():
    given = context(pairs=[("sky", "xde")] * 9)
    with pytest.raises(StageError, match="needs 2 pairs of sentences with linked words or more; de has 0"):
        fitted(RealignOptions(**FEW), given)
    with pytest.raises(ModelError, match="there is no layer 8"):
        fitted(RealignOptions(**FEW, layer=8))
    with pytest.raises(StageError, match="no parallel sentences of en that could be linked"):
        fitted(RealignOptions(**FEW), tiny.ToyContext(targets=("de",)))


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"max_pairs": 1}, {"anchor": -1.0}, {"temperature": 0.0}])
def test_a_wrong_option_is_refused(wrong):
    with pytest.raises(ValueError, match=r"or more|above 0"):
        RealignOptions(**wrong)

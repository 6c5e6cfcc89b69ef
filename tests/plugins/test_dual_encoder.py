"""Translation ranking: the identities of the margin softmax, and what it does to a cipher."""

import itertools
import math

import pytest
import torch
from xbench_aligners.bitext import batches, read
from xbench_aligners.dual_encoder import DualEncoder, DualEncoderOptions
from xbench_aligners.ranking import MarginRankingLoss
from xbench_aligners.sentence_training import Sentences, wrapped

from tests.plugins import bitexts, tiny
from xbench import testing
from xbench.contracts import Resource, Scope
from xbench.errors import ScopeError, StageError, UsageError
from xbench.options import resolve

RANKING = DualEncoder()
OPTIONS = DualEncoderOptions(steps=60, batch_size=32, learning_rate=5e-3)
BRIEF = DualEncoderOptions(steps=4, batch_size=8, learning_rate=1e-3)
MODEL = wrapped(bitexts.student("de"))


def loss(first, second, scale=20.0, margin=0.3):
    return float(MarginRankingLoss(MODEL, scale, margin).compute_loss_from_embeddings([first, second]))


def sides(rows=8, width=16, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(rows, width, generator=draw, dtype=torch.float64) for _ in range(2)]


def ranked(encoder, options=OPTIONS, given=None):
    """The encoder and what was logged."""
    given = given or bitexts.context("de")
    return RANKING.fit(encoder, options, given), given.logged


def test_without_a_margin_it_is_the_cross_entropy_of_both_directions():
    first, second = sides()
    cosines = torch.nn.functional.normalize(first, dim=-1) @ torch.nn.functional.normalize(second, dim=-1).T
    places = torch.arange(8)
    plain = sum(torch.nn.functional.cross_entropy(20 * one, places) for one in (cosines, cosines.T))
    assert loss(first, second, margin=0.0) == pytest.approx(float(plain), abs=1e-9)


def test_it_is_the_formula_term_by_term():
    first, second = (torch.nn.functional.normalize(side, dim=-1) for side in sides(5))
    total = 0.0
    for one, other in ((first, second), (second, first)):
        for at in range(5):
            scores = [20 * (float(one[at] @ other[to]) - 0.3 * (at == to)) for to in range(5)]
            total -= (scores[at] - math.log(sum(map(math.exp, scores)))) / 5
    assert loss(first, second) == pytest.approx(total, abs=1e-9)


def test_it_grows_with_the_margin():
    values = [loss(*sides(), margin=tenths / 10) for tenths in range(10)]
    assert all(before < after for before, after in itertools.pairwise(values))


def test_to_swap_the_sides_changes_nothing():
    first, second = sides()
    assert loss(first, second) == pytest.approx(loss(second, first), abs=1e-9)


def test_the_order_of_the_batch_changes_nothing():
    first, second = sides()
    order = torch.tensor([3, 1, 7, 0, 5, 2, 6, 4])
    assert loss(first[order], second[order]) == pytest.approx(loss(first, second), abs=1e-9)


@pytest.mark.parametrize("rows", [2, 8, 13])
def test_perfect_pairs_have_the_loss_that_the_closed_form_gives(rows):
    perfect = torch.eye(16, dtype=torch.float64)[:rows]
    wanted = 2 * math.log1p((rows - 1) * math.exp(-20 * (1 - 0.3)))
    assert loss(perfect, perfect) == pytest.approx(wanted, abs=1e-9)
    assert rows != 8 or wanted == pytest.approx(1.1641e-5, abs=5e-10)


def test_a_low_precision_outside_does_not_round_the_scores():
    first, second = (side.float() for side in sides())
    with torch.autocast("cpu", torch.bfloat16):
        inside = loss(first, second)
    assert inside == loss(first, second)


def test_it_learns_a_cipher():
    encoder = bitexts.student("de")
    assert bitexts.found(encoder, "de") < 10
    after, logged = ranked(encoder)
    assert bitexts.found(after, "de") >= 95
    assert bitexts.gap(after, "de") >= 0.5
    assert after.pooling == "mean"
    assert "degenerate" not in logged
    assert logged["losses"][-1] < logged["losses"][0] / 5
    assert logged["cosines"]["de"]["pairs"] > 0.9 > logged["cosines"]["de"]["others"] + 0.5


def test_what_was_done_is_logged():
    _, logged = ranked(bitexts.student("de"), BRIEF, bitexts.context("de", rows=40))
    assert set(logged) == {
        "steps",
        "precision",
        "trained_parameters",
        "losses",
        "tokens",
        "pairs",
        "cosines_before",
        "cosines",
    }
    assert (logged["steps"], logged["pairs"]) == (4, {"de": 40})
    assert 4 * 8 * 2 * 5 <= logged["tokens"] <= 4 * 8 * 2 * 9, "two special tokens and three to seven words a side"


def test_vectors_that_go_to_a_point_are_reported(monkeypatch):
    from xbench_aligners import sentence_training

    def flatten(objective, options, context):
        module = objective.sentences.encoder.tower("en").module
        with torch.no_grad():
            module.encoder.layer[-1].output.LayerNorm.bias.add_(5.0)
        return original(objective, options, context)

    original = sentence_training.train
    monkeypatch.setattr(sentence_training, "train", flatten)
    _, logged = ranked(bitexts.student("de"), DualEncoderOptions(steps=1, batch_size=4, learning_rate=1e-9))
    assert "became alike" in logged["degenerate"]


def test_a_batch_is_of_one_language_and_has_no_text_twice():
    rows = [("one", "un"), ("one", "une"), ("two", "un"), ("two", "deux"), ("three", "trois"), ("three", "trois")]
    found = {(Resource.PARALLEL, "fr"): rows, (Resource.PARALLEL, "de"): bitexts.pairs("de", 30)}
    given = tiny.ToyContext(paired_with=found, targets=("fr", "de"))
    bitext = read(tiny.encoder("en"), BRIEF, given)
    assert [len(of) for of in bitext.languages.values()] == [5, 30], "a pair that is repeated counts once"
    drawn = batches(bitext, 200, 8, 0.5, seed=0)
    languages = [{name for name, of in bitext.languages.items() for pair in batch if pair in of} for batch in drawn]
    assert {tuple(one) for one in languages} == {("fr",), ("de",)}
    for batch in drawn:
        texts = [text for pair in batch for text in bitext.pairs[pair]]
        assert len(set(texts)) == len(texts) == 2 * len(batch)
    assert {len(batch) for batch, of in zip(drawn, languages, strict=True) if of == {"de"}} == {8}
    assert {pair for batch in drawn for pair in batch} == set(range(35)), "the turn of each comes"


def test_a_wrapped_encoder_shares_its_weights():
    encoder = bitexts.paired("de")
    model = wrapped(encoder)
    assert {id(one) for one in model.parameters()} == {id(one) for one in encoder.module.parameters()}
    assert model.get_embedding_dimension() == encoder.dimension


def test_each_text_goes_through_the_tower_of_its_language_and_comes_back_to_its_place():
    encoder = bitexts.paired("de", "sw")
    bitext = read(encoder, BRIEF, bitexts.context("de", "sw", rows=5))
    module = Sentences(encoder)
    for side, picked in ((0, [0, 7, 3]), (1, [9, 0, 6, 1])):
        texts = [bitext.pairs[pair][side] for pair in picked]
        with torch.no_grad():
            together = module(module.features(bitext.tokens, texts))["sentence_embedding"]
            alone = [module(module.features(bitext.tokens, [text]))["sentence_embedding"] for text in texts]
        assert torch.allclose(together, torch.cat(alone), atol=1e-5)


def test_paired_towers_are_trained_both():
    encoder = bitexts.paired("de")
    before = tiny.weights(encoder)
    after, _ = ranked(encoder, BRIEF)
    changed = {name.split(".")[0] for name, one in tiny.weights(after).items() if not torch.equal(one, before[name])}
    assert changed == {"tower_en", "tower_de"}


def test_a_seed_decides_every_bit():
    first, again, other = (
        tiny.weights(ranked(bitexts.student("de"), BRIEF, bitexts.context("de", seed=seed))[0]) for seed in (1, 1, 2)
    )
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


def test_an_aligned_encoder_is_saved_and_read_back_to_the_bit(tmp_path):
    after, _ = ranked(bitexts.student("de"), BRIEF)
    RANKING.save(after, tmp_path)
    again = RANKING.load(bitexts.student("de"), tmp_path)
    assert tiny.same(tiny.weights(again), tiny.weights(after))
    assert again.pooling == after.pooling == "mean"


def test_it_reads_the_parallel_sentences_of_all_targets_that_have_some_and_nothing_else():
    testing.check_aligner(RANKING)
    assert (RANKING.needs(OPTIONS), RANKING.scope(OPTIONS)) == (frozenset({Resource.PARALLEL}), Scope.JOINT)
    given = bitexts.context("de", "sw", rows=20)
    given.targets = ("de", "fr", "sw")
    ranked(bitexts.student("de", "sw"), BRIEF, given)
    assert given.read == [("de", "parallel sentences"), ("sw", "parallel sentences")]


def test_without_pairs_there_is_nothing_to_rank():
    with pytest.raises(StageError, match="no parallel sentences of en with de"):
        ranked(bitexts.student("de"), BRIEF, tiny.ToyContext(targets=("de",)))
    lonely = {(Resource.PARALLEL, "de"): [("bal", "balde"), ("bal", "balde"), ("bem", " ")]}
    with pytest.raises(StageError, match="2 pairs or more; de has 1"):
        ranked(bitexts.student("de"), BRIEF, tiny.ToyContext(paired_with=lonely, targets=("de",)))
    with pytest.raises(ScopeError):
        bitexts.context("de").pairs(Resource.PARALLEL, "sw")


@pytest.mark.parametrize("wrong", [{"scale": "0"}, {"margin": "-1"}, {"alpha": "2"}, {"batch_size": "1"}, {"tau": "1"}])
def test_a_wrong_option_is_refused(wrong):
    with pytest.raises(UsageError, match="dual-encoder"):
        resolve(DualEncoderOptions, "dual-encoder", wrong)

"""Contrast without pairs: the loss of SimCSE, and that it spreads a random encoder's sentences."""

import pytest
import torch
from xbench_aligners.bitext import read_alone
from xbench_aligners.ranking import RankingLoss
from xbench_aligners.sentence_training import Lessons, PairsObjective, wrapped
from xbench_aligners.simcse import Simcse, SimcseOptions

from tests.plugins import bitexts, tiny
from xbench import testing
from xbench.contracts import Resource, Scope
from xbench.errors import StageError, UsageError
from xbench.options import resolve

SIMCSE = Simcse()
BRIEF = SimcseOptions(steps=4, batch_size=8, learning_rate=1e-3)


def context(rows=100, seed=0):
    return tiny.ToyContext(texts={"en": [one for one, _ in bitexts.pairs("de", rows)]}, seed=seed)


def spread(encoder, options=BRIEF, given=None):
    """The encoder and what was logged."""
    given = given or context()
    return SIMCSE.fit(encoder, options, given), given.logged


def test_it_is_the_cross_entropy_of_a_sentence_with_itself():
    encoder, given = bitexts.student("de"), context(8)
    bitext = read_alone(encoder, BRIEF, given)
    objective = PairsObjective(Lessons(bitext, [range(8)], RankingLoss(wrapped(encoder), 20.0), splittable=False))
    draw = torch.Generator().manual_seed(0)
    u, v = (torch.nn.functional.normalize(torch.randn(8, 5, generator=draw), dim=-1) for _ in range(2))
    found = objective.module.compute_loss_from_embeddings([u, v])
    assert float(found) == pytest.approx(float(torch.nn.functional.cross_entropy(20 * u @ v.T, torch.arange(8))))
    objective.module.eval()
    same = [float(objective.loss([0], 0.0).detach()) for _ in range(2)]
    objective.module.train()
    torch.manual_seed(0)
    other = [float(objective.loss([0], 0.0).detach()) for _ in range(2)]
    assert same[0] == same[1], "without dropout both passes are one"
    assert len({*same, *other}) == 3


def test_it_spreads_the_sentences():
    after, logged = spread(bitexts.student("de"), SimcseOptions(steps=60, batch_size=32, learning_rate=3e-3))
    assert logged["cosines"]["en"]["others"] < logged["cosines_before"]["en"]["others"] - 0.3
    assert logged["losses"][-1] < logged["losses"][0] / 2
    assert (logged["texts"], logged["steps"]) == (100, 60)
    assert "degenerate" not in logged
    assert after.pooling == "mean"


def test_a_seed_decides_every_bit():
    first, again, other = (
        tiny.weights(spread(bitexts.student("de"), BRIEF, context(seed=seed))[0]) for seed in (1, 1, 2)
    )
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


def test_an_aligned_encoder_is_saved_and_read_back_to_the_bit(tmp_path):
    after, _ = spread(bitexts.student("de"))
    SIMCSE.save(after, tmp_path)
    again = SIMCSE.load(bitexts.student("de"), tmp_path)
    assert tiny.same(tiny.weights(again), tiny.weights(after))
    assert again.pooling == after.pooling == "mean"


def test_it_reads_the_source_and_nothing_else():
    testing.check_aligner(SIMCSE)
    assert (SIMCSE.needs(BRIEF), SIMCSE.scope(BRIEF)) == (frozenset({Resource.SOURCE_TEXT}), Scope.SOURCE)
    given = context()
    spread(bitexts.student("de"), BRIEF, given)
    assert given.read == []


def test_one_text_is_too_few():
    with pytest.raises(StageError, match="contrasted with others; en has 1"):
        spread(bitexts.student("de"), BRIEF, tiny.ToyContext(texts={"en": ["bal", "bal", " "]}))


def test_no_more_texts_are_read_than_asked_for():
    assert len(read_alone(bitexts.student("de"), SimcseOptions(max_texts=10), context()).sources) == 10


@pytest.mark.parametrize("wrong", [{"scale": "0"}, {"max_texts": "1"}, {"batch_size": "1"}, {"alpha": "1"}])
def test_a_wrong_option_is_refused(wrong):
    with pytest.raises(UsageError, match="simcse"):
        resolve(SimcseOptions, "simcse", wrong)

"""Cached gradients: a batch that is encoded in parts has the gradient of one that is encoded whole."""

import pytest
import torch
from xbench_aligners.bitext import read
from xbench_aligners.dual_encoder import DualEncoder, DualEncoderOptions
from xbench_aligners.ranking import MarginRankingLoss, RankingLoss
from xbench_aligners.sentence_training import Lessons, PairsObjective, wrapped
from xbench_aligners.simcse import SimcseOptions
from xbench_encoders.encoder import TransformerEncoder

from tests.plugins import bitexts, test_dual_encoder, test_simcse, tiny
from xbench.errors import UsageError
from xbench.options import resolve

ROWS = 13
PARTS = [1, 4, 5, 13, 99]
LOSSES = {"margin": lambda model, size: MarginRankingLoss(model, 20.0, 0.3, size),
          "itself": lambda model, size: RankingLoss(model, 20.0, size)}  # fmt: skip
ENCODERS = {"one": bitexts.student, "paired": bitexts.paired}


def objective(make, micro_batch, loss="margin", languages=("de", "sw")):
    """Of one group, which has pairs of both languages."""
    encoder = make(*languages)
    bitext = read(encoder, DualEncoderOptions(), bitexts.context(*languages, rows=10))
    group = [range(20 - ROWS, 20)]
    return PairsObjective(Lessons(bitext, group, LOSSES[loss](wrapped(encoder), micro_batch), splittable=False))


def gradients(made, seed=0):
    """The loss, and the gradient of every weight; dropout is drawn from the seed."""
    torch.manual_seed(seed)
    loss = made.loss([0], 0.0)
    loss.backward()
    found = {name: one.grad for name, one in made.sentences.named_parameters() if one.grad is not None}
    return float(loss.detach()), found


def assert_same(found, wanted, tolerance=1e-5):
    assert found[0] == pytest.approx(wanted[0], abs=tolerance)
    assert found[1].keys() == wanted[1].keys()
    assert max(float(one.abs().max()) for one in wanted[1].values()) > 100 * tolerance, "there is something to compare"
    for name, one in wanted[1].items():
        assert torch.allclose(found[1][name], one, atol=tolerance), name


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("make", ENCODERS)
@pytest.mark.parametrize("micro_batch", PARTS)
def test_without_dropout_the_gradient_is_that_of_the_whole_batch(micro_batch, make, loss):
    whole, cached = (objective(ENCODERS[make], size, loss) for size in (None, micro_batch))
    for one in (whole, cached):
        one.module.eval()
    assert_same(gradients(cached), gradients(whole))


class Graphed(torch.nn.Module):
    """The parts of each side encoded one after the other, all of their graphs kept: what caching is to be equal to."""

    def __init__(self, loss, size):
        super().__init__()
        self.loss, self.model, self.size = loss, loss.model, size

    def forward(self, columns, labels=None):
        sides = []
        for column in columns:
            parts = torch.split(column["texts"], self.size)
            sides.append(torch.cat([self.model({**column, "texts": part})["sentence_embedding"] for part in parts]))
        return self.loss.compute_loss_from_embeddings(sides, labels)


@pytest.mark.parametrize("micro_batch", [1, 4, 13])
def test_the_second_pass_has_the_dropout_of_the_first(micro_batch):
    cached, graphed = objective(bitexts.student, micro_batch), objective(bitexts.student, None)
    graphed.module = Graphed(graphed.module, micro_batch)
    for one in (cached, graphed):
        one.module.train()
    wanted = gradients(graphed)
    assert_same(gradients(cached), wanted)
    other = gradients(objective(bitexts.student, micro_batch), seed=1)
    assert other[0] != pytest.approx(wanted[0], abs=1e-4), "there is dropout"


def test_what_is_drawn_after_it_does_not_depend_on_the_second_pass():
    drawn = []
    for backward in (True, False):
        made = objective(bitexts.student, 4)
        made.module.train()
        torch.manual_seed(0)
        loss = made.loss([0], 0.0)
        if backward:
            loss.backward()
        drawn.append(float(torch.rand(1)))
    assert drawn[0] == drawn[1]


def sizes(monkeypatch):
    """How many texts are encoded at a time in training, with a graph or without, and whether in a low precision."""
    seen, states = [], TransformerEncoder.states

    def watched(encoder, batch, layer=None):
        if encoder.module.training:
            seen.append((len(batch.ids), torch.is_grad_enabled(), torch.is_autocast_enabled("cpu")))
        return states(encoder, batch, layer)

    monkeypatch.setattr(TransformerEncoder, "states", watched)
    return seen


def test_no_more_texts_than_asked_for_are_encoded_at_once(monkeypatch):
    made, seen = objective(bitexts.student, 5), sizes(monkeypatch)
    made.module.train()
    gradients(made)
    for with_graph in (True, False):
        assert [size for size, graph, _ in seen if graph == with_graph] == [5, 5, 3] * 2


def test_both_passes_have_the_precision_that_was_asked_for(monkeypatch):
    for precision in ("fp32", "bf16"):
        with monkeypatch.context() as patch:
            seen = sizes(patch)
            options = DualEncoderOptions(steps=1, batch_size=8, micro_batch=4, precision=precision)
            test_dual_encoder.ranked(bitexts.student("de"), options)
        assert {(graph, low) for _, graph, low in seen} == {(graph, precision == "bf16") for graph in (True, False)}


def steady():
    """An encoder without dropout."""
    encoder = bitexts.student("de")
    for module in encoder.module.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return encoder


@pytest.mark.parametrize("options", [DualEncoderOptions, SimcseOptions])
def test_a_whole_training_is_the_same(options):
    brief = {"steps": 12, "batch_size": 8, "learning_rate": 1e-3}
    fit = test_dual_encoder.ranked if options is DualEncoderOptions else test_simcse.spread
    (whole, told), (cached, logged) = (fit(steady(), options(**brief, micro_batch=size)) for size in (None, 3))
    assert logged["losses"] == pytest.approx(told["losses"], rel=1e-3)
    assert logged["losses"][-1] < logged["losses"][0]
    before, after = tiny.weights(whole), tiny.weights(cached)
    assert all(torch.allclose(after[name], one, atol=1e-3) for name, one in before.items())


def test_a_seed_decides_every_bit():
    first, again = (
        tiny.weights(DualEncoder().fit(bitexts.student("de"), DualEncoderOptions(steps=3, batch_size=8, micro_batch=3),
                                       bitexts.context("de"))) for _ in range(2)
    )  # fmt: skip
    assert tiny.same(first, again)


@pytest.mark.parametrize("wrong", ["0", "-3", "1.5", "all"])
@pytest.mark.parametrize("options", [DualEncoderOptions, SimcseOptions])
def test_a_wrong_size_is_refused(options, wrong):
    assert resolve(options, "aligner", {"micro_batch": "3"}).micro_batch == 3
    with pytest.raises(UsageError, match="micro_batch"):
        resolve(options, "aligner", {"micro_batch": wrong})

"""Adversarial alignment by turns, and the choice among several runs."""

import pytest
import torch
from xbench_aligners.adversarial import Adversarial, AdversarialOptions
from xbench_encoders.training import train

from tests.plugins import tiny
from tests.plugins.test_adversarial import aligned, context, game, shifted

TURNS = {"steps": 12, "batch_size": 8, "learning_rate": 1e-3, "lambda_max": 1.0, "hidden": 16}


def shrink(encoder, factor):
    with torch.no_grad():
        for name, parameter in encoder.module.named_parameters():
            if "output.LayerNorm" in name:
                parameter.mul_(factor)


def collapsing(monkeypatch, *numbers):
    """Make the runs of these numbers collapse."""
    made = []

    def broken(played, options, context):
        log = train(played, options, context)
        if len(made) in numbers:
            shrink(played.encoder, 0.1)
        made.append(context.seed)
        return log

    monkeypatch.setattr("xbench_aligners.reversal.train", broken)
    return made


def test_a_turn_of_the_discriminator_leaves_the_encoder_and_a_turn_of_the_encoder_the_discriminator():
    played = game(shifted(), AdversarialOptions(**TURNS, mode="alternating"), "en", "de")
    for progress, moved, still in (
        (0.8, played.adversary.discriminator, played.encoder.module),
        (0.9, played.encoder.module, played.adversary.discriminator),
    ):
        played.module.zero_grad()
        played.loss(range(8), progress).backward()
        assert all(parameter.grad is None for parameter in still.parameters())
        assert any(parameter.grad is not None and parameter.grad.any() for parameter in moved.parameters())


def test_an_alignment_by_turns_is_another_than_one_by_reversal_and_as_repeatable():
    first, again, other = (
        tiny.weights(aligned(shifted(), AdversarialOptions(**TURNS, mode=mode))[0])
        for mode in ("alternating", "alternating", "reversal")
    )
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


def test_turns_take_the_language_away_from_the_discriminator():
    found = {}
    for weight in (0.0, 1.0):
        rates = {"learning_rate": 4e-3, "discriminator_learning_rate": 1e-2}
        options = AdversarialOptions(steps=80, lambda_max=weight, anchor=0.1, hidden=32, mode="alternating", **rates)
        found[weight] = aligned(shifted(), options)[1]["discriminator_in_loop"]
    assert found[0.0] > 95
    assert found[1.0] < 80


def test_by_turns_without_lambda_the_encoder_stays_as_it_was_to_the_bit():
    encoder = shifted()
    before = tiny.weights(encoder)
    options = AdversarialOptions(**TURNS | {"lambda_max": 0.0}, mode="alternating")
    assert tiny.same(before, tiny.weights(aligned(encoder, options)[0]))


def test_the_first_of_several_runs_is_the_only_one_of_one():
    given = context("de", seed=4)
    alone, _ = aligned(shifted(), AdversarialOptions(**TURNS), context("de", seed=4))
    after, logged = aligned(shifted(), AdversarialOptions(**TURNS, restarts=3), given)
    tried = logged["restarts"]
    assert len({one["seed"] for one in tried}) == 3
    assert tried[0]["seed"] == 4
    best = min(tried, key=lambda one: abs(one["probe_fresh_linear"] - 50))
    assert {name: logged[name] for name in best if name != "seed"} == {
        name: best[name] for name in best if name != "seed"
    }
    assert tiny.same(tiny.weights(after), tiny.weights(alone)) is (best is tried[0])


def test_of_several_runs_one_that_did_not_collapse_is_kept(monkeypatch):
    seeds = collapsing(monkeypatch, 0, 2)
    after, logged = aligned(shifted(), AdversarialOptions(**TURNS, restarts=3))
    assert [one["collapsed"] for one in logged["restarts"]] == [True, False, True]
    assert "degenerate" not in logged
    monkeypatch.undo()
    assert logged["feature_norm_ratio"] > 0.5
    assert not logged["collapsed"]
    assert seeds[1] == logged["restarts"][1]["seed"] != 0
    assert not tiny.same(tiny.weights(after), tiny.weights(aligned(shifted(), AdversarialOptions(**TURNS))[0]))


def test_where_every_run_collapses_the_result_says_that_it_is_degenerate(monkeypatch):
    collapsing(monkeypatch, 0, 1)
    _, logged = aligned(shifted(), AdversarialOptions(**TURNS, restarts=2))
    assert logged["collapsed"]
    assert logged["degenerate"].startswith("the adversary made the states collapse")


def test_a_run_without_a_collapse_is_no_degenerate_one():
    assert "degenerate" not in aligned(shifted(), AdversarialOptions(**TURNS))[1]


def test_progress_goes_over_all_runs():
    class Watched(tiny.ToyContext):
        def progress(self, step, steps, loss):
            self.read.append((step, steps))

    given = Watched(texts=context("de").texts, targets=("de",))
    Adversarial().fit(shifted(), AdversarialOptions(**TURNS, restarts=2), given)
    assert given.read == [(step, 24) for step in range(1, 25)]


def test_no_runs_are_refused():
    with pytest.raises(ValueError, match="restarts counts the runs"):
        AdversarialOptions(restarts=0)

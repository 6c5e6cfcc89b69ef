"""Adversarial alignment: the layer and schedule of Ganin et al. 2016, the game, and what it does to a toy."""

import itertools
import random

import pytest
import torch
from xbench_aligners.adversarial import Adversarial, AdversarialOptions
from xbench_aligners.reversal import ReversalGame
from xbench_encoders.adversary import Discriminator, Reversal, Sides, strength
from xbench_encoders.probe import probe_accuracy
from xbench_encoders.training import TrainingContext, TrainingOptions, train
from xbench_methods.finetune import Finetune, FinetuneOptions

from tests.plugins import tiny
from xbench.contracts import Scope, Split
from xbench.errors import ModelError, StageError

ADVERSARIAL = Adversarial()
OPTIONS = AdversarialOptions(steps=60, batch_size=16, learning_rate=3e-3, lambda_max=1.0, anchor=0.1, hidden=32)


def shifted(seed=0):
    """An encoder for which German is English moved by one direction: a language axis that can be removed."""
    encoder = tiny.encoder("en", "de", seed=seed)
    tokenizer, table = encoder.tower("en").tokenizer, encoder.embeddings()[0]
    axis = torch.randn(table.shape[1], generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        table.mul_(5.0)  # the initial 0.02 is small beside the positions
        for word in tiny.WORDS:
            english, german = tokenizer.convert_tokens_to_ids([word, tiny.spoken(word, "de")])
            table[german] = table[english] + 0.05 * axis
    return encoder


def sentences(language, rows=200, seed=0):
    draw = random.Random(f"{language} {seed}")
    chosen = (draw.sample(tiny.WORDS, draw.randint(3, 6)) for _ in range(rows))
    return [" ".join(tiny.spoken(word, language) for word in words) for words in chosen]


def context(*targets, source="en", seed=0, rows=200):
    texts = {language: sentences(language, rows, seed) for language in (source, *targets)}
    return tiny.ToyContext(texts=texts, targets=targets, source=source, seed=seed)


def aligned(encoder, options=OPTIONS, given=None):
    """The encoder and what was logged."""
    given = given or context("de")
    return ADVERSARIAL.fit(encoder, options, given), given.logged


def both(encoder, *languages, rows=60):
    texts = [encoder.tokenize(sentences(language, rows), None, language, 32) for language in languages]
    return Sides(encoder, texts, seed=0)


def game(encoder, options=OPTIONS, *languages, rows=60):
    return ReversalGame(encoder, both(encoder, *languages, rows=rows), options, seed=0)


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0, 3.0])
def test_the_gradient_through_the_reversal_is_minus_lambda_times_the_one_behind_it(weight):
    states = torch.randn(4, 3, requires_grad=True)
    downstream = torch.randn(4, 3)
    passed = Reversal.apply(states, weight)
    assert torch.equal(passed, states)
    passed.backward(downstream)
    assert torch.equal(states.grad, -weight * downstream)


def test_the_discriminator_gets_the_unscaled_gradient():
    states, wanted = torch.randn(8, 4), torch.tensor([0.0, 1.0] * 4)
    gradients = []
    discriminator = Discriminator(4, 8)
    for weight in (0.0, 0.5):
        discriminator.zero_grad()
        scores = discriminator(Reversal.apply(states.requires_grad_(), weight))
        torch.nn.functional.binary_cross_entropy_with_logits(scores, wanted).backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in discriminator.parameters()]))
    assert torch.equal(*gradients)
    assert gradients[0].abs().sum() > 0


def test_lambda_follows_the_schedule_of_the_paper():
    table = {0: 0.0, 0.1: 0.462117, 0.25: 0.848284, 0.5: 0.986614, 0.75: 0.998894, 1: 0.999909}
    assert {at: strength(at, 1.0) for at in table} == pytest.approx(table, abs=1e-6)
    assert strength(0.5, 0.1) == pytest.approx(0.0986614, abs=1e-7)


def test_lambda_grows_from_zero_all_the_way():
    values = [strength(step / 1000, 1.0) for step in range(1001)]
    assert values[0] == 0.0
    assert all(before < after for before, after in itertools.pairwise(values))


def test_without_lambda_the_encoder_stays_as_it_was_to_the_bit():
    encoder = shifted()
    before = tiny.weights(encoder)
    after, _ = aligned(encoder, AdversarialOptions(steps=20, batch_size=8, lambda_max=0.0))
    assert tiny.same(before, tiny.weights(after))


def test_without_lambda_fine_tuning_predicts_what_it_predicts_alone():
    def predictions(encoder):
        given = tiny.ToyContext({("en", Split.TRAIN): tiny.coloured("en", 48)})
        options = FinetuneOptions(epochs=2, learning_rate=1e-3)
        predictor = Finetune().fit(encoder, tiny.ToyTask(), options, given)
        return predictor.predict(tiny.coloured("de", 30, seed=1).inputs, "de")

    after, _ = aligned(shifted(), AdversarialOptions(steps=10, batch_size=8, lambda_max=0.0))
    assert predictions(after).equals(predictions(shifted()))


def test_one_step_of_the_encoder_makes_a_frozen_discriminator_worse():
    encoder = shifted()
    played = game(encoder, AdversarialOptions(lambda_max=0.0, hidden=32), "en", "de")
    train(played, TrainingOptions(steps=60, batch_size=16, learning_rate=1e-3), TrainingContext(0))
    played.options = played.adversary.options = AdversarialOptions(lambda_max=1.0, anchor=0.0, hidden=32)
    rows = range(32)
    before = played.loss(rows, progress=1.0)
    played.module.zero_grad()
    before.backward()
    torch.optim.SGD(encoder.module.parameters(), lr=0.01).step()
    assert float(played.loss(rows, progress=1.0).detach()) > float(before.detach()) + 1e-4


@pytest.fixture(scope="module")
def outcomes():
    """What is logged without and with the adversary, on the toy with a removable language axis."""
    return {weight: aligned(shifted(), _with(weight))[1] for weight in (0.0, 1.0)}


def _with(weight):
    return AdversarialOptions(steps=300, batch_size=16, learning_rate=1e-3, lambda_max=weight, anchor=0.1, hidden=32)


def test_alignment_takes_the_language_away_from_the_discriminator(outcomes):
    assert outcomes[0.0]["discriminator_in_loop"] > 95
    assert outcomes[1.0]["discriminator_in_loop"] < 80


def test_both_readings_of_the_discriminator_are_logged(outcomes):
    for logged in outcomes.values():
        assert set(logged) == {
            "steps", "precision", "trained_parameters", "discriminator_in_loop", "probe_fresh_linear_before",
            "probe_fresh_linear", "feature_norm_ratio", "collapsed", "curve",
        }  # fmt: skip
        assert logged["steps"] == 300
        assert logged["probe_fresh_linear_before"] > 90
        assert 0 <= logged["probe_fresh_linear"] <= 100
    assert outcomes[0.0]["probe_fresh_linear"] == outcomes[0.0]["probe_fresh_linear_before"]


def test_the_curve_has_lambda_and_accuracy_at_every_tenth(outcomes):
    curve = outcomes[1.0]["curve"]
    assert [point["progress"] for point in curve] == [tenth / 10 for tenth in range(10)]
    assert curve[1]["lambda"] == pytest.approx(0.462117, abs=1e-6)
    assert all(0 <= point["accuracy"] <= 1 for point in curve)


def test_the_toy_does_not_collapse(outcomes):
    assert not outcomes[1.0]["collapsed"]


def test_shrinking_features_are_reported_as_a_collapse(monkeypatch):
    def shrink(game, options, context):
        with torch.no_grad():
            for name, parameter in game.encoder.module.named_parameters():
                if "output.LayerNorm" in name:
                    parameter.mul_(0.1)
        return train(game, options, context)

    monkeypatch.setattr("xbench_aligners.reversal.train", shrink)
    _, logged = aligned(shifted(), AdversarialOptions(steps=1, batch_size=4, lambda_max=0.0, anchor=0.0))
    assert logged["collapsed"]
    assert logged["feature_norm_ratio"] < 0.5


@pytest.mark.parametrize("steps", [1, 3])
def test_a_few_steps_give_readings_that_are_numbers(steps):
    _, logged = aligned(shifted(), AdversarialOptions(steps=steps, batch_size=4))
    assert 0 <= logged["discriminator_in_loop"] <= 100


@pytest.mark.parametrize(
    "encoder", [tiny.encoder("en", "de", "sw"), tiny.paired(en=1, de=2, sw=3)], ids=["one", "paired"]
)
def test_a_batch_holds_as_many_source_rows_as_target_rows(encoder):
    sides = both(encoder, "en", "de", "sw", rows=30)
    sources, targets = ({pair[side] for pair in sides.rows} for side in (0, 1))
    assert (len(sides.rows), len(sources), len(targets)) == (60, 30, 60), "every target text once"
    assert not sources & targets
    for rows in (range(1), range(7), range(16, 48)):
        found = [side for _, _, on in sides.groups(rows) for side in on]
        assert (found.count(0.0), found.count(1.0)) == (len(rows), len(rows))


def test_every_text_of_a_batch_stands_on_the_side_of_its_language():
    encoder = tiny.encoder("en", "de", "sw")
    sides = both(encoder, "en", "de", "sw", rows=30)
    for tokens, texts, on in sides.groups(range(60)):
        for text, side in zip(texts, on, strict=True):
            said = encoder.tower("en").tokenizer.decode(tokens.ids[text], skip_special_tokens=True).split()
            assert all(word.endswith(("de", "sw")) == bool(side) for word in said)


def test_a_seed_decides_every_bit():
    options = AdversarialOptions(steps=12, batch_size=8, learning_rate=1e-3)
    first, again, other = (tiny.weights(aligned(shifted(), options, context("de", seed=s))[0]) for s in (1, 1, 2))
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


def test_paired_monolingual_towers_are_aligned_both():
    encoder = tiny.paired(en=1, de=2)
    before = tiny.weights(encoder)
    after, logged = aligned(encoder, AdversarialOptions(steps=10, batch_size=8, learning_rate=1e-3))
    changed = {
        name.split(".")[0] for name, value in tiny.weights(after).items() if not torch.equal(value, before[name])
    }
    assert changed == {"tower_en", "tower_de"}
    assert logged["probe_fresh_linear_before"] > 60


def test_a_pair_without_a_tower_for_a_target_is_refused():
    with pytest.raises(ModelError, match="the encoder has no part for sw"):
        aligned(tiny.paired(en=1, de=2), OPTIONS, context("sw"))


def test_an_aligned_encoder_is_saved_and_read_back_to_the_bit(tmp_path):
    after, _ = aligned(shifted(), AdversarialOptions(steps=3, batch_size=8, learning_rate=1e-3))
    ADVERSARIAL.save(after, tmp_path)
    assert tiny.same(tiny.weights(ADVERSARIAL.load(shifted(), tmp_path)), tiny.weights(after))


def test_one_text_is_too_few():
    lonely = tiny.ToyContext(texts={"en": sentences("en"), "de": ["sky"]}, targets=("de",))
    with pytest.raises(StageError, match="needs at least 2 texts in de; there are 1"):
        aligned(shifted(), OPTIONS, lonely)


def test_it_sees_the_text_of_all_targets_and_no_labels():
    assert ADVERSARIAL.scope(OPTIONS) is Scope.JOINT
    given = context("de")
    aligned(shifted(), AdversarialOptions(steps=1, batch_size=4), given)
    assert given.read == []


def test_the_probe_tells_what_can_be_told_and_nothing_else():
    draw = torch.Generator().manual_seed(0)
    first, second = (torch.randn(200, 4, generator=draw).numpy() for _ in range(2))
    assert 30 < probe_accuracy(first, second, 0) < 70
    assert probe_accuracy(first, second + 10, 0) == 100.0

"""Domain-adversarial fine-tuning: what it reads, that it is fine-tuning without lambda, and what the game does."""

import pytest
import torch
from xbench_encoders.adversary import Adversary, Sides, pooled
from xbench_encoders.training import TrainingOptions
from xbench_methods.confusion import Confusion
from xbench_methods.dann import Dann, DannOptions
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.learners import LEARNERS

from tests.plugins import test_chooser, test_reader, test_tagger, tiny
from tests.plugins.test_adversarial import shifted
from xbench.contracts import Resource, Scope, Split, TaskKind
from xbench.errors import ScopeError, StageError

DANN = Dann()
QUICK = {"epochs": 1, "learning_rate": 1e-3, "batch_size": 8, "hidden": 16}
KINDS = {
    TaskKind.SEQUENCE_CLASSIFICATION: (tiny.ToyTask(), tiny.coloured),
    TaskKind.TOKEN_CLASSIFICATION: (test_tagger.TASK, test_tagger.tagged),
    TaskKind.MULTIPLE_CHOICE: (test_chooser.TASK, test_chooser.chosen),
    TaskKind.EXTRACTIVE_QA: (test_reader.TASK, test_reader.asked),
}


def context(kind=TaskKind.SEQUENCE_CLASSIFICATION, targets=("de",), rows=24, seed=0):
    """Source labels, text of all languages, and unlabelled examples of the targets."""
    make = KINDS[kind][1]
    texts = {one: tiny.coloured(one, 30, seed=3).inputs["text"].to_pylist() for one in ("en", *targets)}
    return tiny.ToyContext(
        examples={("en", Split.TRAIN): make("en", rows), ("en", Split.VALIDATION): make("en", 12, seed=2)},
        texts=texts,
        unlabelled={one: make(one, 20, seed=3).inputs for one in targets},
        targets=targets,
        seed=seed,
    )


def fitted(given=None, kind=TaskKind.SEQUENCE_CLASSIFICATION, encoder=None, **options):
    encoder = encoder or tiny.encoder("en", "de", "sw")
    return DANN.fit(encoder, KINDS[kind][0], DannOptions(**QUICK | options), given or context(kind))


def same(first, second):
    """Whether two predictors have the same weights of encoder and head, to the bit."""
    heads = (first.head.state_dict(), second.head.state_dict())
    return tiny.same(tiny.weights(first.encoder), tiny.weights(second.encoder)) and tiny.same(*heads)


@pytest.mark.parametrize(
    ("on", "needs", "read"),
    [
        ("text", {Resource.SOURCE_LABELS, Resource.SOURCE_TEXT, Resource.TARGET_TEXT}, [("en", "train")]),
        (
            "inputs",
            {Resource.SOURCE_LABELS, Resource.TARGET_INPUTS},
            [("en", "train"), ("de", "inputs"), ("sw", "inputs")],
        ),
    ],
)
def test_it_reads_what_it_declares(on, needs, read):
    options = DannOptions(on=on)
    assert DANN.needs(options) == needs
    assert DANN.scope(options) is Scope.JOINT
    given = context(targets=("de", "sw"))
    if on == "text":
        given.unlabelled.clear()
    else:
        given.texts.clear()
    fitted(given, on=on)
    assert given.read == read


def test_what_was_not_granted_cannot_be_played_with():
    given = context()
    given.texts.clear()
    with pytest.raises(ScopeError, match="no text in en"):
        fitted(given)


def test_selection_on_source_dev_is_declared():
    assert Resource.SOURCE_VALIDATION in DANN.needs(DannOptions(selection="source-dev"))
    given = context()
    fitted(given, selection="source-dev")
    assert given.read == [("en", "train"), ("en", "validation")]


@pytest.mark.parametrize("mode", ["reversal", "alternating"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_lambda_it_is_fine_tuning_to_the_bit(kind, mode):
    plain = {name: value for name, value in QUICK.items() if name != "hidden"}
    alone = Finetune().fit(tiny.encoder("en", "de", "sw"), KINDS[kind][0], FinetuneOptions(**plain), context(kind))
    assert same(fitted(kind=kind, mode=mode, lambda_max=0.0), alone)
    assert not same(fitted(kind=kind, mode=mode, lambda_max=1.0), alone)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_tower_of_a_target_is_moved_by_the_game_alone_and_not_even_decays_without_it(weight):
    encoder = tiny.paired(en=1, de=2)
    before = tiny.weights(encoder)
    after = fitted(encoder=encoder, lambda_max=weight, weight_decay=0.1, selection="last").encoder
    changed = {name for name, value in tiny.weights(after).items() if not torch.equal(value, before[name])}
    assert {name.split(".")[0] for name in changed} == {"tower_en"} | ({"tower_de"} if weight else set())


@pytest.mark.parametrize("kind", KINDS)
def test_in_task_inputs_serve_every_kind(kind, tmp_path):
    predictor = fitted(kind=kind, on="inputs", lambda_max=1.0)
    predictor.save(tmp_path)
    again = DANN.load(tiny.encoder("en", "de", "sw", seed=9), KINDS[kind][0], DannOptions(**QUICK), tmp_path)
    inputs = KINDS[kind][1]("de", 10, seed=1).inputs
    assert again.predict(inputs, "de").equals(predictor.predict(inputs, "de"))


def test_pairs_are_told_apart_as_pairs():
    given = context()
    for one in (given.unlabelled, given.examples):
        for name, value in list(one.items()):
            texts = (value if one is given.unlabelled else value.inputs)["text"].to_pylist()
            paired = tiny.table(texts, ["house"] * len(texts))
            one[name] = paired if one is given.unlabelled else type(value)(paired, value.gold, value.provenance)
    assert fitted(given, on="inputs").head.pooling == "compare"


def test_the_same_cell_gives_the_same_weights_to_the_bit_and_another_seed_others():
    first, again, other = (fitted(context(seed=seed)) for seed in (1, 1, 2))
    assert same(first, again)
    assert not same(first, other)


def test_both_readings_of_the_discriminator_are_logged():
    given = context()
    fitted(given)
    assert set(given.logged) == {
        "training", "discriminator_in_loop", "probe_fresh_linear_before", "probe_fresh_linear", "feature_norm_ratio",
        "collapsed", "curve",
    }  # fmt: skip
    assert given.logged["collapsed"] is False


def game(mode="reversal", lambda_max=1.0):
    """A toy task with its adversary."""
    encoder, given, options = tiny.encoder("en", "de"), context(), DannOptions(mode=mode, lambda_max=lambda_max)
    learner, sets = LEARNERS[TaskKind.SEQUENCE_CLASSIFICATION], [("en", given.labelled("en"))]
    predictor = learner.new(encoder, tiny.ToyTask(), options, sets, 0)
    texts = [encoder.tokenize(given.text(one), None, one, 32) for one in ("en", "de")]
    return Confusion(learner.over(predictor, sets), Adversary(encoder, options, 0), Sides(encoder, texts, 0), encoder)


def gradients(module):
    return [parameter.grad for parameter in module.parameters() if parameter.grad is not None]


def test_the_discriminator_has_an_optimiser_of_its_own_and_is_no_part_of_what_is_kept():
    played = game()
    task, own = played.optimizers(TrainingOptions(learning_rate=1e-4))
    held = [parameter for group in own.param_groups for parameter in group["params"]]
    assert {id(one) for one in held} == {id(one) for one in played.adversary.discriminator.parameters()}
    assert (task.param_groups[0]["lr"], own.param_groups[0]["lr"]) == (1e-4, 1e-3)
    assert not {id(one) for one in held} & {id(one) for one in played.module.parameters()}


def test_the_game_adds_to_the_gradient_of_the_task_and_its_dropout_is_its_own():
    played = game(lambda_max=0.0)
    torch.manual_seed(0)
    played.module.train()
    played.task.loss(range(8), 0.5).backward()
    alone, after = [one.clone() for one in gradients(played.module)], torch.get_rng_state()
    played.module.zero_grad()
    torch.manual_seed(0)
    played.loss(range(8), 0.5).backward()
    assert all(torch.equal(*two) for two in zip(gradients(played.module), alone, strict=True))
    assert torch.equal(torch.get_rng_state(), after)
    assert sum(float(one.abs().sum()) for one in gradients(played.adversary.discriminator)) > 0


def test_taking_turns_the_discriminator_moves_first_and_the_encoder_then_towards_flipped_labels():
    played = game("alternating")
    adversary, encoder = played.adversary, played.encoder
    groups = played.sides.groups(range(8))
    assert [adversary.moves_encoder(at) for at in (0.0, 0.0, 0.1, 0.1, 0.2)] == [False, False, True, True, False]
    assert adversary.moves_encoder(0.3)
    for at, moves in ((0.4, False), (1.0, True)):
        assert adversary.moves_encoder(at) is moves
        with torch.set_grad_enabled(moves):
            states = pooled(encoder, groups)
        adversary.discriminator.zero_grad()
        loss = adversary.loss(states, groups, at)
        loss.backward()
        assert bool(gradients(adversary.discriminator)) is not moves
        assert bool(gradients(encoder.module)) is moves
    wanted = torch.tensor([side for _, _, sides in groups for side in sides])
    flipped = torch.nn.functional.binary_cross_entropy_with_logits(adversary.discriminator(states), 1 - wanted)
    assert loss.item() == pytest.approx(0.999909 * flipped.item(), rel=1e-5)


def test_a_step_of_the_encoder_in_its_turn_brings_the_discriminator_nearer_to_the_flipped_labels():
    played = game("alternating")
    groups = played.sides.groups(range(16))
    assert [played.adversary.moves_encoder(at) for at in (0.8, 0.9)] == [False, True]
    before = played.adversary.loss(pooled(played.encoder, groups), groups, 0.9)
    before.backward()
    torch.optim.SGD(played.encoder.module.parameters(), lr=0.01).step()
    assert played.adversary.loss(pooled(played.encoder, groups), groups, 0.9).item() < before.item()


@pytest.fixture(scope="module", params=["reversal", "alternating"])
def outcomes(request):
    """By lambda, a predictor and what was logged, on a toy in which language is one direction of the states."""
    found = {}
    for weight in (0.0, 1.0):
        given, how = context(rows=120), {"mode": request.param, "on": "inputs", "lambda_max": weight}
        rates = {"learning_rate": 2e-3, "discriminator_learning_rate": 1e-2}
        found[weight] = fitted(given, encoder=shifted(), epochs=8, batch_size=16, **how, **rates), given.logged
    return found


def test_the_discriminator_tells_the_languages_apart_unless_the_encoder_plays_against_it(outcomes):
    assert outcomes[0.0][1]["discriminator_in_loop"] > 95
    assert outcomes[1.0][1]["discriminator_in_loop"] < 70


def test_a_task_is_learned_against_the_adversary(outcomes):
    test = tiny.coloured("en", 60, seed=1)
    found = outcomes[1.0][0].predict(test.inputs, "en")["label"].to_pylist()
    right = sum(one == other for one, other in zip(found, test.gold["label"].to_pylist(), strict=True))
    assert right > 0.6 * 60, "a third is chance"


def test_a_grid_without_a_target_or_with_one_text_is_refused():
    with pytest.raises(StageError, match="needs a target language besides en"):
        fitted(context(targets=()))
    given = context()
    given.texts["de"] = ["sky"]
    with pytest.raises(StageError, match="needs at least 2 texts in de; there are 1"):
        fitted(given)


@pytest.mark.parametrize(
    "options", [{"lambda_max": -1}, {"discriminator_learning_rate": 0}, {"hidden": 0}, {"max_texts": 1}]
)
def test_options_without_sense_are_refused(options):
    with pytest.raises(ValueError, match="lambda_max must be 0 or more"):
        DannOptions(**options)
    with pytest.raises(ValueError, match="epochs and learning_rate"):
        DannOptions(epochs=0)

"""The one training loop, on a linear model whose every update can be worked out."""

import math
from dataclasses import dataclass, field, replace

import pytest
import torch
from xbench_encoders.errors import TrainingError
from xbench_encoders.training import TrainingContext, TrainingOptions, adamw, rate_factor, train

torch.set_num_threads(1)  # bits are compared
OPTIONS = TrainingOptions(epochs=2, batch_size=8, learning_rate=0.05, warmup=0.0)


class Regression:
    """Least squares of 40 points; `limit` rows at once are all that fit into memory."""

    def __init__(self, dropout=0.0, limit=10**6, splittable=True, rows=40):
        draw = torch.Generator().manual_seed(7)
        self.points = torch.randn(rows, 3, generator=draw)
        self.wanted = self.points @ torch.tensor([1.0, -2.0, 0.5]) + 0.1 * torch.randn(rows, generator=draw)
        self.module = torch.nn.Sequential(torch.nn.Dropout(dropout), torch.nn.Linear(3, 1))
        for parameter in self.module.parameters():
            torch.nn.init.constant_(parameter, 0.1)
        self.lengths = [1 + row % 5 for row in range(rows)]
        self.limit, self.splittable = limit, splittable
        self.calls = []  # rows and progress of every loss

    def optimizers(self, options):
        return [adamw(self.module, options)]

    def loss(self, rows, progress):
        self.calls.append((list(rows), progress))
        if len(rows) > self.limit:
            raise torch.OutOfMemoryError("made up")
        return ((self.module(self.points[rows]).squeeze(-1) - self.wanted[rows]) ** 2).mean()

    def state(self):
        return torch.cat([value.flatten() for value in self.module.state_dict().values()])


@dataclass
class Constant:
    """Objective whose gradient is one everywhere, with plain gradient descent: each update is the learning rate."""

    module: torch.nn.Module = field(default_factory=lambda: torch.nn.Linear(1, 1, bias=False))
    lengths: tuple[int, ...] = (1,) * 4
    splittable: bool = True
    bad: tuple[float, float] = (2.0, 0.0)  # from this progress on the loss is this

    def __post_init__(self):
        torch.nn.init.zeros_(self.module.weight)
        self.weights = []  # before every update

    def optimizers(self, options):
        return [torch.optim.SGD(self.module.parameters(), lr=options.learning_rate)]

    def loss(self, rows, progress):
        self.weights.append(float(self.module.weight.detach()))
        loss = self.module.weight.sum()
        return loss * self.bad[1] if progress >= self.bad[0] else loss


def trained(objective, options=OPTIONS, seed=0, **context):
    log = train(objective, options, TrainingContext(seed, **context))
    return objective.state(), log


def test_micro_batches_give_the_update_of_the_whole_batch():
    whole, _ = trained(Regression())
    for limit in (1, 3, 5):
        parts, _ = trained(Regression(limit=limit))
        assert torch.allclose(whole, parts, atol=1e-6)


def test_out_of_memory_halves_the_micro_batch_and_keeps_the_updates():
    objective = Regression(limit=2)
    _, log = trained(objective)
    assert (log.steps, log.micro_batch) == (10, 2)
    assert [len(rows) for rows, _ in objective.calls[:3]] == [8, 4, 2]
    done = [rows for rows, _ in objective.calls if len(rows) <= 2]
    assert sorted(row for rows in done for row in rows) == sorted([*range(40)] * 2), "each row once an epoch"
    progress = [at for rows, at in objective.calls if len(rows) <= 2]
    assert [progress.count(at) for at in dict.fromkeys(progress)] == [4] * 10, "the effective batch stays 8"


def test_one_row_that_does_not_fit_is_an_error_that_says_what_to_do():
    with pytest.raises(TrainingError, match=r"out of memory with a micro-batch of 1; use a shorter max_length"):
        trained(Regression(limit=0))


def test_a_loss_that_cannot_be_split_is_never_split():
    objective = Regression(limit=4, splittable=False)
    with pytest.raises(TrainingError, match="out of memory with a micro-batch of 8"):
        trained(objective)
    assert [len(rows) for rows, _ in objective.calls] == [8]


@pytest.mark.parametrize(
    ("schedule", "warmup", "factors"),
    [
        ("linear", 0.0, {0: 1.0, 25: 0.75, 50: 0.5, 99: 0.01}),
        ("linear", 0.1, {0: 1 / 11, 9: 10 / 11, 10: 1.0, 55: 0.5, 99: 1 / 90}),
        ("cosine", 0.0, {0: 1.0, 25: 0.5 + math.sqrt(0.5) / 2, 50: 0.5, 75: 0.5 - math.sqrt(0.5) / 2}),
        ("cosine", 0.2, {0: 1 / 21, 19: 20 / 21, 20: 1.0, 60: 0.5}),
        ("constant", 0.1, {0: 1 / 11, 9: 10 / 11, 10: 1.0, 99: 1.0}),
    ],
)
def test_the_learning_rate_warms_up_and_decays(schedule, warmup, factors):
    options = TrainingOptions(schedule=schedule, warmup=warmup)
    assert {step: rate_factor(step, 100, options) for step in factors} == pytest.approx(factors)


def test_updates_use_the_scheduled_rate():
    objective = Constant()
    train(objective, TrainingOptions(steps=4, batch_size=4, learning_rate=1.0, warmup=0.0, clip=0), TrainingContext(0))
    assert objective.weights == pytest.approx([0.0, -1.0, -1.75, -2.25])


def test_an_unknown_schedule_or_selection_names_those_there_are():
    with pytest.raises(TrainingError, match="no schedule is called 'cubic'; there are linear, cosine, constant"):
        trained(Regression(), replace(OPTIONS, schedule="cubic"))
    with pytest.raises(
        TrainingError, match="no selection is called 'luck'; there are last, average, source-dev, target-dev"
    ):
        trained(Regression(), replace(OPTIONS, selection="luck"))


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_a_loss_that_is_not_finite_stops_and_says_how_far_it_came(value):
    objective = Constant(bad=(0.5, value))
    with pytest.raises(TrainingError, match=rf"the loss became -?{value} at 50% of the training"):
        train(objective, TrainingOptions(steps=4, batch_size=4, warmup=0.0), TrainingContext(0))
    assert len(objective.weights) == 3


@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_a_gradient_that_is_not_finite_stops_before_it_reaches_the_weights(clip):
    class Root(Constant):
        def loss(self, rows, progress):
            return self.module.weight.abs().sqrt().sum()  # the value at 0 is finite, the slope is not

    objective = Root()
    with pytest.raises(TrainingError, match=r"the gradient became (nan|inf) at 0% of the training"):
        train(objective, TrainingOptions(steps=1, clip=clip), TrainingContext(0))
    assert float(objective.module.weight.detach()) == 0.0


def checkpoints(selection, scores=()):
    """Train by one update per checkpoint, each lowering the weight by the rate: -1, -2, -3, -4, -5."""
    objective, left = Constant(), iter(scores)
    options = TrainingOptions(
        steps=5, batch_size=4, learning_rate=1.0, warmup=0.0, clip=0, schedule="constant", selection=selection
    )
    log = train(objective, options, TrainingContext(0, validate=(lambda: next(left)) if scores else None))
    return float(objective.module.weight.detach()), log


def test_the_last_state_is_kept():
    assert checkpoints("last")[0] == -5.0


def test_the_average_is_that_of_the_five_checkpoints():
    weight, log = checkpoints("average")
    assert weight == pytest.approx(-3.0)
    assert log.selected == "average of 5 checkpoints"


def test_the_checkpoint_with_the_best_source_validation_score_is_restored():
    weight, log = checkpoints("source-dev", [10.0, 60.0, 30.0, 60.0, 20.0])
    assert weight == -2.0, "the first of two that are equally good"
    assert log.selected == "source-dev checkpoint 2 of 5 (60.00)"
    assert log.validation == (10.0, 60.0, 30.0, 60.0, 20.0)


def test_selection_on_validation_needs_a_validation_split():
    with pytest.raises(TrainingError, match="needs a validation split of the source language"):
        checkpoints("source-dev")


def test_averaging_leaves_a_frozen_weight_as_it_is_to_the_bit():
    objective = Regression()
    weight = objective.module[1].weight.requires_grad_(False)
    before = torch.nn.init.constant_(weight, 0.101).clone()
    assert not torch.equal(sum([before] * 5) / 5, before), "a number whose mean of five is another number"
    trained(objective, replace(OPTIONS, selection="average"))
    assert torch.equal(weight, before)


def test_a_seed_decides_every_bit():
    first, _ = trained(Regression(dropout=0.3), seed=1)
    again, _ = trained(Regression(dropout=0.3), seed=1)
    other, _ = trained(Regression(dropout=0.3), seed=2)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_training_leaves_the_random_state_of_its_caller_alone():
    objective = Regression(dropout=0.3)
    torch.manual_seed(5)
    wanted = torch.rand(4)
    torch.manual_seed(5)
    trained(objective, seed=1)
    assert torch.equal(torch.rand(4), wanted)


def test_steps_replace_epochs():
    seen = []
    _, log = trained(
        Regression(), replace(OPTIONS, steps=7), on_step=lambda step, steps, loss: seen.append((step, steps))
    )
    assert log.steps == 7
    assert seen == [(step, 7) for step in range(1, 8)]


def test_epochs_may_be_parts_and_a_last_batch_may_be_small():
    assert trained(Regression(rows=20), replace(OPTIONS, epochs=0.5))[1].steps == 2
    assert trained(Regression(rows=9), replace(OPTIONS, epochs=1))[1].steps == 2


def test_losses_are_means_over_checkpoint_intervals():
    _, log = trained(Regression(), replace(OPTIONS, epochs=20))
    assert len(log.losses) == 5
    assert list(log.losses) == sorted(log.losses, reverse=True)


def test_an_empty_training_set_is_refused():
    with pytest.raises(TrainingError, match="there is nothing to train on: 0 rows"):
        trained(Regression(rows=0))


def test_the_module_is_left_in_evaluation_mode():
    objective = Regression()
    trained(objective)
    assert not objective.module.training


def test_each_optimiser_is_clipped_by_itself():
    class Two:
        module = torch.nn.ModuleDict(
            {"big": torch.nn.Linear(1, 1, bias=False), "small": torch.nn.Linear(1, 1, bias=False)}
        )
        lengths, splittable = (1,), True

        def optimizers(self, options):
            return [torch.optim.SGD(part.parameters(), lr=1.0) for part in self.module.values()]

        def loss(self, rows, progress):
            return 1000.0 * self.module["big"].weight.sum() + 0.5 * self.module["small"].weight.sum()

    two = Two()
    before = {name: float(part.weight.detach()) for name, part in two.module.items()}
    train(two, TrainingOptions(steps=1, warmup=0.0, clip=1.0), TrainingContext(0))
    moved = {name: before[name] - float(part.weight.detach()) for name, part in two.module.items()}
    assert moved == pytest.approx({"big": 1.0, "small": 0.5}, abs=1e-4)


def test_biases_do_not_decay():
    module = torch.nn.Linear(3, 2)
    groups = adamw(module, replace(OPTIONS, weight_decay=0.1)).param_groups
    assert [(group["weight_decay"], [p.ndim for p in group["params"]]) for group in groups] == [(0.1, [2]), (0.0, [1])]

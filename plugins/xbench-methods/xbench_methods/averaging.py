"""The mean of the weights of several trainings that began at the same ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from xbench.contracts import FitContext, TaskView
from xbench.errors import StageError
from xbench.keys import digest
from xbench_methods.learners import LEARNERS
from xbench_methods.learning import Run, Trained

if TYPE_CHECKING:
    from xbench_methods.average_runs import AverageRunsOptions


@dataclass(frozen=True)
class Finished:
    """Weights by name after a training, and the seed from which its head was drawn."""

    head_seed: int
    weights: Mapping[str, torch.Tensor]


def mean(runs: Sequence[Finished]) -> dict[str, torch.Tensor]:
    """The mean of each weight; equal ones stay as they are to the bit. What is no floating-point number is the first's.

    Raises StageError where the heads were drawn from different seeds: the mean of unrelated heads is none.
    """
    seeds = sorted({run.head_seed for run in runs})
    if len(seeds) != 1:
        raise StageError(f"only runs with one and the same first head can be averaged; these have the seeds {seeds}")
    found: dict[str, torch.Tensor] = {}
    for name, first in runs[0].weights.items():
        if first.is_floating_point():
            # In float64, where a sum of equal numbers is exact.
            total = sum((run.weights[name].double() for run in runs[1:]), first.double())
            found[name] = (total / len(runs)).to(first.dtype)
        else:
            found[name] = first
    return found


def fit_average(encoder: Any, task: TaskView, options: "AverageRunsOptions", context: FitContext) -> Any:
    """Train as often as wanted from the same beginning, in orders of their own, and leave the mean in the encoder."""
    learner = LEARNERS[task.kind]
    sets = [(context.source, context.labelled(context.source))]
    predictor = learner.new(encoder, task, options, sets, context.seed)
    module = Trained(encoder.module, predictor.head)
    start, runs = _copied(module), []
    for number in range(options.runs):
        module.load_state_dict(start)
        name = f"training_{number + 1}" if number else "training"
        learner.train(predictor, options, context, sets, Run(name, order_seed(context.seed, number)))
        runs.append(Finished(context.seed, _copied(module)))
    module.load_state_dict(mean(runs))
    return predictor


def order_seed(seed: int, number: int) -> int:
    """The seed of a run's order of rows and dropout; the first has that of a single training."""
    return int(digest(["run", seed, number])[:8], 16) if number else seed


def _copied(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}

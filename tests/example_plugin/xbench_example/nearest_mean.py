"""Classify by the nearest class mean: what it is called, what it reads, how it starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskKind, TaskView


@dataclass(frozen=True)
class NearestMeanOptions:
    """What users may set: `nearest-mean[max_length=64]`."""

    max_length: int = 128


class NearestMean:
    """The class whose mean vector is nearest by cosine, after the mean of all source vectors is taken off.

    Wang et al. 2019 (SimpleShot, arXiv:1911.04623), "CL2N", across languages. Nothing is trained, so the score
    says how much of the task is in the encoder's vectors already, and how much of that the languages share.
    """

    name = "nearest-mean"
    version = 1  # raise it when the numbers change: it is part of every key
    deterministic = True  # no seed enters it
    summary = "nearest class mean on the frozen encoder; nothing is trained"
    citation = "Wang et al. 2019, SimpleShot, https://arxiv.org/abs/1911.04623"
    Options = NearestMeanOptions
    task_kinds = frozenset({TaskKind.SEQUENCE_CLASSIFICATION})

    def needs(self, options: NearestMeanOptions) -> frozenset[Resource]:
        """Source labels: the context hands out nothing else."""
        return frozenset({Resource.SOURCE_LABELS})

    def scope(self, options: NearestMeanOptions) -> Scope:
        """The source alone: one fit serves every target."""
        return Scope.SOURCE

    def fit(self, encoder: Any, task: TaskView, options: NearestMeanOptions, context: FitContext) -> Predictor:
        """The mean vector of each label."""
        from xbench_example.means import class_means

        return class_means(encoder, context.labelled(context.source), context.source, task.labels, options.max_length)

    def load(self, encoder: Any, task: TaskView, options: NearestMeanOptions, folder: Path) -> Predictor:
        """The means again."""
        from xbench_example.means import read_means

        return read_means(encoder, task.labels, options.max_length, folder)

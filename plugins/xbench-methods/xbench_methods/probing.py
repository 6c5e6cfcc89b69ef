"""What a linear probe computes: features of the frozen encoder, and the logistic regression on them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.heads import LinearHead, TokenClassificationHead, beside, pool
from xbench_encoders.sampling import batches_by_length

from xbench.contracts import Examples, FitContext, TaskKind, TaskView
from xbench.errors import StageError
from xbench_methods.classifier import Classifier, has_pairs, part, pooling_of
from xbench_methods.learning import PREDICTION_BATCH, reading, save_head
from xbench_methods.probe import ProbeOptions
from xbench_methods.tagger import Tagger, labelled_words

ITERATIONS = 500  # of L-BFGS at most; it stops by itself long before
TOLERANCE = 1e-5  # largest gradient, relative to the number of training rows times the cost


class ProbedClassifier(Classifier):
    """Predicts as a classifier does, and keeps its head only."""

    def save(self, folder: Path) -> None:
        """The head as safetensors."""
        save_head(self.head, folder)


class ProbedTagger(Tagger):
    """Predicts as a tagger does, and keeps its head only."""

    def save(self, folder: Path) -> None:
        """The head as safetensors."""
        save_head(self.head, folder)


def fit_probe(
    encoder: TransformerEncoder, task: TaskView, options: ProbeOptions, context: FitContext
) -> ProbedClassifier | ProbedTagger:
    """Learn from the labelled train split of the source. Raises StageError when the solver does not converge."""
    examples = context.labelled(context.source)
    fit = _fit_tagger if task.kind is TaskKind.TOKEN_CLASSIFICATION else _fit_classifier
    predictor = fit(encoder, task, options, examples, context)
    context.log("trained_parameters", sum(weights.numel() for weights in predictor.head.parameters()))
    return predictor


def load_probe(
    encoder: TransformerEncoder, task: TaskView, options: ProbeOptions, folder: Path
) -> ProbedClassifier | ProbedTagger:
    """Read back what `save` wrote. Raises StageError when the weights do not fit."""
    with reading(folder) as state:
        probe: ProbedClassifier | ProbedTagger
        if task.kind is TaskKind.TOKEN_CLASSIFICATION:
            probe = _new_tagger(encoder, task, options)
        else:
            probe = _new_classifier(encoder, task, options, state["output.weight"].shape[1] != encoder.dimension)
        probe.head.load_state_dict(state)
    return probe


def _new_tagger(encoder: TransformerEncoder, task: TaskView, options: ProbeOptions) -> ProbedTagger:
    head = beside(TokenClassificationHead(encoder.dimension, len(task.labels)), encoder)
    return ProbedTagger(encoder, head, tuple(task.labels), options.max_length)


def _new_classifier(
    encoder: TransformerEncoder, task: TaskView, options: ProbeOptions, pairs: bool
) -> ProbedClassifier:
    pooling = pooling_of(encoder, options.pooling, pairs)
    head = beside(LinearHead(encoder.dimension, len(task.labels), pooling), encoder)
    return ProbedClassifier(encoder, head, tuple(task.labels), options.max_length)


def _fit_classifier(
    encoder: TransformerEncoder, task: TaskView, options: ProbeOptions, examples: Examples, context: FitContext
) -> ProbedClassifier:
    probe = _new_classifier(encoder, task, options, has_pairs(examples))
    tokens, gold = part(probe, examples, context.source)

    def features(rows: Sequence[int]) -> torch.Tensor:
        batch = encoder.batch(tokens, rows)
        return pool(encoder.states(batch), batch, probe.head.pooling)

    x, order = _embedded(tokens.lengths, features, context)
    _solve(probe.head.output, x, torch.tensor([gold[row] for row in order]), options.cost)
    return probe


def _fit_tagger(
    encoder: TransformerEncoder, task: TaskView, options: ProbeOptions, examples: Examples, context: FitContext
) -> ProbedTagger:
    probe = _new_tagger(encoder, task, options)
    part = labelled_words(probe, examples, context.source)

    def features(rows: Sequence[int]) -> torch.Tensor:
        firsts = [part.words.firsts[row] for row in rows]
        return probe.head.words(encoder.states(encoder.batch(part.words.tokens, rows)), firsts)

    x, order = _embedded(part.words.tokens.lengths, features, context)
    _solve(probe.head.output, x, torch.tensor([tag for row in order for tag in part.gold[row]]), options.cost)
    return probe


def _embedded(
    lengths: Sequence[int], features: Callable[[Sequence[int]], torch.Tensor], context: FitContext
) -> tuple[torch.Tensor, list[int]]:
    """Features of all rows in order of length, (rows or words, width) on the CPU, and that order."""
    batches = batches_by_length(lengths, PREDICTION_BATCH)
    found: list[torch.Tensor] = []
    with torch.inference_mode():
        for number, rows in enumerate(batches, 1):
            found.append(features(rows).float().cpu())
            context.progress(number, len(batches), 0.0)
    if not found:
        raise StageError(f"a probe needs labelled examples of {context.source}; there are none")
    return torch.cat(found).clone(), [row for rows in batches for row in rows]


def _solve(output: torch.nn.Linear, x: torch.Tensor, gold: torch.Tensor, cost: float) -> None:
    """Put the minimiser of cost * sum CE + |W|^2 / 2 over the scaled features into the layer."""
    scale = 1.0 / float(x.square().mean().sqrt().clamp(min=1e-12))
    weight, bias = regression(x * scale, gold, output.out_features, cost)
    with torch.no_grad():
        output.weight.copy_(weight * scale)
        output.bias.copy_(bias)


def regression(x: torch.Tensor, gold: torch.Tensor, labels: int, cost: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (labels, width) and biases (labels) of the multinomial logistic regression, by L-BFGS in float64.

    x (rows, width) and gold (rows) of label numbers. Raises StageError when the gradient is not near zero in the end.
    """
    x = x.double()
    weight = torch.zeros(labels, x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(labels, dtype=torch.float64, requires_grad=True)
    limit = TOLERANCE * cost * len(x)
    solver = torch.optim.LBFGS(
        [weight, bias],
        max_iter=ITERATIONS,
        tolerance_grad=limit,
        tolerance_change=0.0,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def objective() -> torch.Tensor:
        solver.zero_grad()
        loss = torch.nn.functional.cross_entropy(x @ weight.T + bias, gold, reduction="sum")
        total = cost * loss + weight.square().sum() / 2
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(objective)  # type: ignore[no-untyped-call]
    objective()
    left = max(float(part.grad.abs().max()) for part in (weight, bias) if part.grad is not None)
    if not left <= 100 * limit:
        raise StageError(f"the probe did not converge: its gradient is {left:.2g} after {ITERATIONS} steps; lower cost")
    return weight.detach().float(), bias.detach().float()

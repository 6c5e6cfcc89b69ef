"""A reader on an encoder: finds answers in contexts; its training objective and its predictor."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import torch
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.heads import SpanHead, beside
from xbench_encoders.sampling import batches_by_length, drawn_from
from xbench_encoders.spans import Limits, Passages, Span, tokenize_questions

from xbench.contracts import Examples, TaskView
from xbench.errors import StageError
from xbench_methods.learning import (
    PREDICTION_BATCH,
    PartsObjective,
    gold_of,
    reading,
    save,
)
from xbench_methods.options import ReaderOptions

NOWHERE = (0, 0)  # of characters none; of tokens the first, which stands for the whole row


@dataclass
class Reader:
    """Encoder and head; predicts any language that the encoder knows."""

    encoder: TransformerEncoder
    head: SpanHead
    options: ReaderOptions

    def predict(self, inputs: pa.Table, language: str) -> pa.Table:
        """The best answer of all rows of a question, as it stands in the context; the first in a tie.

        It is empty only where the context has nothing that the tokenizer knows.
        """
        contexts = inputs["context"].to_pylist()
        passages = self.passages(inputs, language)
        best = [(-math.inf, "")] * len(contexts)
        for stretch, found in zip(passages.stretches, self._answers(passages, contexts), strict=True):
            if found[0] > best[stretch.question][0]:
                best[stretch.question] = found
        return pa.table({"answer": pa.array([answer for _, answer in best], pa.string())})

    def passages(self, inputs: pa.Table, language: str) -> Passages:
        """Questions and contexts, tokenized."""
        limits = Limits(self.options.max_length, self.options.question_length, self.options.stride)
        return tokenize_questions(
            self.encoder, inputs["question"].to_pylist(), inputs["context"].to_pylist(), language, limits
        )

    def _answers(self, passages: Passages, contexts: Sequence[str]) -> list[tuple[float, str]]:
        """By row, its best answer and the score of that."""
        found: dict[int, tuple[float, str]] = {}
        with torch.inference_mode():
            for rows in batches_by_length(passages.tokens.lengths, PREDICTION_BATCH):
                for row, scores in zip(rows, self.scores(passages, rows).float().cpu(), strict=True):
                    found[row] = self._answer(passages, row, scores, contexts)
        return [found[row] for row in range(len(passages.tokens.lengths))]

    def _answer(self, passages: Passages, row: int, scores: torch.Tensor, contexts: Sequence[str]) -> tuple[float, str]:
        stretch = passages.stretches[row]
        starts, ends = scores[:, stretch.at : stretch.at + stretch.stop - stretch.start]
        for score, first, last in candidates(starts, ends, self.options):
            begin, end = passages.characters(row, first + stretch.at, last + stretch.at)
            answer = contexts[stretch.question][begin:end].strip()
            if answer:
                return score, answer
        return -math.inf, ""

    def scores(self, passages: Passages, rows: Sequence[int]) -> torch.Tensor:
        """Scores before the softmax over tokens of an answer's start and end, (rows, 2, tokens)."""
        batch = self.encoder.batch(passages.tokens, rows)
        scores: torch.Tensor = self.head(self.encoder.states(batch), batch.mask)
        return scores

    def save(self, folder: Path) -> None:
        """Encoder and head as safetensors."""
        save(self.encoder, self.head, folder)


def candidates(starts: torch.Tensor, ends: torch.Tensor, options: ReaderOptions) -> Iterator[tuple[float, int, int]]:
    """Answers, as score, first and last token, the best first: from one of the `n_best` starts to one of the ends.

    `starts` and `ends` are scores, (tokens,), of a stretch of context. An answer's is their sum. Where no start and
    end fit together, single tokens are left, the best first; they come last in any case.
    """
    firsts, lasts = (torch.sort(one, descending=True, stable=True).indices[: options.n_best] for one in (starts, ends))
    lengths = lasts[None, :] - firsts[:, None] + 1
    sums = starts[firsts][:, None] + ends[lasts][None, :]
    sums = sums.masked_fill((lengths < 1) | (lengths > options.answer_length), -math.inf).flatten()
    for at in torch.sort(sums, descending=True, stable=True).indices.tolist():
        if sums[at] == -math.inf:
            break
        yield float(sums[at]), int(firsts[at // len(lasts)]), int(lasts[at % len(lasts)])
    alone = starts + ends
    for at in torch.sort(alone, descending=True, stable=True).indices.tolist():
        yield float(alone[at]), at, at


@dataclass(frozen=True)
class Part:
    """Passages of one language and, by row, the positions of the first and the last token of the answer."""

    passages: Passages
    places: Sequence[Span]


class CrossEntropy(PartsObjective):
    """Objective: mean cross-entropy of start and end over rows; one without the answer points at its first token."""

    def __init__(self, reader: Reader, parts: Sequence[Part]) -> None:
        self.reader, self.parts = reader, parts
        super().__init__(reader.encoder, reader.head, [part.passages.tokens.lengths for part in parts], a_row=2)

    def summed(self, part: int, members: Sequence[int]) -> torch.Tensor:
        """The cross-entropies of rows of a part."""
        of = self.parts[part]
        scores = self.reader.scores(of.passages, members).float().flatten(0, 1)
        wanted = torch.tensor([position for at in members for position in of.places[at]], device=scores.device)
        return torch.nn.functional.cross_entropy(scores, wanted, reduction="sum")


def load_reader(encoder: TransformerEncoder, task: TaskView, options: ReaderOptions, folder: Path) -> Reader:
    """Read back what `Reader.save` wrote. Raises StageError when the weights do not fit."""
    with reading(folder) as state:
        reader = new(encoder.load(folder), task, options, (), seed=0)
        reader.head.load_state_dict(state)
    return reader


def new(
    encoder: TransformerEncoder,
    task: TaskView,
    options: ReaderOptions,
    sets: Sequence[tuple[str, Examples]],
    seed: int,
) -> Reader:
    """A reader with a fresh head, drawn from the seed alone."""
    with drawn_from(seed):
        head = SpanHead(encoder.dimension)
    return Reader(encoder, beside(head, encoder), options)


def labelled_passages(reader: Reader, examples: Examples, language: str) -> Part:
    """Tokenized passages and, by row, the place of the question's first answer.

    Raises StageError when there are no answers, or one does not stand in its context.
    """
    gold, contexts = gold_of(examples, language), examples.inputs["context"].to_pylist()
    answers = gold["answers"].to_pylist()
    starts = gold["starts"].to_pylist() if "starts" in gold.column_names else [[]] * len(answers)
    spans = [_span(*row) for row in zip(contexts, answers, starts, strict=True)]
    if None in spans:
        row = spans.index(None)
        raise StageError(f"row {row} in {language}: the answer {answers[row][0]!r} does not stand in its context")
    passages = reader.passages(examples.inputs, language)
    places = [passages.place(row, spans[of.question] or NOWHERE) for row, of in enumerate(passages.stretches)]
    return Part(passages, [place or NOWHERE for place in places])


def _span(context: str, answers: Sequence[str], starts: Sequence[int]) -> Span | None:
    """The characters of the first answer, or of where it stands first if that is not said; None where it does not."""
    if not answers:
        return NOWHERE
    start = starts[0] if starts else context.find(answers[0])
    return None if start < 0 else (start, start + len(answers[0]))

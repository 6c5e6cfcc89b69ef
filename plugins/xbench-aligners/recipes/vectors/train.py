"""Small word vectors from plain text: a `.vec` file that `--models` reads.

    python train.py TEXT.. --output OUT.vec [--dimension 100] [--window 5] [--min-count 10] [--seed 42] [--lower]

A line of text is a sequence, apart from the others.
"""

import argparse
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from xbench_aligners.static_vectors import train_vectors
from xbench_encoders.lookup import words_of
from xbench_encoders.word_vectors import write_vectors

log = logging.getLogger("vectors")


def sentences(paths: Sequence[Path], lower: bool) -> Iterator[list[str]]:
    """The words of every line that has any, as the model that reads the vectors will cut text."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                words = words_of(line.lower() if lower else line)
                if words:
                    yield words


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description="Train word vectors on plain text and write them as a .vec file.")
    parser.add_argument("texts", nargs="+", type=Path, metavar="TEXT", help="UTF-8 text, a sentence a line")
    parser.add_argument("--output", required=True, type=Path, metavar="OUT.vec")
    parser.add_argument("--dimension", type=int, default=100)
    parser.add_argument("--window", type=int, default=5, help="how many words to either side keep a word company")
    parser.add_argument("--min-count", type=int, default=10, help="rarer words have no vector")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--lower", action="store_true", help="lower-case the text")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    """Train and write."""
    asked = arguments(given)
    spoken = list(sentences(asked.texts, asked.lower))
    vectors = train_vectors(spoken, asked.dimension, asked.window, asked.min_count, asked.seed)
    write_vectors(asked.output, vectors)
    rows, dimension = vectors.vectors.shape
    log.info("%s: %d words of %d dimensions, from %d lines", asked.output, rows, dimension, len(spoken))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()

"""Sentence retrieval of Tatoeba as XTREME scores it: English sentences look for their translations, not the reverse.

After `evaluate.py` of google-research/xtreme@838c13b (Hu et al. 2020, https://arxiv.org/abs/2003.11080) and the test
files of LASER v1. Inside, the answer of every English sentence stands in the order of the original files; official
prediction and label files hold one line a sentence in the order of the sorted English sentences. `Tatoeba` is the
`evaluate` metric, made when it is asked for.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xbench.errors import DataError
from xbench_tasks.metrics.accuracy import accuracy
from xbench_tasks.metrics.definition import Definition, on_demand
from xbench_tasks.metrics.neighbours import Vectors, nearest, unit

_NUMBER = re.compile(r"0|[1-9][0-9]*")


def english_order(english: Sequence[str]) -> list[int]:
    """The positions (from 0) of the English sentences, sorted by code points without surrounding white space.

    These are also the lines of the label file. Equal sentences keep their order.
    """
    return sorted(range(len(english)), key=lambda position: english[position].strip())


def retrieve(english: Vectors, foreign: Vectors) -> NDArray[np.intp]:
    """The position of the foreign sentence nearest by cosine to each English one, in the order of the original files.

    english, foreign: (sentences, dimensions), aligned. Of equally near ones it is the first. Raises DataError where
    there are not as many of one as of the other, or a vector has no direction.
    """
    if len(english) != len(foreign):
        raise DataError(f"there are {len(english):,} English and {len(foreign):,} foreign vectors; they go in pairs")
    return nearest(unit(english, "English"), unit(foreign, "foreign"), 1).indices[:, 0]


def export_lines(found: Sequence[int], english: Sequence[str]) -> list[str]:
    """The lines of the official prediction file for what was found for each English sentence in original order.

    `found` has positions (from 0) of foreign sentences. Raises DataError for another number of them, or a position
    outside the file.
    """
    positions = [int(position) for position in found]
    _check_count(len(positions), len(english), "positions")
    for number, position in enumerate(positions):
        _check_position(position, len(english), f"English sentence {number} (from 0)")
    return [str(positions[place]) for place in english_order(english)]


def import_lines(lines: Sequence[str], english: Sequence[str], name: str) -> list[int]:
    """What `export_lines` was given, of its lines: a position for each English sentence in original order.

    Raises DataError (name and line, from 1) for a line that is not a plain number of a sentence: officially `012`
    and `[12]` are not `12`.
    """
    _check_count(len(lines), len(english), "lines")
    found = [0] * len(lines)
    for number, (line, place) in enumerate(zip(lines, english_order(english), strict=True), start=1):
        if not _NUMBER.fullmatch(line):
            raise DataError(f"{name}:{number}: {line!r} is no position: a plain number such as 12 is expected")
        found[place] = int(line)
        _check_position(found[place], len(english), f"{name}:{number}")
    return found


def _check_count(given: int, wanted: int, what: str) -> None:
    if given != wanted:
        raise DataError(f"there are {given:,} {what} for {wanted:,} English sentences; give one for each")


def _check_position(position: int, count: int, where: str) -> None:
    if not 0 <= position < count:
        raise DataError(f"{where}: there is no foreign sentence {position}; they are counted from 0 to {count - 1}")


def tatoeba_items(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """1.0 for each line that equals its label as text, else 0.0. Raises DataError as `tatoeba`."""
    tatoeba(predictions, references)
    return [float(given == wanted) for given, wanted in zip(predictions, references, strict=True)]


def tatoeba(predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """`accuracy`, 0..100, unrounded, of the lines of a prediction file against those of the label file.

    Lines are compared as text. Raises DataError where there are not as many of one as of the other, or none.
    """
    return {"accuracy": accuracy(predictions, references)}


__getattr__ = on_demand(
    __name__,
    Definition(
        name="Tatoeba",
        description="Accuracy of Tatoeba sentence retrieval, English to foreign, 0..100.",
        inputs="predictions, references: lines (text) of the official files, in the order of the sorted English.",
        citation="Hu et al. 2020, XTREME, https://arxiv.org/abs/2003.11080",
        prediction="string",
        reference="string",
        compute=tatoeba,
    ),
)

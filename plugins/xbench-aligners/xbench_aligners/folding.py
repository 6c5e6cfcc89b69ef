"""From a map between normalised tables to maps of an encoder's states, which are affine."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xbench_encoders.encoder import TransformerEncoder

from xbench_aligners.maps import LinearMap
from xbench_aligners.normalisation import Step, Vectors, matrix, unit


@dataclass(frozen=True, eq=False)
class Side:
    """A normalised table (rows, d), and the affine map `scale * row + shift` that comes nearest to what made it so.

    Centring is affine, and is kept as it is. To divide every row by its own length is not: states are divided by the
    mean length of the table's rows at that step, so that they keep the differences in length that they have.
    """

    rows: Vectors
    scale: float
    shift: Vectors


def side(rows: NDArray[Any], steps: tuple[Step, ...]) -> Side:
    """A table normalised by the steps, in their order."""
    found = matrix(rows)
    scale, shift = 1.0, np.zeros(found.shape[1])
    for step in steps:
        if step == "unit":
            length = _length(found)
            found, scale, shift = unit(found), scale / length, shift / length
        else:
            mean = found.mean(axis=0)
            found, shift = found - mean, shift - mean
    return Side(found, scale, shift)


def put(encoder: TransformerEncoder, languages: tuple[str, str], found: LinearMap, source: Side, target: Side) -> None:
    """Map the states of the target, and of the source where the map is two-sided, after their maps so far.

    A one-sided map brings the target's states to where the source's are: the source's normalisation is undone behind
    it. A two-sided one leaves both in the shared space, at the scale of the source's states; dimensions that the
    shared space lacks are 0. Where the map is no isometry and mapped rows are renormalised, they are divided by their
    mean length.
    """
    length = _length(target.rows @ found.weight) if found.renormalise else 1.0
    weight, back = found.weight / length, source.shift if found.one_sided else np.zeros(found.weight.shape[1])
    _map(encoder, languages[1], target.scale * weight, target.shift @ weight - back, source.scale)
    if found.source_weight is not None:
        weight = found.source_weight
        _map(encoder, languages[0], source.scale * weight, source.shift @ weight, source.scale)


def _map(encoder: TransformerEncoder, language: str, weight: Vectors, bias: Vectors, scale: float) -> None:
    lacking = encoder.dimension - weight.shape[1]
    encoder.map(language, np.pad(weight, ((0, 0), (0, lacking))) / scale, np.pad(bias, (0, lacking)) / scale)


def _length(rows: Vectors) -> float:
    return float(np.linalg.norm(rows, axis=1).mean()) or 1.0  # a table of zeros has no length to divide by

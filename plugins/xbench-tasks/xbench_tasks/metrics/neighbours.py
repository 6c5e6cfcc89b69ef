"""Nearest neighbours among sentence vectors, in numpy and block by block: no matrix of all similarities is held."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xbench.errors import DataError

Vectors: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest keys of every query, nearest first: inner products and positions of keys, both (queries, k)."""

    similarities: Vectors
    indices: NDArray[np.intp]


def checked(vectors: Vectors, name: str) -> Vectors:
    """The vectors, (sentences, dimensions), as floats of their own precision.

    Raises DataError where they have another shape, there are none, or a number is not finite.
    """
    array = np.asarray(vectors)
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"the {name} vectors have the shape {array.shape}; (sentences, dimensions) is expected")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        raise DataError(f"the {name} vector {int(finite.argmin())} (counted from 0) holds a number that is not finite")
    return array


def unit(vectors: Vectors, name: str) -> Vectors:
    """The vectors divided by their Euclidean lengths. Raises DataError as `checked`, and for a vector of zeros."""
    array = checked(vectors, name)
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    if not lengths.all():
        raise DataError(f"the {name} vector {int(lengths.argmin())} (counted from 0) is zero: it has no direction")
    divided: Vectors = array / lengths
    return divided


def nearest(queries: Vectors, keys: Vectors, k: int, rows: int = 1024, columns: int = 8192) -> Neighbours:
    """The k keys (fewer where there are fewer) with the greatest inner product with each query.

    queries: (queries, dimensions); keys: (keys, dimensions). Of equally near keys the first in order comes first.
    At most `rows` x `columns` similarities are held at a time. Raises DataError where the dimensions differ.
    """
    queries, keys = checked(queries, "query"), checked(keys, "key")
    if queries.shape[1] != keys.shape[1]:
        raise DataError(f"the vectors have {queries.shape[1]} and {keys.shape[1]} dimensions; one encoder gives one")
    blocks = [_nearest(queries[start : start + rows], keys, k, columns) for start in range(0, len(queries), rows)]
    similarities, indices = zip(*blocks, strict=True)
    return Neighbours(np.concatenate(similarities), np.concatenate(indices))


def _nearest(queries: Vectors, keys: Vectors, k: int, columns: int) -> tuple[Vectors, NDArray[np.intp]]:
    similarities: Vectors = np.empty((len(queries), 0), dtype=np.result_type(queries, keys))
    indices: NDArray[np.intp] = np.empty((len(queries), 0), dtype=np.intp)
    for start in range(0, len(keys), columns):
        best, places = _greatest(queries @ keys[start : start + columns].T, k)
        similarities = np.concatenate([similarities, best], axis=1)
        indices = np.concatenate([indices, places + start], axis=1)
        # Stable, so that of equal similarities the earlier key stays in front.
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
        similarities = np.take_along_axis(similarities, order, axis=1)
        indices = np.take_along_axis(indices, order, axis=1)
    return similarities, indices


def _greatest(tile: Vectors, k: int) -> tuple[Vectors, NDArray[np.intp]]:
    """The k greatest of each row, greatest first, and their columns; the tile is used up."""
    count, every = min(k, tile.shape[1]), np.arange(len(tile))
    values = np.empty((len(tile), count), dtype=tile.dtype)
    places = np.empty((len(tile), count), dtype=np.intp)
    for rank in range(count):  # argmax gives the first of equals, which a partition does not
        places[:, rank] = tile.argmax(axis=1)
        values[:, rank] = tile[every, places[:, rank]]
        tile[every, places[:, rank]] = -np.inf
    return values, places

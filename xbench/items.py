"""What a score is made of, example by example: its arrays, and their compact form in the journal."""

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xbench.errors import StoreError

Values = NDArray[np.float64]
_AGAIN = "run the cell again"


def ratios(items: Sequence[float], totals: Sequence[float] | None = None) -> Values:
    """Items, shape (examples,); where there are totals (see `Scores`), both beside each other, (examples, 2)."""
    if totals is None:
        return np.asarray(items, dtype=np.float64)
    if len(items) != len(totals):
        raise ValueError(f"{len(items)} items have {len(totals)} totals")
    return np.stack([np.asarray(items, dtype=np.float64), np.asarray(totals, dtype=np.float64)], axis=-1)


def score_of(values: Values) -> float:
    """The score, 0..100, that is made of what `ratios` gives: a mean, or a ratio of sums; 0 of nothing."""
    if values.ndim == 1:
        return float(values.mean()) * 100
    part, whole = values.sum(axis=0)
    return float(part / whole) * 100 if whole else 0.0


def pack(items: Sequence[float] | Values, totals: Sequence[float] | Values | None = None) -> dict[str, Any]:
    """Values per example as JSON: bits when all are 0 or 1, else float32; totals likewise, where there are any.

    Raises ValueError on anything but finite numbers, as many totals as items.
    """
    if totals is None:
        return _packed(items)
    if len(items) != len(totals):
        raise ValueError(f"{len(items)} scores per example have {len(totals)} totals")
    return {**_packed(items), "totals": _packed(totals)}


def _packed(values: Sequence[float] | Values) -> dict[str, Any]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if array.ndim != 1 or not (np.abs(array) <= np.finfo(np.float32).max).all():
        raise ValueError("scores per example must be a flat list of finite numbers")
    bits = np.isin(array, (0.0, 1.0)).all()
    data = np.packbits(array.astype(bool)).tobytes() if bits else zlib.compress(array.astype("<f4").tobytes(), 9)
    encoding = "bitmap" if bits else "float32"
    return {"encoding": encoding, "n": array.size, "data": base64.b64encode(data).decode("ascii")}


def unpack(record: Mapping[str, Any]) -> Values:
    """What `pack` was given, to the precision of float32, in the shape of `ratios`.

    Raises StoreError when the record is broken.
    """
    items = _unpacked(record)
    if "totals" not in record:
        return items
    totals = _unpacked(record["totals"])
    if len(items) != len(totals):
        raise StoreError(f"cannot read the scores per example: {len(items)} have {len(totals)} totals; {_AGAIN}")
    return np.stack([items, totals], axis=-1)


def _unpacked(record: Mapping[str, Any]) -> Values:
    try:
        encoding, n = record["encoding"], record["n"]
        if type(n) is not int or n < 0:
            raise ValueError(f"n is {n!r}, not a count")
        values = _decode(encoding, n, base64.b64decode(record["data"], validate=True))
    except (KeyError, TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise StoreError(f"cannot read the scores per example: {error}; {_AGAIN}") from error
    if not np.isfinite(values).all():
        raise StoreError(f"cannot read the scores per example: some are not finite; {_AGAIN}")
    return values


def _decode(encoding: str, n: int, data: bytes) -> Values:
    if encoding == "bitmap":
        if len(data) != (n + 7) // 8:
            raise ValueError(f"{len(data)} bytes cannot be {n} bits")
        return np.unpackbits(np.frombuffer(data, np.uint8), count=n).astype(np.float64)
    if encoding == "float32":
        stream = zlib.decompressobj()
        plain = stream.decompress(data, 4 * n + 1)  # never more than asked, whatever the record says
        if len(plain) != 4 * n or not stream.eof:
            raise ValueError(f"the data are not {n} numbers")
        return np.frombuffer(plain, "<f4").astype(np.float64)
    raise ValueError(f"no encoding is called {encoding!r}")

"""URIEL, typological features of languages (Littell et al. 2017, URIEL and lang2vec), in the files of lang2vec."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from xbench.errors import DataError
from xbench.languages import alpha3

Matrix = NDArray[np.float64]
FOLDER = "lang2vec"  # of a folder of official data
AVERAGES, FAMILIES, PLACES = "feature_averages.npz", "family_features.npz", "geocoord_features.npz"
SPACES = {"syntactic": "S_", "phonological": "P_", "inventory": "INV_"}  # the prefixes of their features
LEAST = 5  # features that two languages must both have for a distance


@dataclass(frozen=True)
class Uriel:
    """What URIEL knows of languages, by BCP 47 tag: those that it lacks are in `unknown`.

    `families` has the largest family that a language belongs to, empty for an isolate; `distances` are by space,
    shape (languages, languages), NaN where unknown.
    """

    languages: tuple[str, ...]
    families: Mapping[str, str]
    distances: Mapping[str, Matrix]
    unknown: tuple[str, ...]

    def between(self, space: str, one: str, other: str) -> float | None:
        """The distance of two languages in a space, 0 to 1; None where it is unknown."""
        if not {one, other} <= set(self.languages):
            return None
        value = float(self.distances[space][self.languages.index(one), self.languages.index(other)])
        return None if np.isnan(value) else value


def read(folder: Path, languages: Sequence[str]) -> Uriel:
    """What the folder's `lang2vec` has of the languages.

    A distance is one minus the cosine of two languages' vectors. Those of syntax, phonology and inventory are means
    over URIEL's sources, compared in the features that both languages have (`feature_averages.npz`; nothing is
    imputed); the genetic one is of the families that they belong to (`family_features.npz`), so that it is 1 where
    none is common; the geographic one is there where `geocoord_features.npz` is. Raises DataError when a file is
    not there or not of this form.
    """
    codes = {language: code for language in languages if (code := alpha3(language))}
    averages, families = (_vectors(folder / FOLDER / name, codes) for name in (AVERAGES, FAMILIES))
    known = tuple(language for language in languages if language in averages.rows and language in families.rows)
    distances = {space: _distances(averages.of(known, prefix)) for space, prefix in SPACES.items()} | {
        "genetic": _kinship(families.of(known))
    }
    if (folder / FOLDER / PLACES).exists():
        places = _vectors(folder / FOLDER / PLACES, codes)
        distances["geographic"] = _distances(places.of(known))
    named = {language: families.largest(language) for language in known}
    return Uriel(known, named, distances, tuple(language for language in languages if language not in known))


@dataclass(frozen=True)
class _Vectors:
    """Features of some languages: their rows, the features' names, and how many languages have each."""

    rows: Mapping[str, Matrix]
    features: Sequence[str]
    members: Matrix

    def of(self, languages: Sequence[str], prefix: str = "") -> Matrix:
        """Vectors (languages, features), NaN where unknown."""
        wanted = [at for at, name in enumerate(self.features) if name.startswith(prefix)]
        nothing = np.full(len(self.features), np.nan)
        return np.stack([self.rows.get(at, nothing) for at in languages])[:, wanted] if languages else np.zeros((0, 0))

    def largest(self, language: str) -> str:
        """The name of the feature that most languages have of those that this one has."""
        has = np.flatnonzero(self.rows[language] > 0)
        return self.features[has[np.argmax(self.members[has])]].removeprefix("F_") if has.size else ""


def _vectors(path: Path, codes: Mapping[str, str]) -> _Vectors:
    try:
        with np.load(path, allow_pickle=False) as file:
            found: dict[str, Any] = {name: file[name] for name in ("langs", "feats", "data")}
    except FileNotFoundError as error:
        raise DataError(f"{path} is not there; name a folder with the files of lang2vec in {FOLDER}/") from error
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise DataError(f"{path}: not a file of lang2vec with langs, feats and data: {error}") from error
    data, at = found["data"], {str(code): index for index, code in enumerate(found["langs"])}
    if data.ndim != 3 or data.shape[:2] != (len(at), len(found["feats"])):
        raise DataError(f"{path}: data must be languages x features x sources, not {data.shape}")
    rows = {
        language: np.where(data[at[code]].max(axis=1) < 0, np.nan, data[at[code]].max(axis=1)).astype(np.float64)
        for language, code in codes.items() if code in at
    }  # fmt: skip
    return _Vectors(rows, [str(name) for name in found["feats"]], (data > 0).any(axis=2).sum(axis=0))


def _distances(vectors: Matrix) -> Matrix:
    """One minus the cosine in the features that both have, NaN where these are too few."""
    there, values = (~np.isnan(vectors)).astype(np.float64), np.nan_to_num(vectors)
    lengths = np.sqrt((values**2 @ there.T) * (there @ (values**2).T))
    cosine = np.divide(values @ values.T, lengths, out=np.full_like(lengths, np.nan), where=lengths > 0)
    return np.where(there @ there.T < LEAST, np.nan, np.clip(1 - cosine, 0.0, 1.0))


def _kinship(vectors: Matrix) -> Matrix:
    """One minus the cosine; of what has no family at all, 1 to every other language."""
    lengths = np.linalg.norm(vectors, axis=1)
    scaled = vectors / np.where(lengths > 0, lengths, 1.0)[:, np.newaxis]
    found = np.clip(1 - scaled @ scaled.T, 0.0, 1.0)
    np.fill_diagonal(found, 0.0)
    return found

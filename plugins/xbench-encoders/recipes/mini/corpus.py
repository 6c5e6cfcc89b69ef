"""The training text: reading what sources.toml lists, drawing rows, turning them into token ids."""

import gzip
import json
import logging
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

SOURCES = Path(__file__).parent / "sources.toml"
XNLI_LANGUAGES = ("ar", "bg", "de", "el", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
MORE_LANGUAGES = ("af", "et", "eu", "fa", "he", "id", "jv", "mr", "ta", "te", "yo")  # less text, or a dictionary alone
SWITCHED = "switched"  # the source of code-switched pairs
LANGUAGES = (*XNLI_LANGUAGES, *MORE_LANGUAGES)
SENTENCE_LENGTH = range(20, 401)  # characters of a sentence cut out of a passage

log = logging.getLogger("mini.corpus")


@dataclass(frozen=True)
class Pair:
    """One row: where it comes from, the language of its other side, both texts, and whether they are sentences.

    English text that nobody translated is paired with itself, under the language `en`.
    """

    source: str
    language: str
    english: str
    other: str
    is_sentence: bool

    @property
    def kind(self) -> str:
        """`sentences` that people translated, `words`, or `switched` sentences."""
        return SWITCHED if self.source == SWITCHED else "sentences" if self.is_sentence else "words"


@dataclass(frozen=True)
class Ragged:
    """Rows of different length in one array: row r is `flat[offsets[r]:offsets[r + 1]]`."""

    flat: np.ndarray
    offsets: np.ndarray

    def row(self, index: int) -> np.ndarray:
        """The values of one row."""
        return self.flat[self.offsets[index] : self.offsets[index + 1]]

    def lengths(self) -> np.ndarray:
        """The length of every row."""
        return np.diff(self.offsets)


def read_pairs(data: Path) -> list[Pair]:
    """Everything that sources.toml lists under the folder `data`, each distinct pair of a language once.

    Raises FileNotFoundError where a listed file is missing and ValueError on a malformed line.
    """
    manifest = tomllib.loads(SOURCES.read_text(encoding="utf-8"))
    rows = [*_parallel(data, manifest["parallel"]), *_dictionaries(data, manifest["wiktionary"])]
    for name in ("bible", "ntrex"):
        rows += _aligned(data, name, manifest[name])
    pairs = list({(p.language, p.english, p.other): p for p in reversed(rows)}.values())[::-1]
    passages = _passages(data / manifest["encyclopedia"]["path"])
    pairs += [Pair("encyclopedia", "en", text, text, True) for text in passages]
    log.info("%d pairs of English with %d languages read", len(pairs), len(LANGUAGES))
    return pairs


def _pair(source: str, language: str, english: str, other: str, kind: str) -> Iterator[Pair]:
    """The pair, unless a side is empty."""
    english, other = english.strip(), other.strip()
    if english and other:
        yield Pair(source, language, english, other, kind == "sentences")


def _parallel(data: Path, manifest: Mapping[str, Any]) -> Iterator[Pair]:
    kinds = {source: entry["kind"] for source, entry in manifest["sources"].items()}
    for language in XNLI_LANGUAGES:
        path = data / manifest["path"].replace("*", language)
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                source, english, other = _fields(path, number, line, 3)
                if source not in kinds:
                    raise ValueError(f"{path}:{number}: source {source!r} is not in {SOURCES.name}")
                yield from _pair(source, language, english, other, kinds[source])


def _dictionaries(data: Path, manifest: Mapping[str, Any]) -> Iterator[Pair]:
    """Entries whose English side is written in Latin letters: some headwords are not English."""
    for language, name in manifest["languages"].items():
        path = data / manifest["path"].format(name=name)
        for number, line in enumerate(lines_of(path), 1):
            english, other = _fields(path, number, line, 2)
            if re.fullmatch(r"[A-Za-z' -]+", english):
                yield from _pair("wiktionary", language, english, other, manifest["kind"])


def _aligned(data: Path, source: str, manifest: Mapping[str, Any]) -> Iterator[Pair]:
    english = list(lines_of(data / manifest["english"]))
    for language, name in manifest["languages"].items():
        path = data / manifest["path"].format(name=name)
        other = list(lines_of(path))
        if len(other) != len(english):
            raise ValueError(f"{path}: {len(other)} lines, but {manifest['english']} has {len(english)}")
        for left, right in zip(english, other, strict=True):
            yield from _pair(source, language, left, right, manifest["kind"])


def _passages(path: Path) -> Iterator[str]:
    """Sentences of SENTENCE_LENGTH characters of the distinct passages, without footnote marks."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    passages = dict.fromkeys(paragraph["context"] for article in articles for paragraph in article["paragraphs"])
    seen: set[str] = set()
    for passage in passages:
        for part in sentences_of(re.sub(r"\[\d+\]", "", passage)):
            if len(part) in SENTENCE_LENGTH and part not in seen:
                seen.add(part)
                yield part


def sentences_of(passage: str) -> list[str]:
    """A plain cut after sentence marks; spaces are made single."""
    parts = re.split(r'(?<=[.!?])\s+(?=[A-Z0-9"“])', passage)
    return [" ".join(part.split()) for part in parts]


def _fields(path: Path, number: int, line: str, count: int) -> list[str]:
    fields = line.rstrip("\n").split("\t")
    if len(fields) != count:
        raise ValueError(f"{path}:{number}: {len(fields)} fields, expected {count}")
    return fields


def lines_of(path: Path) -> Iterator[str]:
    """Lines without their ends; only a line feed ends one."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield line.rstrip("\n").rstrip("\r")


def write_pairs(pairs: Sequence[Pair], path: Path) -> None:
    """Save as lines of source, language, English, other, and 1 for a sentence or 0 for a word."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{p.source}\t{p.language}\t{p.english}\t{p.other}\t{int(p.is_sentence)}\n" for p in pairs)


def saved_pairs(path: Path) -> list[Pair]:
    """What `write_pairs` saved."""
    rows = [line.split("\t") for line in lines_of(path)]
    return [Pair(*row[:4], row[4] == "1") for row in rows]


def draw(
    pairs: Sequence[Pair], allowed: np.ndarray, count: int, shares: Mapping[str, float], generator: np.random.Generator
) -> np.ndarray:
    """Row numbers of about `count` allowed pairs: `shares` of every kind, languages by the root of their size.

    A group (language and kind) that is asked for more rows than it has is gone through several times, every pass
    in a new order, so that no row comes twice before all others came once.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for row in np.flatnonzero(allowed).tolist():
        pair = pairs[row]
        groups.setdefault((pair.kind, pair.language), []).append(row)
    drawn: list[np.ndarray] = []
    for kind, share in shares.items():
        rows = [np.array(members) for (other, _), members in sorted(groups.items()) if other == kind]
        total = sum(len(members) ** 0.5 for members in rows)
        for members in rows:
            wanted = round(count * share * len(members) ** 0.5 / total)
            passes = [generator.permutation(members) for _ in range(wanted // len(members) + 1)]
            drawn.append(np.concatenate(passes)[:wanted])
    return generator.permutation(np.concatenate(drawn))


def tokenise(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> Ragged:
    """Token ids of every text without special tokens, cut to `max_tokens`."""
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    rows = [encoding.ids[:max_tokens] for encoding in encodings]
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    flat = np.fromiter((token for row in rows for token in row), dtype=np.int32, count=int(offsets[-1]))
    return Ragged(flat, offsets)


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file or folder beside `path`, then rename it: `path` exists whole or not at all."""
    beside = path.with_name(f".making-{path.name}")
    write(beside)
    beside.replace(path)

"""The parallel text: reading, leaving out test sets, drawing rows, turning it into token ids."""

import gzip
import logging
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

LANGUAGES = ("ar", "bg", "de", "el", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
SENTENCES = frozenset({"tatoeba", "ntrex", "tico19", "indic", "mozilla"})  # the other sources are word lists

TATOEBA_CODES = {
    "ar": "ara",
    "bg": "bul",
    "de": "deu",
    "el": "ell",
    "es": "spa",
    "fr": "fra",
    "hi": "hin",
    "ru": "rus",
    "sw": "swh",
    "th": "tha",
    "tr": "tur",
    "ur": "urd",
    "vi": "vie",
    "zh": "cmn",
}
SIB200_CODES = {
    "en": "eng_Latn",
    "ar": "arb_Arab",
    "bg": "bul_Cyrl",
    "de": "deu_Latn",
    "el": "ell_Grek",
    "es": "spa_Latn",
    "fr": "fra_Latn",
    "hi": "hin_Deva",
    "ru": "rus_Cyrl",
    "sw": "swh_Latn",
    "th": "tha_Thai",
    "tr": "tur_Latn",
    "ur": "urd_Arab",
    "vi": "vie_Latn",
    "zh": "zho_Hans",
}

log = logging.getLogger("mini.corpus")


@dataclass(frozen=True)
class Pair:
    """One row: where it comes from, the language of its other side, and both texts."""

    source: str
    language: str
    english: str
    other: str

    @property
    def is_sentence(self) -> bool:
        """Whether the row comes from a source of sentences, not from a word list."""
        return self.source in SENTENCES


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


def normal_form(text: str) -> str:
    """NFKC, case-folded, without punctuation, symbols, spaces and controls: for finding equal texts."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "PSZC")


def read_pairs(folder: Path) -> list[Pair]:
    """All rows of `folder`/en-xx.tsv.gz (source, English, other), each distinct pair of a language once."""
    pairs: list[Pair] = []
    for language in LANGUAGES:
        path = folder / f"en-{language}.tsv.gz"
        seen: set[tuple[str, str]] = set()
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                fields = line.rstrip("\n").split("\t")
                if len(fields) != 3:
                    raise ValueError(f"{path}:{number}: {len(fields)} fields, not source, English, other")
                source, english, other = (field.strip() for field in fields)
                if english and other and (english, other) not in seen:
                    seen.add((english, other))
                    pairs.append(Pair(source, language, english, other))
    log.info("%d pairs of %d languages read from %s", len(pairs), len(LANGUAGES), folder)
    return pairs


def write_kept(pairs: Sequence[Pair], path: Path) -> None:
    """Save pairs as lines of source, language, English, other."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{p.source}\t{p.language}\t{p.english}\t{p.other}\n" for p in pairs)


def read_kept(path: Path) -> list[Pair]:
    """The pairs saved by `write_kept`."""
    return [Pair(*line.split("\t")) for line in _lines(path)]


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield line.rstrip("\n").rstrip("\r")


def evaluation_texts(data: Path) -> dict[str, set[str]]:
    """Normal forms of all texts in dev and test of Tatoeba, XNLI and SIB-200 under `data`, per data set."""
    sets: dict[str, Iterable[str]] = {
        "tatoeba": (text for path in sorted((data / "tatoeba").rglob("tatoeba.*")) for text in _lines(path)),
        "xnli": (
            field
            for path in sorted((data / "xnli").glob("*-*.tsv"))
            for line in _lines(path)
            for field in line.split("\t")[:2]
        ),
        "sib200": (
            line.split("\t")[-1]
            for path in sorted((data / "sib200").glob("*/*.tsv"))
            if path.stem in {"dev", "test"}
            for line in list(_lines(path))[1:]
        ),
    }
    found = {name: {normal_form(text) for text in texts} - {""} for name, texts in sets.items()}
    for name, texts in found.items():
        if not texts:
            raise FileNotFoundError(f"no dev or test text of {name} under {data}: nothing could be excluded")
    return found


def exclude(pairs: Sequence[Pair], data: Path) -> list[Pair]:
    """The pairs of which neither side stands in a dev or test set under `data`."""
    found = evaluation_texts(data)
    forms = [(normal_form(pair.english), normal_form(pair.other)) for pair in pairs]
    rows = set(range(len(pairs)))
    for name, texts in found.items():
        hits = {row for row in rows if not texts.isdisjoint(forms[row])}
        rows -= hits
        log.info("%d pairs dropped: a side stands in %s (%d texts)", len(hits), name, len(texts))
    kept = [pairs[row] for row in sorted(rows)]
    log.info("%d of %d pairs dropped in all, %d kept", len(pairs) - len(kept), len(pairs), len(kept))
    return kept


def draw(pairs: Sequence[Pair], count: int, lexicon: float, generator: np.random.Generator) -> np.ndarray:
    """Row numbers of about `count` pairs, `lexicon` of them words; languages by the root of their size.

    A group (language, sentences or words) that is asked for more rows than it has is gone through several
    times, every pass in a new order, so that no row comes twice before all others came once.
    """
    groups: dict[tuple[str, bool], list[int]] = {}
    for row, pair in enumerate(pairs):
        groups.setdefault((pair.language, pair.is_sentence), []).append(row)
    drawn: list[np.ndarray] = []
    for sentence, share in ((True, 1.0 - lexicon), (False, lexicon)):
        rows = {language: np.array(r) for (language, s), r in sorted(groups.items()) if s is sentence}
        total = sum(len(r) ** 0.5 for r in rows.values())
        for members in rows.values():
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

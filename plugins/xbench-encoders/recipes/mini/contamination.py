"""Test sets and the training text: what is left out before training, and the check of what was left in.

    python contamination.py WORK/pairs.tsv DATA_DIR

Exit code 1 when a training text stands in a dev or test set. Texts are compared by `normal_form`.
"""

import argparse
import json
import logging
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from corpus import Pair, lines_of, saved_pairs, sentences_of

log = logging.getLogger("mini.contamination")

_SILENT = {c: None for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c))[0] in "PSZC"}
RUN = 8  # words in a row that count as a near-duplicate (GPT-3 and its kin use 8 to 13)


def normal_form(text: str) -> str:
    """NFKC, case-folded, without punctuation, symbols, spaces and controls: for finding equal texts."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(_SILENT)


def _columns(paths: Iterable[Path], *columns: int, header: bool = False) -> Iterator[str]:
    for path in paths:
        for number, line in enumerate(lines_of(path)):
            fields = line.split("\t")
            if not (header and number == 0):
                yield from (fields[column] for column in columns if column < len(fields))


def _tagged(paths: Iterable[Path], column: int = 0) -> Iterator[str]:
    """Sentences of files with one word a line; a language prefix such as `en:` is dropped."""
    for path in paths:
        words: list[str] = []
        for line in [*lines_of(path), ""]:
            if line.strip() and not line.startswith("#"):
                words.append(line.replace(" ", "\t").split("\t")[column])
            elif words:
                yield " ".join(words)
                words = []


def _conllu(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        yield from (line.removeprefix("# text = ") for line in lines_of(path) if line.startswith("# text = "))


def _questions(paths: Iterable[Path]) -> Iterator[str]:
    """Questions, passages, and the sentences of passages, of SQuAD files."""
    for path in paths:
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                yield paragraph["context"]
                yield from sentences_of(paragraph["context"])
                yield from (question["question"] for question in paragraph["qas"])


def _choices(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        for line in lines_of(path):
            row = json.loads(line)
            yield from (row[key] for key in ("premise", "choice1", "choice2"))


def _held(folder: Path, pattern: str) -> list[Path]:
    """The dev and test files that match."""
    found = sorted(folder.rglob(pattern))
    return [p for p in found if "train" not in p.stem and "labels" not in p.parts and p.suffix != ".txt"]


READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    "tatoeba": lambda d: _columns([*sorted(d.rglob("tatoeba.*-eng.*")), *sorted(d.glob("xtreme/*-en.*"))], 0),
    "xnli": lambda d: _columns(_held(d, "*.tsv"), 0, 1),
    "americasnli": lambda d: _columns(_held(d, "*.tsv"), 2, 3),
    "pawsx": lambda d: _columns(_held(d, "*.tsv"), 0, 1, 2),
    "sib200": lambda d: _columns(_held(d, "*.tsv"), 2, header=True),
    "udpos": lambda d: _tagged(_held(d, "*.tsv")),
    "panx": lambda d: _tagged(_held(d, "*.tsv")),
    "ud": lambda d: _conllu(_held(d, "*.conllu")),
    "masakhaner2": lambda d: _tagged(sorted(d.rglob("test*"))),
    "masakhapos": lambda d: _tagged([p for name in ("dev", "test") for p in sorted(d.rglob(f"{name}*"))]),
    "xquad": lambda d: _questions(_held(d, "*.json")),
    "mlqa": lambda d: _questions(_held(d, "*.json")),
    "tydiqa_goldp": lambda d: _questions(_held(d, "*.json")),
    "bucc2018": lambda d: _columns([p for p in sorted(d.rglob("*")) if p.suffix in {".zh", ".en", ".tsv"}], 1),
    "xcopa": lambda d: _choices(_held(d, "*.jsonl")),
    "nusax": lambda d: _columns(_held(d, "*.csv"), 0),
    "stsb_multi_mt": lambda d: _columns(_held(d, "*.csv"), 0),
}


def evaluation_texts(data: Path) -> dict[str, set[str]]:
    """Normal forms of all dev and test texts under `data`, per data set.

    Raises FileNotFoundError for a data set of which nothing is found: it could not be left out.
    """
    found = {name: {normal_form(text) for text in read(data / name)} - {""} for name, read in READERS.items()}
    empty = [name for name, texts in found.items() if not texts]
    if empty:
        raise FileNotFoundError(f"no dev or test text of {', '.join(empty)} under {data}: nothing could be left out")
    return found


def exclude(pairs: Sequence[Pair], data: Path) -> list[Pair]:
    """The pairs of which neither side stands in a dev or test set under `data`."""
    found = evaluation_texts(data)
    rows = [(pair, {normal_form(pair.english), normal_form(pair.other)}) for pair in pairs]
    for name, texts in found.items():
        left = [row for row in rows if texts.isdisjoint(row[1])]
        log.info("%s: %d pairs dropped, a side stands there (%d texts)", name, len(rows) - len(left), len(texts))
        rows = left
    log.info("%d of %d pairs kept", len(rows), len(pairs))
    return [pair for pair, _ in rows]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = unicodedata.normalize("NFKC", text).casefold().split()
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


def check(texts: Sequence[str], data: Path) -> int:
    """Log, per data set, the training texts that stand in it and those that share RUN words in a row; the first sum."""
    forms = {normal_form(text) for text in texts}
    runs: set[tuple[str, ...]] = set()
    for text in texts:
        runs |= _runs(text)
    found = 0
    for name, read in READERS.items():
        held = sorted(set(read(data / name)))
        equal = sum(normal_form(text) in forms for text in held if normal_form(text))
        near = sum(not runs.isdisjoint(_runs(text)) for text in held)
        log.info("%s: %d texts, %d in the training text, %d share %d words in a row", name, len(held), equal, near, RUN)
        found += equal
    return found


def main() -> None:
    """Parse the arguments and check."""
    parser = argparse.ArgumentParser(description="Look for texts of dev and test sets in the training text.")
    parser.add_argument("pairs", type=Path, help="the training text, pairs.tsv of the work folder")
    parser.add_argument("data", type=Path, help="folder with tatoeba/, xnli/, sib200/ and the others")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    texts = {text for pair in saved_pairs(arguments.pairs) for text in (pair.english, pair.other)}
    sys.exit(1 if check(sorted(texts), arguments.data) else 0)


if __name__ == "__main__":
    main()

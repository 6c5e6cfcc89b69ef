"""Tatoeba: 1,000 English sentences at most look for their translation among as many of one of 41 languages.

Artetxe and Schwenk 2019 (https://arxiv.org/abs/1812.10464), in the 36 languages of XTREME (Hu et al. 2020,
https://arxiv.org/abs/2003.11080) and five more of XTREME-R (Ruder et al. 2021, https://arxiv.org/abs/2104.07412).
Nothing is learned. The English sentences of two languages are not the same.

Files as LASER distributes them: `v1/tatoeba.xxx-eng.xxx` and `v1/tatoeba.xxx-eng.eng`, aligned line by line; or, where
these are not there, as XTREME makes them of those: `xx-en.xx`, `xx-en.en` with the English sorted, and the label file
`labels/test-xx.tsv`, whose line i is the place (from 0) in `xx-en.xx` of the translation of line i of `xx-en.en`.
Either way the rows are the same: English in XTREME's order, called by its line in the official prediction file
(`en-0`), and the candidates in the order of their file, called by what that file says of them (`495`).

Of the hub's data sets mteb/tatoeba-bitext-mining has the pairs; that their order is LASER's is taken for granted, and
matters to official prediction files alone.
"""

from collections.abc import Sequence
from pathlib import Path

from xbench.contracts import Scores, Split
from xbench.errors import DataError
from xbench_tasks.columns import Columns, texts
from xbench_tasks.dataset import Layout
from xbench_tasks.files import check_aligned, check_texts, read_lines
from xbench_tasks.hub import Candidate
from xbench_tasks.retrieval import Matches, Pool, RetrievalTask, Text, answerable, scores_of

CODES = {
    "ar": "ara", "he": "heb", "vi": "vie", "id": "ind", "jv": "jav", "tl": "tgl", "eu": "eus", "ml": "mal",
    "ta": "tam", "te": "tel", "af": "afr", "nl": "nld", "de": "deu", "el": "ell", "bn": "ben", "hi": "hin",
    "mr": "mar", "ur": "urd", "fa": "pes", "fr": "fra", "it": "ita", "pt": "por", "es": "spa", "bg": "bul",
    "ru": "rus", "ja": "jpn", "ka": "kat", "ko": "kor", "th": "tha", "sw": "swh", "zh": "cmn", "kk": "kaz",
    "tr": "tur", "et": "est", "fi": "fin", "hu": "hun",
    "az": "aze", "lt": "lit", "pl": "pol", "uk": "ukr", "ro": "ron",  # XTREME-R
}  # fmt: skip
_FEWER = {"jv": 205, "ka": 746, "kk": 575, "ml": 687, "sw": 390, "ta": 307, "te": 234, "th": 548}


def _laser(folder: Path, language: str) -> tuple[Path, ...]:
    code = CODES[language]
    return folder / "v1" / f"tatoeba.{code}-eng.{code}", folder / "v1" / f"tatoeba.{code}-eng.eng"


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    if split is not Split.TEST:
        return ()
    sorted_english = folder / f"{language}-en.en"
    if all(file.is_file() for file in _laser(folder, language)) or not sorted_english.is_file():
        return _laser(folder, language)
    return folder / f"{language}-en.{language}", sorted_english, folder / "labels" / f"test-{language}.tsv"


def _read(folder: Path, language: str, split: Split) -> Pool:
    foreign_file, english_file, *label_file = _files(folder, language, split)
    foreign, english = read_lines(foreign_file), read_lines(english_file)
    check_aligned(foreign_file, len(foreign), english_file, len(english))
    check_texts(foreign_file, "sentence", foreign)
    check_texts(english_file, "sentence", english)
    if label_file:
        return _pool(language, foreign, english, _places(label_file[0], english_file, len(english)))
    return _paired(language, foreign, english)


def _retrieved(columns: Columns, language: str) -> Pool:
    foreign, english = ([text.removesuffix("\n") for text in texts(columns, name)] for name in ("foreign", "english"))
    return _paired(language, foreign, english)


def _paired(language: str, foreign: Sequence[str], english: Sequence[str]) -> Pool:
    """The pool of aligned sentences in LASER's order."""
    from xbench_tasks.metrics.tatoeba import english_order

    places = english_order(english)
    return _pool(language, foreign, [english[place] for place in places], places)


def _pool(language: str, foreign: Sequence[str], english: Sequence[str], places: Sequence[int]) -> Pool:
    """The pool of sorted English sentences, whose translations have these places."""
    return Pool(
        queries=[Text(f"en-{line}", text, "en") for line, text in enumerate(english)],
        candidates=[Text(str(place), text, language) for place, text in enumerate(foreign)],
        matches=[[str(place)] for place in places],
    )


def _places(labels: Path, english: Path, count: int) -> list[int]:
    """The lines of a label file, which are the numbers below `count`, each once."""
    lines = read_lines(labels)
    check_aligned(english, count, labels, len(lines))
    first: dict[str, int] = {}
    known = {str(place) for place in range(count)}
    for number, line in enumerate(lines, start=1):
        if line not in known:
            raise DataError(
                f"{labels}:{number}: {line!r} is no place of a sentence: they are counted from 0 to {count - 1}"
            )
        if line in first:
            raise DataError(f"{labels}:{number}: the sentence {line} was named in line {first[line]} already")
        first[line] = number
    return [int(line) for line in lines]


def _measure(given: Matches, wanted: Matches) -> Scores:
    from xbench_tasks.metrics.tatoeba import tatoeba, tatoeba_items

    rows = answerable(wanted)
    found: Sequence[str] = [given[row][0] if given[row] else "" for row in rows]
    right = [wanted[row][0] for row in rows]
    return scores_of(tatoeba(found, right), rows, tatoeba_items(found, right), len(wanted))


def _candidate(commit: str, file: str) -> Candidate:
    return Candidate(
        id="mteb/tatoeba-bitext-mining",
        revision=commit,
        file=file,
        configs={language: f"{code}-eng" for language, code in CODES.items()},
        splits={Split.TEST: "test"},
        columns={"foreign": "sentence1", "english": "sentence2"},
        rows=_retrieved,
    )


TATOEBA = RetrievalTask(
    name="tatoeba",
    summary="Find the translation of an English sentence among up to 1,000; 41 languages, nothing to train on",
    labels=(),
    languages=tuple(CODES),
    layout=Layout(_files, _read),
    counts=lambda language, split: 2 * _FEWER.get(language, 1000),
    candidates=(
        # Commit: mteb's task Tatoeba pins it. Path: a public script fetches test/deu-eng.jsonl.gz.
        _candidate("69e8f12da6e31d59addadda9a9c8a2e601a0e282", "{split}/{config}.jsonl.gz"),
        # Commit: mteb's older results name it. Path: as the hub's tree shows it.
        _candidate("9080400076fbadbb4c4dcb136ff4eddc40b42553", "{config}/{split}.jsonl.gz"),
    ),
    train_on=None,
    hyperparameters={"search": "cosine", "max_length": 512},
    measure=_measure,
    main_metric="accuracy",
)

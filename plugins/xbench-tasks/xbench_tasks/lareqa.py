"""LAReQA: a question looks for the sentences that answer it, one in each language, in one pool of all languages.

Roy et al. 2020 (https://aclanthology.org/2020.emnlp-main.477/): the 1,190 questions of XQuAD in 11 languages and the
sentences of its paragraphs (XQuAD-R), by mean average precision at 20 as in XTREME-R (Ruder et al. 2021,
https://arxiv.org/abs/2104.07412). As many questions a language: the mean over languages is that over all questions.
The published systems learn to answer SQuAD's questions first; here nothing is learned, and vectors are compared by
cosine. A candidate is a sentence with its paragraph after it.

Files as the authors distribute them: `xquad-r/xx.json`, SQuAD's JSON with `sentences` and `sentence_breaks`, where
each begins and ends in its paragraph. The pool is that of the languages there are; where some lack, the number of
rows says so.

No data set of the hub is named here: no full commit of one is known.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xbench.contracts import Scores, Split
from xbench.errors import DataError
from xbench_tasks.dataset import Layout
from xbench_tasks.files import read_json
from xbench_tasks.retrieval import Matches, Pool, RetrievalTask, Text, answerable, scores_of

_SENTENCES = {
    "ar": 1_222, "de": 1_276, "el": 1_234, "en": 1_180, "es": 1_215, "hi": 1_244, "ru": 1_219, "th": 852, "tr": 1_167,
    "vi": 1_209, "zh": 1_196,
}  # fmt: skip
_QUESTIONS = 1_190


def _file(folder: Path, language: str) -> Path:
    return folder / "xquad-r" / f"{language}.json"


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    return (_file(folder, language),) if split is Split.TEST else ()


def _read(folder: Path, language: str, split: Split) -> Pool:
    files = {one: _file(folder, one) for one in _SENTENCES if _file(folder, one).is_file()}
    paragraphs = {one: list(_paragraphs(file)) for one, file in files.items()}
    answers = {one: _answers(file, one, paragraphs[one]) for one, file in files.items()}
    questions = {qa["id"]: qa["question"] for paragraph in paragraphs[language] for qa in paragraph["qas"]}
    for one, file in files.items():
        odd = sorted(answers[one].keys() ^ questions.keys())
        if odd:
            raise DataError(f"{file} and {files[language]} must have the same questions: only one has {odd[0]!r}")
    return Pool(
        queries=[Text(id_, text, language) for id_, text in questions.items()],
        candidates=[
            Text(_id(one, number, at), f"{sentence} {paragraph['context']}", one)
            for one in files
            for number, paragraph in enumerate(paragraphs[one])
            for at, sentence in enumerate(paragraph["sentences"])
        ],
        matches=[[answers[one][id_] for one in files] for id_ in questions],
    )


def _id(language: str, paragraph: int, sentence: int) -> str:
    return f"{language}-{paragraph}-{sentence}"


def _paragraphs(file: Path) -> Iterator[Mapping[str, Any]]:
    """The paragraphs of a file, with the members that are read. Raises DataError where one lacks."""
    try:
        for article in read_json(file)["data"]:
            for number, paragraph in enumerate(article["paragraphs"]):
                where = f"{file}: paragraph {number} (from 0) of {article['title']!r}"
                _check(where, paragraph)
                yield paragraph
    except (KeyError, TypeError, IndexError) as error:
        raise DataError(f"{file}: is not laid out as SQuAD's JSON with sentences: {error!r}") from error


def _check(where: str, paragraph: Mapping[str, Any]) -> None:
    stretches = [paragraph["context"][start:end] for start, end in paragraph["sentence_breaks"]]
    if not stretches or stretches != paragraph["sentences"]:
        raise DataError(f"{where}: its sentences are not what sentence_breaks cut out of its context")
    for qa in paragraph["qas"]:
        if not isinstance(qa["id"], str) or not isinstance(qa["question"], str) or not qa["question"]:
            raise DataError(f"{where}: the question {qa['id']!r} must have an id and a text")
        if not isinstance(qa["answers"][0]["answer_start"], int):
            raise DataError(f"{where}: the question {qa['id']!r} must have an answer with a place")


def _answers(file: Path, language: str, paragraphs: list[Mapping[str, Any]]) -> dict[str, str]:
    """The id of the sentence in which the answer of each question begins."""
    found: dict[str, str] = {}
    for number, paragraph in enumerate(paragraphs):
        for qa in paragraph["qas"]:
            start = qa["answers"][0]["answer_start"]
            places = [at for at, (low, high) in enumerate(paragraph["sentence_breaks"]) if low <= start < high]
            if len(places) != 1:
                raise DataError(f"{file}: the answer of question {qa['id']!r} begins in no sentence")
            if qa["id"] in found:
                raise DataError(f"{file}: the question {qa['id']!r} is there twice")
            found[qa["id"]] = _id(language, number, places[0])
    return found


def _measure(given: Matches, wanted: Matches) -> Scores:
    from xbench_tasks.metrics.lareqa import lareqa, lareqa_items

    rows = answerable(wanted)
    found, right = ({str(row): matches[row] for row in rows} for matches in (given, wanted))
    return scores_of(lareqa(found, right), rows, lareqa_items(found, right), len(wanted))


LAREQA = RetrievalTask(
    name="lareqa",
    summary="Find the sentences that answer a question in one pool of 11 languages, nothing to train on",
    labels=(),
    languages=tuple(_SENTENCES),
    layout=Layout(_files, _read, folders=("lareqa", "xquad_r")),
    counts=lambda language, split: _QUESTIONS + sum(_SENTENCES.values()),
    train_on=None,
    hyperparameters={"search": "cosine", "depth": 20, "max_length": 352},
    measure=_measure,
    main_metric="map@20",
)

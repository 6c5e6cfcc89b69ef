"""BUCC 2018: find the sentences of a German, French, Russian or Chinese text that have a translation in an English one.

The shared task of Zweigenbaum et al. 2018 (https://comparable.limsi.fr/bucc2018) as XTREME uses it (Hu et al. 2020,
https://arxiv.org/abs/2003.11080): its "sample" is dev, on which the threshold is tuned, its "training" part is test.
Scored by F1 on the set of pairs. Files as XTREME lays them out: `xx-en.SPLIT.xx` and `xx-en.SPLIT.en` with an id, a
tab and a sentence a line, `xx-en.SPLIT.gold` with the ids of a pair; the gold of test may be `labels/test-xx.tsv`.

No data set of the hub is named here: they hold the gold pairs alone, in which there is nothing to mine.
"""

from collections.abc import Sequence
from pathlib import Path

from xbench.contracts import Scores, Split
from xbench.errors import DataError
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.files import check_texts, read_lines, read_table
from xbench_tasks.retrieval import Matches, Pool, RetrievalTask, Text

LANGUAGES = ("de", "fr", "ru", "zh")
_PAIRS = {
    Split.VALIDATION: {"de": 1_038, "fr": 929, "ru": 2_374, "zh": 257},
    Split.TEST: {"de": 9_580, "fr": 9_086, "ru": 14_435, "zh": 1_899},
}


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    if split not in _PAIRS:
        return ()
    stem = f"{language}-en.{FILE_SPLIT[split]}"
    gold = folder / f"{stem}.gold"
    if split is Split.TEST and not gold.is_file():
        gold = folder / "labels" / f"test-{language}.tsv"
    return folder / f"{stem}.{language}", folder / f"{stem}.en", gold


def _read(folder: Path, language: str, split: Split) -> Pool:
    from xbench_tasks.metrics.bucc import read_pairs

    source_file, target_file, gold_file = _files(folder, language, split)
    sources, targets = _sentences(source_file, language), _sentences(target_file, "en")
    gold = read_pairs(read_lines(gold_file), str(gold_file))
    matches: dict[str, list[str]] = {text.id: [] for text in sources}
    known = {text.id for text in targets}
    for number, (source, target) in enumerate(gold, start=1):
        for id_, there, file in ((source, matches, source_file), (target, known, target_file)):
            if id_ not in there:
                raise DataError(f"{gold_file}:{number}: {file} has no sentence {id_!r}")
        if target in matches[source]:
            raise DataError(f"{gold_file}:{number}: the pair {source} {target} was named already")
        matches[source].append(target)
    wanted = _PAIRS[split][language]
    note = "" if len(gold) == wanted else f"{len(gold):,} gold pairs where the specification has {wanted:,}"
    return Pool(sources, targets, list(matches.values()), note)


def _sentences(file: Path, language: str) -> Sequence[Text]:
    table = read_table(file, ("id", "sentence"), header=False)
    first: dict[str, int] = {}
    for number, (id_, _) in enumerate(table, start=1):
        if not id_:
            raise DataError(f"{file}:{number}: the id is empty")
        if id_ in first:
            raise DataError(f"{file}:{number}: the id {id_!r} is that of line {first[id_]} already")
        first[id_] = number
    check_texts(file, "sentence", [sentence for _, sentence in table])
    return [Text(id_, sentence, language) for id_, sentence in table]


def _measure(given: Matches, wanted: Matches) -> Scores:
    from xbench_tasks.metrics.bucc import bucc

    found, right = ([{(str(row), id_) for id_ in ids} for row, ids in enumerate(rows)] for rows in (given, wanted))
    parts = list(zip(found, right, strict=True))
    return Scores(
        bucc(set().union(*found), set().union(*right)),
        items=[2.0 * len(one & other) for one, other in parts],
        totals=[float(len(one) + len(other)) for one, other in parts],
    )


BUCC2018 = RetrievalTask(
    name="bucc2018",
    summary="Mine the pairs of translations from two texts; 4 languages with English, nothing to train on",
    labels=(),
    languages=LANGUAGES,
    layout=Layout(_files, _read),
    counts=lambda language, split: None,  # of sentences: none is specified; of pairs see `_PAIRS`
    train_on=None,
    hyperparameters={"search": "margin", "threshold": "dev", "max_length": 512},
    measure=_measure,
    main_metric="f1",
)

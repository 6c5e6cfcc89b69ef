"""Word translation (bilingual lexicon induction): a word looks for its translations among another language's words.

After Conneau et al. 2018 (https://arxiv.org/abs/1710.04087): words asked for are different, single words, and any of
their translations is right. Nothing is learned. The pool is all single words of the target language that the
dictionary has. Precision at 1 is over the words asked for that are covered, which are those that are single words with
a translation that is one; the provenance notes the coverage.

`bli` asks for English words of the Wiktionary dictionaries (see `wiktionary`), one in ten: those that the core keeps
from every fit. `bli-xx` asks for words of xx, those of the test files of PanLex-BLI (see `panlex`); what the training
file says of such a word is right too, and does not teach. Its source is xx: a suite of it says `source = "xx"`.

No data set of the hub is named here: no full commit of one is known.
"""

from collections.abc import Iterable
from pathlib import Path

from xbench.contracts import Scores, Split
from xbench.tasks import held_out
from xbench_tasks import panlex, wiktionary
from xbench_tasks.dataset import Layout
from xbench_tasks.paired import Rows
from xbench_tasks.retrieval import Matches, Pool, RetrievalTask, Text, answerable, scores_of


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    return (wiktionary.file_of(folder, language),) if split is Split.TEST else ()


def _read(folder: Path, language: str, split: Split) -> Pool:
    entries = wiktionary.read_entries(folder, language)
    return _pool("en", language, entries, {pair[0] for pair in entries if held_out(pair)})


def _pool(source: str, target: str, entries: Rows, asked: set[str]) -> Pool:
    """The pool of a dictionary; of its words `asked` are queries."""
    known = dict.fromkeys(pair for pair in entries if all(map(_single, pair)))
    places: dict[str, str] = {}
    right: dict[str, list[str]] = {}
    for word, translation in known:
        place = places.setdefault(translation, f"{target}-{len(places)}")
        if word in asked:
            right.setdefault(word, []).append(place)
    share = f"{100 * len(right) / max(1, len(asked)):.1f}"
    return Pool(
        queries=[Text(f"{source}-{number}", word, source) for number, word in enumerate(right)],
        candidates=[Text(place, word, target) for word, place in places.items()],
        matches=list(right.values()),
        note=f"coverage {share}: of {len(asked):,} words asked for, {len(right):,} and a translation are single words",
    )


def _single(text: str) -> bool:
    return len(text.split()) == 1


def _measure(given: Matches, wanted: Matches) -> Scores:
    from xbench_tasks.metrics.bli import bli, bli_items

    rows = answerable(wanted)
    found, right = ([matches[row] for row in rows] for matches in (given, wanted))
    return scores_of(bli(found, right), rows, bli_items(found, right), len(wanted))


def _task(name: str, summary: str, languages: Iterable[str], layout: Layout) -> RetrievalTask:
    return RetrievalTask(
        name=name,
        summary=summary,
        labels=(),
        languages=tuple(languages),
        layout=layout,
        counts=lambda language, split: None,
        train_on=None,
        hyperparameters={"search": "cosine", "max_length": 32},
        measure=_measure,
        main_metric="p@1",
    )


def _from(source: str) -> RetrievalTask:
    def files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
        return (panlex.file_of(folder, source, language, "test"),) if split is Split.TEST else ()

    def read(folder: Path, language: str, split: Split) -> Pool:
        asked = panlex.read_words(panlex.file_of(folder, source, language, "test"))
        train = panlex.file_of(folder, source, language, "train")
        taught = panlex.read_words(train) if train.is_file() else []
        return _pool(source, language, [*asked, *taught], {word for word, _ in asked})

    return _task(
        f"bli-{source}",
        f"Find the translation of a word of {source!r} among those of another language, 14 languages of PanLex",
        tuple(one for one in panlex.LANGUAGES if one != source),
        Layout(files, read, ("panlex_bli",)),
    )


BLI = _task(
    "bli",
    "Find the translation of an English word among all words of a dictionary; 27 languages, nothing to train on",
    wiktionary.NAMES,
    Layout(_files, _read, ("wiktionary_dicts",)),
)
BLI_PANLEX = tuple(_from(source) for source in panlex.LANGUAGES)

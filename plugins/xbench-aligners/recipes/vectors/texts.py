"""Plain text of a language out of a folder of benchmark data, to train small word vectors on.

    python texts.py DATA LANGUAGE > sw.txt

The unlabelled text of every task that has the language, and the language's side of the parallel sentences with English;
each different line once. Tasks of retrieval are left out: what measures it trains nothing.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from xbench import tables
from xbench.contracts import Data, Origin, PairedData, Resource, Split, Task, TaskKind
from xbench.errors import DataError
from xbench.registry import Registry, load_registry
from xbench.shelf import Shelf

PIVOT = "en"


def texts(registry: Registry, shelf: Shelf, language: str) -> Iterator[str]:
    """Every text of the language that the shelf holds, as tasks and resources read it."""
    for task in (registry.find("task", name) for name in registry.names("task")):
        if task.kind is not TaskKind.RETRIEVAL:
            yield from _of_task(task, shelf, language)
    for paired in (registry.find("resource", name) for name in registry.names("resource")):
        if paired.supplies is Resource.PARALLEL:
            yield from _of_pairs(paired, shelf, language)


def _of_task(task: Task, shelf: Shelf, language: str) -> Iterator[str]:
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        if language in shelf.languages(task, split):
            try:
                yield from tables.texts(task.kind, shelf.load(task, language, split).inputs, language)
            except DataError as fault:
                sys.stderr.write(f"left out: {fault}\n")


def _of_pairs(paired: PairedData, shelf: Shelf, language: str) -> Iterator[str]:
    others = [other for other in shelf.paired_with(paired, PIVOT) if other != PIVOT]
    for other in others if language == PIVOT else [language] if language in others else []:
        yield from (pair[language != PIVOT] for pair in shelf.pairs(paired, PIVOT, other).rows)


def main(given: Sequence[str]) -> None:
    """Write the text of what was asked for."""
    if len(given) != 2 or not Path(given[0]).is_dir():
        raise SystemExit("usage: texts.py DATA LANGUAGE, where DATA is a folder of official files")
    lines = texts(load_registry(), Shelf(Data(Origin.FOLDER, Path(given[0]))), given[1])
    for line in dict.fromkeys(" ".join(text.split()) for text in lines):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

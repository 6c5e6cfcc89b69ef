"""Retrieval: what the tasks of this plugin share. A task is a value of `RetrievalTask`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from xbench.contracts import Scores, TaskKind
from xbench.errors import DataError, PluginError
from xbench_tasks.dataset import DatasetTask
from xbench_tasks.rows import digest

if TYPE_CHECKING:
    import pyarrow

Matches: TypeAlias = Sequence[Sequence[str]]  # by row, the ids of candidates, best first


class Text(NamedTuple):
    """One text of a side: its id, which no other text of the pool has, itself, and its language (BCP 47)."""

    id: str
    text: str
    language: str


@dataclass(frozen=True)
class Pool:
    """Queries and candidates, and for each query the ids of the candidates that match it. `note` as in `rows`.

    The rows of its tables are the queries and then the candidates.
    """

    queries: Sequence[Text]
    candidates: Sequence[Text]
    matches: Matches
    note: str = ""

    def __len__(self) -> int:
        """Texts of both sides."""
        return len(self.queries) + len(self.candidates)

    def inputs(self) -> "pyarrow.Table":
        """A table with the columns `id`, `text`, `language` and `side`."""
        import pyarrow

        rows = [*self.queries, *self.candidates]
        columns = {name: [getattr(row, name) for row in rows] for name in Text._fields}
        columns["side"] = ["query"] * len(self.queries) + ["candidate"] * len(self.candidates)
        return pyarrow.table({name: pyarrow.array(texts, pyarrow.string()) for name, texts in columns.items()})

    def gold(self) -> "pyarrow.Table":
        """A table with the column `matches`, empty for candidates."""
        import pyarrow

        matches = [*self.matches, *([] for _ in self.candidates)]
        return pyarrow.table({"matches": pyarrow.array(matches, pyarrow.list_(pyarrow.string()))})

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of inputs and gold, text by text; each query has its number of matches before them."""
        queries = ((*text, str(len(found)), *found) for text, found in zip(self.queries, self.matches, strict=True))
        header = f"pool {len(self.queries)} queries {len(self.candidates)} candidates\n"
        return digest(header, chain(queries, self.candidates))


@dataclass(frozen=True, eq=False, kw_only=True)
class RetrievalTask(DatasetTask):
    """A task of `xbench.contracts.Task`: queries, and a pool of candidates in which some match them.

    `measure(given, wanted)` scores the matches of all rows, those of candidates among them, which count 0 of 0.
    """

    measure: Callable[[Matches, Matches], Scores]
    main_metric: str
    kind: TaskKind = TaskKind.RETRIEVAL

    def score(self, gold: "pyarrow.Table", predictions: "pyarrow.Table", language: str) -> Scores:
        """The official metrics (0..100), and what the main one is made of, row by row.

        Raises DataError when there are not as many rows as in gold, PluginError when they have no matches.
        """
        if "matches" not in predictions.column_names:
            there = ", ".join(predictions.column_names) or "none"
            raise PluginError(
                f"the predictions of {self.name} in {language!r} have no column 'matches' (there are: {there})"
            )
        if len(predictions) != len(gold):
            raise DataError(f"there are {len(predictions):,} rows of predictions for {len(gold):,} texts")
        return self.measure(predictions["matches"].to_pylist(), gold["matches"].to_pylist())


def answerable(wanted: Matches) -> list[int]:
    """The rows that have a match: the queries, where each has one."""
    return [row for row, matches in enumerate(wanted) if matches]


def scores_of(metrics: dict[str, float], rows: Sequence[int], items: Sequence[float], count: int) -> Scores:
    """Scores of `count` rows, of which `rows` have an item of 1, and all others 0 of 0."""
    by_row = dict(zip(rows, items, strict=True))
    return Scores(
        metrics,
        items=[by_row.get(row, 0.0) for row in range(count)],
        totals=[float(row in by_row) for row in range(count)],
    )

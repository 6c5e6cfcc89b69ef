"""What stands in XTREME's files of what is retrieved: places of sentences, pairs of them, rankings of entities."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xbench.contracts import Task
from xbench.errors import DataError
from xbench_tasks.retrieval import Pool, Text
from xbench_tasks.xtreme_files import check_count, check_known, check_text, lines_of, read_object, text_of

if TYPE_CHECKING:
    import pyarrow

_NUMBER = re.compile(r"0|[1-9][0-9]*")  # officially lines are compared as text: `012` and `[12]` are not `12`
_WHOLE = ""  # the id of the one row that stands for a whole file of pairs


class Places:
    """A number a line, the place from 0 of the sentence found for each query: for the sorted English sentences."""

    suffix = "tsv"
    columns: tuple[str, ...] = ("id", "side")

    def write(self, predictions: "pyarrow.Table") -> str:
        """The best match of every query."""
        found = _found(predictions)
        for id_, matches in found:
            if not matches:
                raise DataError(f"there is no match of the query {id_!r}, and every line needs one")
        return text_of([matches[0] for _, matches in found])

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The one match of every query; it must be a candidate where candidates are known."""
        queries, candidates = _sides(inputs)
        found = self._places(file)
        check_count(file, "lines", len(found), len(queries))
        known = set(candidates)
        for number, place in enumerate(found, start=1):
            if known and place not in known:
                raise DataError(f"{file}:{number}: there is no sentence {place}: they go from 0 to {len(known) - 1}")
        return _matches([[place] for place in found], candidates)

    def labels(self, task: Task, file: Path) -> Pool:
        """Queries without text and their matches; which candidates there are, labels do not tell."""
        found = self._places(file)
        return Pool([Text(f"en-{line}", "", "en") for line, _ in enumerate(found)], [], [[place] for place in found])

    def _places(self, file: Path) -> list[str]:
        found = lines_of(file)
        for number, place in enumerate(found, start=1):
            if not _NUMBER.fullmatch(place):
                raise DataError(f"{file}:{number}: {place!r} is no place: a plain number such as 12 is expected")
        return found


class Pairs:
    """The ids of a pair a line, with a tab between; the order says nothing, and repeated pairs count once.

    Labels do not tell which sentences there are: with them, the whole file is one row, whose matches are pairs.
    """

    suffix = "tsv"
    columns: tuple[str, ...] = ("id", "side")

    def write(self, predictions: "pyarrow.Table") -> str:
        """The pairs, query by query."""
        rows = [(id_, match) for id_, matches in _found(predictions) for match in matches]
        return text_of([match if id_ == _WHOLE else f"{id_}\t{match}" for id_, match in rows])

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The matches of every query."""
        queries, candidates = _sides(inputs)
        pairs = self._pairs(file)
        if queries == [_WHOLE]:
            return _matches([list(dict.fromkeys(map("\t".join, pairs)))], candidates)
        matches: dict[str, dict[str, None]] = {id_: {} for id_ in queries}
        known = set(candidates)
        for number, (source, target) in enumerate(pairs, start=1):
            for id_, there in ((source, matches), (target, known)):
                if id_ not in there:
                    raise DataError(f"{file}:{number}: the data have no sentence {id_!r} on this side")
            matches[source][target] = None
        return _matches([list(targets) for targets in matches.values()], candidates)

    def labels(self, task: Task, file: Path) -> Pool:
        """All gold pairs as the matches of one row."""
        pairs = list(dict.fromkeys(map("\t".join, self._pairs(file))))
        if not pairs:
            raise DataError(f"{file}:1: there are no gold pairs")
        note = "labels do not tell the sentences, so that the whole file is one example"
        return Pool([Text(_WHOLE, "", "")], [], [pairs], note)

    def _pairs(self, file: Path) -> list[tuple[str, str]]:
        from xbench_tasks.metrics.bucc import read_pairs

        if file.is_file() and not file.stat().st_size:  # nothing was mined
            return []
        return read_pairs(lines_of(file), str(file))


class Rankings:
    """A JSON object of ranked ids by the id of the query, best first; in labels the one right id is alone in its list.

    Neither tells which candidates there are.
    """

    suffix = "json"
    columns: tuple[str, ...] = ("id", "side")

    def write(self, predictions: "pyarrow.Table") -> str:
        """The rankings in the order of the queries, without those that are empty."""
        return json.dumps({id_: matches for id_, matches in _found(predictions) if matches}, ensure_ascii=False) + "\n"

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The ranking of every query, empty where there is none; officially those of other queries are ignored."""
        queries, candidates = _sides(inputs)
        found = self._rankings(file)
        check_known(file, found, queries, "queries")
        return _matches([found.get(id_, []) for id_ in queries], candidates)

    def labels(self, task: Task, file: Path) -> Pool:
        """Queries without text and their right ids."""
        found = self._rankings(file)
        for id_, right in found.items():
            if len(right) != 1:
                raise DataError(f"{file}: to {id_!r} there are {len(right)} right answers; exactly one is expected")
        if not found:
            raise DataError(f"{file}:1: there are no right answers")
        return Pool([Text(id_, "", "") for id_ in found], [], list(found.values()))

    def _rankings(self, file: Path) -> dict[str, list[str]]:
        found = read_object(file, "ranked ids by the id of the query")
        for id_, ranked in found.items():
            if not isinstance(ranked, list):
                raise DataError(f"{file}: the answer to {id_!r} is {ranked!r}; a list of ids is expected")
            for one in ranked:
                check_text(f"{file}: an id in the answer to {id_!r}", one)
        return found


def _sides(inputs: "pyarrow.Table") -> tuple[list[str], list[str]]:
    """The ids of queries and of candidates; the rows of a pool are the queries and then the candidates."""
    rows = list(zip(inputs["id"].to_pylist(), inputs["side"].to_pylist(), strict=True))
    return [id_ for id_, side in rows if side == "query"], [id_ for id_, side in rows if side != "query"]


def _found(predictions: "pyarrow.Table") -> list[tuple[str, list[str]]]:
    """Each query and its matches, best first."""
    columns = (predictions[name].to_pylist() for name in ("id", "side", "matches"))
    return [(id_, matches) for id_, side, matches in zip(*columns, strict=True) if side == "query"]


def _matches(found: Sequence[Sequence[str]], candidates: Sequence[str]) -> "pyarrow.Table":
    """Predictions of queries that have these matches, and of candidates, which have none."""
    return Pool([], [Text("", "", "")] * len(candidates), found).gold()

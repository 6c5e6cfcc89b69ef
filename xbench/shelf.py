"""The shelf: every split that a run reads, read once."""

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xbench import tables
from xbench.contracts import Data, Examples, Origin, PairedData, Pairs, Provenance, Split, Task
from xbench.errors import MissingDataError
from xbench.keys import digest
from xbench.tasks import held_out


def teaching(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs that fits may read."""
    return [pair for pair in pairs if not held_out(pair)]


@dataclass
class Shelf:
    """Reads splits from one place, at most `limit` rows of each, and keeps them."""

    data: Data
    limit: int | None = None
    _read: dict[tuple[str, str, Split], Examples] = field(default_factory=dict)
    _paired: dict[tuple[str, str, str], Pairs] = field(default_factory=dict)
    _languages: dict[tuple[str, Split], tuple[str, ...]] = field(default_factory=dict)
    _commonest: dict[tuple[str, str, Split], str] = field(default_factory=dict)

    def load(self, task: Task, language: str, split: Split) -> Examples:
        """One split of a task. Raises MissingDataError when it is not there, DataError when it is malformed."""
        at = (task.name, language, split)
        if at not in self._read:
            self._read[at] = self._limited(task, task.load(language, split, self.data))
        return self._read[at]

    def pairs(self, paired: PairedData, source: str, target: str) -> Pairs:
        """All pairs of two languages. Raises MissingDataError when there are none, DataError when one is malformed."""
        at = (paired.name, source, target)
        if at not in self._paired:
            found = paired.load(source, target, self.data)
            if self.limit is not None and len(found.rows) > self.limit:
                of = found.provenance
                print_ = digest([of.fingerprint, "limit", self.limit])
                found = Pairs(
                    found.rows[: self.limit],
                    replace(of, n_rows=self.limit, fingerprint=print_, note=_cut(self.limit, of)),
                )
            self._paired[at] = found
        return self._paired[at]

    def held_out(self, paired: PairedData, source: str, target: str, count: int) -> list[tuple[str, str]]:
        """The first `count` pairs that measure and do not teach."""
        return list(itertools.islice(filter(held_out, self.pairs(paired, source, target).rows), count))

    def _limited(self, task: Task, examples: Examples) -> Examples:
        if self.limit is None:
            return examples
        of, kept = examples.provenance, tables.first(task.kind, examples.inputs, self.limit)
        if len(kept) == of.n_rows:
            return examples
        provenance = replace(
            of,
            n_rows=len(kept),
            fingerprint=digest([of.fingerprint, "limit", self.limit]),
            note=_cut(self.limit, of),
        )
        gold = None if examples.gold is None else examples.gold.take(kept)
        return Examples(examples.inputs.take(kept), gold, provenance)

    def commonest_label(self, task: Task, language: str, split: Split) -> str:
        """The most frequent label of a split, the first by name in a tie; counted once, since every cell asks."""
        at = (task.name, language, split)
        if at not in self._commonest:
            gold = self.load(task, language, split).gold
            counts = Counter(tables.labels(task.kind, gold)) if gold is not None else Counter(task.labels)
            self._commonest[at] = str(min(counts, key=lambda label: (-counts[label], label)))
        return self._commonest[at]

    def label(self, task: Task) -> str:
        """What the task is called with these data: a sample says so wherever it is printed."""
        return task.sample or task.name if self.data.origin is Origin.SAMPLE else task.name

    def paired_with(self, paired: PairedData, source: str) -> tuple[str, ...]:
        """The languages there are pairs of with the source; none where there are no data of this origin."""
        try:
            return paired.targets(source, self.data)
        except MissingDataError:
            return ()

    def languages(self, task: Task, split: Split) -> tuple[str, ...]:
        """The languages there are; none where the task has no data of this origin."""
        at = (task.name, split)
        if at not in self._languages:
            try:
                self._languages[at] = task.available(split, self.data)
            except MissingDataError:
                self._languages[at] = ()
        return self._languages[at]


def _cut(limit: int, of: Provenance) -> str:
    return f"first {limit} of {of.n_rows} rows" + (f"; {of.note}" if of.note else "")


_CUT = re.compile(r"first (\d+) of \d+ rows")


@dataclass
class Shelves:
    """The shelves that results were made from. `data` is where official data are; samples are always there."""

    data: Data
    _opened: dict[tuple[Data, int | None], Shelf] = field(default_factory=dict)

    def of(self, dataset: Mapping[str, Any]) -> Shelf:
        """The shelf of what a result says of its data, cut as they were.

        Raises MissingDataError where `data` are of another origin.
        """
        origin = str(dataset.get("origin", ""))
        data = Data(Origin.SAMPLE) if origin == Origin.SAMPLE else self.data
        if data.origin != origin:
            raise MissingDataError(f"scored on data of the origin {origin!r}, and --data names {self.data}")
        notes = "; ".join(str(part.get("note", "")) for part in (dataset, *dataset.get("train", ())))
        cut = _CUT.search(notes)
        at = (data, int(cut[1]) if cut else None)
        return self._opened.setdefault(at, Shelf(*at))

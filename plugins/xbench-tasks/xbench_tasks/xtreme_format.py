"""XTREME's tree of predictions, which is also that of its labels (Hu et al. 2020, https://arxiv.org/abs/2003.11080),
and XTREME-R's (Ruder et al. 2021, https://arxiv.org/abs/2104.07412).

A folder a task and a file a language, `xnli/test-sw.tsv`, as `evaluate.py` of google-research/xtreme@838c13b reads
them. Its folders and languages are called as ours: its two letters of ISO 639-1 are BCP 47. Of LAReQA, a task of
XTREME-R, it reads nothing: there is no file of it, and no official score of all tasks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xbench.contracts import Examples, Provenance, Split, Task
from xbench.errors import DataError, unknown
from xbench.formats import Metrics, Names
from xbench_tasks.dataset import DatasetTask
from xbench_tasks.xtreme_files import Answers, Kind, Labels, Numbers, Tags
from xbench_tasks.xtreme_retrieval import Pairs, Places, Rankings

if TYPE_CHECKING:
    import pyarrow

_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "xnli": Labels(),
        "pawsx": Labels(),
        "udpos": Tags(),
        "panx": Tags(),
        "xquad": Answers(),
        "mlqa": Answers(),
        "tydiqa": Answers(),
        "bucc2018": Pairs(),
        "tatoeba": Places(),
        "xcopa": Numbers(),
        "mewslix": Rankings(),
    }
)
_OFFICIAL = ("exact_match", "f1", "precision", "recall", "accuracy", "map@20")  # of our metrics; the others are our own
# A task's `avg_metric` is the mean of the first of these that it has all of.
_MAIN = (("exact_match", "f1"), ("f1",), ("accuracy",), ("map@20",))


@dataclass(frozen=True)
class XtremeFormat:
    """A format of `xbench.formats.Format`: what to put into a submission, and what anybody's is scored from."""

    name: str = "xtreme"
    summary: str = "Submissions to XTREME and XTREME-R: a folder per task, with test-xx.tsv, json or jsonl per language"
    suites: tuple[str, ...] = ("xtreme", "xtreme-r")
    tasks: tuple[str, ...] = tuple(_KINDS)

    def path(self, task: Task, language: str) -> str:
        """Such as `xnli/test-sw.tsv`."""
        return f"{task.name}/test-{language}.{_kind(task).suffix}"

    def columns(self, task: Task) -> tuple[str, ...]:
        """The ids of questions; of retrieval the sides too."""
        return _kind(task).columns

    def write(self, task: Task, language: str, predictions: "pyarrow.Table") -> str:
        """The text of a file.

        Raises DataError where there are not as many rows as XTREME has, for then no line is where it looks for it.
        """
        rows = len(predictions)
        if isinstance(_kind(task), Places) and "candidate" not in predictions["side"].to_pylist():
            rows *= 2  # what was read beside labels: the queries alone, which have as many candidates
        wanted = task.counts(language, Split.TEST) if isinstance(task, DatasetTask) else None
        if wanted not in (None, rows):
            raise DataError(
                f"{task.name} in {language!r}: {rows:,} rows where the official test set has {wanted:,}; "
                "a submission needs predictions of the whole of it"
            )
        try:
            return _kind(task).write(predictions)
        except DataError as error:
            raise DataError(f"{task.name} in {language!r}: {error}") from error

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The predictions of a file. Raises DataError with file and line."""
        return _kind(task).read(task, file, inputs)

    def labels(self, task: Task, file: Path) -> Examples:
        """What a file of labels tells. Raises DataError with file and line."""
        rows = _kind(task).labels(task, file)
        provenance = Provenance(
            id=task.name,
            revision="",
            split=str(Split.TEST),
            origin="labels",
            n_rows=len(rows),
            fingerprint=rows.fingerprint(),
            note=rows.note,
        )
        return Examples(rows.inputs(), rows.gold(), provenance)

    def report(self, scores: Metrics, languages: Names, groups: Names) -> Mapping[str, Any]:
        """The JSON of `evaluate.py`: `all_task` and groups, then tasks with every metric by language and on average.

        What is not complete has no average: a task that lacks a language, a group or the whole that lacks a task. A
        group is of the tasks that have files, the whole of all.
        """
        tasks = {task: _task_report(scores[task], languages[task]) for task in languages if scores.get(task)}
        filed = {group: [task for task in members if task in self.tasks] for group, members in groups.items()}
        parts = {"all_task": tuple(languages), **filed}
        averages = {name: _mean_of(tasks, members) for name, members in parts.items()}
        return {name: value for name, value in averages.items() if value is not None} | tasks


def _kind(task: Task) -> Kind:
    if task.name not in _KINDS:
        raise unknown("task of XTREME", task.name, _KINDS)
    return _KINDS[task.name]


def _task_report(scores: Mapping[str, Mapping[str, float]], languages: Iterable[str]) -> dict[str, Any]:
    there = [language for language in languages if language in scores]
    metrics = [name for name in _OFFICIAL if name in scores[there[0]]]
    report: dict[str, Any] = {name: {language: scores[language][name] for language in there} for name in metrics}
    if len(there) < len(tuple(languages)):
        return report
    averages = {f"avg_{name}": _mean(report[name].values()) for name in metrics}
    main = next(names for names in _MAIN if set(names) <= set(metrics))
    return report | averages | {"avg_metric": _mean(averages[f"avg_{name}"] for name in main)}


def _mean_of(tasks: Mapping[str, Mapping[str, Any]], members: Iterable[str]) -> float | None:
    found = [tasks[task].get("avg_metric") if task in tasks else None for task in members]
    return None if None in found else _mean(value for value in found if value is not None)


def _mean(values: Iterable[float]) -> float:
    """As the official script adds up: one after the other, for from Python 3.12 on sum() of floats rounds otherwise."""
    total, count = 0.0, 0
    for value in values:
        total += value
        count += 1
    return total / count


XTREME = XtremeFormat()

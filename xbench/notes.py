"""The notes under a table: what was skipped or failed and why, and what rows lack; the legend under all."""

from collections.abc import Iterable, Mapping, Sequence

from xbench import names
from xbench.cell import Result
from xbench.standings import Row, Table
from xbench.statistics import DRAWS

LEGEND = f"""\
### How to read this

- *avg*: mean over the target languages, without the source, of the mean over seeds. *gap*: the source's score
  minus avg. *n/a*: a language or seed is missing, and a mean of fewer does not compare; the notes say which.
- *95 %*: interval of avg over these languages by percentile bootstrap, {DRAWS} draws of test examples. All rows
  are scored on the same draws, and so are languages whose test examples are parallel. Where there are several
  seeds it is as much wider as they differ beyond their examples, by Student's t: two seeds that differ say little
  of other seeds, and one says nothing. Numbers have the digits that their intervals support; those of languages
  alike, by the mean interval.
- *to best*: avg minus that of the best row, with its interval. A *tie* is a difference whose interval covers
  zero; rows that tie with the best share its rank. Each row is judged by itself: among 20 rows that are
  equally good, expect one to look different.
- *majority class*: the score of always answering the commonest training label, a row per such label.
- *n*: test examples per language. *supervision*: how many rows of data were really read, by language: an
  example or a text is a row, and so is a pair of texts."""

COMPARED_LEGEND = """\
- *ranks*: those that the row may have with 95 % confidence, by all its differences to others at once (Holm).
  *ties*: two rows have a letter in common where they tie, each two judged by themselves.
- *to baseline*: avg minus that of the baseline, plain fine-tuning of the row's model (else its first recipe
  without aligner) unless another is named, with its interval. *other languages*: its interval for languages
  like these, if these are a sample of them; n/a of less than three. *better in*, *worse in*: so many target
  languages differ from the baseline, by all at once (Holm); *won, tied, lost*: each judged by itself.
- *detectable*: a true difference to the baseline that so many examples and seeds would show four times out of
  five. What is not shown may still be there, if it is smaller."""

SUITE_LEGEND = """\
- A suite's table: the score of a task is the mean over all its languages, *the source included*, of the mean
  over seeds; that of a group is the mean of its tasks' scores, and *score*, the suite's, that of all tasks' or,
  where it says so, groups' scores. Each is there only where nothing of it is lacking: else *n/a*, and the
  notes say what lacks. Means over the target languages alone, and transfer gaps, are in the tables of the
  tasks. Intervals, ties and ranks are those of *score*; tasks are drawn independently of each other."""

PUBLISHED = """\
## Published by others

Numbers as their sources print them, on official test sets, from trainings and scorers that are not ours; *n/a*
where a source has none. They have no rank, no difference to a row above is tested, and nothing above depends on them.
A model may stand here several times: rows of different sources are not merged."""

TOLD = 0.01  # of less leakage the results tell alone
UNTOLD = "not told"  # the kind of supervision, without counts, of results whose training nobody watched

APART = (
    "another table has this title too: results on different data or of different trainings "
    "(other targets, options, versions) are not compared"
)


def incidents(results: Iterable[Result]) -> list[str]:
    """A line per reason: how many cells were skipped or failed for it, and which."""
    by_reason: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        by_reason.setdefault((result.status.value, result.reason or "no reason given"), []).append(result)
    lines = []
    for (status, reason), members in sorted(by_reason.items()):
        rows = ", ".join(sorted({f"{result.cell.model} {result.cell.recipe}" for result in members}))
        languages = ", ".join(sorted({result.cell.target for result in members}))
        seeds = seeded(sorted({result.cell.seed for result in members}))
        cells = "1 cell" if len(members) == 1 else f"{len(members)} cells"
        lines.append(f"{cells} {status}: {reason} ({rows}; {languages}; {seeds})")
    return lines


def remarks(table: Table, results: Sequence[Result]) -> list[str]:
    """What the data say of themselves, such as a limit on rows, and why rows have no average or interval."""
    lines = [
        *_test_data(results),
        *_training_data(results),
        *_leakage(results),
        *_degenerate(results),
        *_chance(results),
    ]
    if table.rows and table.source in table.targets:
        lines.append(f"the source is the only language: avg is the score in {table.source}")
    seeds = sorted({result.cell.seed for result in results})
    done = {(at.model, at.recipe, at.target, at.seed) for at in (result.cell for result in results)}
    for row in table.rows:
        lacking: dict[tuple[int, ...], list[str]] = {}
        for language in table.languages:
            absent = tuple(seed for seed in seeds if (row.model, row.recipe, language, seed) not in done)
            lacking.setdefault(absent, []).append(language)
        lacking.pop((), None)
        lines += _remark(row, listed(lacking))
    return lines


def listed(lacking: Mapping[tuple[int, ...], Sequence[str]]) -> str:
    """Seeds -> languages that are lacking as text: `de, sw (seeds 0, 1); fr (seed 1)`."""
    return "; ".join(f"{', '.join(lacking[seeds])} ({seeded(seeds)})" for seeds in sorted(lacking))


def served(task: str) -> list[str]:
    """A line where a task is served by a method of its own, whatever the rows are called."""
    method = dict(names.parse(task).options).get("method")
    return [f"the method of every row is {method}: of the recipe its aligners are kept"] if method else []


def _leakage(results: Iterable[Result]) -> list[str]:
    """A line per row and thing that it trained on, where 1 % or more of the test examples stand in it."""
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for result in results:
        for what, share in result.dataset.get("leakage", {}).items():
            if share >= TOLD:
                found.setdefault((result.cell.model, result.cell.recipe, what), {})[result.cell.target] = share
    lines = []
    for (model, recipe, what), shares in sorted(found.items()):
        at = max(sorted(shares), key=shares.__getitem__)
        most = f"{100 * shares[at]:.1f} % of the test examples ({at}, the most of {len(shares)} languages)"
        lines.append(f"leakage: {model} {recipe}: {most} stand in the {what}")
    return lines


def _degenerate(results: Sequence[Result]) -> list[str]:
    """A line per row and reason: which of its trainings are no fair try of the method; their scores are counted."""
    trained: dict[tuple[str, str], set[int]] = {}
    found: dict[tuple[str, str, str, str], set[int]] = {}
    for cell, made in ((result.cell, result.diagnostics) for result in results):
        trained.setdefault((cell.model, cell.recipe), set()).add(cell.seed)
        for plugin, logged in made.items():
            if isinstance(logged, Mapping) and logged.get("degenerate"):
                at = (cell.model, cell.recipe, plugin, str(logged["degenerate"]))
                found.setdefault(at, set()).add(cell.seed)
    return [
        f"{model} {recipe}: {plugin} degenerate in {len(seeds)} of {len(trained[model, recipe])} seeds: {reason}"
        f" ({seeded(sorted(seeds))}); its scores are in the averages"
        for (model, recipe, plugin, reason), seeds in sorted(found.items())
    ]


def _chance(results: Sequence[Result]) -> list[str]:
    """A line per row whose score in the source is no better than the majority class: it did not learn the task."""
    found: dict[tuple[str, str], list[int]] = {}
    for result in results:
        baseline = result.baseline.get("score")
        at_source = result.cell.target == result.cell.source and result.main_score is not None
        if at_source and baseline is not None and result.higher_is_better and result.main_score <= baseline:
            found.setdefault((result.cell.model, result.cell.recipe), []).append(result.cell.seed)
    return [
        f"{model} {recipe}: no better in the source than the majority class ({seeded(sorted(seeds))})"
        for (model, recipe), seeds in sorted(found.items())
    ]


def _test_data(results: Iterable[Result]) -> list[str]:
    about: dict[str, set[str]] = {}
    for result in results:
        if result.dataset.get("note"):
            about.setdefault(str(result.dataset["note"]), set()).add(result.cell.target)
    return [f"data: {note} ({', '.join(sorted(languages))})" for note, languages in sorted(about.items())]


def _training_data(results: Iterable[Result]) -> list[str]:
    """A line per note: `data: train snli (en): dev and test in place of train`."""
    about: dict[str, dict[str, set[str]]] = {}
    for data in (data for result in results for data in result.dataset.get("train", ())):
        if data.get("note"):
            of = about.setdefault(str(data["note"]), {}).setdefault(str(data.get("id", "")), set())
            of.add(str(data.get("language", "")))
    lines = []
    for note, sets in sorted(about.items()):
        named = ", ".join(f"{name} ({', '.join(sorted(languages))})" for name, languages in sorted(sets.items()))
        lines.append(f"data: train {named}: {note}")
    return lines


def _remark(row: Row, lacking: str) -> list[str]:
    if lacking:
        what = "average" if row.average.value is None else "transfer gap"
        return [f"{row.model} {row.recipe}: no {what}, for it lacks {lacking}"]
    if row.average.value is not None and row.average.interval is None:
        return [f"{row.model} {row.recipe}: no interval, for it has no scores per example"]
    return []


def seeded(seeds: Sequence[int]) -> str:
    """Seeds as text: `seeds 0, 1`."""
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(str(seed) for seed in seeds)}"


def supervision(counts: Mapping[str, Mapping[str, int]]) -> str:
    """What was read, as text: `source labels en 19,666; target text 9 languages 22,410`."""
    parts = []
    for kind, by_language in sorted(counts.items()):
        if by_language:
            where = next(iter(by_language)) if len(by_language) == 1 else f"{len(by_language)} languages"
            parts.append(f"{kind} {where} {sum(by_language.values()):,}")
        elif kind == UNTOLD:
            parts.append(kind)
    return "; ".join(parts) or "none"

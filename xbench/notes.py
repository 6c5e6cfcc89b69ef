"""The notes under a table: what was skipped or failed and why, and what rows lack."""

from collections.abc import Iterable, Mapping, Sequence

from xbench import names
from xbench.cell import Result
from xbench.standings import Row, Table
from xbench.values import Resource

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
        *_oracles(results),
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
    """A line per row that trained on 1 % or more of the test examples: where they stand, and how many at most."""
    found: dict[tuple[str, str], dict[tuple[str, str], list[tuple[float, str, str]]]] = {}
    for result in results:
        for what, share in result.dataset.get("leakage", {}).items():
            stem, joint, place = _placed(what)
            if share >= TOLD:
                row = found.setdefault((result.cell.model, result.cell.recipe), {})
                row.setdefault((stem, joint), []).append((share, result.cell.target, place))
    lines = []
    for (model, recipe), things in sorted(found.items()):
        told: list[str] = []
        for (stem, joint), shares in sorted(things.items(), key=lambda thing: (-max(thing[1])[0], thing[0])):
            share, at = min((-share, target) for share, target, _ in shares)
            same = len({share for share, *_ in shares}) == 1
            of = "" if told else " of the test examples"
            most = f"{-100 * share:.1f} %{of}" if same else f"up to {-100 * share:.1f} %{of} ({at})"
            places = {place for *_, place in shares}
            where = places.pop() if len(places) == 1 else f"{len(places)} languages"
            told.append(f"{most} {'in' if told else 'stand in'} the {stem} {joint} {where}")
        lines.append(f"leakage: {model} {recipe}: {', '.join(told)}")
    return lines


def _placed(what: str) -> tuple[str, str, str]:
    """The name of what was read, in three: `xnli text`, `in`, `de`."""
    stem, _, place = what.rpartition(" ")
    stem, _, joint = stem.rpartition(" ")
    return stem, joint, place


def _oracles(results: Iterable[Result]) -> list[str]:
    """A line per row that read validation labels of targets: what they chose, transfer without them cannot choose."""
    kind = str(Resource.TARGET_VALIDATION)
    found = sorted({(one.cell.model, one.cell.recipe) for one in results if one.supervision.get(kind)})
    return [f"oracle: {model} {recipe}: {kind} chose what is predicted with" for model, recipe in found]


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

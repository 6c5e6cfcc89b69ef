"""The notes under a table: what was skipped or failed and why, and what rows lack."""

from collections.abc import Iterable, Sequence

from xbench.cell import Result
from xbench.standings import Row, Table


def incidents(results: Iterable[Result]) -> list[str]:
    """A line per reason: how many cells were skipped or failed for it, and which."""
    by_reason: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        by_reason.setdefault((result.status.value, result.reason or "no reason given"), []).append(result)
    lines = []
    for (status, reason), members in sorted(by_reason.items()):
        rows = ", ".join(sorted({f"{result.cell.model} {result.cell.recipe}" for result in members}))
        languages = ", ".join(sorted({result.cell.target for result in members}))
        seeds = _seeds(sorted({result.cell.seed for result in members}))
        cells = "1 cell" if len(members) == 1 else f"{len(members)} cells"
        lines.append(f"{cells} {status}: {reason} ({rows}; {languages}; {seeds})")
    return lines


def remarks(table: Table, results: Sequence[Result]) -> list[str]:
    """What the data say of themselves, such as a limit on rows, and why rows have no average or interval."""
    about: dict[str, set[str]] = {}
    for result in results:
        if result.dataset.get("note"):
            about.setdefault(str(result.dataset["note"]), set()).add(result.cell.target)
    lines = [f"data: {note} ({', '.join(sorted(languages))})" for note, languages in sorted(about.items())]
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
        lines += _remark(row, "; ".join(f"{', '.join(lacking[s])} ({_seeds(s)})" for s in sorted(lacking)))
    return lines


def _remark(row: Row, lacking: str) -> list[str]:
    if lacking:
        what = "average" if row.average.value is None else "transfer gap"
        return [f"{row.model} {row.recipe}: no {what}, for it lacks {lacking}"]
    if row.average.value is not None and row.average.interval is None:
        return [f"{row.model} {row.recipe}: no interval, for it has no scores per example"]
    return []


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(str(seed) for seed in seeds)}"

"""Recorded cells planned anew: whether what is installed and the data that are here give their keys, or why not."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xbench import environment, names, options
from xbench.cell import Cell, Result, Status
from xbench.errors import XbenchError, unknown
from xbench.imports import RECIPE
from xbench.plan import FitStage, PlannedCell, align_chain
from xbench.planner import build_plan
from xbench.records import keys_of
from xbench.registry import Registry
from xbench.request import Request, resolve
from xbench.shelf import Shelf, Shelves
from xbench.store import Store
from xbench.suite import Suite
from xbench.verify import Difference, Report, compared

KEYS = {
    "align": "key of the alignment",
    "fit": "key of the training",
    "predict": "key of the predictions",
    "score": "key of the score",
}
UNTOLD = "nothing that results tell of: the version of a plugin, an option's default, text or pairs that were read"


def chosen(results: Iterable[Result], recipes: Sequence[str] = (), limit: int | None = None) -> list[Result]:
    """Scored results by cell, of these recipes if any are named, the first `limit`. Raises UsageError on others."""
    scored = sorted((one for one in results if one.status is Status.OK), key=lambda result: result.cell)
    wanted = [names.join_recipe(names.parse_recipe(recipe)) for recipe in recipes]
    there = {result.cell.recipe for result in scored}
    for recipe in wanted:
        if recipe not in there:
            raise unknown("recipe of these results", recipe, there)
    return [result for result in scored if not wanted or result.cell.recipe in wanted][:limit]


@dataclass(frozen=True)
class Row:
    """Results of the same trainings, apart from seeds, as they are planned today; `reasons` say what is not."""

    results: tuple[Result, ...]
    cells: Mapping[Cell, PlannedCell]
    reasons: Mapping[Cell, str]
    shelf: Shelf


@dataclass
class Replan:
    """Plans results anew. `every` result of their folder is needed, since aligners see all languages of a row."""

    registry: Registry
    shelves: Shelves
    suite: Suite | None
    every: Sequence[Result]
    store: Store | None = None

    def rows(self, results: Iterable[Result], made: Report, seeds: Sequence[int] = ()) -> Iterator[Row]:
        """Row by row, with other seeds if any are named; why a row cannot be planned goes into the report."""
        found: dict[tuple[str, ...], list[Result]] = {}
        for result in results:
            if result.cell.recipe == RECIPE:
                made.unchecked[result.cell] = "predicted by others: nothing was trained here"
            else:
                found.setdefault(_named(result), []).append(result)
        for members in found.values():
            try:
                row = self._row(members, seeds)
            except XbenchError as error:
                made.unchecked |= dict.fromkeys((result.cell for result in members), str(error))
                continue
            yield row

    def _row(self, results: Sequence[Result], seeds: Sequence[int]) -> Row:
        first, cell = results[0], results[0].cell
        asked = names.parse(cell.task)
        task = str(names.Name(str(first.dataset.get("task", asked.name)), asked.options))
        suite = self.suite or Suite(names.parse(task).name, 1, "", ())
        suite = replace(suite, tasks=(task,), groups={}, stand_ins={}, average="tasks")
        shelf = self.shelves.of(first.dataset)
        request = Request(
            suite=suite.name,
            methods=(cell.recipe,),
            data=shelf.data,
            models=(cell.model,),
            languages=self._targets(first),
            sources=(cell.source,),
            seeds=tuple(seeds or dict.fromkeys(result.cell.seed for result in results)),
            limit=shelf.limit,
        )
        # Without diagnostics, which measure and change no score.
        objects = {**self.registry.objects, "suite": {suite.name: suite}, "diagnostic": {}}
        plan = build_plan(resolve(request, replace(self.registry, objects=objects)), shelf)
        reasons = {skip.cell: skip.reason for skip in plan.skipped}
        return Row(tuple(results), {one.cell: one for one in plan.cells}, reasons, shelf)

    def _targets(self, result: Result) -> tuple[str, ...]:
        """The languages that the result's trainings were planned for; those of cells that were skipped, too."""
        of = [one for one in self.every if _named(one)[:-1] == _named(result)[:-1]]
        same = [one for one in of if one.status is Status.SKIPPED or _named(one) == _named(result)]
        return tuple(dict.fromkeys(one.cell.target for one in same))

    def differences(self, result: Result, planned: PlannedCell, shelf: Shelf) -> list[Difference]:
        """The first key that is another today, and what of that which results and the store tell has changed."""
        said, found = result.keys, keys_of(planned)
        stages = [stage for stage in KEYS if said.get(stage) != found[stage]]
        return self._told(stages[0], result, planned, shelf) if stages else []

    def changes(self, result: Result, planned: PlannedCell, shelf: Shelf) -> list[Difference]:
        """The same where the planned cell has another seed: by the key that a row's trainings share, and the data."""
        if result.keys.get("variant") != planned.variant:
            return self._told("variant", result, planned, shelf)
        return list(compared(result.cell, *_test(result, planned, shelf)))

    def _told(self, stage: str, result: Result, planned: PlannedCell, shelf: Shelf) -> list[Difference]:
        said, found = (str(keys.get(stage)) for keys in (result.keys, keys_of(planned)))
        key = Difference(result.cell, KEYS.get(stage, "key of the row's trainings"), said, found)
        causes = list(compared(result.cell, *self._facts(result, planned, shelf)))
        return [key, *(causes or [Difference(result.cell, "what has changed", "", UNTOLD)])]

    def _facts(self, result: Result, planned: PlannedCell, shelf: Shelf) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the result and the manifests of its trainings say went into its keys, and the same of today."""
        said, found = _test(result, planned, shelf)
        fit = planned.score.predict.fit
        for what in ("id", "revision", "digest"):
            said[f"model {what}"], found[f"model {what}"] = result.model.get(what), getattr(fit.base.info, what)
        said |= {_print(of): of.get("fingerprint") for of in result.dataset.get("train", ())}
        for (language, _), (lender, split) in fit.grant.labels.items():
            of = vars(shelf.load(lender, language, split).provenance) | {"language": language}
            found[_print(of)] = of["fingerprint"]
        known = self._recorded(result)
        for name, facts in _plugins(fit).items():
            if name in known:
                said |= {f"{name} {what}": value for what, value in known[name].items()}
                found |= {f"{name} {what}": value for what, value in facts.items()}
        return said | environment.own(result.versions), found | environment.own(environment.versions())

    def _recorded(self, result: Result) -> dict[str, dict[str, Any]]:
        """Version and options of the result's plugins, as far as the store has their manifests."""
        found = {}
        keys = [*(("align", str(key)) for key in result.keys.get("align", ())), ("fit", str(result.keys.get("fit")))]
        for kind, key in keys:
            if self.store and self.store.has(kind, key):
                manifest = self.store.manifest(kind, key)
                found[str(manifest.get("plugin"))] = {"version": manifest.get("version"), **manifest.get("options", {})}
        return found


def _named(result: Result) -> tuple[str, ...]:
    cell = result.cell
    return cell.model, cell.recipe, cell.task, cell.source, str(result.keys.get("variant", ""))


def _test(result: Result, planned: PlannedCell, shelf: Shelf) -> tuple[dict[str, Any], dict[str, Any]]:
    predict = planned.score.predict
    of = shelf.load(predict.task, result.cell.target, predict.split).provenance
    about = result.dataset
    said = {"fingerprint of the data": about.get("fingerprint"), "task revision": about.get("task_revision")}
    return said, {"fingerprint of the data": of.fingerprint, "task revision": predict.task.revision}


def _print(of: Mapping[str, Any]) -> str:
    return f"training data {of.get('id')} {of.get('split')} ({of.get('language')})"


def _plugins(fit: FitStage) -> dict[str, dict[str, Any]]:
    """Version and options of a cell's plugins, as JSON has them."""
    parts = [(stage.aligner, stage.options) for stage in align_chain(fit.before)] + [(fit.method, fit.options)]
    return {
        plugin.name: {"version": plugin.version, **json.loads(json.dumps(options.as_dict(resolved)))}
        for plugin, resolved in parts
    }

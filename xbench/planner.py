"""From a grid to a plan: which stages there are, what each may see, which cells must be skipped and why."""

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

from xbench import encoder_types, names, options
from xbench.access import Grant
from xbench.cell import Cell
from xbench.contracts import PairedData, Resource, Scope, Split
from xbench.errors import DataError, MissingDataError
from xbench.grants import CannotRunError, Granter
from xbench.keys import digest
from xbench.plan import (
    AlignStage,
    Base,
    DiagnoseStage,
    FitStage,
    Plan,
    PlannedCell,
    PredictStage,
    ScoreStage,
    SkippedCell,
    align_chain,
)
from xbench.remarks import label_of, of_preparation, of_training, targets_of
from xbench.request import Grid, Recipe
from xbench.shelf import Shelf
from xbench.uses import Component, TaskUse
from xbench.values import MEASURING


def build_plan(grid: Grid, shelf: Shelf) -> Plan:
    """The plan of a grid; malformed data fail the cells that read them. Raises DataError when nothing can be run."""
    return _Planner(grid, shelf).plan()


@dataclass
class _Planner:
    grid: Grid
    shelf: Shelf
    bases: dict[str, Base] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)

    def plan(self) -> Plan:
        cells: list[PlannedCell] = []
        skipped: list[SkippedCell] = []
        remarks = [use.note for use in self.grid.tasks if use.note] + of_preparation(self.grid, self.shelf)
        self.bases = {text: Base(model, model.info()) for text, model in self.grid.models.items()}
        asked = itertools.product(self.grid.models, self.grid.recipes, self.grid.tasks, self.grid.sources)
        for model, recipe, use, source in asked:
            targets, remark = targets_of(self.grid, use, source, self.shelf)
            remarks += [remark] if remark and remark not in remarks else []
            for seed, target in itertools.product(self.grid.request.seeds, targets):
                label = str(names.Name(self.shelf.label(use.task), use.name.options))
                cell = Cell(model, recipe.text, label, source, target, seed)
                served = recipe.serving(use)
                try:
                    score = self._score(self.bases[model], served, use, targets, replace(cell, recipe=served.text))
                    variant = self._variant(score.predict.fit)
                    cells.append(PlannedCell(cell, score, variant, self._readings(score.predict.fit, cell)))
                except (CannotRunError, MissingDataError) as reason:
                    skipped.append(SkippedCell(cell, str(reason)))
                except DataError as fault:
                    skipped.append(SkippedCell(cell, str(fault), broken=True))
        if not cells:
            reasons = "; ".join(dict.fromkeys([skip.reason for skip in skipped] + remarks))
            raise DataError(f"nothing of {self.grid.label} can be run: {reasons}")
        remarks += [note for note in of_training(cells, self.shelf) if note not in remarks]
        return Plan(label_of(self.grid, self.shelf), tuple(cells), tuple(skipped), tuple(remarks))

    def _variant(self, fit: FitStage) -> str:
        """What a row's trainings have in common, apart from the seed and from a pairwise fit's target."""
        if fit.key not in self.variants:
            parts = [(stage.aligner, stage) for stage in align_chain(fit.before)] + [(fit.method, fit)]
            made = [[p.name, p.version, options.as_dict(s.options), self._shared(p, s)] for p, s in parts]
            self.variants[fit.key] = digest([fit.base.info.digest, fit.trainer.name, made])
        return self.variants[fit.key]

    def _shared(self, plugin: Any, stage: AlignStage | FitStage) -> Any:
        fingerprint = stage.grant.fingerprint(self.shelf)
        if plugin.scope(stage.options) is not Scope.PAIRWISE:
            return fingerprint
        read = {Resource.SOURCE_LABELS: Split.TRAIN, Resource.SOURCE_VALIDATION: Split.VALIDATION}
        needs = plugin.needs(stage.options)  # where the target is the source, labels are granted that are the target's
        shared = {f"{stage.grant.source} {split}" for resource, split in read.items() if resource in needs}
        return {what: print_ for what, print_ in fingerprint["labels"].items() if what in shared}

    def _score(self, base: Base, recipe: Recipe, use: TaskUse, targets: list[str], cell: Cell) -> ScoreStage:
        languages = base.model.languages
        if languages is not None and not {cell.source, cell.target} <= set(languages):
            raise CannotRunError(f"{cell.model} knows {', '.join(languages)} only")
        if use.task.kind not in recipe.method.plugin.task_kinds:
            raise CannotRunError(f"{recipe.method.name.name} does not do {use.task.kind}")
        given = encoder_types.given(base.model)
        for part in (*recipe.aligners, recipe.method):
            if given not in encoder_types.taken(part.plugin):
                takes = f"{part.name.name} takes encoders of the type {encoder_types.listed(part.plugin)}"
                raise CannotRunError(f"{takes}, {cell.model} gives {given}")
        there = self.shelf.languages(use.task, use.split)  # one that is asked for in vain must not stop the others
        joint = [t for t in targets if t in there and (languages is None or t in languages)]
        scope = Granter(use, cell, joint, self.shelf, self.grid.supplies)
        before: AlignStage | None = None
        for aligner in recipe.aligners:
            before = self._align(base, before, aligner, scope)
        fit = self._fit(base, before, recipe.method, scope)
        test = self.shelf.load(use.task, cell.target, use.split).provenance
        split = [] if use.split is Split.TEST else [use.split]  # the test split goes without saying, as in names
        predict = PredictStage(
            digest(["predict", fit.key, use.task.name, cell.target, test.fingerprint, *split]),
            f"predict {cell.task} {cell.target} ({test.n_rows:,} rows) with {cell.recipe}, seed {cell.seed}",
            fit,
            use.task,
            cell.target,
            use.split,
        )
        majority = scope.majority(fit.grant)
        key = digest(["score", predict.key, use.task.revision, test.fingerprint, majority])
        return ScoreStage(key, f"score {cell.task} {cell.target}", predict, majority)

    def _align(self, base: Base, before: AlignStage | None, part: Component, scope: Granter) -> AlignStage:
        chosen = self._options(part, base, scope)
        grant = scope.grant(part, chosen)
        return AlignStage(
            self._key("align", base, before, part, chosen, [grant.fingerprint(self.shelf), scope.cell.seed]),
            f"align {scope.cell.model} with {part.name}, {_range(grant)}, seed {scope.cell.seed}",
            base,
            before,
            part.plugin,
            chosen,
            grant,
            scope.cell.seed,
        )

    def _fit(self, base: Base, before: AlignStage | None, part: Component, scope: Granter) -> FitStage:
        chosen = self._options(part, base, scope)
        grant = scope.grant(part, chosen)
        trainer = scope.use.trainer
        labels = [trainer.name, trainer.revision, *trainer.labels]
        return FitStage(
            self._key("fit", base, before, part, chosen, [grant.fingerprint(self.shelf), scope.cell.seed, labels]),
            f"fit {scope.cell.recipe} on {trainer.name}, {_range(grant)}, seed {scope.cell.seed}",
            base,
            before,
            part.plugin,
            chosen,
            trainer,
            grant,
            scope.cell.seed,
        )

    def _readings(self, fit: FitStage, cell: Cell) -> DiagnoseStage | None:
        """What measures the encoder that a fit starts from, where there are pairs of its source with the target."""
        pairs: dict[Resource, PairedData] = {}
        for paired in (one for _, one in sorted(self.grid.supplies.items()) if one.supplies in MEASURING):
            if cell.target in self.shelf.paired_with(paired, cell.source):
                pairs.setdefault(paired.supplies, paired)
        given = encoder_types.given(fit.base.model)
        able = tuple(one for one in self.grid.diagnostics if given in encoder_types.taken(one))
        if cell.target == cell.source or not pairs or not able:
            return None
        start = fit.before.key if fit.before else [fit.base.info.id, fit.base.info.revision, fit.base.info.digest]
        prints = {
            str(resource): self.shelf.pairs(paired, cell.source, cell.target).provenance.fingerprint
            for resource, paired in pairs.items()
        }
        aligners = ["+".join(stage.aligner.name for stage in align_chain(fit.before))] if fit.before else []
        versions = [[one.name, one.version] for one in able]
        return DiagnoseStage(
            digest(["diagnose", start, cell.source, cell.target, prints, versions]),
            f"measure {' with '.join([cell.model, *aligners])}, {cell.source}→{cell.target}",
            fit.base,
            fit.before,
            able,
            cell.source,
            cell.target,
            pairs,
            0,
        )

    def _key(self, kind: str, base: Base, before: AlignStage | None, part: Component, *rest: Any) -> str:
        start = before.key if before else [base.info.id, base.info.revision, base.info.digest]
        chosen, coordinates = rest
        return digest([kind, start, part.plugin.name, part.plugin.version, options.as_dict(chosen), coordinates])

    def _options(self, part: Component, base: Base, scope: Granter) -> Any:
        # A task's official recipe and a model's needs are those of learning a task; they say nothing of aligners.
        learns = hasattr(part.plugin, "task_kinds")
        layers = (scope.use.task.hyperparameters, base.model.hyperparameters) if learns else ()
        return options.resolve(part.plugin.Options, part.name.name, dict(part.name.options), *layers)


def _range(grant: Grant) -> str:
    """`en` or `en→de` or `en→9 languages`."""
    if not grant.targets or grant.targets == (grant.source,):
        return grant.source
    target = grant.targets[0] if len(grant.targets) == 1 else f"{len(grant.targets)} languages"
    return f"{grant.source}→{target}"

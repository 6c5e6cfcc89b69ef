"""What methods of translation do: the translated training sets, and the predictor that translates."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xbench.contracts import FitContext, Predictor, TaskKind, TaskView
from xbench.errors import StageError
from xbench_methods.learners import LEARNERS, Set
from xbench_methods.translation import TranslationOptions, Translator, check, translated
from xbench_methods.translators import Provider, loaded, provider

if TYPE_CHECKING:
    from xbench_methods.translate_test import TranslateTestOptions

ABOUT = "translator.json"


def translations(task: TaskView, options: TranslationOptions, context: FitContext, device: str) -> list[Set]:
    """The source's labelled examples, and their translations into every target that there are any into."""
    check(task.kind, options)
    examples = context.labelled(context.source)
    by = provider(options, context, device)
    _log(by, context)
    sets, used = [(context.source, examples)], {}
    for target in _targets(options, context):
        used[target] = by.between(context.source, target)
        sets.append((target, replace(examples, inputs=translated(task.kind, examples.inputs, used[target]))))
    _log_coverage(used, context)
    return sets


def _targets(options: TranslationOptions, context: FitContext) -> Sequence[str]:
    there = context.targets if options.resource is None else context.paired(options.resource)
    return [target for target in there if target != context.source]


def _log(by: Provider, context: FitContext) -> None:
    context.log("translator", dict(by.about))


def _log_coverage(used: dict[str, Translator], context: FitContext) -> None:
    shares = {target: one.coverage for target, one in used.items() if one.coverage is not None}
    if shares:
        context.log("coverage", {target: round(share, 4) for target, share in shares.items()})
    unknown = [target for target, share in shares.items() if not share]
    if unknown:
        context.log("degenerate", f"no word of the training set is in the dictionary of {', '.join(unknown)}")


@dataclass
class Translating:
    """A predictor of the source, and who translates into it."""

    predictor: Any
    provider: Provider
    source: str
    kind: TaskKind

    def predict(self, inputs: pa.Table, language: str) -> pa.Table:
        """Predictions for the inputs in the source language, row by row. Raises StageError without a translation."""
        if language != self.source:
            inputs = translated(self.kind, inputs, self.provider.between(language, self.source))
        found: pa.Table = self.predictor.predict(inputs, self.source)
        return found

    def save(self, folder: Path) -> None:
        """Encoder and head as safetensors, the translator as JSON and Parquet."""
        self.predictor.save(folder)
        self.provider.save(folder)
        about = {**self.provider.about, "source": self.source}
        (folder / ABOUT).write_text(json.dumps(about, sort_keys=True, ensure_ascii=False), encoding="utf-8")


def fit_translating(encoder: Any, task: TaskView, options: "TranslateTestOptions", context: FitContext) -> Predictor:
    """Train on the source's examples, or on what is left of them after a round trip."""
    check(task.kind, options)
    examples = context.labelled(context.source)
    by = provider(options, context, str(encoder.device))
    _log(by, context)
    used: dict[str, Translator] = {}
    for target in _targets(options, context) if options.round_trip else ():
        used[target] = by.between(context.source, target)
        there = translated(task.kind, examples.inputs, used[target])
        examples = replace(examples, inputs=translated(task.kind, there, by.between(target, context.source)))
    _log_coverage(used, context)
    predictor = LEARNERS[task.kind].fit(encoder, task, options, context, [(context.source, examples)])
    return Translating(predictor, by, context.source, task.kind)


def load_translating(encoder: Any, task: TaskView, options: "TranslateTestOptions", folder: Path) -> Predictor:
    """Read back what `Translating.save` wrote. Raises StageError when it cannot be read or is another by now."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        source, known = str(about["source"]), about["digest"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StageError(f"{folder / ABOUT}: the translator cannot be read: {error}") from error
    by = loaded(options, source, folder, str(encoder.device))
    if by.about["digest"] != known:
        raise StageError(f"translator={options.translator} is not what it was when the model was trained")
    return Translating(LEARNERS[task.kind].load(encoder, task, options, folder), by, source, task.kind)

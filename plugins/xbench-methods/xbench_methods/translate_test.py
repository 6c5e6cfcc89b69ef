"""Translate-test: what is predicted is translated into the source, in which the model was trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskView
from xbench_methods.translation import PRECOMPUTED, TRANSLATED_KINDS, TranslationOptions


@dataclass(frozen=True)
class TranslateTestOptions(TranslationOptions):
    """Whether to train on source texts that went to the target and back, so that they read like translations."""

    round_trip: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.round_trip and self.translator == PRECOMPUTED:
            raise ValueError("round_trip needs a translator of any text: dictionary or a model, not precomputed")
        if self.selection == "target-dev":
            raise ValueError("one model serves all targets, translated; selection is last, average or source-dev")


class TranslateTest:
    """Fine-tuning on the source; inputs of another language are translated into the source and predicted there.

    y = f(E(T(x))), T from the target into the source (XTREME, Hu et al. 2020). The translator is needed at inference
    and kept with the model: pairs in a file, a model by its name and digest. See `translate-train` for translators.
    One model serves all targets; with `round_trip` there is one for each, trained on source texts that were
    translated into the target and back (Artetxe et al. 2020, https://aclanthology.org/2020.emnlp-main.618/).
    """

    name = "translate-test"
    version = 1
    summary = "fine-tune on source labels, translate what is predicted: translate-test[translator=dictionary|..]"
    citation = "Hu et al. 2020, XTREME, ICML, https://arxiv.org/abs/2003.11080"
    Options = TranslateTestOptions
    task_kinds = TRANSLATED_KINDS

    def needs(self, options: TranslateTestOptions) -> frozenset[Resource]:
        """Source labels and the translator's pairs, and validation labels where they select."""
        return options.needs

    def scope(self, options: TranslateTestOptions) -> Scope:
        """All targets together, whose pairs are kept; the source where there are none; one target for a round trip."""
        if options.round_trip:
            return Scope.PAIRWISE
        return Scope.JOINT if options.resource else Scope.SOURCE

    def fit(self, encoder: Any, task: TaskView, options: TranslateTestOptions, context: FitContext) -> Predictor:
        """Train on the source and keep the translator; see `xbench_methods.translating`."""
        from xbench_methods.translating import fit_translating

        return fit_translating(encoder, task, options, context)

    def load(self, encoder: Any, task: TaskView, options: TranslateTestOptions, folder: Path) -> Predictor:
        """Read back encoder, head and translator."""
        from xbench_methods.translating import load_translating

        return load_translating(encoder, task, options, folder)

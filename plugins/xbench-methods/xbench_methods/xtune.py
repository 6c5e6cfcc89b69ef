"""Consistency fine-tuning: a text and a view of it that means the same must get the same prediction."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskKind, TaskView
from xbench_methods.translation import TranslationOptions


@dataclass(frozen=True)
class XtuneOptions(TranslationOptions):
    """How to fine-tune, which view of a text to take, and what disagreement weighs.

    `ratio` is the chance of a word to be switched or cut anew, `sigma` the standard deviation of the noise. Pieces are
    drawn by P^`alpha` where the tokenizer knows their probabilities, as that of XLM-R does; of other tokenizers merges
    or matches are left out with the chance `drop`, which is that of BPE-dropout's authors. Who translates is told as
    for `translate-train`. The weights are of sums over the labels: `auto` is 5 / labels, which is the 5 of the
    authors, who take the mean over the labels.
    """

    view: Literal["code-switch", "noise", "dropout", "subword", "translation"] = "code-switch"
    ratio: float = 0.3
    sigma: float = 0.075
    alpha: float = 0.3
    drop: float = 0.1
    lambda1: Literal["auto"] | float = "auto"
    stages: Literal[1, 2] = 1
    lambda2: Literal["auto"] | float = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.ratio <= 1 or not 0 <= self.drop <= 1:
            raise ValueError("ratio and drop must be from 0 to 1")
        if min(self.sigma, self.alpha) < 0:
            raise ValueError("sigma and alpha must be 0 or more")
        if any(weight != "auto" and weight < 0 for weight in (self.lambda1, self.lambda2)):
            raise ValueError("lambda1 and lambda2 must be 0 or more, or auto")


class Xtune:
    """Fine-tuning on source labels with consistency regularisation, xTune (Zheng et al. 2021).

    Stage 1: min of  CE(p(x), y) + lambda1 R1,  R1 = KL(sg p(x) || p(v)) + KL(sg p(v) || p(x)),  where v is a view of x
    and sg stops the gradient, so that each side learns from the other once. Stage 2 (`stages=2`) trains the encoder
    anew on texts and views, half each, as  CE + lambda1 R1 + lambda2 KL(sg p_1 || p),  where p_1 is what stage 1 gives
    for the same text. Losses are means over rows, or over words for tags.

    Views: `code-switch` replaces each word with the chance `ratio` by one of its translations in a target that is
    drawn each time, if the dictionary has any, as in CoSDA-ML (Qin et al. 2020), and needs dictionary pairs; `noise`
    is Gaussian, on the token embeddings; `dropout` draws the dropout a second time (R-Drop, Liang et al. 2021), which
    needs nothing but source labels either, nor does `subword`. That cuts words into other pieces of the tokenizer's
    own: of Unigram models drawn from all ways to spell a word (Kudo 2018), of BPE by BPE-dropout (Provilkov et al.
    2020), of WordPiece by MaxMatch-dropout (Hiraoka 2022); other tokenizers cannot. A word is switched or cut whole,
    so that tags stay. `translation` is the text in a target that is drawn each time, as `translate-train-all` has it
    translated; tags would not stay, so it is for texts alone. With lambda1=0 stage 1 is `finetune` to the bit.

    Logged: the share of words that were switched, or cut otherwise than usual; who translated.
    """

    name = "xtune"
    version = 1
    summary = "fine-tune on source labels, the same prediction for a view: xtune[view=code-switch|subword|noise|..]"
    citation = "Zheng et al. 2021, Consistency Regularization for Cross-Lingual Fine-Tuning, ACL, https://aclanthology.org/2021.acl-long.264/"
    Options = XtuneOptions
    task_kinds = frozenset({TaskKind.SEQUENCE_CLASSIFICATION, TaskKind.TOKEN_CLASSIFICATION})

    def needs(self, options: XtuneOptions) -> frozenset[Resource]:
        """Source labels, pairs to switch or translate by, and validation labels where they select."""
        if options.view == "translation":
            return options.needs
        pairs = {Resource.DICTIONARY} if options.view == "code-switch" else set()
        return options.needs_of_labels | pairs

    def scope(self, options: XtuneOptions) -> Scope:
        """All targets together where views are in them, else the source alone."""
        joint = options.view in ("code-switch", "translation")
        return Scope.JOINT if joint else options.scoped(Scope.SOURCE)

    def fit(self, encoder: Any, task: TaskView, options: XtuneOptions, context: FitContext) -> Predictor:
        """Train; see `xbench_methods.consistency`."""
        from xbench_methods.consistency import fit

        return fit(encoder, task, options, context)

    def load(self, encoder: Any, task: TaskView, options: XtuneOptions, folder: Path) -> Predictor:
        """Read back encoder and head."""
        from xbench_methods.learners import LEARNERS

        predictor: Predictor = LEARNERS[task.kind].load(encoder, task, options, folder)
        return predictor

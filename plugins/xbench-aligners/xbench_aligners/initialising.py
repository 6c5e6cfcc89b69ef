"""Towers for new vocabularies: whose pieces, what their embeddings are made of, and what is told of it."""

from functools import cached_property
from typing import Any, Literal

import torch
from xbench_encoders.encoder import TransformerEncoder

from xbench.contracts import Context, Resource
from xbench.keys import digest
from xbench_aligners.grafts import Graft, graft, grafted
from xbench_aligners.init import InitOptions
from xbench_aligners.initialisation import Aligned, Composition, Vectors, copies, focus, specials, wechsel
from xbench_aligners.relearning import relearn
from xbench_aligners.static_spaces import Heard, hear, in_one_space, of_pieces
from xbench_aligners.static_vectors import train_vectors
from xbench_aligners.target_tokenizer import read_tokenizer, train_tokenizer
from xbench_aligners.vocabulary import Overlap, overlap, vocabulary_of


def initialise(encoder: TransformerEncoder, options: InitOptions, context: Context) -> TransformerEncoder:
    """The encoder with a tower for each target, on the body of the source's; log what the embeddings are made of.

    Of `wechsel`, targets without a dictionary keep what they have.
    """
    maker = _Maker(encoder, options, context)
    targets = context.paired(Resource.DICTIONARY) if options.how == "wechsel" else context.targets
    made = grafted(encoder, {target: maker.tower(target) for target in targets})
    context.log("pieces", maker.told)
    strange = [target for target, told in maker.told.items() if told["strange"]]
    if strange:
        context.log("degenerate", f"no piece of {', '.join(strange)} but special tokens is made of the source's")
    if options.how == "lexical":
        relearn(made, targets, options, context)
    return made


class _Maker:
    """Makes tower by tower; `told` says by target of how many pieces what is known."""

    def __init__(self, encoder: TransformerEncoder, options: InitOptions, context: Context) -> None:
        self.encoder, self.options, self.context = encoder, options, context
        self.base = encoder.tower(context.source)
        self.vocabulary = vocabulary_of(self.base.tokenizer)
        self.table: Vectors = self.base.module.get_input_embeddings().weight.detach().float().cpu().numpy()
        self.told: dict[str, dict[str, Any]] = {}

    @cached_property
    def heard(self) -> Heard:
        """The words of the source's text."""
        return self._hear(self.context.source)

    def _hear(self, language: str) -> Heard:
        options = self.options
        return hear(self.context.text(language), options.dimension, options.min_count, self.context.seed)

    def tower(self, target: str) -> Graft:
        """The tower of a target."""
        tokenizer = self._tokenizer(target)
        vocabulary = vocabulary_of(tokenizer)
        common = overlap(self.vocabulary, vocabulary)
        self.told[target] = {"pieces": len(vocabulary.pieces), "tokenizer": digest(tokenizer.get_vocab())[:16]}
        composition = self._composition(target, tokenizer, common)
        told = composition.diagnostics()
        blind = self.options.how in ("random", "mean")
        strange = not blind and bool((composition.known <= common.special).all())
        self.told[target] |= told | {"matches": common.counts(), "strange": strange}
        rest: Literal["normal", "mean"] = "mean" if self.options.how == "mean" else "normal"
        seed = int(digest([self.context.seed, target])[:8], 16)  # of its own: equal draws would be a common language
        table = torch.from_numpy(composition.table(self.table, rest, seed))
        return graft(self.encoder, self.context.source, tokenizer, table)

    def _tokenizer(self, target: str) -> Any:
        if self.options.into == "own":
            return self.encoder.tower(target).tokenizer
        if self.options.into == "auto":
            return train_tokenizer(self.base.tokenizer, self.context.text(target), self.options.pieces)
        return read_tokenizer(self.options.into)

    def _composition(self, target: str, tokenizer: Any, common: Overlap) -> Composition:
        match self.options.how:
            case "random" | "mean":
                return specials(common)
            case "overlap" | "lexical":
                return copies(common)
            case "focus":
                return focus(common, self._auxiliary(target, tokenizer, len(common.rows)))
            case "wechsel":
                aligned = self._aligned(target, tokenizer, common)
                return wechsel(common, aligned, self.options.neighbours, self.options.temperature)

    def _auxiliary(self, target: str, tokenizer: Any, size: int) -> Vectors:
        """Static vectors of target pieces, trained on target text."""
        ids = tokenizer(list(self.context.text(target)), add_special_tokens=False, verbose=False)["input_ids"]
        spoken = [[str(one) for one in row] for row in ids]
        options = self.options
        vectors = train_vectors(spoken, options.dimension, min_count=options.min_count, seed=self.context.seed)
        return vectors.rows([str(one) for one in range(size)])

    def _aligned(self, target: str, tokenizer: Any, common: Overlap) -> Aligned:
        """Static vectors of the pieces of both sides, made of those of words, in one space."""
        pairs = self.context.pairs(Resource.DICTIONARY, target)
        source, other, known = in_one_space(self.heard, self._hear(target), pairs)
        self.told[target]["pairs"] = known
        return Aligned(
            of_pieces(source, self.base.tokenizer, common.size), of_pieces(other, tokenizer, len(common.rows))
        )

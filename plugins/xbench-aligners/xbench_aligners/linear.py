"""The linear aligners: a map for each target from its pairs or self-learning, and maps that take the language out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.vectors import mean_vectors

from xbench.contracts import Context, Resource
from xbench.errors import StageError
from xbench_aligners.centering import CenteringOptions
from xbench_aligners.csls import csls
from xbench_aligners.erasure import centring, leace, without_directions
from xbench_aligners.folding import Side, put, side
from xbench_aligners.leace import LeaceOptions
from xbench_aligners.lexicon import Anchors, dictionary_anchors, drawn, frequent_words, parallel_anchors, with_pairs
from xbench_aligners.maps import LinearMap, Refinement, cca, procrustes, refine, ridge, solve
from xbench_aligners.normalisation import ITERATIVE, UNIT_CENTER_UNIT, Indices
from xbench_aligners.procrustes import ProcrustesOptions
from xbench_aligners.rcsls import Problem, RcslsOptions, rcsls
from xbench_aligners.rcsls_aligner import RcslsAlignerOptions
from xbench_aligners.sentence_map import SentenceMapOptions
from xbench_aligners.vecmap import VecmapOptions, identical_pairs, learn, structural_pairs
from xbench_aligners.vecmap_aligner import VecmapAlignerOptions

STEPS = MappingProxyType({"iterative": ITERATIVE, "unit": ("unit",), "none": ()})
CONVERGED = 0.9  # isometric spaces end at 0.98, unrelated ones at 0.75
TELLING = 50.0  # percent: where as many pairs drawn at random are recovered, too few of them determine the map
NONE = np.empty((0, 2), dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Fit:
    """A map between two normalised tables, the pairs it was fitted on, and what is wrong with it, if anything."""

    found: LinearMap
    source: Side
    target: Side
    pairs: Indices
    flaw: str = ""

    def recovered(self) -> float:
        """The share (0..100) of paired source words that CSLS gives one of the targets they are paired with."""
        scores = csls(self.found.map_source(self.source.rows), self.found.map_target(self.target.rows))
        rows = np.unique(self.pairs[:, 0])
        wanted = set(map(tuple, self.pairs.tolist()))
        right = [pair in wanted for pair in zip(rows.tolist(), scores.nearest(rows).indices.tolist(), strict=True)]
        return 100.0 * sum(right) / len(right)

    def by_chance(self, seed: int) -> float:
        """What an orthogonal map recovers of as many pairs that were drawn at random, to which it is fitted too.

        The share falls with the pairs and grows with the dimensions, to all of them where these are as many.
        """
        order = np.random.default_rng(seed).permutation(len(self.pairs))
        drawn = np.stack([self.pairs[:, 0], self.pairs[order, 1]], axis=1)
        found = solve(self.source.rows, self.target.rows, drawn)
        return replace(self, found=found, pairs=drawn).recovered()


def fit_procrustes(encoder: TransformerEncoder, options: ProcrustesOptions, context: Context) -> TransformerEncoder:
    """Map each target by the words of a dictionary, or by words that are linked in parallel text."""
    resource = Resource.DICTIONARY if options.anchors == "dictionary" else Resource.PARALLEL

    def fit(target: str) -> Fit:
        pairs = drawn(context, resource, target, options.max_pairs)
        if options.anchors == "dictionary":
            anchors = dictionary_anchors(encoder, pairs, context.source, target)
        else:
            anchors = parallel_anchors(encoder, pairs, context.source, target, options.layer)
        ours, theirs = _sides(anchors, options.normalise)
        found = solve(ours.rows, theirs.rows, anchors.pairs)
        if options.refine:
            found = refine(ours.rows, theirs.rows, found, Refinement(rounds=options.refine))
        return Fit(found, ours, theirs, anchors.pairs)

    return _mapped(encoder, context, context.paired(resource), fit)


def fit_rcsls(encoder: TransformerEncoder, options: RcslsAlignerOptions, context: Context) -> TransformerEncoder:
    """Map each target by a dictionary, with the frequent words of both sides to tell translations from."""
    frequent = frequent_words(encoder, context, context.source, options.vocabulary)

    def fit(target: str) -> Fit:
        pairs = drawn(context, Resource.DICTIONARY, target, options.max_pairs)
        own = frequent_words(encoder, context, target, options.vocabulary)
        anchors = with_pairs(encoder, frequent, own, pairs)
        ours, theirs = _sides(anchors, options.normalise)
        paired = ours.rows[anchors.pairs[:, 0]], theirs.rows[anchors.pairs[:, 1]]
        problem = Problem(*paired, ours.rows, theirs.rows, options.neighbours)
        chosen = RcslsOptions(
            neighbours=options.neighbours, iterations=options.iterations, learning_rate=options.learning_rate
        )
        return Fit(rcsls(problem, chosen), ours, theirs, anchors.pairs)

    return _mapped(encoder, context, context.paired(Resource.DICTIONARY), fit)


def fit_vecmap(encoder: TransformerEncoder, options: VecmapAlignerOptions, context: Context) -> TransformerEncoder:
    """Map each target by self-learning on the frequent words of both sides, and the words of a dictionary."""
    frequent = frequent_words(encoder, context, context.source, options.vocabulary)
    chosen = VecmapOptions(
        cutoff=options.vocabulary, interval=options.interval, restarts=options.restarts, two_sided=options.two_sided
    )

    def fit(target: str) -> Fit:
        own = frequent_words(encoder, context, target, options.vocabulary)
        anchors = Anchors(frequent, own, NONE)
        if options.start == "dictionary":
            anchors = with_pairs(encoder, frequent, own, drawn(context, Resource.DICTIONARY, target, options.max_pairs))
        elif options.start == "identical":
            anchors = replace(anchors, pairs=identical_pairs(frequent.words, own.words))
        ours, theirs = (side(table.vectors, UNIT_CENTER_UNIT) for table in (anchors.source, anchors.target))
        start = anchors.pairs if len(anchors.pairs) else structural_pairs(ours.rows, theirs.rows, chosen)
        found = learn(ours.rows, theirs.rows, start, chosen, np.random.default_rng(context.seed))
        reached = found.history[-1]
        flaw = f"self-learning did not converge: its objective is {reached:.2f}, below {CONVERGED}"
        return Fit(found, ours, theirs, anchors.pairs, flaw if reached < CONVERGED else "")

    asked = options.start == "dictionary"
    targets = context.paired(Resource.DICTIONARY) if asked else context.targets
    return _mapped(encoder, context, [target for target in targets if target != context.source], fit)


def fit_sentence_map(encoder: TransformerEncoder, options: SentenceMapOptions, context: Context) -> TransformerEncoder:
    """Map each target by the vectors of parallel sentences, centred on both sides."""

    def fit(target: str) -> Fit:
        pairs = drawn(context, Resource.PARALLEL, target, options.max_pairs)
        languages = (context.source, target)
        texts = zip(*pairs, strict=True)
        ours, theirs = (
            side(mean_vectors(encoder, own, language, options.max_length), ("center",))
            for own, language in zip(texts, languages, strict=True)
        )
        return Fit(_solved(ours, theirs, options), ours, theirs, np.stack([np.arange(len(pairs))] * 2, axis=1))

    return _mapped(encoder, context, context.paired(Resource.PARALLEL), fit)


def _at_chance(recovered: float, fit: Fit, seed: int) -> bool:
    """Whether it is within three standard errors of what is recovered of pairs drawn at random."""
    chance = max(fit.by_chance(seed), 100.0 / len(fit.pairs))
    return chance <= TELLING and recovered <= chance + 3 * np.sqrt(chance * (100.0 - chance) / len(fit.pairs))


def _solved(source: Side, target: Side, options: SentenceMapOptions) -> LinearMap:
    if options.solver == "procrustes":
        return procrustes(source.rows, target.rows)
    if options.solver == "ridge":
        variance = float(np.square(target.rows).sum()) / target.rows.shape[1]
        return ridge(source.rows, target.rows, options.penalty * variance)
    found = cca(source.rows, target.rows)
    # Its columns have the norm one over all pairs: with this factor the source's vectors keep theirs.
    size = float(np.linalg.norm(source.rows)) / np.sqrt(found.weight.shape[1])
    own = None if found.source_weight is None else found.source_weight * size
    return replace(found, weight=found.weight * size, source_weight=own)


def fit_centering(encoder: TransformerEncoder, options: CenteringOptions, context: Context) -> TransformerEncoder:
    """Move each target's mean onto the source's, or take the first directions out of every language."""
    languages = (context.source, *context.targets)
    vectors = {language: _texts(encoder, context, language, options) for language in languages}
    middle = vectors[context.source].mean(axis=0)
    for language in languages if options.directions else context.targets:
        own = vectors[language]
        found = without_directions(own, options.directions) if options.directions else centring(own, middle)
        encoder.map(language, found.weight, found.bias)
    context.log("texts", {language: len(own) for language, own in vectors.items()})
    return encoder


def fit_leace(encoder: TransformerEncoder, options: LeaceOptions, context: Context) -> TransformerEncoder:
    """Give all languages one mean, by one map for them all."""
    languages = (context.source, *context.targets)
    vectors = [_texts(encoder, context, language, options) for language in languages]
    found = leace(vectors)
    for language in languages:
        encoder.map(language, found.weight, found.bias)
    context.log("texts", {language: len(own) for language, own in zip(languages, vectors, strict=True)})
    return encoder


def _texts(
    encoder: TransformerEncoder, context: Context, language: str, options: CenteringOptions | LeaceOptions
) -> NDArray[Any]:
    """The vectors of a language's texts, in an order drawn by the seed, (texts, dimension)."""
    texts = list(context.text(language))
    if len(texts) < 2:
        raise StageError(f"the mean of a language needs at least 2 texts; in {language} there are {len(texts)}")
    chosen = np.random.default_rng(context.seed).permutation(len(texts))[: options.max_texts]
    return mean_vectors(encoder, [texts[at] for at in chosen.tolist()], language, options.max_length)


def _sides(anchors: Anchors, normalise: str) -> tuple[Side, Side]:
    return side(anchors.source.vectors, STEPS[normalise]), side(anchors.target.vectors, STEPS[normalise])


def _mapped(
    encoder: TransformerEncoder, context: Context, targets: Sequence[str], fit: Callable[[str], Fit]
) -> TransformerEncoder:
    """Map every target by what is fitted for it, apart from the others; log what the maps are worth."""
    told, flaws = {}, []
    for step, target in enumerate(targets, 1):
        try:
            one = fit(target)
        except StageError as error:
            raise StageError(f"{context.source} with {target}: {error}") from error
        put(encoder, (context.source, target), one.found, one.source, one.target)
        about: dict[str, Any] = {"pairs": len(one.pairs), "notes": list(one.found.notes)}
        about |= {"words": [len(one.source.rows), len(one.target.rows)], "history": list(one.found.history)}
        flaw = one.flaw
        if len(one.pairs):
            about["recovered"] = round(one.recovered(), 2)
            if about["recovered"] <= TELLING and _at_chance(about["recovered"], one, context.seed):
                flaw = flaw or f"the map recovers {about['recovered']} % of its own pairs, which is chance"
        told[target] = about
        flaws += [f"{target}: {flaw}"] if flaw else []
        context.progress(step, len(targets), 0.0)
    context.log("maps", told)
    if flaws:
        context.log("degenerate", "; ".join(flaws))
    return encoder

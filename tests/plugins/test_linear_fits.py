"""What each linear aligner computes in the cipher world, what it logs, and when it says that it failed."""

import numpy as np
import pytest
from xbench_aligners.centering import Centering, CenteringOptions
from xbench_aligners.folding import side
from xbench_aligners.leace import Leace, LeaceOptions
from xbench_aligners.linear import Fit, _at_chance
from xbench_aligners.maps import solve
from xbench_aligners.procrustes import Procrustes, ProcrustesOptions
from xbench_aligners.rcsls_aligner import RcslsAlignerOptions
from xbench_aligners.sentence_map import SentenceMap, SentenceMapOptions
from xbench_aligners.vecmap_aligner import Vecmap, VecmapAlignerOptions
from xbench_encoders.probe import probe_accuracy
from xbench_encoders.vectors import mean_vectors

from tests.plugins import cipher, tiny
from tests.plugins.cipher import distance, transfer, world
from xbench.contracts import Resource
from xbench.errors import ScopeError, StageError

QUICK = {"interval": 5, "restarts": 1}


def fitted(aligner, options):
    """The encoder, and the context with what was logged."""
    context = world().context()
    return aligner.fit(world().encoder(), options, context), context


@pytest.mark.parametrize("normalise", ["iterative", "unit", "none"])
def test_a_space_that_is_turned_is_turned_back(normalise):
    exact = world(noise=0.0, moved=0.0)
    options = ProcrustesOptions(normalise=normalise, refine=0)
    encoder = Procrustes().fit(exact.encoder(), options, exact.context(words=200))
    assert np.abs(encoder.maps["de"].weight.numpy() - exact.turn).max() < 1e-5
    assert distance(encoder, exact) < 1e-4


@pytest.mark.parametrize("normalise", ["iterative", "unit"])
def test_a_target_of_another_length_is_brought_to_that_of_the_source(normalise):
    long = world(noise=0.0, moved=0.0, long=7.0)
    options = ProcrustesOptions(normalise=normalise, refine=0)
    assert distance(Procrustes().fit(long.encoder(), options, long.context(words=200)), long) < 1e-4


def test_a_space_that_is_moved_too_is_brought_back_by_centring():
    far = world(noise=0.0)
    turned = SentenceMap().fit(far.encoder(), SentenceMapOptions(), far.context())
    assert distance(turned, far) < 1e-3
    found = {}
    for how in ("iterative", "unit"):
        given = world().context()
        encoder = Procrustes().fit(world().encoder(), ProcrustesOptions(normalise=how), given)
        found[how] = transfer(encoder)[1]
    assert found["iterative"] > found["unit"] + 0.1


def test_words_linked_in_parallel_text_are_anchors_for_an_encoder_that_links_some_of_them():
    near = cipher.World(noise=0.0)
    mixed = 0.5 * near.vectors["en"] + 0.5 * near.vectors["de"]  # half turned: links are found, if not all
    near.vectors["de"] = mixed
    encoder, context = near.encoder(), near.context()
    before = distance(encoder, near)
    aligner, options = Procrustes(), ProcrustesOptions(anchors="parallel", refine=0)
    after = aligner.fit(encoder, options, context)
    assert distance(after, near) < before
    assert aligner.needs(options) == {Resource.PARALLEL}
    assert context.read == [("de", "parallel sentences")]
    assert context.logged["maps"]["de"]["pairs"] > 100


def test_a_few_pairs_are_enough_for_self_learning_and_not_for_procrustes():
    few = world().context(words=12)
    alone = Procrustes().fit(world().encoder(), ProcrustesOptions(refine=0), few)
    learnt = Vecmap().fit(world().encoder(), VecmapAlignerOptions(start="dictionary", **QUICK), world().context(12))
    assert transfer(alone)[1] + 0.1 < transfer(learnt)[1]
    (note,) = few.logged["maps"]["de"]["notes"]
    assert note.startswith("12 pairs do not determine a map of 20 dimensions")
    assert few.logged["maps"]["de"]["pairs"] == 12


@pytest.mark.parametrize("start", ["none", "dictionary"])
def test_unrelated_spaces_are_flagged(start):
    stranger = world(unrelated=True)
    context = stranger.context()
    Vecmap().fit(stranger.encoder(), VecmapAlignerOptions(start=start, **QUICK), context)
    assert context.logged["degenerate"].startswith("de: self-learning did not converge: its objective is 0.")
    assert context.logged["maps"]["de"]["history"][-1] < 0.9
    if start == "dictionary":
        assert context.logged["maps"]["de"]["recovered"] <= 20


def test_a_map_at_chance_is_flagged_and_one_that_is_not_is_not():
    stranger = world(unrelated=True, width=4)
    context = stranger.context(words=190)
    Procrustes().fit(stranger.encoder(), ProcrustesOptions(refine=0), context)
    assert context.logged["maps"]["de"]["recovered"] <= 5
    assert context.logged["degenerate"].endswith("% of its own pairs, which is chance")
    context = world().context(words=190)
    Procrustes().fit(world().encoder(), ProcrustesOptions(refine=0), context)
    assert context.logged["maps"]["de"]["recovered"] > 95
    assert set(context.logged) == {"maps"}


def test_chance_is_what_a_map_recovers_of_pairs_drawn_at_random_however_many_dimensions_and_pairs_there_are():
    draw = np.random.default_rng(0)
    for rows, width, weak in ((600, 60, False), (4000, 40, True)):
        first, second = draw.normal(size=(2, rows, width))
        second = second + 0.25 * first if weak else second
        one, other = side(first, ("unit",)), side(second, ("unit",))
        pairs = np.stack([np.arange(rows)] * 2, axis=1)
        fit = Fit(solve(one.rows, other.rows, pairs), one, other, pairs)
        recovered = fit.recovered()
        assert (5 < recovered < 50) != weak, "many dimensions recover much of nothing, many pairs little of something"
        assert _at_chance(recovered, fit, 0) != weak
        assert (recovered > 3 * fit.by_chance(0)) == weak


def test_words_that_are_spelt_the_same_may_start_it():
    shared = cipher.World()
    same_name = set(range(0, cipher.WORDS, 5))
    encoder, context = shared.encoder(), shared.context()
    words = [f"en{at}" if at in same_name else f"de{at}" for at in range(cipher.WORDS)]
    towers = encoder.towers | {"de": cipher.tower(words, shared.vectors["de"])}
    encoder = type(encoder)(towers, "mean", tiny.CPU)
    context.texts["de"] = [" ".join(words[int(word[2:])] for word in text.split()) for text in context.texts["de"]]
    options = VecmapAlignerOptions(start="identical", **QUICK)
    Vecmap().fit(encoder, options, context)
    assert context.logged["maps"]["de"]["pairs"] >= 30
    assert context.logged["maps"]["de"]["recovered"] > 95
    assert Vecmap().needs(options) == {Resource.SOURCE_TEXT, Resource.TARGET_TEXT}
    with pytest.raises(StageError, match="en with de: no word of the source is spelt like"):
        Vecmap().fit(world().encoder(), options, world().context())


def test_the_mean_of_the_target_is_that_of_the_source():
    encoder, context = fitted(Centering(), CenteringOptions())
    means = {
        language: mean_vectors(encoder, context.texts[language], language).mean(axis=0) for language in ("en", "de")
    }
    assert np.abs(means["en"] - means["de"]).max() < 1e-4
    assert context.logged == {"texts": {"en": 200, "de": 200}}


def test_no_linear_classifier_reads_the_language_after_leace():
    def read(encoder):
        return probe_accuracy(*(mean_vectors(encoder, world().context().texts[one], one) for one in ("en", "de")), 0)

    assert read(world().encoder()) > 95
    assert read(fitted(Leace(), LeaceOptions())[0]) < 60


def test_the_first_directions_of_each_language_are_gone():
    encoder, context = fitted(Centering(), CenteringOptions(directions=2))
    for language in ("en", "de"):
        lengths = np.linalg.svd(mean_vectors(encoder, context.texts[language], language), compute_uv=False)
        assert (lengths[-2:] < 1e-3).all()
        assert lengths[-3] > 0.1
    with pytest.raises(StageError, match="40 directions cannot be removed"):
        Centering().fit(world().encoder(), CenteringOptions(directions=40), world().context())


def test_targets_without_pairs_stay_as_they_are():
    context = world().context()
    context.targets = ("de", "sw")
    encoder = Procrustes().fit(world().encoder(), ProcrustesOptions(), context)
    assert set(encoder.maps) == {"de"}


def test_the_source_as_its_own_target_is_not_mapped():
    context = world().context()
    context.targets = ("en",)
    encoder = Vecmap().fit(world().encoder(), VecmapAlignerOptions(two_sided=True, **QUICK), context)
    assert encoder.maps == {}


def test_text_that_was_not_granted_is_refused():
    with pytest.raises(ScopeError):
        Vecmap().fit(world().encoder(), VecmapAlignerOptions(**QUICK), tiny.ToyContext(targets=("de",)))


def test_too_little_is_one_clear_error():
    context = world().context()
    context.texts["de"] = ["de1"]
    with pytest.raises(StageError, match="at least 2 texts; in de there are 1"):
        Centering().fit(world().encoder(), CenteringOptions(), context)
    context.texts["de"] = ["..."]
    with pytest.raises(StageError, match="no word in the text of de"):
        Vecmap().fit(world().encoder(), VecmapAlignerOptions(**QUICK), context)
    context.paired_with[Resource.DICTIONARY, "de"] = []
    with pytest.raises(StageError, match="no dictionary pairs of en with de"):
        Procrustes().fit(world().encoder(), ProcrustesOptions(), context)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (ProcrustesOptions, {"refine": -1}),
        (RcslsAlignerOptions, {"vocabulary": 0}),
        (RcslsAlignerOptions, {"learning_rate": 0.0}),
        (VecmapAlignerOptions, {"restarts": 0}),
        (SentenceMapOptions, {"penalty": -1.0}),
        (CenteringOptions, {"directions": -1}),
        (LeaceOptions, {"max_texts": 1}),
    ],
)
def test_options_that_make_no_sense_are_refused(options, wrong):
    with pytest.raises(ValueError, match="must be"):
        options(**wrong)

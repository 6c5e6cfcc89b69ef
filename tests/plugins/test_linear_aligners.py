"""The linear aligners in the cipher world, end to end: which find the turn, which do not, and what they say of it."""

import functools

import pytest
import torch
from xbench_aligners.adversarial import Adversarial, AdversarialOptions
from xbench_aligners.centering import Centering, CenteringOptions
from xbench_aligners.leace import Leace, LeaceOptions
from xbench_aligners.procrustes import Procrustes, ProcrustesOptions
from xbench_aligners.rcsls_aligner import Rcsls, RcslsAlignerOptions
from xbench_aligners.sentence_map import SentenceMap, SentenceMapOptions
from xbench_aligners.vecmap_aligner import Vecmap, VecmapAlignerOptions
from xbench_encoders.vectors import mean_vectors

from tests.plugins import cipher, tiny
from tests.plugins.cipher import majority, same, transfer, world
from xbench.contracts import Resource, Scope

QUICK = {"interval": 5, "restarts": 1}
SOLVING = {
    "procrustes": (Procrustes(), ProcrustesOptions()),
    "rcsls": (Rcsls(), RcslsAlignerOptions()),
    "vecmap": (Vecmap(), VecmapAlignerOptions(**QUICK)),
    "vecmap, dictionary": (Vecmap(), VecmapAlignerOptions(start="dictionary", **QUICK)),
    "vecmap, two-sided": (Vecmap(), VecmapAlignerOptions(two_sided=True, **QUICK)),
    "sentence-map": (SentenceMap(), SentenceMapOptions()),
    "sentence-map, ridge": (SentenceMap(), SentenceMapOptions(solver="ridge")),
    "sentence-map, cca": (SentenceMap(), SentenceMapOptions(solver="cca")),
}
BLIND = {
    "centering": (Centering(), CenteringOptions()),
    "directions": (Centering(), CenteringOptions(directions=2)),
    "leace": (Leace(), LeaceOptions()),
}
EVERY = SOLVING | BLIND
PAIRED = {Resource.DICTIONARY, Resource.PARALLEL}


@functools.cache
def aligned(name):
    """The encoder, and the context with what was read and logged."""
    aligner, options = EVERY[name]
    given = world().context()
    return aligner.fit(world().encoder(), options, given), given


@functools.cache
def ceiling():
    return transfer(world().encoder())


def test_without_an_aligner_transfer_is_chance():
    source, target = ceiling()
    assert source > 0.75
    assert target <= majority() + 0.1


@pytest.mark.parametrize("name", SOLVING)
def test_what_finds_the_turn_classifies_the_target_as_well_as_the_source(name):
    encoder, context = aligned(name)
    source, target = transfer(encoder)
    assert target >= source - 0.03 > majority() + 0.3
    assert source >= ceiling()[0] - 0.06
    assert "degenerate" not in context.logged


@pytest.mark.parametrize("name", BLIND)
def test_what_sees_no_turn_stays_at_chance(name):
    _, target = transfer(aligned(name)[0])
    assert target <= majority() + 0.1


@pytest.mark.parametrize("name", EVERY)
def test_what_is_read_is_what_is_declared(name):
    aligner, options = EVERY[name]
    _, context = aligned(name)
    needs = aligner.needs(options)
    assert {resource for _, resource in context.read} == {str(one) for one in needs & PAIRED}
    texts = {Resource.SOURCE_TEXT, Resource.TARGET_TEXT}
    assert needs & texts in (set(), texts)
    bare = world().context()
    bare.examples, bare.texts = {}, bare.texts if texts <= needs else {}
    bare.paired_with = {key: pairs for key, pairs in bare.paired_with.items() if key[0] in needs}
    again = aligner.fit(world().encoder(), options, bare)
    assert same(again.maps, aligned(name)[0].maps)


@pytest.mark.parametrize("name", EVERY)
def test_only_a_two_sided_map_moves_the_source_and_then_serves_one_target(name):
    aligner, options = EVERY[name]
    encoder, _ = aligned(name)
    two_sided = name in ("vecmap, two-sided", "sentence-map, cca")
    assert aligner.scope(options) is (Scope.PAIRWISE if two_sided else Scope.JOINT)
    moves = two_sided or name in ("directions", "leace")
    assert set(encoder.maps) == ({"en", "de"} if moves else {"de"})
    assert tiny.same(tiny.weights(encoder), tiny.weights(world().encoder()))


@pytest.mark.parametrize("name", EVERY)
def test_maps_are_saved_and_read_back_to_the_bit(name, tmp_path):
    aligner, _ = EVERY[name]
    encoder, _ = aligned(name)
    aligner.save(encoder, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["maps.safetensors"]
    assert same(aligner.load(world().encoder(), tmp_path).maps, encoder.maps)


@pytest.mark.parametrize("name", EVERY)
def test_an_aligner_after_another_is_fitted_on_what_that_made_and_composed_with_it(name, tmp_path):
    aligner, options = EVERY[name]
    first = Centering().fit(world().encoder(), CenteringOptions(), world().context())
    before = first.copy()
    after = aligner.fit(first, options, world().context())
    second = aligner.fit(baked(before), options, world().context()).maps["de"]
    composed = before.maps["de"].then(second)
    assert torch.allclose(after.maps["de"].weight, composed.weight, atol=1e-3)
    assert torch.allclose(after.maps["de"].bias, composed.bias, atol=1e-3)
    (tmp_path / "first").mkdir()
    Centering().save(before, tmp_path / "first")
    aligner.save(after, tmp_path)
    again = aligner.load(Centering().load(world().encoder(), tmp_path / "first"), tmp_path)
    assert same(again.maps, after.maps)


def baked(encoder):
    """An encoder whose own states are the mapped ones of another, so that its maps are those of an aligner alone."""
    vectors = {language: mean_vectors(encoder, cipher.names(language), language) for language in ("en", "de")}
    towers = {language: cipher.tower(cipher.names(language), rows) for language, rows in vectors.items()}
    return type(encoder)(towers, "mean", tiny.CPU)


def test_an_adversary_after_a_map_keeps_it(tmp_path):
    encoder = aligned("procrustes")[0].copy()
    options = AdversarialOptions(steps=3, batch_size=8, learning_rate=1e-4)
    after = Adversarial().fit(encoder, options, world().context())
    Adversarial().save(after, tmp_path)
    assert same(Adversarial().load(world().encoder(), tmp_path).maps, aligned("procrustes")[0].maps)


@pytest.mark.parametrize("name", ["procrustes", "vecmap", "sentence-map", "centering"])
def test_a_target_is_mapped_as_it_would_be_alone(name):
    aligner, options = EVERY[name]
    encoder, context = world().encoder(), world().context()
    towers = encoder.towers | {"nl": encoder.towers["de"]}
    context.targets = ("nl", "de")
    context.texts["nl"] = context.texts["de"][:20]
    context.paired_with |= {(kind, "nl"): pairs[:80] for (kind, _), pairs in context.paired_with.items()}
    both = aligner.fit(type(encoder)(towers, "mean", tiny.CPU), options, context)
    assert set(both.maps) == {"nl", "de"}
    assert same({"de": both.maps["de"]}, aligned(name)[0].maps)
    assert not same({"de": both.maps["nl"]}, aligned(name)[0].maps)

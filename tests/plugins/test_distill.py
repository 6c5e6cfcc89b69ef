"""Multilingual distillation: the loss of Reimers and Gurevych 2020, the teacher, and what it does to a cipher."""

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import MSELoss
from xbench_aligners.bitext import read, singles
from xbench_aligners.diagnostics import cosines
from xbench_aligners.distill import Distill, DistillOptions
from xbench_aligners.distillation import distil, fitted
from xbench_aligners.sentence_reading import collapse
from xbench_aligners.sentence_training import Lessons, PairsObjective, wrapped
from xbench_encoders.encoder import ANY, TransformerEncoder
from xbench_encoders.vectors import mean_vectors, text_vectors

from tests.plugins import bitexts, tiny
from xbench import testing
from xbench.contracts import Resource, Scope
from xbench.errors import UsageError
from xbench.options import resolve

DISTILL = Distill()
OPTIONS = DistillOptions(steps=150, batch_size=32, learning_rate=3e-3)
BRIEF = DistillOptions(steps=4, batch_size=8, learning_rate=1e-3)


def distilled(encoder, options=BRIEF, given=None):
    """The encoder and what was logged."""
    given = given or bitexts.context("de", rows=60)
    return DISTILL.fit(encoder, options, given), given.logged


def test_a_word_table_teaches_a_cipher():
    encoder, teacher, given = bitexts.student("de"), bitexts.teacher(), bitexts.context("de")
    before = tiny.weights(teacher)
    assert bitexts.found(encoder, "de") < 10
    distil(encoder, teacher, OPTIONS, given)
    assert bitexts.found(encoder, "de") >= 95
    assert bitexts.gap(encoder, "de") >= 0.5
    assert tiny.same(before, tiny.weights(teacher))
    assert "degenerate" not in given.logged
    assert given.logged["losses"][-1] < given.logged["losses"][0] / 5
    english, foreign = zip(*bitexts.pairs("de", 40, seed=2), strict=True)
    taught = mean_vectors(teacher, english, "en")
    for texts, language in ((english, "en"), (foreign, "de")):
        assert cosines(mean_vectors(encoder, texts, language), taught)[0] > 0.9


def test_the_loss_is_half_the_mean_squares_of_both_sides():
    encoder = bitexts.student("de")
    bitext = read(encoder, BRIEF, bitexts.context("de", rows=12))
    labels = torch.randn(len(bitext.sources), 32, generator=torch.Generator().manual_seed(0))
    groups = [[pair] for pair in range(12)]
    objective = PairsObjective(Lessons(bitext, groups, MSELoss(wrapped(encoder)), True, labels))
    english, foreign = zip(*bitexts.pairs("de", 12), strict=True)
    order = [bitext.sources.index(text) for text in english]
    sides = (mean_vectors(encoder, english, "en"), mean_vectors(encoder, foreign, "de"))
    wanted = sum(float(((torch.from_numpy(one) - labels[order]) ** 2).mean()) for one in sides) / 2
    whole = float(objective.loss(range(12), 0.0).detach())
    assert whole == pytest.approx(wanted, rel=1e-5)
    halves = [float(objective.loss(rows, 0.0).detach()) for rows in (range(6), range(6, 12))]
    assert sum(halves) / 2 == pytest.approx(whole, rel=1e-5), "so that a batch can be split"


def test_who_teaches_itself_is_its_own_measure():
    encoder = bitexts.student("de")
    bitext = read(encoder, BRIEF, bitexts.context("de", rows=12))
    labels = text_vectors(encoder, bitext.tokens[""])
    assert torch.equal(labels, torch.from_numpy(mean_vectors(encoder, bitext.sources, "en")))
    after, logged = distilled(encoder, DistillOptions(steps=60, batch_size=16, learning_rate=1e-3))
    assert logged["teacher"] == "self"
    assert cosines(text_vectors(after, bitext.tokens[""]), labels)[0] > 0.95
    assert logged["cosines"]["de"]["pairs"] > logged["cosines_before"]["de"]["pairs"] + 0.05


def test_a_model_in_a_folder_can_teach(tmp_path):
    tower = bitexts.tower("en", seed=5)
    tower.module.save_pretrained(tmp_path)
    tower.tokenizer.save_pretrained(tmp_path)
    after, logged = distilled(bitexts.student("de"), DistillOptions(steps=2, batch_size=8, teacher=str(tmp_path)))
    other = bitexts.student("de")
    loaded = TransformerEncoder({ANY: tower}, "cls", tiny.CPU)
    distil(other, loaded, DistillOptions(steps=2, batch_size=8), bitexts.context("de", rows=60))
    assert tiny.same(tiny.weights(after), tiny.weights(other))
    assert logged["teacher"]["id"] == tmp_path.name
    assert logged["teacher"]["digest"]


def test_a_teacher_that_nobody_knows_is_refused():
    with pytest.raises(UsageError, match="no-such-teacher"):
        distilled(bitexts.student("de"), DistillOptions(steps=1, teacher="no-such-teacher/../x"))


def test_a_narrower_teacher_is_filled_up_and_a_wider_one_keeps_what_it_can():
    draw = torch.Generator().manual_seed(0)
    vectors = torch.randn(50, 4, generator=draw)
    wide = vectors @ torch.linalg.qr(torch.randn(16, 16, generator=draw))[0][:4]
    assert torch.equal(fitted(vectors, 4), vectors)
    for one in (fitted(vectors, 6), fitted(wide, 4), fitted(wide, 9)):
        assert torch.allclose(one @ one.T, vectors @ vectors.T, atol=1e-4), "the inner products stay"
    noisy = wide + 0.01 * torch.randn(50, 16, generator=draw)
    kept = fitted(noisy, 4)
    assert kept.shape == (50, 4)
    assert (kept @ kept.T - noisy @ noisy.T).abs().max() < 0.1


@pytest.mark.parametrize("width", [16, 48])
def test_a_teacher_of_another_width_teaches_too(width):
    encoder, given = bitexts.student("de"), bitexts.context("de", rows=200)
    distil(encoder, bitexts.teacher(width), DistillOptions(steps=60, batch_size=32, learning_rate=5e-3), given)
    assert bitexts.found(encoder, "de") > 50
    assert given.logged["losses"][-1] < given.logged["losses"][0] / 2


def test_vectors_that_go_to_a_point_are_told():
    draw = torch.Generator().manual_seed(0)
    source, target = (torch.randn(40, 8, generator=draw).numpy() for _ in range(2))
    right = {"de": source}
    assert collapse({"de": (source, target)}, right) == ""
    assert "shrank" in collapse({"de": (source / 3, target / 3)}, right)
    assert "became alike" in collapse({"de": (source + 3, target + 3)}, right)
    assert cosines(source, source)[0] == pytest.approx(1.0)


def test_languages_are_drawn_by_the_power_of_their_sizes():
    pairs = {(Resource.PARALLEL, "de"): bitexts.pairs("de", 400), (Resource.PARALLEL, "sw"): bitexts.pairs("sw", 25)}
    given = tiny.ToyContext(paired_with=pairs, targets=("de", "sw"))
    bitext = read(bitexts.student("de", "sw"), BRIEF, given)
    assert len(bitext.sources) == 400, "the sources of both languages are the same, and stand there once"
    for alpha, share in ((1.0, 25 / 425), (0.5, 5 / 25), (0.0, 0.5)):
        drawn = [pair for (pair,) in singles(bitext, 4000, alpha, seed=0)]
        rare = sum(pair in bitext.languages["sw"] for pair in drawn) / 4000
        assert rare == pytest.approx(share, abs=0.03)
    every = [pair for (pair,) in singles(bitext, 4000, 1.0, seed=0) if pair in bitext.languages["de"]]
    assert set(every[:400]) == set(bitext.languages["de"]), "each once before one comes again"


def test_no_more_pairs_are_read_than_asked_for():
    given = bitexts.context("de", rows=100)
    few = read(bitexts.student("de"), DistillOptions(max_pairs=10), given)
    again = read(bitexts.student("de"), DistillOptions(max_pairs=10), given)
    assert len(few.pairs) == 10
    assert few.sources == again.sources != [one for one, _ in bitexts.pairs("de", 10)]


@pytest.mark.parametrize(
    ("freeze", "still"),
    [
        ("none", set()),
        ("embeddings", {"embeddings.word_embeddings"}),
        ("lower-half", {"embeddings.word_embeddings", "embeddings.position_embeddings", "encoder.layer.0"}),
    ],
)
def test_what_is_frozen_stays_and_is_free_afterwards(freeze, still):
    encoder = bitexts.student("de")
    before = tiny.weights(encoder)
    after, _ = distilled(encoder, DistillOptions(steps=3, batch_size=8, learning_rate=1e-3, freeze=freeze))
    moved = {name for name, one in tiny.weights(after).items() if not torch.equal(one, before[name])}
    for part in ("embeddings.word_embeddings", "embeddings.position_embeddings", "encoder.layer.0", "encoder.layer.1"):
        assert any(f".{part}." in name for name in moved) == (part not in still)
    assert all(parameter.requires_grad for parameter in after.module.parameters())


def test_a_seed_decides_every_bit():
    first, again, other = (
        tiny.weights(distilled(bitexts.student("de"), BRIEF, bitexts.context("de", rows=60, seed=seed))[0])
        for seed in (1, 1, 2)
    )
    assert tiny.same(first, again)
    assert not tiny.same(first, other)


def test_an_aligned_encoder_is_saved_and_read_back_to_the_bit(tmp_path):
    after, _ = distilled(bitexts.student("de"))
    DISTILL.save(after, tmp_path)
    again = DISTILL.load(bitexts.student("de"), tmp_path)
    assert tiny.same(tiny.weights(again), tiny.weights(after))
    assert again.pooling == after.pooling == "mean"


def test_paired_towers_learn_both():
    encoder = bitexts.paired("de")
    before = tiny.weights(encoder)
    after, _ = distilled(encoder)
    changed = {name.split(".")[0] for name, one in tiny.weights(after).items() if not torch.equal(one, before[name])}
    assert changed == {"tower_en", "tower_de"}


def test_it_reads_parallel_sentences_of_all_targets_and_nothing_else():
    testing.check_aligner(DISTILL)
    assert (DISTILL.needs(BRIEF), DISTILL.scope(BRIEF)) == (frozenset({Resource.PARALLEL}), Scope.JOINT)
    given = bitexts.context("de", "sw", rows=20)
    distilled(bitexts.student("de", "sw"), BRIEF, given)
    assert given.read == [("de", "parallel sentences"), ("sw", "parallel sentences")]


@pytest.mark.parametrize("wrong", [{"teacher_pooling": "max"}, {"steps": "0"}, {"freeze": "all"}, {"max_length": "4"}])
def test_a_wrong_option_is_refused(wrong):
    with pytest.raises(UsageError, match="distill"):
        resolve(DistillOptions, "distill", wrong)

"""Tables for another vocabulary: what is copied to the bit, what is composed and how, and what is drawn."""

import random

import numpy as np
import pytest
from xbench_aligners.initialisation import Aligned, copies, focus, sparsemax, specials, wechsel
from xbench_aligners.static_vectors import train_vectors
from xbench_aligners.vocabulary import Marking, Match, Overlap, Vocabulary, overlap

SIZE, WIDTH, STATIC = 1000, 24, 50


def draw(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def vocabulary(words, marking=Marking.WORDPIECE, special=("[PAD]", "[CLS]")):
    """Special tokens, then these words as beginnings of words."""
    prefix = "" if marking is Marking.WORDPIECE else str(marking)
    pieces = [*special, *(prefix + word for word in words)]
    roles = {"pad": 0, "cls": 1}
    return Vocabulary(pieces, marking, roles, frozenset(roles.values()))


def named(start, end):
    return [f"w{at}" for at in range(start, end)]


SOURCE = vocabulary(named(0, SIZE - 2))
TARGET = vocabulary(named(600, 1600), Marking.METASPACE, ("<pad>", "<s>"))  # 398 of 1,000 pieces are the source's
BOTH = overlap(SOURCE, TARGET)
SELF = overlap(SOURCE, SOURCE)
TABLE = draw(0, SIZE, WIDTH).astype(np.float32) * np.linspace(0.1, 2, WIDTH, dtype=np.float32) + 1
BASELINES = [
    pytest.param(specials(BOTH), "normal", id="random"),
    pytest.param(specials(BOTH), "mean", id="mean"),
    pytest.param(copies(BOTH), "normal", id="copy"),
    pytest.param(wechsel(BOTH, Aligned(draw(1, SIZE, STATIC), draw(2, 1002, STATIC))), "normal", id="wechsel"),
    pytest.param(focus(BOTH, draw(2, 1002, STATIC)), "normal", id="focus"),
]


def static(seed=1, rows=SIZE):
    return draw(seed, rows, STATIC)


def is_hull(composition):
    """Whether every row that is known weighs old rows by shares of 1."""
    sums = np.asarray(composition.weights.sum(axis=1))
    return (composition.weights.data > 0).all() and np.allclose(sums[composition.known], 1, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("composition", "rest"), BASELINES)
def test_special_tokens_are_copied_by_role_to_the_bit(composition, rest):
    table = composition.table(TABLE, rest)
    assert (table.shape, table.dtype) == ((1002, WIDTH), np.float32)
    assert table[:2].tobytes() == TABLE[:2].tobytes()
    assert np.isfinite(table).all()


@pytest.mark.parametrize(("composition", "rest"), BASELINES)
def test_what_is_known_lies_within_the_range_of_the_old_table(composition, rest):
    assert is_hull(composition)
    known = composition.table(TABLE, rest)[composition.known]
    assert (known >= TABLE.min(0) - 1e-6).all()
    assert (known <= TABLE.max(0) + 1e-6).all()


def test_random_rows_follow_the_distribution_of_each_dimension():
    composition = specials(overlap(SOURCE, vocabulary(named(0, 20_000))))
    drawn = composition.table(TABLE, seed=3)[2:]
    deviation = TABLE.std(0)
    assert (np.abs(drawn.mean(0) - TABLE.mean(0)) < 4 * deviation / np.sqrt(20_000)).all()
    np.testing.assert_allclose(drawn.std(0), deviation, rtol=0.03)
    assert composition.table(TABLE, seed=3).tobytes() == composition.table(TABLE, seed=3).tobytes()
    assert (composition.table(TABLE, seed=4)[2:] != drawn).any(axis=1).all()
    assert composition.diagnostics() == {"copied": 2, "composed": 0, "fallen_back": 20_000, "support": 0.0}


def test_the_mean_is_the_mean():
    table = specials(BOTH).table(TABLE, "mean")
    np.testing.assert_allclose(table[2:], np.tile(TABLE.mean(0, dtype=np.float64), (1000, 1)), atol=1e-6)


def test_pieces_of_both_are_copied_and_the_rest_is_as_random():
    composition = copies(BOTH)
    table = composition.table(TABLE, seed=5)
    assert table[2:400].tobytes() == TABLE[602:].tobytes()
    assert table[400:].tobytes() == specials(BOTH).table(TABLE, seed=5)[400:].tobytes()
    assert composition.diagnostics() == {"copied": 400, "composed": 0, "fallen_back": 602, "support": 0.0}


def test_copies_keep_the_sign_of_zero_and_every_precision():
    table = np.array([[0.0], [-0.0], [1 / 3]] + [[5e-324]] * (SIZE - 3))
    assert copies(SELF).table(table).tobytes() == table.tobytes()
    half = TABLE.astype(np.float16)
    assert copies(SELF).table(half).tobytes() == half.tobytes()
    assert focus(BOTH, static(2, 1002)).table(half).dtype == np.float16


def test_an_old_table_may_be_padded_but_not_short():
    padded = np.concatenate([TABLE, np.full((24, WIDTH), np.nan, np.float32)])
    composition = focus(BOTH, static(2, 1002))
    assert composition.table(padded).tobytes() == composition.table(TABLE).tobytes()
    for wrong in (TABLE[:-1], TABLE[:, 0]):
        with pytest.raises(ValueError, match=r"\(1000, dimension\) is expected"):
            composition.table(wrong)


def test_one_composition_serves_every_table_with_a_row_per_piece():
    composition = wechsel(BOTH, Aligned(static(), static(2, 1002)))
    both = composition.table(TABLE.astype(np.float64))
    bias = composition.table(TABLE[:, :1].astype(np.float64))
    np.testing.assert_allclose(bias, both[:, :1], atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_wechsel_with_one_neighbour_gives_the_table_of_the_same_vocabulary_back(dtype):
    vectors = static().astype(dtype)
    table = wechsel(SELF, Aligned(vectors, vectors), neighbours=1).table(TABLE)
    assert table.tobytes() == TABLE.tobytes()


def test_wechsel_at_a_low_temperature_gives_the_table_back():
    table = TABLE.astype(np.float64)
    cold = wechsel(SELF, Aligned(static(), static()), temperature=0.01).table(table)
    np.testing.assert_allclose(cold, table, atol=1e-12)
    usual = wechsel(SELF, Aligned(static(), static())).table(table)
    error = np.linalg.norm(usual - table) / np.linalg.norm(table)
    assert 0.005 < error < 0.1  # ten neighbours at 0.1 mix a little


def test_wechsel_is_what_its_formula_says():
    source, target = static(1), static(2, 1002)
    composition = wechsel(BOTH, Aligned(source, target), neighbours=3, temperature=0.2)
    cosines = source @ target[500] / np.linalg.norm(source, axis=1) / np.linalg.norm(target[500])
    near = np.argsort(-cosines)[:3]
    weights = np.exp(cosines[near] / 0.2) / np.exp(cosines[near] / 0.2).sum()
    np.testing.assert_allclose(composition.table(TABLE)[500], weights @ TABLE[near], atol=1e-5)
    assert composition.diagnostics() == {"copied": 2, "composed": 1000, "fallen_back": 0, "support": 3.0}


def test_wechsel_draws_what_has_no_vector_and_uses_no_source_piece_without_one():
    source, target = static(1), static(2, 1002)
    source[100:] = 0
    target[[7, 500]] = 0
    composition = wechsel(BOTH, Aligned(source, target))
    table = composition.table(TABLE, seed=1234)
    assert composition.diagnostics()["fallen_back"] == 2
    assert composition.weights[2:].indices.max() < 100
    assert table[[7, 500]].tobytes() == specials(BOTH).table(TABLE, seed=1234)[[7, 500]].tobytes()


def test_wechsel_takes_as_many_neighbours_as_there_are():
    source = static(1)
    source[4:] = 0
    assert wechsel(BOTH, Aligned(source, static(2, 1002))).diagnostics()["support"] == 4
    nothing = wechsel(BOTH, Aligned(0 * source, static(2, 1002)))
    assert nothing.diagnostics() == specials(BOTH).diagnostics()


def test_wechsel_carries_the_old_table_through_a_rotation_that_was_found():
    """A target language whose pieces are the source's under other names, in a space rotated back by the alignment."""
    cipher = Vocabulary([f"▁x{at}" for at in range(SIZE)], Marking.METASPACE)
    rotation, _ = np.linalg.qr(draw(9, STATIC, STATIC))
    source = static()
    heard = source @ rotation + 0.1 * static(8)
    table = wechsel(overlap(SOURCE, cipher), Aligned(source, heard @ rotation.T)).table(TABLE)
    near = np.argmin(np.linalg.norm(TABLE[None] - table[:, None], axis=2), axis=1)
    assert (near == np.arange(SIZE)).mean() > 0.99
    astray = wechsel(overlap(SOURCE, cipher), Aligned(source, heard)).table(TABLE)
    assert np.linalg.norm(table - TABLE) < 0.2 * np.linalg.norm(astray - TABLE)


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    scores = 0.5 * draw(3, 40, 30)
    weights = sparsemax(scores)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)
    # z - p is one number on the support and at most that elsewhere: the conditions of the projection.
    threshold = (scores - weights).max(axis=1, where=weights > 0, initial=-9, keepdims=True)
    np.testing.assert_allclose(scores - weights, np.minimum(scores, threshold), atol=1e-12)
    np.testing.assert_allclose(sparsemax(scores + 7), weights, atol=1e-12)
    np.testing.assert_allclose(sparsemax(np.array([[2.0, 0.5], [0.3, 0.3]])), [[1, 0], [0.5, 0.5]], atol=1e-12)
    assert sparsemax(np.array([[-3.0]])).tolist() == [[1.0]]


def test_sparsemax_in_a_narrow_band_is_not_that_sparse():
    scores = np.random.default_rng(4).uniform(0, 0.6, (50, 1000))
    assert 50 < (sparsemax(scores) > 0).sum(axis=1).mean() < 66  # 58 in theory


def test_focus_copies_what_both_have_and_gives_the_table_of_the_same_vocabulary_back():
    composition = focus(BOTH, static(2, 1002))
    table = composition.table(TABLE)
    assert table[2:400].tobytes() == TABLE[602:].tobytes()
    assert composition.diagnostics().items() >= {"copied": 400, "composed": 602, "fallen_back": 0}.items()
    assert 1 < composition.diagnostics()["support"] < 398
    assert focus(SELF, static()).table(TABLE).tobytes() == TABLE.tobytes()


def test_focus_is_what_its_formula_says():
    vectors = static(2, 1002)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = sparsemax(unit[900:901] @ unit[2:400].T)[0]
    np.testing.assert_allclose(focus(BOTH, vectors).table(TABLE)[900], weights @ TABLE[602:], atol=1e-5)


def test_focus_uses_no_rare_piece_and_draws_what_is_unknown():
    vectors = static(2, 1002)
    vectors[[5, 900]] = 0
    composition = focus(BOTH, vectors)
    assert composition.table(TABLE)[5].tobytes() == TABLE[605].tobytes()
    assert 605 not in composition.weights[400:].indices
    assert composition.diagnostics()["fallen_back"] == 1
    assert composition.table(TABLE, seed=42)[900].tobytes() == specials(BOTH).table(TABLE, seed=42)[900].tobytes()


def test_focus_without_a_common_piece_draws_all():
    apart = overlap(SOURCE, vocabulary(named(2000, 2100)))
    assert focus(apart, static(2, 102)).diagnostics() == specials(apart).diagnostics()


def test_two_pieces_that_match_one_are_one():
    found = Overlap(np.array([0, 0, -1]), [Match.EXACT, Match.PLACE, None], 1)
    composition = focus(found, np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    assert composition.table(np.array([[3.0]])).tolist() == [[3.0], [3.0], [3.0]]
    assert is_hull(composition)


@pytest.mark.parametrize(
    ("source", "target", "settings", "said"),
    [
        (static(), static(2, 1002), {"neighbours": 0}, "neighbours must be at least 1"),
        (static(), static(2, 1002), {"temperature": 0.0}, "temperature above 0"),
        (static(1, 9), static(2, 1002), {}, r"source vectors have the shape \(9, 50\); \(1000, dimension\)"),
        (static(), static(2, 9), {}, r"target vectors have the shape \(9, 50\); \(1002, dimension\)"),
        (static(), np.full((1002, STATIC), np.nan), {}, "a target vector holds a number that is not finite"),
    ],
)
def test_what_does_not_fit_is_refused(source, target, settings, said):
    with pytest.raises(ValueError, match=said):
        wechsel(BOTH, Aligned(source, target), **settings)


def test_focus_with_vectors_trained_on_text_finds_what_half_the_names_hid():
    """Words of topics, whose old rows tell the topic; half are called otherwise in the target vocabulary."""
    choose = random.Random(0)
    topics = [named(40 * at, 40 * at + 40) for at in range(5)]
    new_name = {word: f"new{word}" for topic in topics for word in topic[20:]}
    text = [[choose.choice(topic) for _ in range(10)] for topic in choose.choices(topics, k=2000)]
    centres = 3 * draw(1, 5, WIDTH)
    source = vocabulary([word for topic in topics for word in topic])
    table = np.concatenate([draw(2, 2, WIDTH), np.repeat(centres, 40, axis=0) + draw(3, 200, WIDTH)])
    target = vocabulary([new_name.get(word, word) for topic in topics for word in topic], Marking.METASPACE)
    spoken = [[f"▁{new_name.get(word, word)}" for word in row] for row in text]
    composition = focus(overlap(source, target), train_vectors(spoken, dimension=10).rows(target.pieces))
    assert composition.diagnostics()["composed"] == 100
    hidden = composition.known & ~composition.copied
    made, blind = (one.table(table)[hidden] for one in (composition, copies(overlap(source, target))))
    nearest = np.argmin(np.linalg.norm(made[:, None] - centres[None], axis=2), axis=1)
    assert nearest.tolist() == np.repeat(np.arange(5), 20).tolist()
    assert np.linalg.norm(made - table[hidden]) < 0.4 * np.linalg.norm(blind - table[hidden])

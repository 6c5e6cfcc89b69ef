"""Static vectors: files with everything that can be wrong with them, training on made text, vectors of pieces."""

import gzip
import math
import random

import numpy as np
import pytest
from scipy.sparse import csr_array
from xbench_aligners.piece_vectors import vectors_from_ngrams, vectors_from_words
from xbench_aligners.static_vectors import SMOOTHING, company, ppmi, train_vectors
from xbench_aligners.vocabulary import Marking, canonical
from xbench_encoders.word_vectors import StaticVectors, read_vectors

from xbench.errors import DataError, MissingDataError

GOOD = "3 2\nthe 0.5 -1\nnew york 1e-3 2\nmüde\u2028\u00a0x 0 0.25 \n"


def write(path, text):
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["wiki.vec", "wiki.vec.gz"])
def test_a_file_is_read_as_it_stands(tmp_path, name):
    read = read_vectors(write(tmp_path / name, GOOD))
    assert read.tokens == ("the", "new york", "müde\u2028\u00a0x")
    assert read.vectors.dtype == np.float32
    assert read.vectors.tolist() == np.float32([[0.5, -1], [1e-3, 2], [0, 0.25]]).tolist()
    assert read.frequencies.tolist() == [1, 1 / 2, 1 / 3]
    assert read.repeated == 0


@pytest.mark.parametrize(("limit", "tokens"), [(1, 1), (2, 2), (3, 3), (9, 3)])
def test_only_so_many_rows_are_read_and_what_follows_is_not_looked_at(tmp_path, limit, tokens):
    broken = GOOD if limit >= 3 else GOOD.replace("0 0.25", "nonsense")
    assert len(read_vectors(write(tmp_path / "a.vec", broken), limit).tokens) == tokens
    with pytest.raises(ValueError, match="limit must be at least 1"):
        read_vectors(tmp_path / "a.vec", 0)


def test_of_a_token_that_comes_twice_the_first_vector_is_kept(tmp_path):
    read = read_vectors(write(tmp_path / "a.vec", "3 1\na 1\nb 2\na 3\n"))
    assert (read.tokens, read.vectors.tolist(), read.repeated) == (("a", "b"), [[1], [2]], 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r":1: the numbers of rows and of dimensions are expected, not ''"),
        ("a 0.5 1\n", r":1: the numbers of rows"),
        ("0 2\n", r":1: the numbers of rows"),
        ("1 2\na 0.5\n", r":2: a token and 2 numbers are expected"),
        ("1 2\na 0.5 1 2 \n 0.5 1\n", r":3: there is a row more than the 1"),
        ("1 2\n 0.5 1\n", r":2: a token and 2 numbers are expected"),
        ("2 2\na 0.5 1\nb 0.5 x\n", r":3: could not convert string to float"),
        ("2 2\na 0.5 1\nb  1\n", r":3: could not convert string to float"),
        ("2 2\na 0.5 1\nb nan 1\n", r":3: the vector of 'b' holds a number that is not finite"),
        ("2 2\na 0.5 1\nb 1 -inf\n", r":3: the vector of 'b' holds a number that is not finite"),
        ("1 2\na 1e99 1\n", r":2: the vector of 'a' holds a number that is not finite"),
        ("3 2\na 0.5 1\n", r":3: the file ends where 3 rows are announced"),
        (b"2 1\na 1\n\xff 2\n", r":3: is not valid UTF-8"),
    ],
)
@pytest.mark.parametrize("name", ["a.vec", "a.vec.gz"])
def test_a_malformed_line_is_named(tmp_path, name, text, said):
    with pytest.raises(DataError, match=name + said):
        read_vectors(write(tmp_path / name, text))


def test_a_file_that_is_not_there_or_no_archive_or_cut_off_is_one_clear_error(tmp_path):
    with pytest.raises(MissingDataError, match=r"a\.vec: there is no such file"):
        read_vectors(tmp_path / "a.vec")
    (tmp_path / "no.vec.gz").write_text(GOOD)
    with pytest.raises(DataError, match=r"no\.vec\.gz:1: cannot be read: Not a gzipped file"):
        read_vectors(tmp_path / "no.vec.gz")
    whole = write(tmp_path / "cut.vec.gz", GOOD).read_bytes()
    (tmp_path / "cut.vec.gz").write_bytes(whole[:-12])
    with pytest.raises(DataError, match=r"cut\.vec\.gz:\d: cannot be read"):
        read_vectors(tmp_path / "cut.vec.gz")


def test_rows_of_tokens_are_looked_up_and_unknown_ones_are_zero():
    vectors = StaticVectors(("a", "b"), np.float32([[1, 2], [3, 4]]), np.array([2.0, 1.0]))
    assert vectors.rows(["b", "c", "a", "b"]).tolist() == [[3, 4], [0, 0], [1, 2], [3, 4]]
    assert vectors.rows([]).shape == (0, 2)


def test_company_is_counted_within_a_window_and_a_sequence():
    found = company([[0, 1, 2], [], [1, 0]], 4, window=2).toarray()
    assert found.tolist() == [[0, 2, 0.5, 0], [2, 0, 1, 0], [0.5, 1, 0, 0], [0, 0, 0, 0]]
    assert company([[0, 0]], 1, window=1).toarray().tolist() == [[2]]


def test_ppmi_is_what_its_formula_says():
    counts = np.array([[0, 6, 1], [6, 0, 1], [1, 1, 4]], dtype=float)
    contexts = counts.sum(0) ** SMOOTHING / (counts.sum(0) ** SMOOTHING).sum()
    wanted = [
        [max(0.0, math.log(n / counts[i].sum() / contexts[j])) if n else 0.0 for j, n in enumerate(row)]
        for i, row in enumerate(counts)
    ]
    found = ppmi(csr_array(counts))
    np.testing.assert_allclose(found.toarray(), wanted, atol=1e-12)
    assert (found.data > 0).all()


TOPICS = {topic: [f"{topic}{at}" for at in range(12)] for topic in ("sea", "law", "ice")}


def sentences(count, seed=0):
    """Sequences of twelve words of one topic each, among words of none."""
    draw = random.Random(seed)
    fillers = [f"of{at}" for at in range(10)]
    return [
        [draw.choice(words if draw.random() < 0.6 else fillers) for _ in range(12)]
        for words in draw.choices(list(TOPICS.values()), k=count)
    ]


def cosines(vectors):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit @ unit.T


def test_words_of_one_topic_are_near():
    trained = train_vectors(sentences(1500), dimension=10)
    words = [word for group in TOPICS.values() for word in group]
    near = cosines(trained.rows(words))
    same = np.kron(np.eye(3), np.ones((12, 12))).astype(bool)
    assert near[same].min() > near[~same].max() + 0.3


def test_training_is_one_result_by_seed_and_order_of_frequency():
    text = sentences(200)
    first, again, other = (train_vectors(text, 5, seed=seed) for seed in (1, 1, 2))
    assert first.vectors.tobytes() == again.vectors.tobytes()
    np.testing.assert_allclose(cosines(first.vectors), cosines(other.vectors), atol=0.05)
    assert (np.diff(first.frequencies) <= 0).all()
    assert first.frequencies.sum() == 200 * 12
    assert first.vectors.dtype == np.float32


def test_the_vectors_are_those_of_the_singular_value_decomposition():
    text = sentences(300)
    trained = train_vectors(text, 6)
    ids = {token: at for at, token in enumerate(trained.tokens)}
    matrix = ppmi(company([[ids[token] for token in row] for row in text], len(ids), 5)).toarray()
    left, values, _ = np.linalg.svd(matrix)
    # The first three are far from the rest: topics. Signs are free.
    np.testing.assert_allclose(np.abs(trained.vectors[:, :3]), np.abs((left * np.sqrt(values))[:, :3]), atol=1e-5)
    every = train_vectors(text, 1000)
    assert every.vectors.shape == (len(ids), len(ids))
    np.testing.assert_allclose(every.vectors @ every.vectors.T, (left * values) @ left.T, atol=1e-4)


def test_rare_tokens_are_left_out_before_the_window_is_laid():
    text = [["a", "rare", "b"]] + [["a", "b"]] * 9
    trained = train_vectors(text, 2, window=1)
    assert trained.tokens == ("a", "b")
    assert trained.vectors.tobytes() == train_vectors([["a", "b"]] * 10, 2, window=1).vectors.tobytes()
    with pytest.raises(DataError, match="none of 3 tokens occurs 11 times"):
        train_vectors(text, 2, min_count=11)
    with pytest.raises(DataError, match="none of 0 tokens"):
        train_vectors([], 2)


@pytest.mark.parametrize("sizes", [{"dimension": 0}, {"window": 0}, {"min_count": 0}])
def test_sizes_that_make_no_sense_are_refused(sizes):
    with pytest.raises(ValueError, match="must be at least 1"):
        train_vectors([["a"]], **sizes)


def test_tokens_without_company_have_vectors_of_zeros():
    assert train_vectors([["a"]] * 10, 3).vectors.tolist() == [[0]]


WORDS = StaticVectors(("sea", "seas", "see"), np.float32([[1, 0], [0, 1], [4, 4]]), np.array([3.0, 1.0, 1.0]))


def test_a_piece_is_the_mean_of_its_words_by_their_frequency():
    found = vectors_from_words(WORDS, [[0, 1], [0, 1, 2], [0, 0]], 4)
    assert found.tolist() == np.float32([[7 / 5, 1], [3 / 4, 1 / 4], [0, 1], [0, 0]]).tolist()
    assert found.dtype == np.float32


def test_a_piece_is_the_mean_of_its_n_grams():
    pieces = [canonical(text, Marking.METASPACE) for text in ("▁sea", "as", "s", "▁s", "eas", "▁seat", "▁tea", "▁")]
    found = vectors_from_ngrams(WORDS, [*pieces, None, canonical("Ã", Marking.BYTES)])
    sea = np.array([3 / 4, 1 / 4])  # sea, sea, seas: what n-grams with `a` are of
    se = np.array([7 / 5, 1])
    # Three of the n-grams of `seat` occur; of `tea` none does.
    wanted = [(se + 2 * sea) / 3, [0, 1], se, se, [0, 1], (se + 2 * sea) / 3, [0, 0], [0, 0], [0, 0], [0, 0]]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_pieces_made_of_trained_words_are_near_those_of_their_topic():
    trained = train_vectors(sentences(1500), dimension=10)
    pieces = [canonical(text, Marking.WORDPIECE) for text in ("sea", "law", "sea1", "law1")]
    near = cosines(vectors_from_ngrams(trained, pieces))
    assert min(near[0, 2], near[1, 3]) > 0.9
    assert max(near[0, 1], near[0, 3], near[1, 2]) < 0.5

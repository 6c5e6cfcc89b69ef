"""One vector per row of a task's inputs, of a text or of a pair."""

import numpy as np
import pyarrow as pa
from xbench_encoders.vectors import input_vectors, mean_vectors

from tests.plugins import tiny

ONE, OTHER = ["the rose", "seven stones walks", ""], ["the sky", "grass", "sea today"]


def test_a_text_has_the_mean_of_its_states():
    encoder = tiny.encoder()
    found = input_vectors(encoder, pa.table({"text": ONE}), "en")
    assert (found == mean_vectors(encoder, ONE, "en")).all()


def test_a_pair_has_both_means_and_how_they_compare():
    encoder = tiny.encoder()
    found = input_vectors(encoder, pa.table({"text": ONE, "text_pair": OTHER}), "en", 16)
    one, other = (mean_vectors(encoder, texts, "en", 16) for texts in (ONE, OTHER))
    assert found.shape == (3, 4 * encoder.dimension)
    assert np.array_equal(found, np.concatenate([one, other, np.abs(one - other), one * other], axis=1))
    assert not np.array_equal(one, other)

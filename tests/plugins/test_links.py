"""Words of texts, links between those of parallel sentences, and the tables that are made of them."""

import numpy as np
import pytest
import torch
from xbench_aligners.lexicon import drawn, frequent_words, parallel_anchors
from xbench_aligners.links import argmax, links, word_states
from xbench_aligners.words import frequent, words
from xbench_encoders.vectors import mean_vectors

from tests.plugins import cipher, spaces, tiny
from xbench.contracts import Resource
from xbench.errors import ModelError, StageError


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('He said: "don\'t (ever) stop!"', ["He", "said", "don't", "ever", "stop"]),
        ("e-mail 3.5 % -- ...", ["e-mail", "3.5"]),
        ("हिन्दी में, लिखा।", ["हिन्दी", "में", "लिखा"]),
        ("我有3本书,ok。", ["我", "有", "3", "本", "书", "ok"]),
        ("ที่ดี", ["ที่", "ดี"]),
        ("ひらがなTeX", ["ひ", "ら", "が", "な", "TeX"]),
        ("", []),
    ],
)
def test_words_are_what_stands_between_blanks_or_characters_where_there_are_none(text, wanted):
    assert words(text) == wanted


def test_the_most_frequent_come_first_and_of_equals_the_first():
    assert frequent(["b a, a", "c b a d"], 3) == ["a", "b", "c"]


def test_a_permutation_is_recovered():
    rows = spaces.words(12, 8)
    order = np.random.default_rng(0).permutation(12)
    found = argmax(rows, rows[order])
    assert np.array_equal(order[found[:, 1]], found[:, 0])
    assert len(found) == 12


def test_links_are_one_to_one_and_turn_with_the_sides():
    one, other = np.random.default_rng(0).standard_normal((2, 20, 4))
    found = argmax(one, other[:15])
    assert 0 < len(found) < 15
    assert all(len(set(column)) == len(found) for column in found.T.tolist())
    turned = argmax(other[:15], one)
    assert sorted(map(tuple, turned[:, ::-1].tolist())) == sorted(map(tuple, found.tolist()))
    assert argmax(one[:0], other).shape == argmax(one, other[:0]).shape == (0, 2)


def test_a_word_is_the_mean_of_its_sub_words():
    encoder = tiny.encoder("en")
    sentences = [["sky", "abc", "sea"], [], ["the"]]
    found = word_states(encoder, sentences, "en")
    tokens = encoder.tokenize(["sky abc sea"], None, "en", 64)
    with torch.no_grad():
        states = encoder.states(encoder.batch(tokens, [0]))[0]
    assert len(tokens.ids[0]) == 7  # [CLS] sky a ##b ##c sea [SEP]
    wanted = [states[1], states[2:5].mean(0), states[5]]
    assert np.allclose(found[0], torch.stack(wanted).numpy(), atol=1e-5)
    assert [len(one) for one in found] == [3, 0, 1]


def test_a_sentence_that_is_too_long_keeps_all_its_words():
    (found,) = word_states(tiny.encoder("en", positions=16), [["sky", "sea", "abc"] * 10], "en")
    assert found.shape == (30, 32)
    assert not np.isnan(found).any()


def test_the_same_words_in_another_order_are_linked_to_themselves():
    world = cipher.World(noise=0.0, moved=0.0)
    encoder = world.encoder()
    encoder.map("de", world.turn, np.zeros(cipher.WIDTH))
    pairs = [("en3 en1 en2", "de2, de3 de9 de1!"), ("", "de1")]
    first, second = links(encoder, pairs, "en", "de")
    assert (first.source, first.target) == (["en3", "en1", "en2"], ["de2", "de3", "de9", "de1"])
    assert first.links.tolist() == [[0, 1], [1, 3], [2, 0]]
    assert second.links.tolist() == []
    unmapped = links(encoder, pairs, "en", "de", layer=0)
    assert unmapped[0].links.tolist() != first.links.tolist()
    with pytest.raises(ModelError, match="no layer 7"):
        links(tiny.encoder("en"), [("sky", "sea")], "en", "en", layer=7)


def test_anchors_of_parallel_text_are_means_and_the_commonest_link():
    world = cipher.World(noise=0.0, moved=0.0)
    encoder = world.encoder()
    encoder.map("de", world.turn, np.zeros(cipher.WIDTH))
    anchors = parallel_anchors(encoder, [("en1 en2", "de2 de1"), ("en2", "de2"), ("en3", "de9"), ("en3", "de3"),
                                         ("en3", "de3")], "en", "de")  # fmt: skip
    said = {(anchors.source.words[one], anchors.target.words[other]) for one, other in anchors.pairs}
    assert said == {("en1", "de1"), ("en2", "de2"), ("en3", "de3")}
    wanted = mean_vectors(encoder, anchors.source.words, "en")
    assert np.allclose(anchors.source.vectors, wanted, atol=1e-5)  # static words have one state
    with pytest.raises(StageError, match="no words of en and de are linked in 1 parallel sentences"):
        parallel_anchors(encoder, [("...", "de1")], "en", "de")


def test_a_table_holds_the_frequent_words_encoded_alone():
    encoder = tiny.encoder("en", "de")
    table = frequent_words(encoder, tiny.ToyContext(texts={"en": ["sky sea", "sea the"]}), "en", 2)
    assert table.words == ["sea", "sky"]
    assert np.array_equal(table.vectors, mean_vectors(encoder, ["sea", "sky"], "en"))


def test_pairs_are_drawn_by_the_seed_in_their_order():
    pairs = [(str(at), str(at)) for at in range(50)]
    key = (Resource.DICTIONARY, "de")
    first, again, other = (
        drawn(tiny.ToyContext(paired_with={key: pairs}, targets=("de",), seed=seed), *key, 10) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert len(first) == 10
    assert first == sorted(first, key=lambda pair: int(pair[0]))
    assert drawn(tiny.ToyContext(paired_with={key: pairs}), *key, 99) == pairs

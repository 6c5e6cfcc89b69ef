"""The diagnostic of encoders: languages that meet read as such, languages that do not read as chance."""

import pytest
import torch
from xbench_aligners.alignment import Alignment

from tests.plugins import tiny
from xbench.contracts import HeldOut
from xbench.testing import FakeEncoder

LETTERS = [f"{a}{b}" for a in "abcdefgh" for b in "klmnopqr"]
WORDS = [(word, f"{word}de") for word in LETTERS]
SENTENCES = [(f"the {one} {two}", f"thede {one}de {two}de") for one, two in zip(LETTERS, LETTERS[7:], strict=False)]


def encoder(meets):
    """Static vectors by word: the German ones are the English ones, or drawn by themselves."""
    english = ["the", *LETTERS]
    made = tiny.encoder()
    made.towers["*"] = tiny.tower([*english, *(f"{word}de" for word in english)])
    made = type(made)({"*": made.towers["*"]}, "mean", tiny.CPU)
    if meets:
        table = made.embeddings()[0]
        vocabulary = made.tower("en").tokenizer.get_vocab()
        with torch.no_grad():
            for word in english:
                table[vocabulary[f"{word}de"]] = table[vocabulary[word]]
    return made


def readings(made, parallel=SENTENCES, dictionary=WORDS):
    return Alignment().measure(made, HeldOut("en", "de", parallel, dictionary, 0))


def test_languages_that_meet_are_read_as_such():
    found = readings(encoder(meets=True))
    assert found["retrieval"] == found["retrieval back"] == found["words"] == found["coverage"] == 100
    assert found["gap"] > 5
    assert found["language probe"] <= 60
    assert found["words of all"] == 100


def test_languages_that_do_not_meet_are_at_chance():
    found = readings(encoder(meets=False))
    assert found["retrieval"] < 20
    assert found["words"] < 20
    assert abs(found["gap"]) < 5
    assert found["language probe"] > 90
    assert found["hubs"] >= 1


def test_readings_are_those_that_the_pairs_allow():
    made = encoder(meets=True)
    sentences = {"retrieval", "retrieval back", "gap", "hubs", "language probe", "tokens per word"}
    assert set(readings(made, dictionary=[])) == sentences
    assert set(readings(made, parallel=SENTENCES[:5])) == {"words", "coverage", "words of all"}
    assert readings(made, [], []) == {}
    assert readings(FakeEncoder()) == {}


def test_the_target_has_tokens_per_word_where_it_is_written_with_blanks():
    made = encoder(meets=True)
    assert readings(made)["tokens per word"] == 1  # every word is in the vocabulary
    dashed = [(one, other.replace(" ", " - ")) for one, other in SENTENCES]
    assert readings(made, dashed)["tokens per word"] == 5 / 3  # a dash is a token and no word
    thai = [(one, f"{other} \u0e01") for one, other in SENTENCES]
    assert "tokens per word" not in readings(made, thai)


def test_a_text_that_comes_twice_counts_once():
    made = encoder(meets=True)
    assert readings(made, [*SENTENCES, *SENTENCES]) == readings(made)


def test_the_encoder_is_left_as_it_is():
    made = encoder(meets=True)
    before = tiny.weights(made)
    first = readings(made)
    assert tiny.same(before, tiny.weights(made))
    assert readings(made) == first


@pytest.mark.parametrize("count", [19, 20])
def test_too_few_pairs_say_nothing(count):
    found = readings(encoder(meets=True), [], WORDS[:count])
    assert bool(found) == (count == 20)

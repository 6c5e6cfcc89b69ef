"""Segmentations that are drawn: their distribution, and that all but the cuts is the tokenizer's own."""

import math
import random
from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from xbench_encoders.encoder import load_tower
from xbench_encoders.hooks import MINI
from xbench_encoders.resegmenting import DrawnTokenizer, read_anew
from xbench_encoders.segmentation import Cutter, Matches, Merges, Unigram, pieces_of

from tests.plugins import tiny

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
LETTERS = "▁abcde"
SCORES = {"ab": -2.0, "bc": -2.5, "abc": -2.9, "▁a": -2.2, "▁ab": -3.5, "cd": -2.76, "de": -3.1, "cde": -3.3}
SCORES |= {letter: -3.0 - at / 10 for at, letter in enumerate(LETTERS)}
MERGES = [("a", "b"), ("c", "d"), ("b", "c"), ("ab", "cd"), ("▁", "ab"), ("ab", "c"), ("cd", "e")]
WORDS = ["ab", "abc", "▁abcde", "bcbcd", "a", "▁"]
TEXTS = ["abc  ABCDE bcd", "", "abé cd, ê e", "a <mask> bcd</s> <unk>e", "é", "edcba " * 9]
PAIRS = ["cde", "a", "", "b b b", "abc ab", "cd " * 30]


def tokenizer(kind="unigram"):
    """As XLM-R has it: lower case here, marked words, two separators; é is no piece, and ê neither."""
    names = [*SPECIAL, *SCORES] if kind != "bpe" else [*SPECIAL, *LETTERS, *("".join(pair) for pair in MERGES)]
    index = {name: at for at, name in enumerate(names)}
    model = {
        "unigram": lambda: models.Unigram([(name, SCORES.get(name, 0.0)) for name in names], unk_id=3),
        "bpe": lambda: models.BPE(vocab=index, merges=MERGES, unk_token="<unk>", fuse_unk=True),
        "wordpiece": lambda: models.WordPiece({**index, **{f"##{n}": len(index) + at for at, n in enumerate(SCORES)}},
                                              unk_token="<unk>", max_input_chars_per_word=20),
        "words": lambda: models.WordLevel(index, unk_token="<unk>"),
    }[kind]()  # fmt: skip
    made = Tokenizer(model)
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    made.decoder = decoders.Metaspace()
    made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL])
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>", pad_token="<pad>", mask_token="<mask>",
                                   bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>")  # fmt: skip


def bundled():
    return load_tower(MINI.folder).tokenizer


MADE = {kind: lambda kind=kind: tokenizer(kind) for kind in ("unigram", "bpe", "wordpiece")}
MADE |= {"xbench-mini": bundled, "bert": lambda: tiny.tower().tokenizer}
USUAL = {"alpha": 500.0, "drop": 0.0}  # the likeliest, no merge and no match left out


def pieces(made, alpha=0.3, drop=0.3):
    return pieces_of(made, alpha, drop)


def spelt(of, word, draw):
    return tuple(word[start:end] for start, end in of.cuts(word, draw))


def ways(word):
    """All ways to spell a word, and how likely each is."""
    if not word:
        return {(): 1.0}
    return {
        (word[:end], *rest): math.exp(SCORES[word[:end]]) * chance
        for end in range(1, len(word) + 1)
        if word[:end] in SCORES
        for rest, chance in ways(word[end:]).items()
    }


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_ways_to_spell_a_word_are_drawn_by_the_power_of_their_probability(alpha):
    of, draw, count = pieces(tokenizer(), alpha=alpha), random.Random(0), 20_000
    assert isinstance(of, Unigram)
    wanted = {way: chance**alpha for way, chance in ways("▁abcde").items()}
    total = sum(wanted.values())
    found = Counter(spelt(of, "▁abcde", draw) for _ in range(count))
    assert set(found) <= set(wanted)
    assert len(found) > len(wanted) / 2
    for way, chance in wanted.items():
        share = chance / total
        assert found[way] / count == pytest.approx(share, abs=4.5 * (share * (1 - share) / count) ** 0.5), way


def test_without_dropout_or_with_a_large_alpha_it_is_the_tokenizers_own():
    for kind, make in MADE.items():
        made = make()
        of = pieces(made, **USUAL)
        for word in [*WORDS, "éabé", "hello", "▁hello", "▁日本語龘", "x" * 30]:
            usual = made.backend_tokenizer.model.tokenize(word)
            found = of.tokens(word, random.Random(0))
            assert [one.id for one in found] == [one.id for one in usual], (kind, word)


def test_with_every_merge_left_out_a_word_is_letters():
    of = pieces(tokenizer("bpe"), drop=1.0)
    assert isinstance(of, Merges)
    assert spelt(of, "abcde", random.Random(0)) == tuple("abcde")


def test_merges_are_left_out_as_often_as_asked():
    of, draw, count = pieces(tokenizer("bpe"), drop=0.25), random.Random(0), 20_000
    found = Counter(spelt(of, "ab", draw) for _ in range(count))
    assert found["ab",] / count == pytest.approx(0.75, abs=0.015)
    # of "abc" both merges may be made; "bc" is, where only that of "ab" was left out, and then none is left
    found = Counter(spelt(of, "abc", draw) for _ in range(count))
    wanted = {("abc",): 0.75**2, ("ab", "c"): 0.75 * 0.25, ("a", "bc"): 0.25 * 0.75, ("a", "b", "c"): 0.25**2}
    for way, share in wanted.items():
        assert found[way] / count == pytest.approx(share, abs=0.015), way


def test_matches_are_left_out_as_often_as_asked_and_single_characters_never():
    of, draw, count = pieces(tokenizer("wordpiece"), drop=0.25), random.Random(0), 20_000
    assert isinstance(of, Matches)
    found = Counter(spelt(of, "abc", draw) for _ in range(count))
    wanted = {("abc",): 0.75, ("ab", "c"): 0.25 * 0.75, ("a", "bc"): 0.25**2 * 0.75, ("a", "b", "c"): 0.25**3}
    for way, share in wanted.items():
        assert found[way] / count == pytest.approx(share, abs=0.015), way
    assert spelt(pieces(tokenizer("wordpiece"), drop=1.0), "abc", draw) == ("a", "b", "c")


@cache
def made_once(kind):
    """A tokenizer and its pieces: the bundled one takes a second to read."""
    made = MADE[kind]()
    return made, pieces(made, alpha=0.2, drop=0.4)


@pytest.mark.parametrize("kind", MADE)
@settings(deadline=None)
@given(word=some.text("▁abcdeéê", min_size=1, max_size=12), seed=some.integers(0, 3))
def test_pieces_always_join_to_the_word_and_what_none_spells_is_left_to_the_tokenizer(kind, word, seed):
    made, of = made_once(kind)
    assert "".join(spelt(of, word, random.Random(seed))) == word
    unknown = made.unk_token_id
    usual, found = ([one.id for one in tokens] for tokens in (made.backend_tokenizer.model.tokenize(word),
                                                              of.tokens(word, random.Random(seed))))  # fmt: skip
    assert usual.count(unknown) == found.count(unknown)


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("longest", [9, 40])
def test_all_but_the_cuts_is_the_tokenizers_own(kind, longest):
    made = MADE[kind]()
    usual = DrawnTokenizer(made, Cutter(pieces(made, **USUAL), 1.0), random.Random(0))
    never = DrawnTokenizer(made, Cutter(pieces(made), 0.0), random.Random(0))
    sentences = [["ABC", "", "é", "cde," if kind == "bert" else "cde"] * 3, ["ab"], []]
    for texts, how in [
        ((TEXTS,), {}),
        ((TEXTS, PAIRS), {}),
        ((sentences,), {"is_split_into_words": True}),
        ((sentences,), {"is_split_into_words": True, "add_special_tokens": False}),
    ]:
        wanted = made(*texts, truncation="longest_first", max_length=longest, **how)
        for drawn in (usual, never):
            found = drawn(*texts, truncation="longest_first", max_length=longest, **how)
            assert found["input_ids"] == wanted["input_ids"]
            assert found.get("token_type_ids") == wanted.get("token_type_ids")
            for row in range(len(wanted["input_ids"])):
                assert found.sequence_ids(row) == wanted.sequence_ids(row)
                if "is_split_into_words" in how:
                    assert found.word_ids(row) == wanted.word_ids(row)


@pytest.mark.parametrize("kind", MADE)
def test_a_text_that_is_cut_otherwise_is_the_same_text_in_the_same_frame(kind):
    made = MADE[kind]()
    text, other = "abcde the house abc stones", "bcd walks"
    drawn = DrawnTokenizer(made, Cutter(pieces(made, alpha=0.1, drop=0.5), 1.0), random.Random(1))
    usual, found = (one([text], [other], max_length=99)["input_ids"][0] for one in (made, drawn))
    assert usual != found
    said = [made.decode(ids).replace("##", "") for ids in (usual, found)]  # the marks that a made decoder leaves
    assert said[0] == said[1]
    special = set(made.all_special_ids) - {made.unk_token_id}
    assert [one for one in usual if one in special] == [one for one in found if one in special]


def test_words_keep_a_first_piece_however_they_are_cut_and_however_long_they_become():
    encoder = tiny.encoder("en")
    cutter = Cutter(pieces(encoder.tower("en").tokenizer, drop=0.9), 1.0)
    words = [*tiny.WORDS] * 5
    found = read_anew(encoder, "en", cutter, random.Random(0)).tokenize_words([words, ["sky"]], "en", 32)
    assert sum(map(len, found.firsts)) == len(words) + 1
    assert max(found.tokens.lengths) <= 32
    assert len(found.firsts) > len(encoder.tokenize_words([words, ["sky"]], "en", 32).firsts)
    assert 0.5 < cutter.rate() <= 1.0
    assert encoder.tower("en").tokenizer("sky")["input_ids"] == tiny.tower().tokenizer("sky")["input_ids"]


def test_words_are_cut_anew_with_the_chance_that_was_asked_for():
    cutter, draw = Cutter(pieces(tokenizer("bpe"), drop=1.0), 0.3), random.Random(0)
    for _ in range(5000):
        cutter.cut("▁abcde", draw)
    assert cutter.rate() == pytest.approx(0.3, abs=0.03)


def test_a_tokenizer_of_whole_words_cannot():
    assert pieces(tokenizer("words")) is None
    assert pieces(object()) is None

"""Vocabularies of pieces: what is told apart and what is taken for the same, in made ones and those of real models."""

import numpy as np
import pytest
from tokenizers import Tokenizer, models
from transformers import BertTokenizer, PreTrainedTokenizerFast
from xbench_aligners.vocabulary import (
    BYTE_LETTERS,
    Marking,
    Match,
    Piece,
    Vocabulary,
    canonical,
    marking_of,
    overlap,
    vocabulary_of,
)
from xbench_encoders.hooks import MINI

from tests.plugins import tiny
from xbench.errors import UsageError

WORDPIECE = Vocabulary(
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "##ing", "Hund", ",", "##,", "müde"],
    Marking.WORDPIECE,
    {"pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4},
    frozenset(range(5)),
)
METASPACE = Vocabulary(
    ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<0x2C>", "<0xC3>", "▁the", "ing", "▁hund", ",", "the", "▁", "<extra>"],
    Marking.METASPACE,
    {"bos": 0, "cls": 0, "pad": 1, "sep": 2, "eos": 2, "unk": 3, "mask": 4},
    frozenset({0, 1, 2, 3, 4, 13}),
)
BYTES = Vocabulary(
    ["<|endoftext|>", "Ġthe", "the", "ing", "ĠmÃ¼de", "Ã", "Ġ", "Ċ", "<extra>"],
    Marking.BYTES,
    {"bos": 0, "eos": 0, "unk": 0},
    frozenset({0, 8}),
)
EVERY = (WORDPIECE, METASPACE, BYTES)


def matched(source, target, *kinds):
    """The matches of all target pieces that have one, as names."""
    found = overlap(source, target, *([kinds] if kinds else []))
    return {
        target.pieces[at]: (source.pieces[row], str(found.kinds[at]))
        for at, row in enumerate(found.rows.tolist())
        if row >= 0
    }


@pytest.mark.parametrize(
    ("piece", "marking", "said"),
    [
        ("the", Marking.WORDPIECE, Piece(b"the", True)),
        ("##the", Marking.WORDPIECE, Piece(b"the", False)),
        ("##", Marking.WORDPIECE, Piece(b"##", True)),
        ("####", Marking.WORDPIECE, Piece(b"##", False)),
        ("▁the", Marking.METASPACE, Piece(b"the", True)),
        ("the", Marking.METASPACE, Piece(b"the", False)),
        ("▁of▁the", Marking.METASPACE, Piece(b"of the", True)),
        ("▁", Marking.METASPACE, Piece(b"", True)),
        ("<0xC3>", Marking.METASPACE, Piece(b"\xc3", False)),
        ("##the", Marking.METASPACE, Piece(b"##the", False)),
        ("Ġthe", Marking.BYTES, Piece(b"the", True)),
        ("ĠmÃ¼de", Marking.BYTES, Piece("müde".encode(), True)),
        ("Ċ", Marking.BYTES, Piece(b"\n", False)),
        ("é", Marking.BYTES, Piece(b"\xe9", False)),
        ("日本", Marking.BYTES, Piece("日本".encode(), False)),
    ],
)
def test_a_piece_says_the_same_however_it_is_written(piece, marking, said):
    assert canonical(piece, marking) == said


def test_a_piece_that_ends_within_a_letter_is_no_text():
    assert canonical("Ã", Marking.BYTES).decoded is None
    assert canonical("Ã¼", Marking.BYTES).decoded == "ü"


def test_the_letters_of_bytes_are_those_of_the_library():
    from tokenizers.pre_tokenizers import ByteLevel

    assert set(BYTE_LETTERS) == set(ByteLevel.alphabet())
    assert sorted(BYTE_LETTERS.values()) == list(range(256))
    split = ByteLevel(add_prefix_space=False, use_regex=False)
    for text in ("müde", "日本 語", "नमस्ते\n", "\x00\x7f\xad"):
        [(piece, _)] = split.pre_tokenize_str(text)
        assert bytes(BYTE_LETTERS[letter] for letter in piece) == text.encode()


@pytest.mark.parametrize("vocabulary", EVERY, ids=lambda one: one.marking.name)
def test_the_marking_is_told_by_the_pieces(vocabulary):
    assert marking_of(vocabulary.pieces) is vocabulary.marking


def test_a_letter_of_maltese_is_no_marking():
    assert marking_of(["Ġuġ", "##na", "##ra", "Ġ", "▁"]) is Marking.WORDPIECE


def test_a_vocabulary_without_any_marking_is_refused():
    with pytest.raises(UsageError, match=r"none of 3 pieces tells where a word begins \(with one of ##, ▁, Ġ\)"):
        marking_of(["a", "b", "##"])


def test_pieces_that_mean_the_same_are_found_across_markings():
    assert matched(WORDPIECE, METASPACE) == {
        "<s>": ("[CLS]", "special"), "</s>": ("[SEP]", "special"), "<pad>": ("[PAD]", "special"),
        "<unk>": ("[UNK]", "special"), "<mask>": ("[MASK]", "special"),
        "▁the": ("the", "exact"), "ing": ("##ing", "exact"),
        ",": ("##,", "exact"), "<0x2C>": ("##,", "exact"),
    }  # fmt: skip
    assert matched(METASPACE, BYTES) == {
        "<|endoftext|>": ("<s>", "special"), "<extra>": ("<extra>", "special"),
        "Ġthe": ("▁the", "exact"), "the": ("the", "exact"), "ing": ("ing", "exact"),
        "Ã": ("<0xC3>", "exact"), "Ġ": ("▁", "exact"),
    }  # fmt: skip
    assert matched(BYTES, WORDPIECE)["müde"] == ("ĠmÃ¼de", "exact")


def test_special_tokens_match_by_role_and_not_by_what_they_look_like():
    text = Vocabulary(["▁[CLS]", "[CLS]", "<s>"], Marking.METASPACE, {"cls": 2}, frozenset({2}))
    assert matched(WORDPIECE, text) == {"<s>": ("[CLS]", "special")}
    assert matched(text, WORDPIECE) == {"[CLS]": ("<s>", "special")}


def test_the_beginning_of_a_text_serves_where_there_is_no_cls():
    framed = Vocabulary(["<s>", "</s>", "▁a"], Marking.METASPACE, {"bos": 0, "eos": 1}, frozenset({0, 1}))
    assert matched(WORDPIECE, framed) == {"<s>": ("[CLS]", "special"), "</s>": ("[SEP]", "special")}


def test_other_matches_are_found_where_they_are_wanted_and_after_the_exact_ones():
    assert overlap(WORDPIECE, METASPACE).counts() == {"special": 5, "exact": 4, "place": 0, "folded": 0, "none": 5}
    every = matched(WORDPIECE, METASPACE, *Match)
    assert every["the"] == ("the", "place")
    assert every["▁hund"] == ("Hund", "folded")
    assert every["▁the"] == ("the", "exact")
    assert overlap(WORDPIECE, METASPACE, tuple(Match)).counts() == {
        "special": 5, "exact": 4, "place": 1, "folded": 1, "none": 3,
    }  # fmt: skip
    assert set(matched(WORDPIECE, METASPACE, Match.SPECIAL).values()) < set(matched(WORDPIECE, METASPACE).values())


def test_a_byte_written_out_never_stands_for_a_piece_that_there_is():
    assert matched(METASPACE, METASPACE)["<0x2C>"] == ("<0x2C>", "exact")
    assert matched(METASPACE, METASPACE)[","] == (",", "exact")
    bytes_only = Vocabulary(["▁a", "<0x2C>"], Marking.METASPACE)
    assert matched(bytes_only, METASPACE)[","] == ("<0x2C>", "exact")


@pytest.mark.parametrize("vocabulary", EVERY, ids=lambda one: one.marking.name)
def test_a_vocabulary_meets_itself_piece_by_piece(vocabulary):
    found = overlap(vocabulary, vocabulary)
    assert found.rows.tolist() == list(range(len(vocabulary.pieces)))
    assert found.special.nonzero()[0].tolist() == sorted(vocabulary.specials)
    assert found.matched.all()


def test_ids_without_a_piece_are_nothing():
    gaps = Vocabulary(["", "▁a", ""], Marking.METASPACE, {}, frozenset())
    assert overlap(gaps, gaps).rows.tolist() == [-1, 1, -1]


def test_the_vocabulary_of_a_bert_is_read_with_its_roles():
    found = vocabulary_of(tiny.tower().tokenizer)
    assert found.marking is Marking.WORDPIECE
    assert {role: found.pieces[at] for role, at in found.roles.items()} == {
        "pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]",
    }  # fmt: skip
    assert [found.pieces[at] for at in sorted(found.specials)] == list(tiny.SPECIAL)


def test_the_vocabulary_of_a_tokenizer_with_gaps_and_tokens_added_later_is_read():
    model = models.WordLevel({"Ġa": 0, "b": 3, "<s>": 4}, unk_token="b")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(model), bos_token="<s>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<extra>"]})
    found = vocabulary_of(tokenizer)
    assert found.pieces == ["Ġa", "", "", "b", "<s>", "<extra>"]
    assert (found.marking, found.roles, found.specials) == (Marking.BYTES, {"bos": 4}, {4, 5})


@pytest.fixture(scope="module")
def mini():
    """The vocabulary of the bundled encoder."""
    from transformers import AutoTokenizer

    return vocabulary_of(AutoTokenizer.from_pretrained(MINI.folder))


@pytest.fixture(scope="module")
def mbert(shared_data):
    """The vocabulary of multilingual BERT, of which some unused slots were renamed."""
    path = shared_data / "mbert_vocab" / "mbert_modified_vocab.txt"
    if not path.is_file():
        pytest.skip(f"needs the WordPiece vocabulary {path}")
    pieces = path.read_text(encoding="utf-8").split("\n")[:-1]
    return vocabulary_of(BertTokenizer(vocab={piece: at for at, piece in enumerate(pieces)}))


def test_the_bundled_encoder_meets_itself(mini):
    assert mini.marking is Marking.METASPACE
    assert mini.roles.keys() == {"bos", "cls", "eos", "sep", "pad", "unk", "mask"}
    found = overlap(mini, mini)
    assert np.array_equal(found.rows, np.arange(len(mini.pieces)))
    assert sum(piece is not None and piece.fallback for piece in mini.canonical()) == 256


def test_the_bundled_encoder_meets_multilingual_bert(mini, mbert):
    assert (mbert.marking, len(mbert.pieces)) == (Marking.WORDPIECE, 119_547)
    assert np.array_equal(overlap(mbert, mbert).rows, np.arange(119_547))
    found = overlap(mbert, mini, tuple(Match))
    counts = found.counts()
    assert counts["special"] == 5
    assert counts["exact"] > len(mini.pieces) / 4
    assert counts["place"] > 0
    assert counts["folded"] > 0
    for piece, wanted in (("▁the", "the"), ("▁und", "und"), ("ing", "##ing"), ("<mask>", "[MASK]"), ("<s>", "[CLS]")):
        assert mbert.pieces[found.rows[mini.pieces.index(piece)]] == wanted

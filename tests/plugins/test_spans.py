"""Questions with their contexts as rows of tokens: nothing is lost, and characters and tokens meet."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_encoders.heads import SpanHead
from xbench_encoders.spans import Limits, tokenize_questions

from tests.plugins import tiny
from xbench.errors import ModelError

ENCODER = tiny.encoder("en", "de")
CONTEXT = "the house walks slowly under seven stones today"


def read(questions, contexts, encoder=ENCODER, language="en", **limits):
    return tokenize_questions(encoder, questions, contexts, language, Limits(**limits))


def told(passages, row):
    """The context's tokens of a row, as the characters they stand for."""
    of = passages.stretches[row]
    return passages.offsets[of.question][of.start : of.stop]


def nfkc():
    """An encoder whose tokenizer normalises, keeps the blank before a word, and frames pairs as RoBERTa does."""
    names = ["<s>", "</s>", "<unk>", *(f"▁{word}" for word in ("fire", "brigade", "No", "5", "what", "a")), "▁"]
    inner = Tokenizer(models.Unigram([(name, -1.0) for name in names] + [(one, -9.0) for one in "Nofire5"], unk_id=2))
    inner.normalizer = normalizers.NFKC()
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", model_max_length=64)
    return TransformerEncoder({ANY: Tower(tokenizer, tiny.tower().module)}, "cls", tiny.CPU)


@pytest.mark.parametrize("encoder", [ENCODER, nfkc()], ids=["bert", "roberta"])
def test_a_row_that_fits_is_what_the_tokenizer_makes_of_a_pair(encoder):
    questions, contexts = ["seven stones", "what"], [CONTEXT, "fire brigade owl"]
    whole, passages = encoder.tokenize(questions, contexts, "en", 64), read(questions, contexts, encoder)
    for name in ("ids", "types", "sides"):
        assert [list(row) for row in getattr(passages.tokens, name)] == getattr(whole, name)
    assert [(of.question, of.start) for of in passages.stretches] == [(0, 0), (1, 0)]
    for row, of in enumerate(passages.stretches):
        assert whole.sides[row].index(1) == of.at
        assert whole.sides[row].count(1) == of.stop == len(passages.offsets[row])


def test_a_context_that_is_too_long_is_read_in_rows_a_stride_apart():
    passages = read(["sky"], [CONTEXT], max_length=10, stride=2)
    assert [(of.start, of.stop) for of in passages.stretches] == [(0, 6), (2, 8)]
    assert passages.tokens.lengths == [10, 10]
    assert [CONTEXT[told(passages, row)[0][0] : told(passages, row)[-1][1]] for row in (0, 1)] == [
        "the house walks slowly under seven",
        "walks slowly under seven stones today",
    ]


def test_an_answer_in_the_overlap_has_a_place_in_both_rows_and_one_at_the_edge_in_one():
    passages = read(["sky"], [CONTEXT], max_length=10, stride=2)
    names = ENCODER.tower("en").tokenizer.convert_ids_to_tokens

    def places(answer):
        start = CONTEXT.index(answer)
        found = [passages.place(row, (start, start + len(answer))) for row in (0, 1)]
        return [at and names(list(passages.tokens.ids[row][at[0] : at[1] + 1])) for row, at in enumerate(found)]

    assert places("slowly under") == [["slowly", "under"]] * 2
    assert places("house walks") == [["house", "walks"], None]
    assert places("seven stones") == [None, ["seven", "stones"]]
    assert places("lowl") == [["slowly"]] * 2, "a part of a token is that token"
    assert places(" under ") == [["under"]] * 2
    assert passages.place(0, (0, 0)) is passages.place(0, (3, 4)) is None, "a blank is no token"


def test_characters_and_positions_are_each_others_inverse():
    passages = read(["sky", "the rose"], [CONTEXT, "owl " + CONTEXT], max_length=12, stride=3)
    for row, of in enumerate(passages.stretches):
        for token, characters in enumerate(told(passages, row)):
            found = passages.place(row, characters)
            assert found == (token + of.at, token + of.at)
            assert passages.characters(row, *found) == characters


def test_a_long_question_is_cut_and_leaves_half_of_the_row_to_the_context():
    passages = read(["sky " * 90], [CONTEXT], question_length=4)
    assert passages.tokens.sides[0].count(0) == 4
    passages = read(["sky " * 90], [CONTEXT], max_length=11, stride=128)
    assert [row.count(0) for row in passages.tokens.sides] == [4] * 3
    assert [(of.start, of.stop) for of in passages.stretches] == [(0, 4), (2, 6), (4, 8)]


def test_rows_are_no_longer_than_the_model_has_positions():
    short = tiny.encoder(positions=16)
    passages = read(["sea"], ["sky " * 200], short)
    assert max(passages.tokens.lengths) == 16
    assert {of.start for of in passages.stretches} == {6 * row for row in range(len(passages.stretches))}
    assert passages.stretches[-1].stop == 200
    assert short.states(short.batch(passages.tokens, [0, 1])).shape == (2, 16, 32)


def test_official_rows_begin_128_tokens_apart_whatever_the_question():
    far = tiny.encoder(positions=512)
    passages = read(["sea", "sea " * 80], ["sky " * 600] * 2, far)
    assert [of.start for of in passages.stretches] == [0, 128, 256, *range(0, 385, 128)]
    assert set(passages.tokens.lengths[:2]) == {384}


@settings(deadline=None, max_examples=60)
@given(st.integers(8, 40), st.integers(1, 50), st.integers(1, 30), st.integers(0, 20), st.integers(0, 90))
def test_every_token_of_a_context_stands_in_a_row(max_length, stride, question_length, asked, words):
    passages = read(["sea " * asked], ["sky " * words], max_length=max_length, stride=stride,
                    question_length=question_length)  # fmt: skip
    starts = [of.start for of in passages.stretches]
    assert sorted(set(starts)) == starts
    assert {token for of in passages.stretches for token in range(of.start, of.stop)} == set(range(words))
    assert max(passages.tokens.lengths) <= max_length
    assert all(of.stop > of.start or not words for of in passages.stretches)


def test_offsets_are_those_of_the_text_before_it_was_normalised():
    context = "№5  ﬁre brigade"  # both signs are two letters after NFKC
    passages = read(["what"], [context], nfkc())
    place = passages.place(0, (4, 15))
    assert context[slice(*passages.characters(0, *place))].strip() == "ﬁre brigade"
    assert context[slice(*passages.characters(0, *passages.place(0, (0, 2))))] == "№5"
    assert passages.tokens.ids[0][:3] == [0, 7, 1]
    lower = read(["sky"], ["İ SKY"])
    assert "İ SKY"[slice(*lower.characters(0, *lower.place(0, (2, 5))))] == "SKY"


def test_contexts_without_tokens_have_a_row_and_no_questions_none():
    passages = read(["sky", "sky"], ["\u200b", "sea"])
    assert [(of.question, of.start, of.stop) for of in passages.stretches] == [(0, 0, 0), (1, 0, 1)]
    assert passages.place(0, (0, 1)) is None
    assert read([], []).tokens.lengths == []
    assert read([""], ["sea"]).tokens.sides == ([-1, -1, 1, -1],)


def test_question_and_context_are_read_by_the_part_for_the_language():
    paired = tiny.paired(en=1, de=2)
    passages = read(["skyde"], ["seade"], paired, "de")
    assert paired.tower("de").tokenizer.convert_ids_to_tokens(list(passages.tokens.ids[0]))[1:4:2] == ["skyde", "seade"]
    with pytest.raises(ModelError, match="no part for fr"):
        read(["sky"], ["sea"], paired, "fr")


def test_the_head_scores_starts_and_ends_and_never_padding():
    head, states = SpanHead(4).eval(), torch.arange(24.0).reshape(2, 3, 4)
    found = head(states, torch.tensor([[1, 1, 1], [1, 1, 0]]))
    assert found.shape == (2, 2, 3)
    assert torch.equal(found[0], head.output(states[0]).T)
    assert torch.equal(found[1, :, :2], head.output(states[1]).T[:, :2])
    assert found[1, :, 2].tolist() == [-torch.inf] * 2

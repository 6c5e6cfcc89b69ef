"""Tokenizers of target languages: trained to be like another's, the same each time, or read and refused."""

import random

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from xbench_aligners.target_tokenizer import read_tokenizer, train_tokenizer

from tests.plugins import tiny
from xbench.errors import ModelError, StageError


def sentences(rows=300):
    draw = random.Random(0)
    for _ in range(rows):
        yield " ".join(tiny.spoken(word, "de") for word in draw.sample(tiny.WORDS, 4))


TEXT = list(sentences())


def marked(kind):
    """A tokenizer of one kind of pieces, with special tokens of RoBERTa."""
    special = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4}
    if kind == "unigram":
        backend = Tokenizer(models.Unigram([*((one, 0.0) for one in special), ("▁sea", -1.0)], 3, False))
        backend.pre_tokenizer = pre_tokenizers.Metaspace()
    else:
        backend = Tokenizer(models.BPE(vocab=special | {"Ġ": 5, "s": 6, "Ġs": 7}, merges=[("Ġ", "s")]))
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    roles = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    rest = {"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>", "model_max_length": 99}
    return PreTrainedTokenizerFast(tokenizer_object=backend, **roles, **rest)


def test_a_trained_tokenizer_is_like_the_source_s():
    own = tiny.tower().tokenizer
    found = train_tokenizer(own, TEXT, 400)
    assert found.tokenize("skyde, Housede") == ["skyde", "[UNK]", "housede"]
    assert found(["skyde"], ["sea"])["token_type_ids"][0][:3] == own(["sky"], ["sea"])["token_type_ids"][0][:3]
    assert found.convert_ids_to_tokens(range(5)) == list(tiny.SPECIAL)
    assert (found.pad_token_id, found.mask_token_id, found.model_max_length) == (0, 4, 64)
    assert "##s" in found.get_vocab()
    assert found.decode(found(["skyde"])["input_ids"][0]) == "[CLS] skyde [SEP]"
    assert len(train_tokenizer(own, TEXT, 60)) == 60


@pytest.mark.parametrize("kind", ["unigram", "bytes"])
def test_every_kind_of_pieces_is_trained(kind):
    found = train_tokenizer(marked(kind), TEXT, 500)
    start = "▁" if kind == "unigram" else "Ġ"
    assert found.tokenize("sky skyde seade")[-2:] == [f"{start}skyde", f"{start}seade"]
    assert (found.pad_token_id, found.mask_token_id, found.model_max_length) == (1, 4, 99)
    assert found.convert_ids_to_tokens(found(" skyde")["input_ids"]) == ["<s>", f"{start}skyde", "</s>"]
    assert (found.unk_token_id in found("☃")["input_ids"]) == (kind == "unigram")


@pytest.mark.parametrize("kind", ["wordpiece", "unigram", "bytes"])
def test_training_a_tokenizer_gives_one_result(kind):
    like = tiny.tower().tokenizer if kind == "wordpiece" else marked(kind)
    found = {train_tokenizer(like, TEXT, 90).backend_tokenizer.to_str() for _ in range(5)}
    assert len(found) == 1


def test_a_tokenizer_that_cannot_be_had_is_refused(tmp_path):
    whole = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"sea": 0}, "sea")))
    with pytest.raises(StageError, match="of the kind WordLevel; one of WordPiece, BPE, Unigram"):
        train_tokenizer(whole, ["sea"], 9)
    with pytest.raises(ModelError, match="cannot be loaded as a tokenizer"):
        read_tokenizer(tmp_path)


def test_a_trained_tokenizer_is_read_back_as_it_was(tmp_path):
    made = train_tokenizer(tiny.tower().tokenizer, TEXT, 90)
    made.save_pretrained(tmp_path)
    read = read_tokenizer(tmp_path)
    assert read.backend_tokenizer.to_str() == made.backend_tokenizer.to_str()
    assert dict(read(TEXT[:3], TEXT[3:6])) == dict(made(TEXT[:3], TEXT[3:6]))
    assert read.model_max_length == 64

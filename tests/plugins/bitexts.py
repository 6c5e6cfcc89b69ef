"""A made-up world of parallel sentences: every language is English in a cipher, word by word."""

import random

import torch
from transformers import BertConfig, BertModel, BertTokenizer
from xbench_aligners.csls import cosine
from xbench_aligners.diagnostics import cosines, retrieval
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_encoders.vectors import mean_vectors

from tests.plugins import tiny
from xbench.contracts import Resource

WORDS = tuple(one + other for one in "bdfgklmn" for other in ("al", "em", "or", "ut", "ip", "ash"))


def pairs(language, rows, seed=0):
    """Sentences of three to seven words, and the same in the cipher."""
    draw = random.Random(f"pairs {seed}")
    chosen = [draw.sample(WORDS, draw.randint(3, 7)) for _ in range(rows)]
    return [(" ".join(words), " ".join(tiny.spoken(word, language) for word in words)) for words in chosen]


def context(*targets, rows=600, seed=0):
    """Parallel sentences of English with these languages, and nothing else."""
    found = {(Resource.PARALLEL, target): pairs(target, rows) for target in targets}
    return tiny.ToyContext(paired_with=found, targets=targets, seed=seed)


def tower(*languages, layers=2, width=32, seed=0):
    """A random BERT that knows the words of these languages; without layers it is a table of word vectors."""
    words = [tiny.spoken(word, language) for language in languages for word in WORDS]
    vocab = {word: at for at, word in enumerate([*tiny.SPECIAL, *words])}
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=2 * width,
        max_position_embeddings=32,
    )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        module = BertModel(config)
        if not layers:
            for table in (module.embeddings.position_embeddings, module.embeddings.token_type_embeddings):
                table.weight.zero_()
    return Tower(BertTokenizer(vocab=vocab, model_max_length=32), module)


def student(*languages, **settings):
    """One random encoder for English and these languages."""
    return TransformerEncoder({ANY: tower("en", *languages, **settings)}, "cls", tiny.CPU)


def paired(*languages):
    """A random encoder with a tower for English and for each of these languages."""
    towers = {language: tower(language, seed=seed) for seed, language in enumerate(("en", *languages))}
    return TransformerEncoder(towers, "cls", tiny.CPU)


def teacher(width=32):
    """A random word table of English."""
    return TransformerEncoder({"en": tower("en", layers=0, width=width, seed=9)}, "mean", tiny.CPU)


def vectors(encoder, language, rows=80):
    """Both sides of sentences that no fit has seen."""
    english, foreign = zip(*pairs(language, rows, seed=1), strict=True)
    return mean_vectors(encoder, english, "en"), mean_vectors(encoder, foreign, language)


def found(encoder, language):
    """How often a sentence's translation is the nearest to it (%)."""
    return retrieval(cosine(*vectors(encoder, language)))[0]


def gap(encoder, language):
    """Mean cosine of the pairs less that of other sentences."""
    pairs, others = cosines(*vectors(encoder, language))
    return pairs - others

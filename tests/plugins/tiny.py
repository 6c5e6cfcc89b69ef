"""Helpers of the plugin tests: tiny random encoders, made languages, a toy task and a context without a core.

Importing this module sets one thread: the last bits of a sum depend on how many threads share it.
"""

import random
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import torch
from transformers import BertConfig, BertModel, BertTokenizer
from transformers.utils import logging
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder

from xbench.contracts import Examples, Provenance, Split, TaskKind
from xbench.errors import ScopeError

torch.set_num_threads(1)
logging.disable_progress_bar()

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CPU = torch.device("cpu")
LABELS = ("red", "green", "blue")
CLUES = {"red": ("rose", "blood"), "green": ("grass", "leaf"), "blue": ("sky", "sea")}
FILLERS = ("the", "house", "walks", "slowly", "under", "seven", "stones", "today")
WORDS = tuple(word for clues in CLUES.values() for word in clues) + FILLERS


def spoken(word, language):
    """The word in a made language: English as it is, any other with its code behind, so that none is shared."""
    return word if language == "en" else word + language


def vocabulary(*languages):
    """All words of the languages, after letters that spell everything else."""
    words = [spoken(word, language) for language in languages or ("en",) for word in WORDS]
    return [*LETTERS, *(f"##{letter}" for letter in LETTERS), *words]


def tower(words=None, seed=0, width=32, positions=64):
    """One random BERT of one layer with a WordPiece tokenizer of these words."""
    vocab = {word: at for at, word in enumerate([*SPECIAL, *(words or vocabulary())])}
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=width,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=2 * width,
        max_position_embeddings=positions,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = BertModel(config)
    return Tower(BertTokenizer(vocab=vocab, model_max_length=positions), module.eval())


def encoder(*languages, pooling="mean", **settings):
    """A random encoder of one tower that knows the words of these languages."""
    return TransformerEncoder({ANY: tower(vocabulary(*languages), **settings)}, pooling, CPU)


def paired(**seeds):
    """A random encoder with a tower per language, each with a vocabulary of its own."""
    towers = {language: tower(vocabulary(language), seed) for language, seed in seeds.items()}
    return TransformerEncoder(towers, "mean", CPU)


def save_model(folder: Path, **settings) -> Path:
    """Write a random model as transformers does: configuration, tokenizer, safetensors."""
    made = tower(**settings)
    made.module.save_pretrained(folder)
    made.tokenizer.save_pretrained(folder)
    return folder


def weights(encoder):
    """A copy of every weight, by name."""
    return {name: value.clone() for name, value in encoder.module.state_dict().items()}


def same(first, second):
    """Whether two sets of weights are equal to the bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def table(texts, pairs=None):
    """Inputs of sequence classification."""
    return pa.table({"text": list(texts)} | ({"text_pair": list(pairs)} if pairs is not None else {}))


def coloured(language, rows, seed=0):
    """Labelled texts whose colour is given away by one word among fillers."""
    draw = random.Random(f"{language} {seed}")
    labels = [LABELS[row % len(LABELS)] for row in range(rows)]
    texts = []
    for label in labels:
        words = [draw.choice(CLUES[label]), *draw.sample(FILLERS, draw.randint(2, 5))]
        draw.shuffle(words)
        texts.append(" ".join(spoken(word, language) for word in words))
    of = Provenance("toy", "1", "train", "sample", rows, f"{language}-{rows}-{seed}")
    return Examples(table(texts), pa.table({"label": labels}), of)


@dataclass(frozen=True)
class ToyTask:
    """Which colour is the text about?"""

    name: str = "colours"
    labels: tuple[str, ...] = LABELS
    kind: TaskKind = TaskKind.SEQUENCE_CLASSIFICATION


@dataclass
class ToyContext:
    """What the core hands a fit: only what was put in; asking for more raises. Keeps what was read and logged."""

    examples: dict = field(default_factory=dict)  # (language, split): Examples
    texts: dict = field(default_factory=dict)  # language: texts
    paired_with: dict = field(default_factory=dict)  # (resource, target): pairs
    unlabelled: dict = field(default_factory=dict)  # language: inputs
    first: object = None  # labelled examples that are learned first
    source: str = "en"
    targets: tuple[str, ...] = ()
    seed: int = 0
    device: str = "cpu"
    read: list = field(default_factory=list)
    logged: dict = field(default_factory=dict)

    def text(self, language):
        if language not in self.texts:
            raise ScopeError(f"no text in {language}")
        return self.texts[language]

    def labelled(self, language, split=Split.TRAIN):
        self.read.append((language, str(split)))
        if (language, split) not in self.examples:
            raise ScopeError(f"no {split} labels in {language}")
        return self.examples[language, split]

    def preparation(self):
        return self.first

    def paired(self, resource):
        return tuple(target for target in self.targets if (resource, target) in self.paired_with)

    def pairs(self, resource, target):
        self.read.append((target, str(resource)))
        if (resource, target) not in self.paired_with:
            raise ScopeError(f"no {resource} with {target}")
        return self.paired_with[resource, target]

    def shots(self, language, count):
        whole = self.labelled(language)
        of = replace(whole.provenance, n_rows=min(count, whole.provenance.n_rows))
        return Examples(whole.inputs.slice(0, count), whole.gold.slice(0, count), of)

    def inputs(self, language):
        self.read.append((language, "inputs"))
        if language not in self.unlabelled:
            raise ScopeError(f"no unlabelled examples in {language}")
        return self.unlabelled[language]

    def score(self, predictions, language=None):
        """The share of right labels, 0..100, where the language's validation split was put in."""
        wanted = self.examples[language or self.source, Split.VALIDATION].gold["label"].to_pylist()
        pairs = list(zip(predictions["label"].to_pylist(), wanted, strict=True))
        return 100 * sum(one == other for one, other in pairs) / len(pairs)

    def progress(self, step, steps, loss):
        """Nobody looks."""

    def log(self, name, value):
        self.logged[name] = value

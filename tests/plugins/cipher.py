"""The cipher world: two languages of static vectors, one of them turned, moved and enciphered word by word.

Topics are a function of the word vector, documents are a dozen words. Whoever finds the turn can classify the
target with what the source taught; whoever does not is at chance.
"""

import functools
import types

import numpy as np
import pyarrow as pa
import torch
from transformers import BertTokenizer
from xbench_encoders.encoder import Tower, TransformerEncoder
from xbench_encoders.vectors import mean_vectors
from xbench_methods.probe import Probe, ProbeOptions

from tests.plugins import spaces, tiny
from xbench.contracts import Examples, Provenance, Resource, Split

WORDS, WIDTH = 200, 20
TOPICS = ("art", "law", "sea", "war")


class Static(torch.nn.Module):
    """An embedding table that behaves as a transformer without layers."""

    def __init__(self, rows):
        super().__init__()
        self.table = torch.nn.Embedding.from_pretrained(torch.tensor(rows, dtype=torch.float32), freeze=False)
        self.config = types.SimpleNamespace(hidden_size=rows.shape[1], type_vocab_size=0, max_position_embeddings=0)

    def get_input_embeddings(self):
        return self.table

    def forward(self, input_ids, attention_mask, output_hidden_states=False):
        states = self.table(input_ids)
        return types.SimpleNamespace(last_hidden_state=states, hidden_states=(states,))


def tower(words, vectors):
    """A tower whose state of a word is its vector, and that of a special token 0."""
    vocab = {word: at for at, word in enumerate([*tiny.SPECIAL, *words])}
    rows = np.concatenate([np.zeros((len(tiny.SPECIAL), vectors.shape[1])), vectors])
    return Tower(BertTokenizer(vocab=vocab, model_max_length=64), Static(rows))


class World:
    """English `en0`, `en1`, ... and German `de0`, `de1`, ... for the same things, unless German is `unrelated`.

    `moved` is how far German lies from where it was turned, `long` how much longer its vectors are.
    """

    def __init__(self, seed=0, noise=0.2, unrelated=False, moved=1.0, long=1.0, width=WIDTH):
        self.seed = seed
        x, y, self.turn = spaces.languages(WORDS, width, noise, seed)
        if unrelated:
            y = np.random.default_rng([seed, 3]).permutation(spaces.words(WORDS, width, seed + 100))
        draw = np.random.default_rng([seed, 4])
        self.vectors = {"en": x, "de": long * y + moved * draw.standard_normal(width)}
        self.topics = (x @ draw.standard_normal((width, len(TOPICS)))).argmax(axis=1)

    def encoder(self):
        towers = {language: tower(names(language), rows) for language, rows in self.vectors.items()}
        return TransformerEncoder(towers, "mean", tiny.CPU)

    def documents(self, language, rows, seed=0):
        """Documents of a dozen words, half of them about the topic."""
        draw = np.random.default_rng([self.seed, seed, language == "en"])
        topics = draw.integers(len(TOPICS), size=rows)
        texts = []
        for topic in topics:
            about = draw.choice(np.flatnonzero(self.topics == topic), 6)
            chosen = [*about, *draw.integers(WORDS, size=6)]
            texts.append(" ".join(f"{language}{word}" for word in chosen))
        return texts, [TOPICS[topic] for topic in topics]

    def context(self, words=100, sentences=200):
        """Labelled English, text of both, a dictionary of so many words and so many parallel sentences."""
        texts, labels = self.documents("en", 300)
        of = Provenance("cipher", "1", "train", "sample", len(texts), "f")
        examples = {("en", Split.TRAIN): Examples(tiny.table(texts), pa.table({"label": labels}), of)}
        said, _ = self.documents("en", sentences, seed=1)
        pairs = {
            (Resource.DICTIONARY, "de"): [(f"en{at}", f"de{at}") for at in self.order[:words]],
            (Resource.PARALLEL, "de"): [(text, text.replace("en", "de")) for text in said],
        }
        unlabelled = {language: self.documents(language, 200, seed=2)[0] for language in ("en", "de")}
        return tiny.ToyContext(examples, unlabelled, pairs, targets=("de",), seed=self.seed)

    @property
    def order(self):
        return np.random.default_rng([self.seed, 5]).permutation(WORDS).tolist()


def names(language):
    return [f"{language}{at}" for at in range(WORDS)]


def task():
    return tiny.ToyTask("topics", TOPICS)


@functools.cache
def world(**settings):
    return World(**settings)


def transfer(encoder):
    """Accuracy (0..1) of a probe that English taught: in English and in German."""
    predictor = Probe().fit(encoder, task(), ProbeOptions(cost=1.0), world().context())
    found = []
    for language in ("en", "de"):
        texts, gold = world().documents(language, 300, seed=9)
        said = predictor.predict(tiny.table(texts), language)["label"].to_pylist()
        found.append(np.mean([one == other for one, other in zip(said, gold, strict=True)]))
    return found


def majority():
    gold = world().documents("de", 300, seed=9)[1]
    return max(gold.count(topic) for topic in TOPICS) / len(gold)


def same(first, second):
    """Whether two sets of maps are equal to the bit."""
    return first.keys() == second.keys() and all(
        torch.equal(first[at].weight, second[at].weight) and torch.equal(first[at].bias, second[at].bias)
        for at in first
    )


def distance(encoder, of):
    return np.linalg.norm(mean_vectors(encoder, names("de"), "de") - of.vectors["en"], axis=1).mean()

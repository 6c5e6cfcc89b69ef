"""Retrieval: which vectors are compared, what is near, what is mined, and that the threshold matters."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import BertConfig, BertModel
from xbench_aligners.adversarial import Adversarial, AdversarialOptions
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_encoders.heads import pool
from xbench_methods.retrieve import Retrieve, RetrieveOptions, usual_layer
from xbench_methods.searching import THRESHOLD, Retriever
from xbench_tasks.metrics.neighbours import nearest

from tests.plugins import tiny
from xbench.contracts import Examples, Provenance, Resource, Scope, Split, TaskKind
from xbench.errors import DataError, ModelError, ScopeError, StageError

RETRIEVE = Retrieve()
TASK = tiny.ToyTask(name="pairs", kind=TaskKind.RETRIEVAL, labels=())
MINE = {"search": "margin"}
TUNED = MINE | {"threshold": "dev"}


def pool_of(queries, candidates, languages=("en", "de")):
    """Inputs whose queries are q0, q1, ... and whose candidates c0, c1, ..."""
    sides = (("query", queries, languages[0]), ("candidate", candidates, languages[1]))
    rows = [
        (f"{side[0]}{at}", text, language, side) for side, texts, language in sides for at, text in enumerate(texts)
    ]
    return pa.table(dict(zip(("id", "text", "language", "side"), map(list, zip(*rows, strict=True)), strict=True)))


class Known(TransformerEncoder):
    """An encoder whose vector of a text is the point that the text spells."""

    def __init__(self):
        super().__init__({ANY: tiny.tower()}, "mean", tiny.CPU)
        self.dimension = 2


class Points(Retriever):
    """A retriever to which a text is the point it spells: `3,4`."""

    def vectors(self, texts, report=None):
        return np.array([[float(part) for part in text.split(",")] for _, text, _ in texts])


def points(queries, candidates, threshold=-np.inf, **options):
    retriever = Points(Known(), "pairs", RetrieveOptions(**options), threshold)
    return retriever.predict(pool_of(queries.split(), candidates.split()), "de").to_pydict()


def fitted(encoder=None, given=None, **options):
    chosen = RetrieveOptions(**options)
    return RETRIEVE.fit(encoder or tiny.encoder("en", "de"), TASK, chosen, given or tiny.ToyContext())


def test_a_query_is_given_the_nearest_by_angle_and_a_candidate_nothing():
    found = points("1,0 0,5 -1,-1", "0,2 9,1 -3,-3")
    assert found["matches"] == [["c1"], ["c0"], ["c2"], [], [], []]
    assert found["scores"][1:] == [[1.0], [1.0], [], [], []]


def test_depth_is_how_many_are_given_best_first():
    found = points("1,0 0,1", "0,1 1,1 5,1", depth=2)
    assert found["matches"] == [["c2", "c1"], ["c0", "c1"], [], [], []]
    assert points("1,0", "0,1 1,1", depth=9)["matches"][0] == ["c1", "c0"]
    assert all(row == sorted(row, reverse=True) for row in found["scores"])


def test_of_equally_near_ones_it_is_the_first():
    assert points("1,0", "0,1 3,0 2,0")["matches"][0] == ["c1"]


def test_the_margin_takes_what_is_near_to_a_query_and_not_to_all():
    # c0 is a hub: the nearest by cosine of both queries, but by margin only one of them may have it.
    queries, candidates = "1,0.2 1,-0.2", "1,0 1,-0.7"
    assert points(queries, candidates)["matches"][:2] == [["c0"], ["c0"]]
    assert points(queries, candidates, search="margin", neighbours=2)["matches"][:2] == [["c0"], ["c1"]]


def test_sentences_that_their_side_repeats_are_not_mined():
    assert points("1,0 0,1 1,0", "1,0 0,1", search="margin")["matches"][:3] == [[], ["c1"], []]
    assert points("1,0 0,1", "1,0 0,1 0,1", search="margin")["matches"][:2] == [["c0"], []]


def test_pairs_below_the_threshold_are_left_out():
    found = points("1,0 0,1", "1,0 1,1")
    assert found["matches"][:2] == [["c0"], ["c1"]]
    assert points("1,0 0,1", "1,0 1,1", threshold=0.9)["matches"][:2] == [["c0"], []]


def test_a_pool_without_one_side_has_no_matches():
    assert points("1,0", "")["matches"] == [[]]
    assert points("", "1,0", search="margin")["matches"] == [[]]


def test_blocks_find_what_one_matrix_of_all_similarities_finds():
    drawn = np.random.default_rng(0)
    queries, keys = drawn.normal(size=(1500, 3)), drawn.normal(size=(9000, 3))
    queries, keys = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (queries, keys))
    texts = [[",".join(map(repr, row)) for row in side.tolist()] for side in (queries, keys)]
    found = Points(Known(), "pairs", RetrieveOptions()).predict(pool_of(*texts), "de")["matches"].to_pylist()
    assert [row[0] for row in found[:1500]] == [f"c{at}" for at in (queries @ keys.T).argmax(axis=1)]
    assert nearest(queries, keys, 4, rows=2000, columns=10_000).indices[:, 0].tolist() == [
        int(row[0][1:]) for row in found[:1500]
    ]


WORDS = [tiny.spoken(word, "en") for word in tiny.WORDS]


def test_a_text_finds_itself():
    found = fitted().predict(pool_of(WORDS, WORDS[::-1], ("en", "en")), "en")["matches"].to_pylist()
    assert found[: len(WORDS)] == [[f"c{len(WORDS) - 1 - at}"] for at in range(len(WORDS))]


def test_each_language_goes_through_its_own_tower():
    encoder = tiny.paired(en=1, de=2)
    texts = [("q0", "the sky", "en"), ("c0", "skyde", "de"), ("q1", "sea", "en")]
    found = Retriever(encoder, "pairs", RetrieveOptions()).vectors(texts)
    for row, (_, text, language) in zip(found, texts, strict=True):
        alone = encoder.tokenize([text], None, language, 64)
        batch = encoder.batch(alone, [0])
        with torch.no_grad():
            wanted = pool(encoder.states(batch), batch, "mean-all")[0]
        assert row.tolist() == pytest.approx(wanted.tolist(), abs=1e-5)


def test_progress_counts_the_batches():
    told = []
    texts = [(f"q{at}", "sky", language) for language in ("en", "de") for at in range(70)]
    Retriever(tiny.encoder(), "pairs", RetrieveOptions()).vectors(texts, lambda *at: told.append(at))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def deep(layers=3, pooling="cls"):
    """A random encoder of several layers."""
    base = tiny.tower()
    config = BertConfig(
        vocab_size=len(base.tokenizer), hidden_size=32, num_hidden_layers=layers, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = BertModel(config)
    return TransformerEncoder({ANY: Tower(base.tokenizer, module.eval())}, pooling, tiny.CPU)


def by_hand(encoder, text, layer, how):
    """The vector of a text from the model itself."""
    tower = encoder.tower("en")
    with torch.no_grad():
        states = tower.module(**tower.tokenizer([text], return_tensors="pt"), output_hidden_states=True).hidden_states
    tokens = states[layer][0]
    return {"cls": tokens[0], "mean-all": tokens.mean(0), "mean": tokens[1:-1].mean(0)}[how]


@pytest.mark.parametrize(
    ("pooling", "options", "layer", "how"),
    [
        ("cls", {}, 2, "mean-all"),  # two thirds of three layers
        ("mean", {}, 3, "mean-all"),  # what was trained
        ("cls", {"layer": 0}, 0, "mean-all"),
        ("cls", {"layer": -1}, 3, "mean-all"),
        ("mean", {"layer": 1, "pooling": "cls"}, 1, "cls"),
        ("cls", {"pooling": "mean"}, 2, "mean"),
    ],
)
def test_the_vector_is_that_of_a_layer(pooling, options, layer, how):
    encoder = deep(pooling=pooling)
    texts = [("q0", "the house under seven stones", "en"), ("q1", "sky", "en")]
    found = Retriever(encoder, "pairs", RetrieveOptions(**options)).vectors(texts)
    for row, (_, text, _) in zip(found, texts, strict=True):
        assert row.tolist() == pytest.approx(by_hand(encoder, text, layer, how).tolist(), abs=1e-5)


def test_the_usual_layer_is_the_published_one():
    published = [("bert", 12), ("xlm", 16), ("xlm-roberta", 24), ("xlm-roberta", 12)]
    assert [usual_layer("tatoeba", *one) for one in published] == [8, 12, 14, 8]
    assert [usual_layer("bucc2018", *one) for one in published] == [8, 12, 20, 8]


def test_a_layer_that_is_not_there_is_an_error():
    with pytest.raises(ModelError, match="no layer 4: the model has 3, and 0 is its embeddings"):
        fitted(deep(), layer=4).predict(pool_of(["sky"], ["sea"]), "de")


def test_the_last_layer_by_number_is_the_last():
    encoder = deep()
    batch = encoder.batch(encoder.tokenize(["the sky"], None, "en", 64), [0])
    with torch.no_grad():
        assert torch.equal(encoder.states(batch), encoder.states(batch, 3))


def test_a_text_that_is_nothing_to_the_tokenizer_still_has_a_vector():
    found = (
        fitted(pooling="mean")
        .predict(pool_of(["\u200b", "sky"], ["sea", "\u00ad"], ("en", "en")), "en")["matches"]
        .to_pylist()
    )
    assert found[0] == ["c1"]


def mined(*gold, rows=14):
    """Texts of which those numbered in `gold` have their translation, which is the same word, and others none."""
    queries = WORDS[:rows]
    candidates = [word if at in gold else "".join(reversed(word)) for at, word in enumerate(queries)]
    inputs = pool_of(queries, candidates)
    matches = [[f"c{at}"] if at in gold else [] for at in range(rows)] + [[]] * rows
    of = Provenance("toy", "1", "validation", "sample", len(inputs), "f")
    return Examples(inputs, pa.table({"matches": pa.array(matches, pa.list_(pa.string()))}), of)


def context(examples):
    return tiny.ToyContext({("de", Split.VALIDATION): examples}, targets=("de",))


def pairs_of(table):
    return {(f"q{at}", id_) for at, row in enumerate(table["matches"].to_pylist()) for id_ in row}


def test_a_threshold_tuned_on_dev_keeps_the_pairs_that_are_right():
    dev, given = mined(0, 2, 5), context(mined(0, 2, 5))
    gold = {("q0", "c0"), ("q2", "c2"), ("q5", "c5")}
    tuned = fitted(given=given, **TUNED)
    assert given.read == [("de", "validation")]
    assert given.logged == {"threshold": tuned.threshold}
    assert pairs_of(tuned.predict(dev.inputs, "de")) == gold
    assert pairs_of(fitted(**MINE).predict(dev.inputs, "de")) > gold


def test_a_number_is_the_threshold_and_nothing_is_read_for_it(tmp_path):
    predictor = fitted(given=(given := tiny.ToyContext()), **MINE, threshold=1.06)
    assert (predictor.threshold, given.read) == (1.06, [])
    predictor.save(tmp_path)
    options = RetrieveOptions(**MINE, threshold=1.06)
    assert RETRIEVE.load(tiny.encoder("en", "de"), TASK, options, tmp_path).threshold == 1.06


def test_without_gold_there_is_nothing_to_tune():
    with pytest.raises(DataError, match="no gold pairs"):
        fitted(given=context(mined()), **TUNED)
    bare = Examples(mined(0).inputs, None, mined(0).provenance)
    with pytest.raises(StageError, match="has no labels"):
        fitted(given=context(bare), **TUNED)


def test_what_a_fit_sees_is_declared():
    plain, tuned = RetrieveOptions(), RetrieveOptions(**TUNED)
    assert (RETRIEVE.needs(plain), RETRIEVE.scope(plain)) == (frozenset(), Scope.SOURCE)
    assert (RETRIEVE.needs(tuned), RETRIEVE.scope(tuned)) == ({Resource.TARGET_VALIDATION}, Scope.PAIRWISE)
    given = tiny.ToyContext()
    fitted(given=given)
    assert (given.read, given.logged) == ([], {})
    with pytest.raises(ScopeError):
        fitted(given=tiny.ToyContext(targets=("de",)), **TUNED)


@pytest.mark.parametrize("options", [{"depth": 0}, {"neighbours": 0}, {"max_length": 4}, MINE | {"depth": 2}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        RetrieveOptions(**options)


@pytest.mark.parametrize("options", [{}, TUNED])
def test_a_retriever_read_back_predicts_the_same_and_keeps_no_weights(options, tmp_path):
    predictor, inputs = fitted(given=context(mined(1, 3)), **options), mined(1, 3).inputs
    predictor.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [THRESHOLD]
    again = RETRIEVE.load(tiny.encoder("en", "de"), TASK, RetrieveOptions(**options), tmp_path)
    assert again.threshold == predictor.threshold
    assert again.predict(inputs, "de").equals(predictor.predict(inputs, "de"))


@pytest.mark.parametrize("text", ["", "{}", '{"threshold": "high"}', "[1]"])
def test_a_broken_threshold_is_one_clear_error(text, tmp_path):
    (tmp_path / THRESHOLD).write_text(text)
    with pytest.raises(StageError, match=r"threshold.json: the threshold cannot be read"):
        RETRIEVE.load(tiny.encoder(), TASK, RetrieveOptions(), tmp_path)


def test_no_threshold_is_written_as_none(tmp_path):
    fitted().save(tmp_path)
    assert json.loads((tmp_path / THRESHOLD).read_text()) == {"threshold": None}


def test_an_aligned_encoder_is_searched_with():
    texts = {one: tiny.coloured(one, 20).inputs["text"].to_pylist() for one in ("en", "de")}
    given = tiny.ToyContext(texts=texts, targets=("de",))
    aligned = Adversarial().fit(tiny.encoder("en", "de"), AdversarialOptions(steps=2, batch_size=8), given)
    found = fitted(aligned).predict(pool_of(WORDS, WORDS, ("en", "en")), "en")["matches"].to_pylist()
    assert found[: len(WORDS)] == [[f"c{at}"] for at in range(len(WORDS))]

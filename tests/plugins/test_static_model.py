"""Word vectors as a model: what is read as a word, what is a state, and that all that takes an encoder takes it."""

import gzip
import importlib.util

import numpy as np
import pytest
import torch
from xbench_encoders import static
from xbench_encoders.encoder import ANY, TransformerEncoder
from xbench_encoders.huggingface import HuggingFaceFamily
from xbench_encoders.lookup import lookup_tower, words_of
from xbench_encoders.spans import Limits, tokenize_questions
from xbench_encoders.static import VectorModel
from xbench_encoders.vectors import mean_vectors
from xbench_encoders.word_vectors import StaticVectors, read_vectors, write_vectors
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.probe import Probe, ProbeOptions

from tests.plugins import tiny
from xbench import testing
from xbench.contracts import Data, Origin, Resource, Split, TaskKind
from xbench.errors import DataError, ModelError, UsageError
from xbench.invented import InventedTask
from xbench.registry import load_registry
from xbench.shelf import Shelf
from xbench.testing import FakeDictionary, FakePlugin, FakeTask

FAMILY = HuggingFaceFamily()
GOOD = "4 2\nthe 1 0\nsea 0 1\n, 2 2\n[PAD] 9 9\n"


def table(words, width=16, seed=0):
    """Random vectors of words."""
    vectors = np.random.default_rng(seed).standard_normal((len(words), width)).astype(np.float32)
    return StaticVectors(tuple(words), vectors, 1 / np.arange(1.0, len(words) + 1))


def encoder(words=tiny.WORDS, **settings):
    return TransformerEncoder({ANY: lookup_tower(table(words, **settings))}, "mean", tiny.CPU)


def cipher():
    """English and a made German whose words have the vectors of the English ones."""
    towers = {
        language: lookup_tower(table([tiny.spoken(word, language) for word in tiny.WORDS])) for language in ("en", "de")
    }
    return TransformerEncoder(towers, "mean", tiny.CPU)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "wiki.en.vec"
    path.write_text(GOOD)
    return path


def test_a_file_is_a_model_of_any_language(file):
    model = FAMILY.resolve(str(file))
    testing.check_model(model)
    loaded = model.load("cpu")
    tokens = loaded.tokenize(["The sea, [PAD] x", ""], None, "sw", 16)
    assert tokens.ids == [[2, 3, 4, 5, 0, 1], [2]], "a special token is none of the file's words"
    states = loaded.states(loaded.batch(tokens, [0, 1]))
    assert states[0].tolist() == [[0, 0], [1, 0], [0, 1], [2, 2], [0, 0], [0, 0]]
    assert states[1].abs().sum() == 0
    assert (loaded.dimension, loaded.describe()["parameters"]) == (2, 12)
    assert loaded.embeddings()[0].shape == (6, 2)


def test_gzip_and_pairs_by_language_are_read(file):
    packed = file.with_name("wiki.de.vec.gz")
    packed.write_bytes(gzip.compress(GOOD.replace("sea", "see").encode()))
    model = FAMILY.resolve(f"en={file},de={packed}")
    assert (model.languages, model.info().id) == (("en", "de"), "de=wiki.de.vec.gz,en=wiki.en.vec")
    assert dict(model.hyperparameters) == {"learning_rate": 1e-3, "freeze": "embeddings"}
    loaded = model.load("cpu")
    assert loaded.tokenize(["sea see"], None, "en", 9).ids == [[2, 4, 1]]
    assert loaded.tokenize(["sea see"], None, "de", 9).ids == [[2, 1, 4]]


def test_only_the_first_rows_are_read(file, monkeypatch):
    whole = VectorModel("wiki", file)
    digest = whole.info().digest
    monkeypatch.setattr(static, "ROWS", 2)
    assert whole.load("cpu").tokenize(["the sea ,"], None, "en", 9).ids == [[2, 3, 4, 1]]
    assert whole.info().digest != digest
    monkeypatch.undo()
    assert static.ROWS == 200_000


def test_the_digest_is_that_of_the_numbers(file):
    before = FAMILY.resolve(str(file)).info()
    file.write_text(GOOD.replace("2 2", "2 3"))
    after = FAMILY.resolve(str(file)).info()
    assert (before.id, after.id) == ("wiki.en.vec", "wiki.en.vec")
    assert before.digest != after.digest


def test_what_is_no_file_of_vectors_is_refused(file, tmp_path):
    with pytest.raises(UsageError, match=r"no\.vec: there is no such file of word vectors"):
        FAMILY.resolve(str(tmp_path / "no.vec"))
    model = FAMILY.resolve(str(file))
    file.write_text("1 2\nthe 1\n")
    with pytest.raises(ModelError, match=r"wiki\.en\.vec:2: a token and 2 numbers are expected"):
        model.load("cpu")
    file.unlink()
    with pytest.raises(ModelError, match="there is no such file of vectors"):
        model.info()


@pytest.mark.parametrize(("words", "text", "found"), [
    (["sea", "ice"], "SEA Ice", [3, 4]),
    (["sea", "Ice"], "SEA Ice ice", [1, 4, 1]),
    (["sea", *map(str, range(200)), "Ice"], "SEA Ice", [3, 1]),
])  # fmt: skip
def test_text_is_lower_cased_where_the_words_of_the_file_are(words, text, found):
    assert encoder(words).tokenize([text], None, "en", 9).ids == [[2, *found]]


def test_words_stand_between_blanks_and_signs():
    assert words_of(" Don't  go, 3.5\tsea-ice…") == ["Don", "'", "t", "go", ",", "3", ".", "5", "sea", "-", "ice", "…"]
    made = encoder(["हिन्दी", "'", "t", "don"])
    assert made.tokenize(["हिन्दी Don't"], None, "hi", 9).ids == [[2, 3, 6, 4, 5]]


def test_a_pair_has_two_sides_and_rows_are_cut_the_longer_side_first():
    tokens = encoder().tokenize(["sky sea"], ["rose"], "en", 64)
    assert tokens.sides == [[-1, 0, 0, 1]]
    cut = encoder().tokenize([" ".join(["house"] * 40)], ["sea sky"], "en", 12)
    assert (cut.lengths, cut.sides[0].count(1)) == ([12], 2)
    assert encoder().tokenize(["house " * 900], None, "en", 5000).lengths == [901], "there is no longest text"


def test_words_that_are_given_one_by_one_have_places_and_long_sentences_rows():
    found = encoder().tokenize_words([["sea", "", "sky-blue"], ["house"] * 9], "en", 6)
    assert found.sentences == [0, 1, 1]
    assert found.firsts == [[1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, 4]]
    assert found.tokens.ids[0][2] == 1, "a word that is none is unknown"


def test_questions_and_contexts_are_rows():
    found = tokenize_questions(encoder(), ["sea"], ["the house walks under seven stones"], "en", Limits(6, 2, 2))
    assert found.tokens.sides[0] == [-1, 0, 1, 1, 1, 1]
    assert found.characters(0, 2, 3) == (0, 9)


def test_all_layers_are_the_vectors():
    made = encoder()
    batch = made.batch(made.tokenize(["the sea"], None, "en", 9), [0])
    assert torch.equal(made.states(batch), made.states(batch, 0))
    assert torch.equal(made.states(batch), made.states(batch, -1))
    with pytest.raises(ModelError, match="there is no layer 1"):
        made.states(batch, 1)


def test_a_text_is_the_mean_of_its_words_and_an_unknown_one_has_no_direction():
    made = encoder(["sea", "ice"], seed=3)
    sea, ice = made.embeddings()[0].detach().numpy()[3:]
    found = mean_vectors(made, ["sea ice", "sea", "", "fog"], "en")
    np.testing.assert_allclose(found, [(sea + ice) / 2, sea, 0 * sea, 0 * sea], atol=1e-6)


def test_weights_are_saved_and_read_back_and_a_copy_is_its_own(tmp_path):
    made, other = encoder(seed=1), encoder(seed=2)
    made.save(tmp_path)
    assert tiny.same(tiny.weights(other.load(tmp_path)), tiny.weights(made))
    copied = made.copy()
    with torch.no_grad():
        copied.embeddings()[0].zero_()
    assert tiny.same(tiny.weights(made), tiny.weights(other))


def context(rows=90):
    sets = {("en", Split.TRAIN): tiny.coloured("en", rows)}
    return tiny.ToyContext(examples=sets)


@pytest.mark.parametrize(("method", "options"), [
    (Finetune(), FinetuneOptions(epochs=30, learning_rate=1e-2, freeze="embeddings", selection="last")),
    (Probe(), ProbeOptions(cost=1.0)),
])  # fmt: skip
def test_methods_learn_from_it_and_transfer_between_languages_of_one_space(method, options, tmp_path):
    predictor = method.fit(cipher(), tiny.ToyTask(), options, context())
    test = tiny.coloured("de", 60, seed=9)
    predicted = predictor.predict(test.inputs, "de")
    right = [one == other for one, other in zip(predicted["label"], test.gold["label"], strict=True)]
    assert sum(right) > 0.8 * len(right)
    predictor.save(tmp_path)
    assert method.load(cipher(), tiny.ToyTask(), options, tmp_path).predict(test.inputs, "de") == predicted
    unknown = predictor.predict(test.inputs, "en")["label"].to_pylist()
    assert len(set(unknown)) == 1, "of words of another language nothing is known"


def test_the_table_can_be_trained():
    made = cipher()
    before = tiny.weights(made)
    Finetune().fit(made, tiny.ToyTask(), FinetuneOptions(epochs=1, learning_rate=1e-2, selection="last"), context())
    changed = {name for name, value in tiny.weights(made).items() if not torch.equal(value, before[name])}
    assert changed == {"tower_en.words.weight"}
    assert tiny.weights(made)["tower_en.words.weight"][0].abs().sum() == 0, "padding stays nothing"


def test_vectors_are_written_as_they_are_read(tmp_path):
    vectors = table(["the", "new york", "müde"], 5)
    write_vectors(tmp_path / "a.vec", vectors)
    read = read_vectors(tmp_path / "a.vec")
    assert (read.tokens, read.vectors.tobytes()) == (vectors.tokens, vectors.vectors.tobytes())
    assert [path.name for path in tmp_path.iterdir()] == ["a.vec"]
    with pytest.raises(DataError, match=r"'a\\nb' cannot stand in a file of vectors"):
        write_vectors(tmp_path / "b.vec", table(["a\nb"]))
    assert [path.name for path in tmp_path.iterdir()] == ["a.vec"]


def test_the_recipe_makes_a_file_that_is_a_model(repository, tmp_path):
    recipe = load_recipe(repository / "plugins/xbench-aligners/recipes/vectors/train.py")
    lines = ["The sea, the sky.", "", "Under the house"] * 12
    (tmp_path / "a.txt").write_text("\n".join(lines[:20]))
    (tmp_path / "b.txt").write_text("\n".join(lines[20:]))
    sizes = ["--dimension", "4", "--min-count", "12", "--lower"]
    for name in ("one.vec", "two.vec"):
        recipe.main([str(tmp_path / "a.txt"), str(tmp_path / "b.txt"), "--output", str(tmp_path / name), *sizes])
    assert (tmp_path / "one.vec").read_bytes() == (tmp_path / "two.vec").read_bytes()
    made = FAMILY.resolve(str(tmp_path / "one.vec")).load("cpu")
    assert made.dimension == 4
    assert read_vectors(tmp_path / "one.vec").tokens == ("the", ",", ".", "house", "sea", "sky", "under")
    assert 1 not in made.tokenize(["Under the SEA."], None, "en", 9).ids[0], "all words are known"


def test_the_recipe_reads_the_texts_of_a_language_but_none_that_measure_retrieval(repository, tmp_path):
    recipe = load_recipe(repository / "plugins/xbench-aligners/recipes/vectors/texts.py")
    words = tuple(f"word{at}" for at in range(3))
    pairs = FakeDictionary("bitext-of-ours", supplies=Resource.PARALLEL, words=words)
    task, measure = FakeTask(), InventedTask("invented-search", TaskKind.RETRIEVAL)
    fake = FakePlugin(tmp_path, tasks=[task, measure], resources=[pairs])
    registry, shelf = load_registry(extra={"fake": fake}), Shelf(Data(Origin.SAMPLE))
    found = {language: list(recipe.texts(registry, shelf, language)) for language in ("en", "de")}
    for language, texts in found.items():
        assert set(shelf.load(task, language, Split.TEST).inputs["text"].to_pylist()) <= set(texts)
    (first, second) = zip(*shelf.pairs(pairs, "en", "de").rows, strict=True)
    assert set(first) <= set(found["en"])
    assert not set(first) & set(found["de"])
    assert set(second) <= set(found["de"])
    assert measure.languages == ("qab",)
    assert not list(recipe.texts(registry, shelf, "qab"))
    with pytest.raises(SystemExit, match=r"usage: texts\.py DATA LANGUAGE"):
        recipe.main([str(tmp_path / "none"), "de"])


def load_recipe(path):
    """A recipe as a module; it is no part of a package."""
    spec = importlib.util.spec_from_file_location("train_vectors_recipe", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""Consistency fine-tuning: the views, what is read, and that predictions for views agree."""

import pytest
import torch
from xbench_methods.consistency import Consistent, Weights
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.labelled_rows import Sentences, Texts
from xbench_methods.learners import LEARNERS
from xbench_methods.lexicon import Lexicon
from xbench_methods.switching import Switch
from xbench_methods.views import Changed, Itself, Noisy, noisy
from xbench_methods.xtune import Xtune, XtuneOptions

from tests.plugins import test_tagger, tiny
from xbench.contracts import Examples, Resource, Scope, Split, TaskKind
from xbench.errors import ScopeError, StageError

XTUNE = Xtune()
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 8}
LEARN = {"epochs": 12, "learning_rate": 3e-3, "batch_size": 16, "warmup": 0.1}
TAGS = TaskKind.TOKEN_CLASSIFICATION
KINDS = {
    TaskKind.SEQUENCE_CLASSIFICATION: (tiny.ToyTask(), tiny.coloured, Texts),
    TAGS: (test_tagger.TASK, test_tagger.tagged, Sentences),
}


def pairs(language, words=tiny.WORDS):
    return [(word, tiny.spoken(word, language)) for word in words]


WHOLE = {"de": Lexicon.of(pairs("de"))}


def context(kind=TaskKind.SEQUENCE_CLASSIFICATION, rows=24, seed=0, targets=("de",)):
    """Source labels, and a dictionary with each target."""
    make = KINDS[kind][1]
    return tiny.ToyContext(
        examples={("en", Split.TRAIN): make("en", rows)},
        paired_with={(Resource.DICTIONARY, target): pairs(target) for target in targets},
        targets=targets,
        seed=seed,
    )


def fitted(given=None, kind=TaskKind.SEQUENCE_CLASSIFICATION, **options):
    encoder = tiny.encoder("en", "de", "sw")
    return XTUNE.fit(encoder, KINDS[kind][0], XtuneOptions(**QUICK | options), given or context(kind))


def fresh(kind, seed=0):
    """A predictor that knows nothing and says it with confidence."""
    predictor = LEARNERS[kind].new(tiny.encoder("en", "de"), KINDS[kind][0], XtuneOptions(), [], seed)
    torch.nn.init.normal_(predictor.head.output.weight, generator=torch.Generator().manual_seed(seed))
    return predictor


def objective(kind, change=None, sigma=0.0, weights=None, teacher=None):
    predictor, (_, make, read) = fresh(kind), KINDS[kind]
    rows = read(predictor, make("en", 12), "en")
    view = Changed(rows, change) if change else Noisy(rows, predictor, sigma) if sigma else Itself(rows)
    return Consistent(predictor, rows, view, weights or Weights(1.0, 1.0), teacher)


def same(first, second):
    """Whether two predictors have the same weights of encoder and head, to the bit."""
    heads = (first.head.state_dict(), second.head.state_dict())
    return tiny.same(tiny.weights(first.encoder), tiny.weights(second.encoder)) and tiny.same(*heads)


@pytest.mark.parametrize("kind", KINDS)
def test_a_view_that_is_the_text_itself_adds_nothing(kind):
    plain = objective(kind, weights=Weights(0.0, 0.0)).loss(range(8), 0.0)
    for change in (None, list):
        assert objective(kind, change).loss(range(8), 0.0).item() == pytest.approx(plain.item(), abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", [{"change": Switch(WHOLE, 1.0, 0)}, {"sigma": 0.5}], ids=["switch", "noise"])
def test_a_view_that_is_another_adds_its_weight_times_the_disagreement(kind, view):
    losses = []
    for weight in (0.0, 1.0, 2.0):
        torch.manual_seed(0)
        losses.append(objective(kind, **view, weights=Weights(weight, 0.0)).loss(range(8), 0.0).item())
    assert losses[1] > losses[0] + 1e-4
    assert losses[2] - losses[0] == pytest.approx(2 * (losses[1] - losses[0]), rel=1e-3)


def test_the_words_of_a_view_stand_where_those_of_the_text_stood_even_if_it_is_too_long():
    longer = Lexicon.of((word, "stones seven stones seven " * 6 + word) for word in tiny.WORDS)
    made = objective(TAGS, Switch({"de": longer}, 1.0, 0))
    examples = made.examples
    words, rows = examples.changed(range(4), made.view.change)
    assert len(rows) > 4
    found = examples.scores(made.predictor, words, rows)
    assert len(found) == sum(len(examples.gold[row]) for row in range(4))
    assert torch.isfinite(made.loss(range(4), 0.0))


def test_long_sentences_are_cut_into_rows_whose_words_are_known():
    words = [*tiny.FILLERS] * 20
    examples = test_tagger.tagged("en", 1)
    tags = type(examples.gold).from_pydict({"tags": [["none"] * len(words)]})
    long = Examples(test_tagger.sentences(words), tags, examples.provenance)
    predictor = LEARNERS[TAGS].new(tiny.encoder("en"), test_tagger.TASK, XtuneOptions(), [], 0)
    read = Sentences(predictor, long, "en")
    assert len(read.words) > 1
    assert [word for row in read.words for word in row] == words
    assert [len(row) for row in read.words] == [len(row) for row in read.gold]


def test_both_texts_of_a_pair_are_switched():
    one = tiny.coloured("en", 6)
    pair = Examples(tiny.table(one.inputs["text"].to_pylist(), ["sky"] * 6), one.gold, one.provenance)
    predictor = LEARNERS[TaskKind.SEQUENCE_CLASSIFICATION].new(
        tiny.encoder("en", "de"), tiny.ToyTask(), XtuneOptions(), [("en", pair)], 0
    )
    tokens, rows = Texts(predictor, pair, "en").changed([0, 5], Switch(WHOLE, 1.0, 0))
    said = predictor.encoder.tower("en").tokenizer.decode(tokens.ids[1], skip_special_tokens=True).split()
    assert len(rows) == 2
    assert said[-1] == "skyde"
    assert all(word.endswith("de") for word in said)


def test_noise_is_on_the_embeddings_inside_and_gone_outside():
    encoder = tiny.encoder("en")
    batch = encoder.batch(encoder.tokenize(["the sky"], None, "en", 16), [0])
    before = encoder.states(batch)
    with noisy(encoder, "en", 0.5):
        assert not torch.equal(encoder.states(batch), before)
    assert torch.equal(encoder.states(batch), before)


def test_words_are_switched_at_the_rate_that_was_asked_for():
    words = [word for _ in range(500) for word in tiny.WORDS]
    known = WHOLE | {"sw": Lexicon.of(pairs("sw", tiny.WORDS[::2]))}
    switch = Switch(known, 0.4, seed=1)
    found = switch(words)
    assert len(found) == len(words)
    rate = sum(one != other for one, other in zip(words, found, strict=True)) / len(words)
    assert rate == switch.rate()
    assert rate == pytest.approx(0.4 * (1 + 0.5) / 2, abs=3.3 * (0.3 * 0.7 / len(words)) ** 0.5), "of chance, 99.9 %"
    assert Switch(WHOLE, 0.0, seed=1)(words) == words
    assert Switch(known, 0.4, seed=1)(words) == found
    assert Switch(WHOLE, 1.0, seed=1)(["Sky", "unheard"]) == ["skyde", "unheard"]


@pytest.mark.parametrize("view", ["code-switch", "noise", "dropout"])
def test_it_reads_what_it_declares(view):
    options, switches = XtuneOptions(view=view), view == "code-switch"
    assert XTUNE.needs(options) == {Resource.SOURCE_LABELS, *([Resource.DICTIONARY] * switches)}
    assert XTUNE.scope(options) is (Scope.JOINT if switches else Scope.SOURCE)
    given = context(targets=("de", "sw") if switches else ())
    fitted(given, view=view)
    read = [("de", "dictionary pairs"), ("sw", "dictionary pairs")] if switches else []
    assert sorted(given.read) == sorted([("en", "train"), *read])
    assert ("switched" in given.logged) is switches


def test_without_a_dictionary_there_is_nothing_to_switch_by():
    given = context()
    given.paired_with.clear()
    with pytest.raises(StageError, match="no word of en in any dictionary"):
        fitted(given)
    with pytest.raises(ScopeError):
        given.pairs(Resource.DICTIONARY, "de")


def test_a_training_in_which_no_word_was_switched_is_a_degenerate_one():
    given, usual = context(), context()
    given.paired_with[Resource.DICTIONARY, "de"] = [("unheard", "unheardde")]
    fitted(given)
    fitted(usual)
    assert given.logged["switched"] == 0.0
    assert given.logged["degenerate"].startswith("no word was switched")
    assert "degenerate" not in usual.logged


@pytest.mark.parametrize("kind", KINDS)
def test_without_lambda_it_is_fine_tuning_to_the_bit(kind):
    alone = Finetune().fit(tiny.encoder("en", "de", "sw"), KINDS[kind][0], FinetuneOptions(**QUICK), context(kind))
    assert same(fitted(kind=kind, lambda1=0.0), alone)
    assert not same(fitted(kind=kind), alone)


def test_a_weight_that_is_not_told_is_five_over_the_labels():
    assert same(fitted(), fitted(lambda1=5 / 3))
    assert not same(fitted(), fitted(lambda1=5.0))


@pytest.mark.parametrize("view", ["code-switch", "noise", "dropout"])
@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_decides_every_bit_and_a_predictor_read_back_predicts_the_same(kind, stages, view, tmp_path):
    options = {"view": view, "stages": stages, "epochs": 1}
    first, again, other = (fitted(context(kind, seed=seed), kind, **options) for seed in (1, 1, 2))
    assert same(first, again)
    assert not same(first, other)
    first.save(tmp_path)
    loaded = XTUNE.load(tiny.encoder("en", "de", "sw", seed=9), KINDS[kind][0], XtuneOptions(**options), tmp_path)
    inputs = KINDS[kind][1]("de", 10, seed=1).inputs
    assert loaded.predict(inputs, "de").equals(first.predict(inputs, "de"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_stage_is_drawn_to_the_first_which_stands_still(kind):
    teacher, losses = fresh(kind, seed=1), []
    for weight in (0.0, 1.0, 2.0):
        made = objective(kind, Switch(WHOLE, 1.0, 0), weights=Weights(0.0, weight), teacher=teacher)
        loss = made.loss(range(8), 0.0)
        loss.backward()
        losses.append(loss.item())
    assert losses[2] - losses[0] == pytest.approx(2 * (losses[1] - losses[0]), rel=1e-3)
    assert losses[1] > losses[0] + 1e-3
    assert all(parameter.grad is None for parameter in teacher.head.parameters())
    itself = objective(kind, Switch(WHOLE, 1.0, 0), weights=Weights(0.0, 5.0), teacher=fresh(kind))
    assert itself.loss(range(8), 0.0).item() == pytest.approx(losses[0], abs=1e-6)


def test_the_second_stage_learns_from_text_and_view_by_half():
    plain, none = objective(TAGS, weights=Weights(0.0, 0.0)), Weights(0.0, 0.0)
    both = objective(TAGS, Switch(WHOLE, 1.0, 0), weights=none, teacher=fresh(TAGS, 1)).loss(range(8), 0.0)
    switched = [[tiny.spoken(word, "de") for word in row] for row in plain.examples.words]
    of = plain.examples.encoder.tokenize_words(switched, "en", 32)
    plain.examples.read, text = of, plain.loss(range(8), 0.0)
    assert both.item() == pytest.approx((text.item() + plain.loss(range(8), 0.0).item()) / 2, rel=1e-5)


def test_two_stages_log_both():
    given = context()
    fitted(given, stages=2)
    assert set(given.logged) == {"stage 1", "training", "switched"}


def test_views_that_are_switched_make_a_foreign_language_understood():
    right = {}
    for weight in (0.0, 5 / 3):
        predictor = fitted(context(rows=90), **LEARN, ratio=0.5, lambda1=weight)
        test = tiny.coloured("de", 60, seed=1)
        found = predictor.predict(test.inputs, "de")["label"].to_pylist()
        right[weight] = sum(one == other for one, other in zip(found, test.gold["label"].to_pylist(), strict=True)) / 60
    assert right[5 / 3] > right[0.0] + 0.2
    assert right[5 / 3] > 0.8


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"ratio": 1.5}, "ratio and drop must be from 0 to 1"),
        ({"drop": -0.1}, "ratio and drop must be from 0 to 1"),
        ({"sigma": -1.0}, "sigma and alpha must be 0 or more"),
        ({"alpha": -1.0}, "sigma and alpha must be 0 or more"),
        ({"beams": 0}, "beams must be at least 1"),
        ({"lambda1": -1.0}, "lambda1 and lambda2 must be 0 or more"),
        ({"lambda2": -1.0}, "lambda1 and lambda2 must be 0 or more"),
        ({"epochs": 0}, "epochs and learning_rate"),
    ],
)
def test_options_without_sense_are_refused(options, why):
    with pytest.raises(ValueError, match=why):
        XtuneOptions(**options)

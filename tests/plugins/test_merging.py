"""Layer swapping and task arithmetic: end points, what is refused, and what both experts leave in the predictor."""

import random

import pytest
import torch
from transformers import BertConfig, BertModel
from xbench_encoders.encoder import ANY, Tower, TransformerEncoder
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.layer_swap import LayerSwap, LayerSwapOptions
from xbench_methods.merging import added, experts, layer_shares, mixed, shares_of, state_of
from xbench_methods.task_arithmetic import TaskArithmetic, TaskArithmeticOptions

from tests.plugins import tiny
from xbench.contracts import Resource, Scope, Split
from xbench.errors import ScopeError, StageError

SWAP, ARITHMETIC = LayerSwap(), TaskArithmetic()
TASK = tiny.ToyTask()
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16, "language_steps": 6, "head_steps": 4,
         "language_learning_rate": 1e-3}  # fmt: skip
TEST = tiny.coloured("de", 60, seed=1).inputs
LAYERS = 4


def deep(seed=0, layers=LAYERS):
    """A random encoder of several layers that knows English, German and French."""
    tokenizer = tiny.tower(tiny.vocabulary("en", "de", "fr")).tokenizer
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=layers, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = BertModel(config)
    return TransformerEncoder({ANY: Tower(tokenizer, module.eval())}, "mean", tiny.CPU)


def sentences(language, rows=40):
    draw = random.Random(language)
    return [" ".join(tiny.spoken(word, language) for word in draw.sample(tiny.WORDS, 5)) for _ in range(rows)]


def context(*targets, seed=0, **settings):
    texts = {language: sentences(language) for language in targets}
    examples = {("en", Split.TRAIN): tiny.coloured("en", 48)}
    return tiny.ToyContext(examples, texts=texts, targets=targets, seed=seed, **settings)


def swapped(given=None, **options):
    return SWAP.fit(deep(), TASK, LayerSwapOptions(**QUICK | options), given or context("de"))


def summed(given=None, **options):
    return ARITHMETIC.fit(deep(), TASK, TaskArithmeticOptions(**QUICK | options), given or context("de"))


@pytest.fixture(scope="module")
def trained():
    """Start, task expert and language expert: their weights."""
    predictor, language = experts(deep(), TASK, LayerSwapOptions(**QUICK), context("de"))
    return state_of(deep()), state_of(predictor.encoder), language


def close(first, second, atol=1e-6):
    return first.keys() == second.keys() and all(torch.allclose(first[n], second[n], atol=atol) for n in first)


@pytest.mark.parametrize("method", [SWAP, ARITHMETIC])
def test_it_needs_source_labels_and_text_of_the_target(method):
    one, every = method.Options(), method.Options(texts="all")
    assert method.needs(one) == {Resource.SOURCE_LABELS, Resource.TARGET_TEXT}
    assert method.needs(method.Options(selection="source-dev")) > {Resource.SOURCE_VALIDATION}
    assert (method.scope(one), method.scope(every)) == (Scope.PAIRWISE, Scope.JOINT)
    given = context("de", "fr")
    method.fit(deep(), TASK, method.Options(**QUICK), given)
    assert given.read == [("en", "train")]
    with pytest.raises(ScopeError):
        method.fit(deep(), TASK, method.Options(**QUICK), tiny.ToyContext(given.examples, targets=("de",)))


def test_both_experts_start_from_the_same_weights_and_differ_in_the_end(trained):
    start, task, language = trained
    assert not tiny.same(start, task)
    assert not tiny.same(start, language)
    assert not tiny.same(task, language)
    options = FinetuneOptions(epochs=2, learning_rate=1e-3, batch_size=16)
    alone = Finetune().fit(deep(), TASK, options, context())
    assert tiny.same(state_of(alone.encoder), task)


def test_without_swapped_layers_it_is_the_tasks_expert(trained):
    assert tiny.same(state_of(swapped(bottom=0, top=0, transition=2).encoder), trained[1])


@pytest.mark.parametrize("sizes", [(LAYERS, 0), (1, LAYERS - 1)])
def test_with_all_layers_it_is_the_language_experts_encoder(trained, sizes):
    assert tiny.same(state_of(swapped(bottom=sizes[0], top=sizes[1]).encoder), trained[2])


def test_the_outer_layers_are_the_languages_and_the_inner_ones_the_tasks(trained):
    _, task, language = trained
    found = state_of(swapped(bottom=1, top=1).encoder)
    for name, value in found.items():
        outer = "embeddings" in name or "layer.0." in name or f"layer.{LAYERS - 1}." in name or "pooler" in name
        assert torch.equal(value, (language if outer else task)[name]), name


@pytest.mark.parametrize(("weight", "as_if"), [(0.0, 1), (1.0, 2)])
def test_a_transition_of_weight_0_or_1_is_a_hard_swap(trained, weight, as_if):
    _, task, language = trained
    soft, hard = (shares_of(deep(), LayerSwapOptions(**options)) for options in (
        {"bottom": 1, "top": 0, "transition": 1, "weight": weight}, {"bottom": as_if, "top": 0}
    ))  # fmt: skip
    assert tiny.same(mixed(task, language, soft), mixed(task, language, hard))


def test_a_transition_is_the_mean_of_both(trained):
    _, task, language = trained
    options = LayerSwapOptions(bottom=1, top=0, transition=1)
    found = mixed(task, language, shares_of(deep(), options))
    name = "tower_all.encoder.layer.1.output.dense.weight"
    assert torch.allclose(found[name], (task[name] + language[name]) / 2, atol=1e-7)


@pytest.mark.parametrize(
    ("bottom", "top", "transition", "shares"),
    [
        (0, 0, 3, [0, 0, 0, 0, 0, 0]),
        (1, 0, 1, [1, 0.25, 0, 0, 0, 0]),
        (0, 2, 1, [0, 0, 0, 0.25, 1, 1]),
        (2, 1, 1, [1, 1, 0.25, 0, 0.25, 1]),
        (6, 0, 0, [1, 1, 1, 1, 1, 1]),
    ],
)
def test_transitions_stand_between_what_is_swapped_and_what_stays(bottom, top, transition, shares):
    options = LayerSwapOptions(bottom=bottom, top=top, transition=transition, weight=0.25)
    assert layer_shares(6, options) == shares


def test_more_layers_than_there_are_is_refused_before_anything_is_trained():
    given = context("de")
    with pytest.raises(StageError, match="asks for 3 layers below and 2 above; the model has 4"):
        swapped(given, bottom=3, top=2)
    assert given.read == []


def test_a_model_without_a_list_of_layers_is_refused():
    encoder = deep()
    encoder.tower("en").module.config.num_hidden_layers = 9
    with pytest.raises(StageError, match="the model has no list of 9 layers"):
        shares_of(encoder, LayerSwapOptions())


def test_weight_1_gives_the_expert_and_weight_0_the_start(trained):
    start, task, language = trained
    assert close(added(start, [(1.0, task)]), task)
    assert close(added(start, [(1.0, language), (0.0, task)]), language)
    assert tiny.same(added(start, [(0.0, task), (0.0, language)]), start)


def test_the_order_of_vectors_does_not_matter(trained):
    start, task, language = trained
    parts = [(0.7, task), (0.4, language)]
    assert close(added(start, parts), added(start, parts[::-1]), atol=1e-7)


def test_the_predictor_has_the_sum_and_without_the_language_it_is_the_tasks_expert(trained):
    start, task, language = trained
    assert close(state_of(summed(weight=0.0).encoder), task)
    assert close(state_of(summed(weight=1.0, task_weight=0.0).encoder), language)
    wanted = {
        name: start[name] + 0.5 * (task[name] - start[name]) + 0.25 * (language[name] - start[name]) for name in start
    }
    assert close(state_of(summed(weight=0.25, task_weight=0.5).encoder), wanted)


@pytest.mark.parametrize("merge", [lambda start, other: added(start, [(1.0, other)]),
                                   lambda start, other: mixed(start, other, dict.fromkeys(start, 1.0))])  # fmt: skip
def test_a_resized_embedding_table_is_refused(trained, merge):
    start, task, _ = trained
    name = "tower_all.embeddings.word_embeddings.weight"
    with pytest.raises(StageError, match=r"do not have the same weights \(tower_all.embeddings.word_embeddings.weight"):
        merge(start, task | {name: torch.zeros(len(task[name]) + 1, 32)})
    with pytest.raises(StageError, match="do not have the same weights"):
        merge(start, {other: value for other, value in task.items() if other != name})


@pytest.mark.parametrize("fit", [swapped, summed])
def test_the_same_cell_gives_the_same_table_to_the_bit_and_another_seed_another(fit):
    first, again, other = (fit(context("de", seed=seed)).predict(TEST, "de") for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize(("method", "fit"), [(SWAP, swapped), (ARITHMETIC, summed)])
def test_a_predictor_read_back_predicts_the_same(tmp_path, method, fit):
    predictor = fit()
    predictor.save(tmp_path)
    again = method.load(deep(seed=9), TASK, method.Options(**QUICK), tmp_path)
    assert again.predict(TEST, "de").equals(predictor.predict(TEST, "de"))


def test_one_expert_may_read_text_of_all_targets():
    given = context("de", "fr")
    swapped(given, texts="all")
    assert set(given.logged["perplexity"]) == {"de", "fr"}


def test_the_language_expert_learns_the_language_and_what_it_learned_is_logged():
    given = context("de")
    swapped(given, language_steps=60, head_steps=30)
    assert given.logged["perplexity"]["de"] < given.logged["perplexity_before"]["de"]
    assert "degenerate" not in given.logged


def test_a_language_expert_that_got_worse_is_called_degenerate():
    given = context("de")
    swapped(given, head_steps=100, language_learning_rate=5.0)
    assert "perplexity of held-out text rose in de" in given.logged["degenerate"]


@pytest.mark.parametrize("options", [{"bottom": -1}, {"weight": 1.5}, {"language_steps": 0}, {"epochs": 0}])
def test_options_without_sense_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        LayerSwapOptions(**options)

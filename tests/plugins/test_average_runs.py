"""Run averaging: one beginning, several orders, and the mean of the weights."""

import pytest
import torch
from xbench_methods.average_runs import AverageRuns, AverageRunsOptions
from xbench_methods.averaging import Finished, mean, order_seed
from xbench_methods.finetune import Finetune, FinetuneOptions
from xbench_methods.learning import Trained

from tests.plugins import tiny
from xbench.contracts import Resource, Scope, Split
from xbench.errors import StageError

AVERAGE = AverageRuns()
TASK = tiny.ToyTask()
QUICK = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16}
TEST = tiny.coloured("en", 60, seed=1)


def context(seed=0):
    return tiny.ToyContext({("en", Split.TRAIN): tiny.coloured("en", 48)}, targets=("de",), seed=seed)


def fitted(given=None, **options):
    return AVERAGE.fit(tiny.encoder("en", "de"), TASK, AverageRunsOptions(**(QUICK | options)), given or context())


def predicted(predictor):
    return predictor.predict(TEST.inputs, "en")


def linear(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.Linear(7, 3)


def test_the_mean_of_equal_weights_is_the_same_to_the_bit():
    weights = tiny.weights(tiny.encoder("en"))
    for runs in (1, 3, 7):
        assert tiny.same(mean([Finished(0, weights)] * runs), weights)


def test_the_mean_of_linear_models_gives_the_mean_of_their_scores():
    models, x = [linear(seed) for seed in (1, 2, 3)], torch.randn(20, 7, generator=torch.Generator().manual_seed(0))
    average = linear(4)
    average.load_state_dict(mean([Finished(0, model.state_dict()) for model in models]))
    scores = torch.stack([model(x) for model in models]).mean(0)
    assert torch.allclose(average(x), scores, atol=1e-6)


def test_heads_of_different_seeds_are_refused():
    weights = linear(1).state_dict()
    with pytest.raises(StageError, match=r"one and the same first head .* seeds \[0, 1\]"):
        mean([Finished(0, weights), Finished(1, weights)])


def test_one_run_is_finetune():
    wanted = Finetune().fit(tiny.encoder("en", "de"), TASK, FinetuneOptions(**QUICK), context())
    assert predicted(fitted(runs=1)).equals(predicted(wanted))


def test_the_runs_differ_in_order_and_the_result_is_their_mean(monkeypatch):
    from xbench_methods import averaging

    seen = []
    monkeypatch.setattr(averaging, "mean", lambda runs: seen.extend(runs) or mean(runs))
    given = context()
    predictor = fitted(given, runs=3)
    assert len({float(run.weights["head.output.weight"].sum()) for run in seen}) == 3
    assert tiny.same(mean(seen), Trained(predictor.encoder.module, predictor.head).state_dict())
    assert {name for name in given.logged if name.startswith("training")} == {"training", "training_2", "training_3"}
    assert order_seed(5, 0) == 5
    assert len({order_seed(seed, number) for seed in (5, 6) for number in range(3)}) == 6


def test_it_reads_source_labels_and_nothing_else():
    options = AverageRunsOptions()
    assert AVERAGE.needs(options) == {Resource.SOURCE_LABELS}
    assert AVERAGE.scope(options) is Scope.SOURCE
    given = context()
    fitted(given)
    assert given.read == [("en", "train")]


def test_the_same_cell_gives_the_same_table_to_the_bit_and_another_seed_another():
    first, again, other = (predicted(fitted(context(seed))) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_a_predictor_read_back_predicts_the_same(tmp_path):
    predictor = fitted()
    predictor.save(tmp_path)
    again = AVERAGE.load(tiny.encoder("en", "de", seed=9), TASK, AverageRunsOptions(**QUICK), tmp_path)
    assert predicted(again).equals(predicted(predictor))


def test_frozen_embeddings_stay_as_they_are_to_the_bit():
    before = tiny.encoder("en", "de").embeddings()[0]
    assert torch.equal(fitted(freeze="embeddings").encoder.embeddings()[0], before)


def test_no_runs_are_refused():
    with pytest.raises(ValueError, match="runs must be at least 1"):
        AverageRunsOptions(runs=0)
